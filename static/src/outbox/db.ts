/**
 * The device's own shelf: what waits to leave, the sealed parts of files, and drafts.
 *
 * All of it is ciphertext: jobs and parts under case and file keys, drafts under a key that exists
 * only while the application is unlocked. Safari may evict it all after weeks without a visit; that
 * is said on the page, and nothing here is the only copy of something the server confirmed.
 */
import { type DBSchema, type IDBPDatabase, openDB } from 'idb';
import type { Job } from './jobs.ts';

export interface StoredPart {
  attachment: string;
  index: number;
  sealed: Blob;
  /** Milliseconds since the epoch. */
  at: number;
}

/** A case or a message being written. `sealed` opens only while unlocked. */
export interface StoredDraft {
  id: string;
  account: string;
  kind: 'case' | 'message';
  sealed: Uint8Array<ArrayBuffer>;
  savedAt: number;
}

interface Shelf extends DBSchema {
  jobs: { key: number; value: Job; indexes: { id: string; account: string } };
  parts: { key: [string, number]; value: StoredPart };
  drafts: { key: string; value: StoredDraft; indexes: { account: string } };
}

export type ShelfDatabase = IDBPDatabase<Shelf>;

export function openShelf(name = 'cordee-outbox'): Promise<ShelfDatabase> {
  return openDB<Shelf>(name, 1, {
    upgrade(db) {
      const jobs = db.createObjectStore('jobs', { keyPath: 'order', autoIncrement: true });
      jobs.createIndex('id', 'id', { unique: true });
      jobs.createIndex('account', 'account');
      db.createObjectStore('parts', { keyPath: ['attachment', 'index'] });
      db.createObjectStore('drafts', { keyPath: 'id' }).createIndex('account', 'account');
    },
    blocking(_current, _blocked, event) {
      // A newer version of the application wants to change the tables: let it.
      (event.target as IDBDatabase).close();
    },
  });
}

const everyPart = (attachment: string) =>
  IDBKeyRange.bound([attachment, 0], [attachment, Infinity]);

/** The shelf's verbs. Each is one transaction. */
export class Outbox {
  readonly #db: Promise<ShelfDatabase>;

  constructor(db: Promise<ShelfDatabase>) {
    this.#db = db;
  }

  async jobs(account: string): Promise<Job[]> {
    return (await this.#db).getAllFromIndex('jobs', 'account', account);
  }

  async find(id: string): Promise<Job | undefined> {
    return (await this.#db).getFromIndex('jobs', 'id', id);
  }

  /** Queue jobs in this order and, in the same transaction, drop the draft they were made from. */
  async add(jobs: readonly Job[], draft?: string): Promise<void> {
    const tx = (await this.#db).transaction(['jobs', 'drafts'], 'readwrite');
    const store = tx.objectStore('jobs');
    for (const job of jobs) {
      if ((await store.index('id').getKey(job.id)) === undefined) await store.add(job);
    }
    if (draft !== undefined) await tx.objectStore('drafts').delete(draft);
    await tx.done;
  }

  /** Write a job back, unless it was cancelled meanwhile. */
  async keep(job: Job): Promise<void> {
    const tx = (await this.#db).transaction('jobs', 'readwrite');
    const order = await tx.store.index('id').getKey(job.id);
    if (order !== undefined) await tx.store.put({ ...job, order });
    await tx.done;
  }

  /** Remove a job and, when it is a file the server now has, its parts. */
  async remove(job: Job): Promise<void> {
    const tx = (await this.#db).transaction(['jobs', 'parts'], 'readwrite');
    const order = await tx.objectStore('jobs').index('id').getKey(job.id);
    if (order !== undefined) await tx.objectStore('jobs').delete(order);
    if (job.kind === 'upload') await tx.objectStore('parts').delete(everyPart(job.attachment));
    await tx.done;
  }

  /** After a crash nothing is under way any more. Call only while holding the runner's lock. */
  async settle(): Promise<void> {
    const tx = (await this.#db).transaction('jobs', 'readwrite');
    for await (const cursor of tx.store) {
      if (cursor.value.sending) await cursor.update({ ...cursor.value, sending: false });
    }
    await tx.done;
  }

  /** Let everything that waits for time alone go now: the line has just returned. */
  async hurry(account: string): Promise<void> {
    const tx = (await this.#db).transaction('jobs', 'readwrite');
    for await (const cursor of tx.store.index('account').iterate(account)) {
      const job = cursor.value;
      // A wait the server itself asked for is respected.
      if (job.notBefore > 0 && job.problem?.code !== 'rate_limited') {
        await cursor.update({ ...job, notBefore: 0 });
      }
    }
    await tx.done;
  }

  async putPart(part: StoredPart): Promise<void> {
    await (await this.#db).put('parts', part);
  }

  async part(attachment: string, index: number): Promise<Blob | undefined> {
    return (await (await this.#db).get('parts', [attachment, index]))?.sealed;
  }

  async dropParts(attachments: readonly string[]): Promise<void> {
    const tx = (await this.#db).transaction('parts', 'readwrite');
    for (const attachment of attachments) await tx.store.delete(everyPart(attachment));
    await tx.done;
  }

  /** Drop those of these files whose first part is older than `time`. */
  async dropPartsBefore(attachments: readonly string[], time: number): Promise<void> {
    const db = await this.#db;
    for (const attachment of attachments) {
      const first = await db.get('parts', [attachment, 0]);
      if (!first || first.at < time) await this.dropParts([attachment]);
    }
  }

  /** Ids of files whose parts are kept here. */
  async partOwners(): Promise<Set<string>> {
    const keys = await (await this.#db).getAllKeys('parts');
    return new Set(keys.map(([attachment]) => attachment));
  }

  async drafts(account: string): Promise<StoredDraft[]> {
    return (await this.#db).getAllFromIndex('drafts', 'account', account);
  }

  async draft(id: string): Promise<StoredDraft | undefined> {
    return (await this.#db).get('drafts', id);
  }

  async putDraft(draft: StoredDraft): Promise<void> {
    await (await this.#db).put('drafts', draft);
  }

  async dropDraft(id: string): Promise<void> {
    await (await this.#db).delete('drafts', id);
  }
}
