/** The outbox of a page: what the rest of the client calls to send something and to take it back. */
import { openCourier } from './courier.ts';
import { dependents, type Job } from './jobs.ts';
import type { Note } from './runner.ts';
import { Shelf } from './shelf.ts';

export interface PostOffice {
  readonly outbox: Shelf;
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

export function openPostOffice(outbox: Shelf = new Shelf()): PostOffice {
  const listeners = new Set<(note: Note) => void>();
  const { kick, tell } = openCourier(outbox, (note) => {
    for (const fn of listeners) fn(note);
  });
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
      for (const other of dependents(await outbox.jobs(job.account), job)) {
        await outbox.remove(other);
      }
      await outbox.remove(job);
      tell({ type: 'added' });
      return true;
    },
    async resend(job) {
      const state = job.kind !== 'upload' && job.unproved ? 'stale' : 'waiting';
      await outbox.keep({ ...job, state, attempts: 0, notBefore: 0, problem: null });
      tell({ type: 'added' });
      void kick();
    },
    listen(fn) {
      listeners.add(fn);
      return () => listeners.delete(fn);
    },
  };
}
