/**
 * The device's own shelf: what waits to leave, the sealed parts of files, and drafts.
 *
 * All of it is ciphertext: jobs and parts under case and file keys, drafts under a key that exists
 * only while the application is unlocked. Safari may evict it all after weeks without a visit; that
 * is said on the page, and nothing here is the only copy of something the server confirmed.
 *
 * IndexedDB is spoken to directly: the service worker carries this file and must stay small. Inside
 * a transaction nothing but its own requests is awaited, or the browser would commit it early.
 */
import type { Job } from './jobs.ts';

export interface StoredPart {
  attachment: string;
  index: number;
  sealed: Blob;
  /** Milliseconds since the epoch. */
  at: number;
}

type Store = 'jobs' | 'parts' | 'drafts' | 'rows';

export function openShelf(name = 'cordee-outbox'): Promise<IDBDatabase> {
  const opening = indexedDB.open(name, 1);
  opening.onupgradeneeded = () => {
    const db = opening.result;
    const jobs = db.createObjectStore('jobs', { keyPath: 'order', autoIncrement: true });
    jobs.createIndex('id', 'id', { unique: true });
    jobs.createIndex('account', 'account');
    db.createObjectStore('parts', { keyPath: ['attachment', 'index'] });
    db.createObjectStore('drafts', { keyPath: 'id' }).createIndex('account', 'account');
    db.createObjectStore('rows', { keyPath: 'id' });
  };
  return result(opening).then((db) => {
    // A newer version of the application wants to change the tables: let it.
    db.onversionchange = () => db.close();
    return db;
  });
}

export function result<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

export const everyPart = (attachment: string) =>
  IDBKeyRange.bound([attachment, 0], [attachment, Number.POSITIVE_INFINITY]);

/** What sending needs of the shelf. Each verb is one transaction. */
export class Outbox {
  readonly #db: Promise<IDBDatabase>;

  constructor(db: Promise<IDBDatabase> = openShelf()) {
    this.#db = db;
  }

  /** One transaction, done when this resolves and not a moment before. */
  protected async within<T>(
    stores: Store[],
    mode: IDBTransactionMode,
    work: (tx: IDBTransaction) => Promise<T>,
  ): Promise<T> {
    const tx = (await this.#db).transaction(stores, mode);
    const settled = new Promise<void>((resolve, reject) => {
      tx.oncomplete = () => resolve();
      tx.onabort = () => reject(tx.error);
    });
    const [value] = await Promise.all([work(tx), settled]);
    return value;
  }

  async jobs(account: string): Promise<Job[]> {
    return this.within(['jobs'], 'readonly', (tx) =>
      result(tx.objectStore('jobs').index('account').getAll(account)),
    );
  }

  async find(id: string): Promise<Job | undefined> {
    return this.within(['jobs'], 'readonly', (tx) =>
      result(tx.objectStore('jobs').index('id').get(id)),
    );
  }

  /** Write a job back, unless it was cancelled meanwhile. */
  async keep(job: Job): Promise<void> {
    await this.within(['jobs'], 'readwrite', async (tx) => {
      const jobs = tx.objectStore('jobs');
      const order = await result(jobs.index('id').getKey(job.id));
      if (order !== undefined) jobs.put({ ...job, order });
    });
  }

  /** Remove a job and, when it is a file, its parts. */
  async remove(job: Job): Promise<void> {
    await this.within(['jobs', 'parts'], 'readwrite', async (tx) => {
      const jobs = tx.objectStore('jobs');
      const order = await result(jobs.index('id').getKey(job.id));
      if (order !== undefined) jobs.delete(order);
      if (job.kind === 'upload') tx.objectStore('parts').delete(everyPart(job.attachment));
    });
  }

  /** After a crash nothing is under way any more. Call only while holding the runner's lock. */
  settle(): Promise<void> {
    return this.#change((job) => (job.sending ? { ...job, sending: false } : null));
  }

  /** Let everything that waits for time alone go now: the line has just returned. */
  hurry(account: string): Promise<void> {
    return this.#change((job) => {
      // A wait the server itself asked for is respected.
      const waits = job.notBefore > 0 && job.problem?.code !== 'rate_limited';
      return waits && job.account === account ? { ...job, notBefore: 0 } : null;
    });
  }

  async #change(next: (job: Job) => Job | null): Promise<void> {
    await this.within(['jobs'], 'readwrite', async (tx) => {
      const jobs = tx.objectStore('jobs');
      for (const job of await result(jobs.getAll() as IDBRequest<Job[]>)) {
        const changed = next(job);
        if (changed) jobs.put(changed);
      }
    });
  }

  async part(attachment: string, index: number): Promise<Blob | undefined> {
    const found = await this.within(['parts'], 'readonly', (tx) =>
      result<StoredPart | undefined>(tx.objectStore('parts').get([attachment, index])),
    );
    return found?.sealed;
  }
}
