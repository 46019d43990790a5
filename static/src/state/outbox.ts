/** What waits to leave this device, as signals for the pages. */
import { computed, type Signal, signal } from '@preact/signals';
import type { Job, PutJob, UploadJob } from '../outbox/jobs.ts';
import { openPostOffice, type PostOffice } from '../outbox/post.ts';
import type { Note } from '../outbox/runner.ts';
import { onReconnect } from '../transport/socket.ts';
import type { CaseRow, MessageRow } from './case-types.ts';
import { me } from './session.ts';
import { pending } from './status.ts';

export const jobs: Signal<readonly Job[]> = signal([]);

/** Attachment → bytes the server confirmed, for files under way from any tab of this device. */
export const progress: Signal<Readonly<Record<string, number>>> = signal({});

let office: PostOffice | undefined;

export function postOffice(): PostOffice {
  office ??= openPostOffice();
  return office;
}

type Landed = (job: Job, answer: Record<string, unknown> | null) => void;
const landed = new Set<Landed>();

/** Told when the server has confirmed something, whichever tab sent it. */
export function onLanded(fn: Landed): () => void {
  landed.add(fn);
  return () => landed.delete(fn);
}

async function reload(): Promise<void> {
  const account = me.value?.id;
  const next = account ? await postOffice().outbox.jobs(account) : [];
  if (account !== me.value?.id) return;
  jobs.value = next;
  pending.value = next.filter((job) => job.state !== 'refused').length;
}

let reloading: Promise<void> | null = null;
let again = false;

/** Read the queue once more; many notes in a row cost one reading. */
export function refreshOutbox(): Promise<void> {
  if (reloading) {
    again = true;
    return reloading;
  }
  reloading = reload().finally(() => {
    reloading = null;
    if (again) {
      again = false;
      void refreshOutbox();
    }
  });
  return reloading;
}

/** Send once more what was refused: its cause may be gone by now, and the words are still here. */
export async function tryAgain(job: Job): Promise<void> {
  await postOffice().resend(job.kind === 'upload' ? job : { ...job, again: 0 });
}

function hear(note: Note): void {
  if (note.type === 'progress') {
    progress.value = { ...progress.value, [note.attachment]: note.offset };
    return;
  }
  if (note.type === 'done') for (const fn of landed) fn(note.job, note.answer);
  if (note.type !== 'line') void refreshOutbox();
}

let started = false;

/** Begin to send, and to send again whenever there is hope. Idempotent. */
export function startOutbox(): void {
  if (started) return;
  started = true;
  const post = postOffice();
  post.listen(hear);
  const hurry = () => void post.kick(true);
  addEventListener('online', hurry);
  addEventListener('pageshow', hurry);
  document.addEventListener('visibilitychange', () => {
    if (document.visibilityState === 'visible') hurry();
  });
  onReconnect(hurry);
  me.subscribe((account) => {
    void refreshOutbox();
    if (account) hurry();
  });
  void askForBackgroundSync();
}

interface SyncRegistration extends ServiceWorkerRegistration {
  /** Chromium only: https://wicg.github.io/background-sync/spec/ */
  sync?: { register(tag: string): Promise<void> };
}

/** Ask the browser to wake the service worker when the line returns, even with every tab closed. */
export async function askForBackgroundSync(): Promise<void> {
  try {
    const ready = (await navigator.serviceWorker?.ready) as SyncRegistration | undefined;
    await ready?.sync?.register('cordee-outbox');
  } catch {
    // Refused or unknown here: the page itself sends while it is open.
  }
}

const isPut = (job: Job): job is PutJob => job.kind !== 'upload';

/** Small things of one case that still wait here, in the order they were made. */
export function waitingOf(caseId: string): PutJob[] {
  return jobs.value.filter((job): job is PutJob => job.case === caseId && isPut(job));
}

export const uploads = computed(() => {
  const found = new Map<string, UploadJob>();
  for (const job of jobs.value) if (job.kind === 'upload') found.set(job.attachment, job);
  return found;
});

/** Confirmed share of a file between 0 and 1, or null when nothing of it waits here. */
export function uploadShare(attachment: string): number | null {
  const job = uploads.value.get(attachment);
  if (!job) return null;
  return Math.max(job.offset, progress.value[attachment] ?? 0) / job.size;
}

/** The message that a waiting job carries, as if the thread had it already. */
export function waitingMessage(job: PutJob, name: string): MessageRow | null {
  const message = (job.kind === 'message' ? { ...job.body, id: job.id } : job.body['message']) as
    | (Pick<MessageRow, 'id' | 'kind' | 'generation' | 'sealed'> & {
        attachments: { id: string; size: number }[];
      })
    | undefined;
  if (!message || job.kind === 'case') return null;
  return {
    id: message.id,
    case: job.case,
    sequence: null,
    author: { id: job.account, name },
    kind: message.kind,
    generation: message.generation,
    sealed: message.sealed,
    attachments: message.attachments.map((file) => ({ ...file, stored: false })),
    posted_at: new Date(job.createdAt).toISOString(),
  };
}

interface CaseBody {
  pool: string;
  care_team: string | null;
  urgency: CaseRow['urgency'];
  event: CaseRow['events'][number];
  grants: Record<string, string>;
  header: {
    generation: 0;
    version: 0;
    sealed: string;
    attachments: { id: string; size: number }[];
  };
}

/** A case that has not left yet, shaped like those the server sends. */
export function waitingCase(
  job: PutJob,
  mine: { id: string; name: string },
  nameOf: (group: string) => {
    name: string;
    specialty: string | null;
    deadlines: Record<CaseRow['urgency'], number> | null;
  },
): CaseRow {
  const body = job.body as unknown as CaseBody;
  const at = new Date(job.createdAt).toISOString();
  const pool = nameOf(body.pool);
  const minutes = pool.deadlines?.[body.urgency] ?? 10_080;
  return {
    id: job.id,
    number: '',
    pool: { id: body.pool, name: pool.name, specialty: pool.specialty },
    care_team: body.care_team ? { id: body.care_team, name: nameOf(body.care_team).name } : null,
    organisation: null,
    urgency: body.urgency,
    state: 'submitted',
    opened_by: mine,
    expert: null,
    opened_at: at,
    due_at: new Date(job.createdAt + minutes * 60_000).toISOString(),
    claimed_at: null,
    answered_at: null,
    closed_at: null,
    last_sequence: 0,
    last_activity_at: at,
    generation: 0,
    // Our own event, and nobody's circle yet: both are checked once the server has the case.
    events: [],
    grants: Object.entries(body.grants).map(([recipient, wrapped]) => ({
      generation: 0,
      recipient,
      wrapped,
    })),
    previous: [],
    header: {
      version: 0,
      generation: 0,
      sealed: body.header.sealed,
      at,
      attachments: body.header.attachments.map((file) => ({ ...file, stored: false })),
    },
    read: {},
    unread: 0,
    steps: [],
    circle: [],
    rekey_due: false,
  };
}
