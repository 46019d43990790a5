/**
 * The device's copy of the key log between two visits. Public data, kept through sign-outs: a log
 * that was ever seen longer, or other, is caught by whoever uses this device next.
 */
import { type DBSchema, type IDBPDatabase, openDB } from 'idb';
import { type Bytes, fromBase64, sameBytes, toBase64 } from '../crypto/bytes.ts';
import { LogCopy } from '../crypto/log-tree.ts';

export interface KeptLog {
  copy: LogCopy;
  /** When a checkpoint was last checked, in milliseconds since 1970. */
  at: number;
}

interface LogSchema extends DBSchema {
  logs: { key: string; value: { leaves: Bytes; blocks: Bytes; root: string; at: number } };
}

let opening: Promise<IDBPDatabase<LogSchema>> | null = null;

function db(): Promise<IDBPDatabase<LogSchema>> {
  opening ??= openDB<LogSchema>('cordee-log', 1, {
    upgrade(made) {
      made.createObjectStore('logs');
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

/** The log of a network as this device last verified it; what storage has damaged is not it. */
export async function recallLog(net: string): Promise<KeptLog | null> {
  const kept = await (await db()).get('logs', net);
  if (!kept) return null;
  try {
    const copy = new LogCopy(kept.leaves, kept.blocks);
    return sameBytes(copy.root(), fromBase64(kept.root)) ? { copy, at: kept.at } : null;
  } catch {
    return null;
  }
}

/** Keep a verified copy, unless another tab has kept a longer one. */
export async function rememberLog(net: string, { copy, at }: KeptLog): Promise<void> {
  const { leaves, blocks } = copy;
  const tx = (await db()).transaction('logs', 'readwrite');
  const kept = await tx.store.get(net);
  if (!kept || kept.leaves.length <= leaves.length) {
    await tx.store.put({ leaves, blocks, root: toBase64(copy.root()), at }, net);
  }
  await tx.done;
}
