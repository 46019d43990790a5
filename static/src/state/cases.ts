/**
 * The cases this person sees, by box: fetched, filtered, counted, kept fresh by announcements.
 *
 * Open boxes are fetched whole, since their order and search need all of them; what is done comes
 * page by page.
 */
import { computed, type Signal, signal } from '@preact/signals';
import { navigate, safePath } from '../router.ts';
import { api, NetworkDown } from '../transport/http.ts';
import { on, onReconnect } from '../transport/socket.ts';
import { patientName } from './bodies.ts';
import { isFollowed, loseCases, missing, refreshCase } from './case-fetching.ts';
import {
  dropRows,
  forgetOpened,
  keepRows,
  leaving,
  opened,
  openSoon,
  recallRows,
  rows,
  updateRow,
} from './case-rows.ts';
import type { Box, CaseRow, CaseState, Counts, Named, Urgency } from './case-types.ts';
import { loadCaseDrafts } from './drafts.ts';
import { groups, groupsLoaded, onGroupLeft } from './groups.ts';
import { onLock } from './keys.ts';
import { boxOf, inOrder, isPast, matches, type Role, reads, type Viewer } from './order.ts';
import { jobs, onLanded, postOffice, startOutbox } from './outbox.ts';
import { sealStaleAgain } from './posting.ts';
import { locked, me, onSignOut } from './session.ts';

interface Listing {
  loading: boolean;
  /** Loaded at least once. */
  ready: boolean;
  problem: unknown;
  counts: Record<Role, Counts | null>;
  /** Cursor of the next page of what is done. */
  older: Record<Role, string | null>;
}

const NOTHING: Listing = {
  loading: false,
  ready: false,
  problem: null,
  counts: { requester: null, expert: null },
  older: { requester: null, expert: null },
};

export const listing: Signal<Listing> = signal(NOTHING);

/** Ticks every half minute: countdowns are in words. */
export const minute: Signal<number> = signal(Date.now());

export const viewer = computed<Viewer>(() => ({
  id: me.value?.id ?? '',
  groups: new Set(groups.value.filter((group) => group.mine).map((group) => group.id)),
  serves: inPool.value,
}));

/** Someone who serves a pool answers first; both sides stay one tap away. */
export const inPool = computed(() =>
  groups.value.some((group) => group.kind === 'pool' && group.mine),
);
const chosenRole = signal<Role | null>(null);
export const role = computed<Role>(
  () => chosenRole.value ?? (inPool.value ? 'expert' : 'requester'),
);

export function chooseRole(wanted: Role): void {
  chosenRole.value = wanted;
}

export interface Filter {
  pool: string;
  urgency: Urgency | '';
  search: string;
}

export const filter: Signal<Filter> = signal({ pool: '', urgency: '', search: '' });

/** What the search looks through: all of it decrypted here, none of it sent anywhere. */
function words(row: CaseRow): string {
  const header = opened.value.get(row.id)?.header;
  return [
    row.number,
    row.pool.name,
    row.opened_by.name,
    row.expert?.name,
    header && patientName(header.patient),
    header?.patient.birth_name,
    header?.patient.local_id,
    header?.patient.ins,
    header?.question,
    header?.reason,
    header?.urgency_reason,
  ]
    .filter(Boolean)
    .join(' ');
}

function inBox(box: Box, wanted: Role): CaseRow[] {
  const all = [...rows.value.values(), ...(wanted === 'requester' ? leaving.value : [])];
  return all.filter((row) => boxOf(row, viewer.value, wanted) === box).sort(inOrder(box));
}

/** The cases of a box, filtered and searched, in the order they should be answered. */
export function casesOf(box: Box, wanted: Role): CaseRow[] {
  const { pool, urgency, search } = filter.value;
  return inBox(box, wanted).filter(
    (row) =>
      (!pool || row.pool.id === pool) &&
      (!urgency || row.urgency === urgency) &&
      (!search.trim() || matches(words(row), search)),
  );
}

/** Open boxes are counted here, where they are whole; the server counts what is done. */
export function countOf(box: Box, wanted: Role): number {
  const here = inBox(box, wanted).length;
  return box === 'done' ? Math.max(here, listing.value.counts[wanted]?.done ?? 0) : here;
}

interface CasesPage {
  items: CaseRow[];
  next: string | null;
  counts: Counts;
}

