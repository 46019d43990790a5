/** The page's side of the shelf: queueing, sealed parts being made, drafts. */
import { everyPart, Outbox, result, type StoredPart } from './db.ts';
import type { Job } from './jobs.ts';

/** A case or a message being written. `sealed` opens only while unlocked. */
export interface StoredDraft {
  id: string;
  account: string;
  kind: 'case' | 'message';
  sealed: Uint8Array<ArrayBuffer>;
  /** Ids of its files, in clear, so that nobody else's sweep takes them; the version before kept none. */
  files?: string[];
  savedAt: number;
}

export class Shelf extends Outbox {
  /** Queue jobs in this order and, in the same transaction, drop the draft they were made from. */
  async add(queued: readonly Job[], draft?: string): Promise<void> {
    await this.within(['jobs', 'drafts'], 'readwrite', async (tx) => {
      const jobs = tx.objectStore('jobs');
      for (const job of queued) {
        if ((await result(jobs.index('id').getKey(job.id))) === undefined) jobs.add(job);
      }
      if (draft !== undefined) tx.objectStore('drafts').delete(draft);
    });
  }

  async putPart(part: StoredPart): Promise<void> {
    await this.within(['parts'], 'readwrite', async (tx) => {
      tx.objectStore('parts').put(part);
    });
  }

  async dropParts(attachments: readonly string[]): Promise<void> {
    await this.within(['parts'], 'readwrite', async (tx) => {
      for (const attachment of attachments) tx.objectStore('parts').delete(everyPart(attachment));
    });
  }

  /** Drop those of these files whose first part is older than `time`. */
  async dropPartsBefore(attachments: readonly string[], time: number): Promise<void> {
    await this.within(['parts'], 'readwrite', async (tx) => {
      const parts = tx.objectStore('parts');
      for (const attachment of attachments) {
        const first = await result<StoredPart | undefined>(parts.get([attachment, 0]));
        if (!first || first.at < time) parts.delete(everyPart(attachment));
      }
    });
  }

  /** Ids of files whose parts are kept here. */
  async partOwners(): Promise<Set<string>> {
    const keys = await this.within(['parts'], 'readonly', (tx) =>
      result(tx.objectStore('parts').getAllKeys()),
    );
    return new Set((keys as [string, number][]).map(([attachment]) => attachment));
  }

  /**
   * Ids of files that somebody's draft or upload here still needs, whoever is signed in; null when a
   * draft does not tell.
   */
  async neededFiles(): Promise<Set<string> | null> {
    return this.within(['jobs', 'drafts'], 'readonly', async (tx) => {
      const jobs = await result<Job[]>(tx.objectStore('jobs').getAll());
      const drafts = await result<StoredDraft[]>(tx.objectStore('drafts').getAll());
      const needed = new Set(jobs.flatMap((job) => (job.kind === 'upload' ? [job.id] : [])));
      for (const { files } of drafts) {
        if (!files) return null;
        for (const id of files) needed.add(id);
      }
      return needed;
    });
  }

  async drafts(account: string): Promise<StoredDraft[]> {
    return this.within(['drafts'], 'readonly', (tx) =>
      result(tx.objectStore('drafts').index('account').getAll(account)),
    );
  }

  async draft(id: string): Promise<StoredDraft | undefined> {
    return this.within(['drafts'], 'readonly', (tx) => result(tx.objectStore('drafts').get(id)));
  }

  async putDraft(draft: StoredDraft): Promise<void> {
    await this.within(['drafts'], 'readwrite', async (tx) => {
      tx.objectStore('drafts').put(draft);
    });
  }

  async dropDraft(id: string): Promise<void> {
    await this.within(['drafts'], 'readwrite', async (tx) => {
      tx.objectStore('drafts').delete(id);
    });
  }

  /** Cases as the server sent them, still sealed, to be read again without a network. */
  async keepRows(kept: readonly { id: string }[]): Promise<void> {
    await this.within(['rows'], 'readwrite', async (tx) => {
      for (const row of kept) tx.objectStore('rows').put(row);
    });
  }

  async rows<T>(): Promise<T[]> {
    return this.within(['rows'], 'readonly', (tx) => result(tx.objectStore('rows').getAll()));
  }

  async dropRows(ids?: readonly string[]): Promise<void> {
    await this.within(['rows'], 'readwrite', async (tx) => {
      if (!ids) tx.objectStore('rows').clear();
      for (const id of ids ?? []) tx.objectStore('rows').delete(id);
    });
  }
}
