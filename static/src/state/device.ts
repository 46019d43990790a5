/**
 * What this device remembers about the person between two visits: who they are, their keys locked to
 * this device while the application is unlocked, and verified directory entries for offline reading.
 */
import { type DBSchema, type IDBPDatabase, openDB } from 'idb';
import type { Bytes } from '../crypto/bytes.ts';
import type { Statement } from '../crypto/statement.ts';
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

interface DeviceSchema extends DBSchema {
  memory: { key: keyof Memory; value: Memory[keyof Memory] };
  people: { key: string; value: DirectoryEntry & { seq: number } };
  groups: { key: string; value: { id: string; group: unknown } };
}

let opening: Promise<IDBPDatabase<DeviceSchema>> | null = null;

function db(): Promise<IDBPDatabase<DeviceSchema>> {
  opening ??= openDB<DeviceSchema>('cordee-device', 1, {
    upgrade(made) {
      made.createObjectStore('memory');
      made.createObjectStore('people', { keyPath: 'id' });
      made.createObjectStore('groups', { keyPath: 'id' });
    },
    blocking(_current, _blocked, event) {
      (event.target as IDBDatabase).close();
      opening = null;
    },
    terminated() {
      opening = null;
    },
  });
  return opening;
}

export async function recall<K extends keyof Memory>(key: K): Promise<Memory[K] | undefined> {
  return (await (await db()).get('memory', key)) as Memory[K] | undefined;
}

export async function remember<K extends keyof Memory>(key: K, value: Memory[K]): Promise<void> {
  await (await db()).put('memory', value, key);
}

export async function forget(...keys: (keyof Memory)[]): Promise<void> {
  const tx = (await db()).transaction('memory', 'readwrite');
  await Promise.all([...keys.map((key) => tx.store.delete(key)), tx.done]);
}

export async function recallPerson(
  id: string,
): Promise<(DirectoryEntry & { seq: number }) | undefined> {
  return (await db()).get('people', id);
}

export async function rememberPerson(entry: DirectoryEntry & { seq: number }): Promise<void> {
  await (await db()).put('people', entry);
}

export async function recallGroups(): Promise<unknown[]> {
  return (await (await db()).getAll('groups')).map(({ group }) => group);
}

export async function rememberGroups(groups: readonly { id: string }[]): Promise<void> {
  const tx = (await db()).transaction('groups', 'readwrite');
  await tx.store.clear();
  await Promise.all([...groups.map((group) => tx.store.put({ id: group.id, group })), tx.done]);
}

/** Sign-out: nothing of the person stays. */
export async function forgetEverything(): Promise<void> {
  const tx = (await db()).transaction(['memory', 'people', 'groups'], 'readwrite');
  await Promise.all([
    tx.objectStore('memory').clear(),
    tx.objectStore('people').clear(),
    tx.objectStore('groups').clear(),
    tx.done,
  ]);
}