async function fetchBox(wanted: Role, box: Box, listed?: Set<string>): Promise<void> {
  let cursor: string | null = null;
  do {
    const query = new URLSearchParams({ box, role: wanted, limit: '100' });
    if (cursor) query.set('cursor', cursor);
    const page: CasesPage = await api('GET', `/cases?${query}`);
    keepRows(page.items);
    for (const { id } of page.items) listed?.add(id);
    listing.value = {
      ...listing.value,
      counts: { ...listing.value.counts, [wanted]: page.counts },
    };
    cursor = page.next;
    if (box === 'done') {
      listing.value = {
        ...listing.value,
        older: { ...listing.value.older, [wanted]: page.next },
      };
      return;
    }
  } while (cursor);
}

const BOXES: Record<Role, Box[]> = {
  requester: ['waiting', 'mine', 'done'],
  expert: ['unclaimed', 'mine', 'waiting', 'done'],
};

const CONSULTED: readonly Box[] = ['mine', 'done'];

/** Whether older pages must be asked too, to know what of the past was taken from us meanwhile. */
let wasAway = true;

/**
 * Drop the cases known here before that the server no longer lists for us: left groups, cases we
 * were taken off while this device was away. Rows kept for reading without a network included.
 */
async function dropLost(before: ReadonlyMap<string, CaseRow>, listed: Set<string>): Promise<void> {
  const kept = wasAway ? await postOffice().outbox.rows<CaseRow>() : [];
  const doubtful = new Map(
    [...kept.map((row) => [row.id, row] as const), ...before].filter(([id, row]) => {
      // What changed while the lists came may have moved from one to another.
      const untouched = rows.value.get(id) === row || !rows.value.has(id);
      return !listed.has(id) && !isFollowed(id) && untouched;
    }),
  );
  const past = () => [...doubtful.values()].some((row) => !listed.has(row.id) && isPast(row));
  for (const wanted of ['requester', 'expert'] as const) {
    while (wasAway && past() && listing.value.older[wanted]) {
      for (const { id } of await loadOlder(wanted)) listed.add(id);
    }
  }
  // While one looks, the server tells of each loss; what a colleague took lies in no box of ours.
  const due = (row: CaseRow) =>
    !isPast(row) && (['requester', 'expert'] as const).some((one) => boxOf(row, viewer.value, one));
  const lost = [...doubtful.values()].filter((row) => !listed.has(row.id) && (wasAway || due(row)));
  wasAway = false;
  await dropRows(lost.map(({ id }) => id));
}

let loading: Promise<void> | null = null;

/** Fetch every open case, and the first page of those done. */
export function loadCases(): Promise<void> {
  loading ??= load().finally(() => {
    loading = null;
  });
  return loading;
}

async function load(): Promise<void> {
  listing.value = { ...listing.value, loading: true };
  const before = rows.value;
  const listed = new Set<string>();
  const fetchAll = (wanted: Role, boxes: readonly Box[]) =>
    boxes.map((box) => fetchBox(wanted, box, listed));
  try {
    let served = inPool.value;
    // Who serves no pool may have been brought into a case all the same.
    const expert = served ? BOXES.expert : CONSULTED;
    await Promise.all([...fetchAll('requester', BOXES.requester), ...fetchAll('expert', expert)]);
    // The groups may come during any of these, and with them the other side of the desk.
    if (inPool.value && !served) {
      served = true;
      await Promise.all(fetchAll('expert', BOXES.expert));
    }
    await dropLost(before, listed);
    if (inPool.value && !served) await Promise.all(fetchAll('expert', BOXES.expert));
    listing.value = { ...listing.value, loading: false, ready: true, problem: null };
  } catch (problem) {
    if (problem instanceof NetworkDown && !listing.value.ready) await recallRows();
    listing.value = { ...listing.value, loading: false, problem };
  }
}

/** One more page of what is done. */
export async function loadOlder(wanted: Role): Promise<CaseRow[]> {
  const cursor = listing.value.older[wanted];
  if (!cursor) return [];
  const query = new URLSearchParams({ box: 'done', role: wanted, limit: '100', cursor });
  const page: CasesPage = await api('GET', `/cases?${query}`);
  keepRows(page.items);
  listing.value = { ...listing.value, older: { ...listing.value.older, [wanted]: page.next } };
  return page.items;
}

interface CaseChange {
  case: string;
  state: CaseState;
  urgency: Urgency;
  pool: string;
  expert: Named | null;
  last_sequence: number;
  opened_by: string;
  due_at: string;
}

/**
 * Something moved. A case that is not open before one's eyes is not fetched for it: fetching a case
 * is consulting it, and stands in its trace.
 */
function hearChange(change: CaseChange): void {
  const known = rows.value.get(change.case);
  if (isFollowed(change.case)) {
    refreshCase(change.case);
  } else if (known) {
    const news = Math.max(0, change.last_sequence - known.last_sequence);
    updateRow(change.case, (row) => ({
      ...row,
      state: change.state,
      urgency: change.urgency,
      expert: change.expert,
      due_at: change.due_at,
      last_sequence: Math.max(row.last_sequence, change.last_sequence),
      last_activity_at: new Date().toISOString(),
      unread: row.unread + news,
      steps: [],
    }));
  } else {
    fetchSoon();
  }
}

