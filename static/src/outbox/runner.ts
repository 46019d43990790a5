/**
 * Sends what waits, one small body and one file at a time, until nothing more can go.
 *
 * One runner works at a time on a device, whatever the number of tabs and the service worker: the
 * Web Lock `cordee-outbox` decides which, and passes on when its holder dies. Tabs tell each other
 * what changed over a BroadcastChannel; the database is the truth.
 */
import type { Outbox } from './db.ts';
import {
  choose,
  type Job,
  judge,
  LONGEST_PAUSE,
  type Outcome,
  type PutJob,
  type UploadJob,
} from './jobs.ts';
import { type Answer, type Line, LineDown } from './line.ts';
import { UploadRefused, upload } from './tus.ts';

/** What tabs and the service worker tell each other. */
export type Note =
  | { type: 'added' }
  | { type: 'hurry' }
  | { type: 'changed'; job: Job }
  | { type: 'progress'; case: string; attachment: string; offset: number; size: number }
  | { type: 'done'; job: Job; answer: Record<string, unknown> | null }
  | { type: 'line'; down: boolean }
  | { type: 'signed-out' };

export interface RunnerParts {
  outbox: Outbox;
  line: Line;
  tell(note: Note): void;
  now?: () => number;
  random?: () => number;
}

/** Rung by whoever changed the queue; waited for by the loop. Rings are never lost. */
export class Bell {
  #rung = false;
  #wake: (() => void) | null = null;

  ring(): void {
    this.#rung = true;
    this.#wake?.();
  }

  async wait(): Promise<void> {
    if (!this.#rung) await new Promise<void>((resolve) => (this.#wake = resolve));
    this.#rung = false;
    this.#wake = null;
  }
}

/**
 * Send until nothing can go now. Call only while holding the lock.
 *
 * @returns when to come back (milliseconds since the epoch), or null when nothing waits for time.
 */
export async function drain(parts: RunnerParts, bell: Bell): Promise<number | null> {
  const { outbox, line, tell } = parts;
  const now = parts.now ?? Date.now;
  const random = parts.random ?? Math.random;
  // A full disk must not stop what leaves it.
  await outbox.settle().catch(() => undefined);
  let account: string | null;
  try {
    account = await line.account();
  } catch (error) {
    if (!(error instanceof LineDown)) throw error;
    tell({ type: 'line', down: true });
    return now() + 4_000 + 4_000 * random();
  }
  if (account === null) return null;

  let putting = false;
  let uploading = false;
  let signedOut = false;
  /** Jobs as they are now, while the disk takes no note of it. */
  const unkept = new Map<string, Job>();

  async function keep(job: Job): Promise<void> {
    try {
      await outbox.keep(job);
      unkept.delete(job.id);
    } catch {
      unkept.set(job.id, { ...job, notBefore: Math.max(job.notBefore, now() + LONGEST_PAUSE) });
    }
  }

  /** What is under way is known here: what a disk once full says of it is old. */
  const waiting = async (of: string): Promise<Job[]> =>
    (await outbox.jobs(of)).map((job) => ({ ...(unkept.get(job.id) ?? job), sending: false }));

  async function conclude(job: Job, outcome: Outcome, answer: Answer | null): Promise<void> {
    tell({ type: 'line', down: outcome.type === 'down' });
    const verdict = judge(job, outcome, now(), random());
    if (verdict.type === 'done') {
      await outbox.remove(job);
      tell({ type: 'done', job, answer: answer?.body ?? null });
    } else if (verdict.type === 'keep') {
      await keep(verdict.job);
      tell({ type: 'changed', job: verdict.job });
    } else {
      signedOut = true;
      await keep({ ...job, sending: false });
      tell({ type: 'signed-out' });
    }
  }

  async function begin<J extends Job>(job: J): Promise<J> {
    const begun = { ...job, sending: true };
    await keep(begun);
    tell({ type: 'changed', job: begun });
    return begun;
  }

  async function put(job: PutJob): Promise<void> {
    try {
      await begin(job);
      const answer = await line.send('PUT', job.path, { json: job.body });
      await conclude(job, outcomeOf(answer, confirms(job, answer)), answer);
    } catch {
      // Whatever it was: a pause, and again.
      await conclude(job, { type: 'down' }, null);
    }
  }

  async function send(job: UploadJob): Promise<void> {
    let latest = job;
    try {
      latest = await begin(job);
      await upload(line, {
        case: job.case,
        attachment: job.attachment,
        size: job.size,
        url: job.url,
        read: (start, end) => slice(outbox, job, start, end),
        confirmed: async (url, offset) => {
          latest = { ...latest, url, offset, attempts: 0 };
          await keep(latest);
          const { case: of, attachment, size } = job;
          tell({ type: 'progress', case: of, attachment, offset, size });
        },
      });
      await conclude(latest, { type: 'answer', status: 204, ...QUIET }, null);
    } catch (error) {
      if (error instanceof UploadRefused) {
        await conclude(latest, outcomeOf(error.answer, false), null);
      } else if (error instanceof PartMissing) {
        const problem = { type: 'answer', status: 422, ...QUIET, code: 'part_missing' } as const;
        await conclude(latest, problem, null);
      } else await conclude(latest, { type: 'down' }, null);
    }
  }

  for (;;) {
    const choice = signedOut
      ? { put: null, upload: null, wakeAt: null }
      : choose(await waiting(account), now());
    if (choice.put && !putting) {
      putting = true;
      void put(choice.put).finally(() => {
        putting = false;
        bell.ring();
      });
    }
    if (choice.upload && !uploading) {
      uploading = true;
      void send(choice.upload).finally(() => {
        uploading = false;
        bell.ring();
      });
    }
    if (!putting && !uploading) return choice.wakeAt;
    await bell.wait();
  }
}

const QUIET = { code: '', detail: '', retryAfter: null };

/** The browser evicted a part before it could leave. */
class PartMissing extends Error {}

/** Bytes `start`…`end` of the sealed parts laid end to end. */
async function slice(outbox: Outbox, job: UploadJob, start: number, end: number): Promise<Blob> {
  const pieces: Blob[] = [];
  let from = 0;
  for (const [index, size] of job.parts.entries()) {
    const to = from + size;
    if (to > start && from < end) {
      const part = await outbox.part(job.attachment, index);
      if (part?.size !== size) throw new PartMissing();
      pieces.push(part.slice(Math.max(0, start - from), Math.min(size, end - from)));
    }
    from = to;
  }
  return new Blob(pieces);
}

/** Whether the server itself took it: portals and proxies on the way say 200 to anything. */
function confirms({ kind, id, case: of }: PutJob, { body }: Answer): boolean {
  const said = kind === 'step' ? body?.['case'] : body;
  return (said as { id?: unknown } | null | undefined)?.id === (kind === 'step' ? of : id);
}

function outcomeOf(answer: Answer, confirmed: boolean): Outcome {
  const { status, body, headers } = answer;
  if (status < 300 && !confirmed) return { type: 'down' };
  const said = body?.['retry_after'] ?? headers.get('Retry-After');
  const seconds = Number(said);
  return {
    type: 'answer',
    status,
    code: typeof body?.['code'] === 'string' ? body['code'] : '',
    detail: typeof body?.['detail'] === 'string' ? body['detail'] : '',
    retryAfter: said !== null && said !== undefined && Number.isFinite(seconds) ? seconds : null,
  };
}
