/**
 * The rows of cases as the server last told them, and their headers opened here, one after the other
 * in the worker: the one asked for first.
 */
import { computed, type Signal, signal } from '@preact/signals';
import { forgetFiles, forgetFilesOf, onBrokenFile } from '../photos/files.ts';
import { forgetCase, openCase } from './case-opening.ts';
import type { CaseRow, OpenedCase } from './case-types.ts';
import { findGroup } from './groups.ts';
import { jobs, postOffice, waitingCase } from './outbox.ts';
import { reportSeal } from './seal-reports.ts';
import { locked, me } from './session.ts';
import { stillStored } from './thread.ts';

/** Rows by id, as last received. */
export const rows: Signal<ReadonlyMap<string, CaseRow>> = signal(new Map());
/** Opened headers by case id. */
export const opened: Signal<ReadonlyMap<string, OpenedCase>> = signal(new Map());

/** Cases that only exist on this device so far. */
export const leaving = computed<CaseRow[]>(() => {
  const mine = me.value;
  if (!mine) return [];
  const nameOf = (id: string) => {
    const found = findGroup(id);
    return {
      name: found?.name ?? '',
      specialty: found?.specialty ?? null,
      deadlines: found?.deadlines ?? null,
    };
  };
  return jobs.value.flatMap((job) =>
    job.kind === 'case' && !rows.value.has(job.id) ? [waitingCase(job, mine, nameOf)] : [],
  );
});

/** A case as known here, on its way included. */
export function caseRow(id: string): CaseRow | null {
  return rows.value.get(id) ?? leaving.value.find((row) => row.id === id) ?? null;
}

export function updateRow(id: string, change: (row: CaseRow) => CaseRow): void {
  const row = rows.value.get(id);
  if (row) rows.value = new Map(rows.value).set(id, change(row));
}

/** What was signed belongs together: never the events of one moment and the keys of another. */
function signedPart({ events, previous, generation, grants, circle }: CaseRow): Partial<CaseRow> {
  return { events, previous, generation, grants, circle };
}

/** Take what the server just said of these cases, and open what it sealed. */
export function keepRows(incoming: readonly CaseRow[]): void {
  const next = new Map(rows.value);
  for (const row of incoming) {
    const known = next.get(row.id);
    // Lists come without the events, and an answer that was overtaken with fewer than are known.
    const fewer = known && known.events.length > row.events.length;
    const attachments = stillStored(row.header.attachments, known?.header.attachments);
    const header = { ...row.header, attachments };
    next.set(row.id, { ...row, header, ...(fewer ? signedPart(known) : {}) });
  }
  rows.value = next;
  void postOffice().outbox.keepRows(incoming.flatMap(({ id }) => next.get(id) ?? []));
  openSoon(incoming.map((row) => row.id));
}

const droppers = new Set<(ids: readonly string[]) => void>();

/** Told which cases are no longer ours: what was opened of them is forgotten everywhere. */
export function onDropped(fn: (ids: readonly string[]) => void): () => void {
  droppers.add(fn);
  return () => droppers.delete(fn);
}

/** The server knows them no longer, or not for us: keys, words and rows go, kept ones too. */
export async function dropRows(ids: readonly string[]): Promise<void> {
  if (ids.length === 0) return;
  const gone = new Set(ids);
  const without = <T>(map: ReadonlyMap<string, T>) =>
    new Map([...map].filter(([id]) => !gone.has(id)));
  rows.value = without(rows.value);
  opened.value = without(opened.value);
  for (const id of ids) forgetCase(id);
  forgetFilesOf(gone);
  for (const fn of droppers) fn(ids);
  await postOffice().outbox.dropRows(ids);
}

/** Without a network: what was seen last, as it was. */
export async function recallRows(): Promise<void> {
  const kept = await postOffice().outbox.rows<CaseRow>();
  const unknown = kept
    .filter((row) => !rows.value.has(row.id))
    // Kept by a version that knew of no circle: shown, and proved once fetched again.
    .map((row) => (row.circle ? row : { ...row, circle: [], events: [] }));
  rows.value = new Map([...rows.value, ...unknown.map((row) => [row.id, row] as const)]);
  openSoon(unknown.map((row) => row.id));
}

const unopened: string[] = [];
let opening = false;

/** Queue headers to open; a case asked for alone goes first. */
export function openSoon(ids: readonly string[]): void {
  if (ids.length === 1) unopened.unshift(...ids);
  else unopened.push(...ids);
  if (!opening) void openQueued();
}

async function openQueued(): Promise<void> {
  opening = true;
  let found = new Map<string, OpenedCase>();
  const show = () => {
    if (found.size > 0) opened.value = new Map([...opened.value, ...found]);
    found = new Map();
  };
  let shown = performance.now();
  try {
    for (let id = unopened.shift(); id !== undefined; id = unopened.shift()) {
      if (locked.value) continue;
      const row = caseRow(id);
      if (row) found.set(id, await openCase(row));
      // Few renderings: lists of hundreds must not be drawn hundreds of times.
      if (performance.now() - shown > 100) {
        show();
        shown = performance.now();
      }
    }
  } catch {
    // Locked in the middle: everything is opened again after unlocking.
    unopened.length = 0;
  } finally {
    show();
    opening = false;
  }
}

/** What was opened here, forgotten at the lock. */
export function forgetOpened(): void {
  unopened.length = 0;
  opened.value = new Map();
  forgetCase();
  forgetFiles();
}

onBrokenFile((caseId, file, error) => reportSeal('attachment', file, error, caseId));