let fetching: ReturnType<typeof setTimeout> | undefined;

/** A case not seen before: fetch the boxes where it may lie, once for many announcements. */
function fetchSoon(): void {
  clearTimeout(fetching);
  fetching = setTimeout(() => {
    const boxes: [Role, Box][] = [
      ['expert', 'mine'],
      ['requester', 'mine'],
    ];
    if (inPool.value) boxes.unshift(['expert', 'unclaimed']);
    void Promise.all(boxes.map(([wanted, box]) => fetchBox(wanted, box))).catch(() => undefined);
  }, 50);
}

let started = false;

/** Begin to follow this person's cases. Idempotent. */
export function startCases(): void {
  if (started) return;
  started = true;
  startOutbox();
  setInterval(() => {
    minute.value = Date.now();
  }, 30_000);
  onLock(forgetOpened);
  // What waits to leave stays, sealed: it goes at the next sign-in of the same person.
  onSignOut(() => postOffice().outbox.dropRows());
  let account: string | null = null;
  me.subscribe((mine) => {
    if ((mine?.id ?? null) === account) return;
    account = mine?.id ?? null;
    forgetOpened();
    rows.value = new Map();
    listing.value = NOTHING;
    missing.value = new Set();
    if (mine?.certified && !locked.value) begin();
  });
  locked.subscribe((shut) => {
    if (!shut && me.value?.certified) begin();
  });
  let joined = viewer.value.groups;
  groups.subscribe(() => {
    const before = joined;
    joined = viewer.value.groups;
    // A group one has just been put into brings its cases: a look that began before may lack them.
    const entered = groupsLoaded.value && [...joined].some((id) => !before.has(id));
    if (entered && listing.value.ready) void Promise.resolve(loading).then(loadCases);
    // New keys may open what was closed.
    const closed = [...opened.value].filter(([, { seal }]) => seal.state !== 'whole');
    if (closed.length > 0 && !locked.value) openSoon(closed.map(([id]) => id));
  });
  inPool.subscribe((serves) => serves && listing.value.ready && void loadCases());
  jobs.subscribe((queue) => {
    if (locked.value) return;
    const fresh = leaving.value.filter((row) => !opened.value.has(row.id));
    if (fresh.length > 0) openSoon(fresh.map((row) => row.id));
    if (queue.some((job) => job.state === 'stale')) void sealStaleAgain().catch(() => {});
  });
  navigator.serviceWorker?.addEventListener('message', ({ data }: MessageEvent) => {
    // A notification was touched while this tab was open.
    if (data?.type === 'open' && typeof data.path === 'string') navigate(safePath(data.path));
  });
  on<CaseChange>('case:changed', hearChange);
  on<{ case: string; account: string; read: number }>('receipt:changed', (receipt) => {
    // "Sent" becomes "Seen" when somebody else has looked.
    updateRow(receipt.case, (row) => ({
      ...row,
      read: { ...row.read, [receipt.account]: receipt.read },
    }));
  });
  on<{ case: string }>('case:left', ({ case: id }) => void loseCases([id]));
  on<{ case: string }>('circle:changed', ({ case: id }) => {
    missing.value = new Set([...missing.value].filter((known) => known !== id));
    if (isFollowed(id)) refreshCase(id);
    else if (!rows.value.has(id)) fetchSoon();
  });
  onGroupLeft(() => {
    if (!groupsLoaded.value) return;
    const lost = [...rows.value.values()].filter((row) => !reads(row, viewer.value));
    void loseCases(lost.map(({ id }) => id));
  });
  onReconnect(() => {
    wasAway = true;
    void loadCases();
    void sealStaleAgain().catch(() => undefined);
  });
  document.addEventListener('visibilitychange', () => {
    if (document.visibilityState === 'visible' && !locked.value && listing.value.ready) {
      void loadCases();
    }
  });
  onLanded((job, answer) => {
    if (job.kind === 'case' && answer) {
      missing.value = new Set([...missing.value].filter((id) => id !== job.id));
      keepRows([answer as unknown as CaseRow]);
    }
    if (job.kind === 'step' && answer?.['case']) keepRows([answer['case'] as CaseRow]);
  });
}

function begin(): void {
  wasAway = true;
  openSoon([...rows.value.keys()]);
  void loadCases();
  void loadCaseDrafts().catch((error) => {
    if (!(error instanceof NetworkDown)) throw error;
  });
}
