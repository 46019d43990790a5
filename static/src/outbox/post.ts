/**
 * The outbox of one page or service worker: what the rest of the client calls.
 *
 * `kick()` asks for the device's one lock and drains; asking while another tab holds it queues this
 * one behind, so that a tab dying in the middle loses nothing.
 */
import { type Outbox, openShelf, Outbox as Shelf } from './db.ts';
import { dependents, type Job } from './jobs.ts';
import { openLine } from './line.ts';
import { Bell, drain, type Note } from './runner.ts';

const NAME = 'cordee-outbox';

export interface PostOffice {
  readonly outbox: Outbox;
  /** Queue jobs, drop the draft they came from, and start sending. */
  add(jobs: readonly Job[], draft?: string): Promise<void>;
  /**
   * Take back what has not left. False when it is leaving right now. If an earlier attempt did reach
   * the server and only its answer was lost, the message will appear in the thread: the server's
   * thread is the truth.
   */
  cancel(id: string): Promise<boolean>;
  /** Replace a job that had to be sealed again, and send it. */
  resend(job: Job): Promise<void>;
  /** Send now. `hurry` also wakes what waits for its next attempt. */
  kick(hurry?: boolean): Promise<void>;
  listen(fn: (note: Note) => void): () => void;
}

export function openPostOffice(outbox: Outbox = new Shelf(openShelf())): PostOffice {
  const channel = new BroadcastChannel(NAME);
  const line = openLine();
  const bell = new Bell();
  const listeners = new Set<(note: Note) => void>();
  let queued: Promise<void> | null = null;
  let timer: ReturnType<typeof setTimeout> | undefined;

  const hear = (note: Note) => {
    for (const fn of listeners) fn(note);
  };
  const tell = (note: Note) => {
    channel.postMessage(note);
    hear(note);
  };
  channel.onmessage = ({ data }: MessageEvent<Note>) => {
    if (data.type === 'added' || data.type === 'hurry') bell.ring();
    hear(data);
  };

  function kick(hurry = false): Promise<void> {
    if (hurry) {
      void hasten().then(() => {
        bell.ring();
        channel.postMessage({ type: 'hurry' } satisfies Note);
      });
    }
    bell.ring();
    queued ??= navigator.locks.request(NAME, async () => {
      queued = null;
      clearTimeout(timer);
      const wakeAt = await drain({ outbox, line, tell }, bell);
      if (wakeAt !== null) timer = setTimeout(() => void kick(), Math.max(50, wakeAt - Date.now()));
    });
    return queued;
  }

  async function hasten(): Promise<void> {
    try {
      const account = await line.account();
      if (account !== null) await outbox.hurry(account);
    } catch {
      // Still no line: the timer will try again.
    }
  }

  return {
    outbox,
    kick,
    async add(jobs, draft) {
      await outbox.add(jobs, draft);
      tell({ type: 'added' });
      void kick();
    },
    async cancel(id) {
      const job = await outbox.find(id);
      if (!job) return true;
      if (job.sending) return false;
      for (const other of dependents(await outbox.jobs(job.account), job))
        await outbox.remove(other);
      await outbox.remove(job);
      tell({ type: 'added' });
      return true;
    },
    async resend(job) {
      await outbox.keep({ ...job, state: 'waiting', attempts: 0, notBefore: 0, problem: null });
      tell({ type: 'added' });
      void kick();
    },
    listen(fn) {
      listeners.add(fn);
      return () => listeners.delete(fn);
    },
  };
}
