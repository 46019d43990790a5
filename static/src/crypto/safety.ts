/** A short code that two people compare, face to face, to know that no server stands between. */
import { type Bytes, concat, requireLength, utf8 } from './bytes.ts';
import { uuidBytes } from './merkle.ts';

/** One of the two: who, and the hashes of all their key statements, by sequence. */
export interface Side {
  account: string;
  hashes: readonly Bytes[];
}

const GROUPS = 8;
const GROUP_BYTES = 5;

function encoded({ account, hashes }: Side): Bytes {
  for (const hash of hashes) requireLength(hash, 32, 'hash');
  const count = new Uint8Array(4);
  new DataView(count.buffer).setUint32(0, hashes.length);
  return concat(uuidBytes(account), count, ...hashes);
}

/**
 * Eight groups of five digits, the same on both devices exactly when both see the same network and
 * the same keys of both people. Each group is five bytes of a SHA-512, modulo 100 000.
 */
export async function safetyCode(root: Bytes, a: Side, b: Side): Promise<string> {
  requireLength(root, 32, 'root key');
  const [first, second] = a.account < b.account ? [a, b] : [b, a];
  const spoken = concat(utf8('cordee1 safety\0'), root, encoded(first), encoded(second));
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-512', spoken));
  return Array.from({ length: GROUPS }, (_, group) => {
    const bytes = digest.subarray(group * GROUP_BYTES, (group + 1) * GROUP_BYTES);
    const value = bytes.reduce((sum, byte) => sum * 256 + byte, 0);
    return String(value % 100_000).padStart(5, '0');
  }).join(' ');
}
