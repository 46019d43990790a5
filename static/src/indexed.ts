/**
 * IndexedDB by promises, no more than is needed: the service worker carries this file. Inside a
 * transaction nothing but its own requests is awaited, or the browser would commit it early.
 */

export function result<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

/** One transaction, done when this resolves and not a moment before. */
export async function within<T>(
  db: IDBDatabase,
  stores: string[],
  mode: IDBTransactionMode,
  work: (tx: IDBTransaction) => Promise<T>,
): Promise<T> {
  const tx = db.transaction(stores, mode);
  const settled = new Promise<void>((resolve, reject) => {
    tx.oncomplete = () => resolve();
    tx.onabort = () => reject(tx.error);
  });
  const [value] = await Promise.all([work(tx), settled]);
  return value;
}

/** The first version of a database, with the tables that `make` makes. */
export async function openDatabase(
  name: string,
  make: (db: IDBDatabase) => void,
): Promise<IDBDatabase> {
  const opening = indexedDB.open(name, 1);
  opening.onupgradeneeded = () => make(opening.result);
  const db = await result(opening);
  // A newer version of the application wants to change the tables: let it.
  db.onversionchange = () => db.close();
  return db;
}

/** A database opened when first asked for, and again after the browser or a newer version shut it. */
export function database(
  name: string,
  make: (db: IDBDatabase) => void,
): () => Promise<IDBDatabase> {
  let opening: Promise<IDBDatabase> | null = null;
  const open = async () => {
    const db = await openDatabase(name, make);
    const forget = () => {
      opening = null;
    };
    db.addEventListener('versionchange', forget);
    db.addEventListener('close', forget);
    return db;
  };
  return () => {
    opening ??= open();
    return opening;
  };
}
