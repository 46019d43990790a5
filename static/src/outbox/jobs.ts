/**
 * What waits to leave this device, and what each answer of the server makes of it.
 *
 * Pure: no clock, no network, no database. Every job carries ciphertext only, made before it enters
 * the outbox, so the service worker can send it without holding a key. Ids are chosen by this
 * device, so that sending a job twice changes nothing on the server.
 */

/**
 * - `waiting`: will be sent, perhaps not before `notBefore`;
 * - `stale`: its recipients changed their key meanwhile; an unlocked page must seal it again;
 * - `refused`: the server said no for good; `problem` says why.
 */
export type JobState = 'waiting' | 'stale' | 'refused';

/** Why the last attempt failed, as the server put it (RFC 9457 `code` and `detail`). */
export interface JobProblem {
  code: string;
  detail: string;
}

interface Base {
  /** Place in the queue, given by the database. */
  order?: number;
  id: string;
  /** Whose session may send it. */
  account: string;
  /** Case it belongs to: jobs of one case leave in the order they were made. */
  case: string;
  state: JobState;
  attempts: number;
  /** Milliseconds since the epoch; 0 when it may go at once. */
  notBefore: number;
  /** True while a request is under way. */
  sending: boolean;
  createdAt: number;
  problem: JobProblem | null;
}

/** A small JSON body: a case, a message or a step of a case. */
export interface PutJob extends Base {
  kind: 'case' | 'message' | 'step';
  path: string;
  body: Record<string, unknown>;
  /** How often it was sealed again. */
  again?: number;
  /** Sealed under a key that nothing proved: it must not leave before it is sealed again. */
  unproved?: boolean;
}

/** The sealed parts of one file, kept in the same database until the server has them all. */
export interface UploadJob extends Base {
  kind: 'upload';
  /** Same as `id`: the attachment's id. */
  attachment: string;
  /** Sealed size in bytes of each part, in order. */
  parts: number[];
  size: number;
  rank: 'preview' | 'full';
  /** The put that announces this file; the server refuses a file nobody announced. */
  after: string;
  /** Where the server receives it, once created. */
  url: string | null;
  offset: number;
}

export type Job = PutJob | UploadJob;

/** What an attempt brought. `down` when no answer came, or none of the server's own. */
export type Outcome =
  | { type: 'down' }
  | {
      type: 'answer';
      status: number;
      code: string;
      detail: string;
      /** Seconds, from `retry_after` or `Retry-After`. */
      retryAfter: number | null;
    };

export type Verdict =
  | { type: 'done' }
  | { type: 'keep'; job: Job }
  /** The session ended: nothing of this account can leave until someone signs in. */
  | { type: 'signed-out' };

/** Longest pause between two attempts: mountain lines return without any event telling so. */
export const LONGEST_PAUSE = 8_000;
const FIRST_PAUSE = 500;
/** 460 is tus for "arrived damaged". */
const RETRIED = new Set([408, 423, 425, 429, 460]);
const STALE = new Set(['stale_epoch', 'stale_generation']);

/** Exponential with jitter over its upper half, so that a valley coming back does not arrive at once. */
export function pause(attempts: number, random: number): number {
  const longest = Math.min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** Math.min(attempts, 10));
  return Math.round(longest / 2 + (longest / 2) * random);
}

/** The state machine: one attempt's outcome → what becomes of the job. */
export function judge(job: Job, outcome: Outcome, now: number, random: number): Verdict {
  const rested = { ...job, sending: false };
  const later = (wait: number, problem: JobProblem | null): Verdict => ({
    type: 'keep',
    job: { ...rested, attempts: job.attempts + 1, notBefore: now + wait, problem },
  });
  if (outcome.type === 'down') return later(pause(job.attempts, random), null);
  const { status, code, detail, retryAfter } = outcome;
  if (status >= 200 && status < 300) return { type: 'done' };
  if (status === 401) return { type: 'signed-out' };
  const problem = { code, detail };
  if (status >= 500 || RETRIED.has(status) || code === 'csrf_failed') {
    const wait = pause(job.attempts, random);
    return later(Math.max(wait, (retryAfter ?? 0) * 1000), problem);
  }
  // An opening refused may lack a recipient this device has not heard of yet.
  const unknown = job.kind === 'case' && code === 'event_refused';
  if (job.kind !== 'upload' && (STALE.has(code) || unknown)) {
    return { type: 'keep', job: { ...rested, state: 'stale', problem } };
  }
  return { type: 'keep', job: { ...rested, state: 'refused', problem } };
}

export interface Choice {
  put: PutJob | null;
  upload: UploadJob | null;
  /** When something that waits may be tried again; null when nothing waits for time alone. */
  wakeAt: number | null;
}

/**
 * What to send next: one small body and, beside it, one file.
 *
 * Small bodies go first in, first out per case: a job that waits, or must be sealed again, holds the
 * later ones of its case and no other. A refused message lets the next pass; a refused case does
 * not, since nothing of it exists on the server. Previews of all cases go before any full file.
 */
export function choose(jobs: readonly Job[], now: number): Choice {
  const queue = [...jobs].sort((a, b) => (a.order ?? 0) - (b.order ?? 0));
  const held = new Set<string>();
  const unannounced = new Set<string>();
  let put: PutJob | null = null;
  let wakeAt: number | null = null;
  const wait = (until: number) => {
    wakeAt = wakeAt === null ? until : Math.min(wakeAt, until);
  };
  for (const job of queue) {
    if (job.kind === 'upload') continue;
    unannounced.add(job.id);
    if (job.state === 'refused' && job.kind !== 'case') continue;
    if (held.has(job.case)) continue;
    held.add(job.case);
    if (job.state !== 'waiting' || job.sending) continue;
    if (job.notBefore > now) wait(job.notBefore);
    else put ??= job;
  }
  const ready = queue.filter(
    (job): job is UploadJob =>
      job.kind === 'upload' &&
      job.state === 'waiting' &&
      !job.sending &&
      !unannounced.has(job.after),
  );
  const due = ready.filter((job) => job.notBefore <= now);
  for (const job of ready) if (job.notBefore > now) wait(job.notBefore);
  const upload = due.find((job) => job.rank === 'preview') ?? due[0] ?? null;
  return { put, upload, wakeAt };
}

/** Jobs that make no sense without this one: the files it announces and, for a case, its thread. */
export function dependents(jobs: readonly Job[], gone: Job): Job[] {
  return jobs.filter((job) => {
    if (job.id === gone.id) return false;
    if (job.kind === 'upload' && job.after === gone.id) return true;
    return gone.kind === 'case' && job.case === gone.case;
  });
}
