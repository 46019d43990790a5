/**
 * The device's copy of the key log between two visits. Public data, kept through sign-outs: a log
 * that was ever seen longer, or other, is caught by whoever uses this device next.
 */
import { type Bytes, fromBase64, sameBytes, toBase64 } from '../crypto/bytes.ts';
import { LogCopy } from '../crypto/log-tree.ts';
import { database, result, within } from '../indexed.ts';

export interface KeptLog {
  copy: LogCopy;
  /** When a checkpoint was last checked, in milliseconds since 1970. */
  at: number;
}

interface Stored {
  leaves: Bytes;
  blocks: Bytes;
  root: string;
  at: number;
}

const logs = database('cordee-log', (made) => {
  made.createObjectStore('logs');
});

/** The log of a network as this device last verified it; what storage has damaged is not it. */
export async function recallLog(net: string): Promise<KeptLog | null> {
  const kept = await within(await logs(), ['logs'], 'readonly', (tx) =>
    result<Stored | undefined>(tx.objectStore('logs').get(net)),
  );
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
  await within(await logs(), ['logs'], 'readwrite', async (tx) => {
    const store = tx.objectStore('logs');
    const kept = await result<Stored | undefined>(store.get(net));
    if (kept && kept.leaves.length > leaves.length) return;
    store.put({ leaves, blocks, root: toBase64(copy.root()), at } satisfies Stored, net);
  });
}
