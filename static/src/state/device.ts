/**
 * What this device remembers about the person between two visits: who they are, their keys locked to
 * this device while the application is unlocked, and verified directory entries for offline reading.
 */
import type { Bytes } from '../crypto/bytes.ts';
import type { Statement } from '../crypto/statement.ts';
import { database, result, within } from '../indexed.ts';
import type { Account, DirectoryEntry, Network, SealedKeys } from './types.ts';

/** Enough to show the lock page and unlock without any network. All of it the server knows too. */
export interface Profile {
  account: Account;
  sealed: SealedKeys;
  statements: Statement[];
}

/** Our seeds under a key that no script can export. Deleted, key included, when locking. */
export interface DeviceSecrets {
  account: string;
  /** Statement they belong to. */
  seq?: number;
  key: CryptoKey;
  locked: Bytes;
}

interface Memory {
  profile: Profile;
  secrets: DeviceSecrets;
  network: Network;
  /** Highest policy sequence seen, so that a server cannot serve yesterday's rules. */
  policySeq: number;
}

type KeptPerson = DirectoryEntry & { seq: number };

interface KeptGroup {
  id: string;
  group: unknown;
}

const TABLES = ['memory', 'people', 'groups'];

const device = database('cordee-device', (made) => {
  made.createObjectStore('memory');
  made.createObjectStore('people', { keyPath: 'id' });
  made.createObjectStore('groups', { keyPath: 'id' });
});

/** What one request to one table answers, once it is settled. */
async function one<T>(
  table: string,
  mode: IDBTransactionMode,
  ask: (store: IDBObjectStore) => IDBRequest<T>,
): Promise<T> {
  return within(await device(), [table], mode, (tx) => result(ask(tx.objectStore(table))));
}

export async function recall<K extends keyof Memory>(key: K): Promise<Memory[K] | undefined> {
  return one<Memory[K] | undefined>('memory', 'readonly', (store) => store.get(key));
}

export async function remember<K extends keyof Memory>(key: K, value: Memory[K]): Promise<void> {
  await one('memory', 'readwrite', (store) => store.put(value, key));
}

export async function forget(...keys: (keyof Memory)[]): Promise<void> {
  await within(await device(), ['memory'], 'readwrite', async (tx) => {
    for (const key of keys) tx.objectStore('memory').delete(key);
  });
}

export async function recallPerson(id: string): Promise<KeptPerson | undefined> {
  return one<KeptPerson | undefined>('people', 'readonly', (store) => store.get(id));
}

export async function rememberPerson(entry: KeptPerson): Promise<void> {
  await one('people', 'readwrite', (store) => store.put(entry));
}

export async function recallGroups(): Promise<unknown[]> {
  const kept = await one<KeptGroup[]>('groups', 'readonly', (store) => store.getAll());
  return kept.map(({ group }) => group);
}

export async function rememberGroups(groups: readonly { id: string }[]): Promise<void> {
  await within(await device(), ['groups'], 'readwrite', async (tx) => {
    const store = tx.objectStore('groups');
    store.clear();
    for (const group of groups) store.put({ id: group.id, group } satisfies KeptGroup);
  });
}

/** Sign-out: nothing of the person stays. */
export async function forgetEverything(): Promise<void> {
  await within(await device(), TABLES, 'readwrite', async (tx) => {
    for (const table of TABLES) tx.objectStore(table).clear();
  });
}
