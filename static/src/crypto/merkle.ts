/** The key log's tree: RFC 6962 §2.1 over 53-byte leaves `kind ‖ uuid ‖ seq ‖ hash(statement)`. */
import { sha256 } from '@noble/hashes/sha2.js';
import { type Bytes, concat, owned, requireLength } from './bytes.ts';
import { isUuid } from './contexts.ts';
import { ContextRefused, NotLowerCaseUuid } from './errors.ts';

/** Whose chain a leaf records. The numbers are part of the protocol. */
export const LEAF_KINDS = { account: 1, group: 2, policy: 3 } as const;
export type LeafKind = keyof typeof LEAF_KINDS;

export function logLeaf(kind: LeafKind, subject: string, seq: number, hash: Bytes): Bytes {
  if (!isUuid(subject)) throw new NotLowerCaseUuid('not a lower-case UUID');
  if (!Number.isInteger(seq) || seq < 0 || seq > 0xffffffff) {
    throw new ContextRefused('a sequence number in the key log fits 32 bits');
  }
  requireLength(hash, 32, 'hash');
  const leaf = new Uint8Array(53);
  leaf[0] = LEAF_KINDS[kind];
  const hex = subject.replaceAll('-', '');
  for (let i = 0; i < 16; i++) leaf[1 + i] = Number.parseInt(hex.slice(2 * i, 2 * i + 2), 16);
  new DataView(leaf.buffer).setUint32(17, seq);
  leaf.set(hash, 21);
  return leaf;
}

const LEAF = Uint8Array.of(0);
const NODE = Uint8Array.of(1);

/**
 * Root of the leaves. Synchronous on purpose: WebCrypto's promise per hash would make ten thousand
 * leaves take longer than their download.
 */
export function merkleRoot(leaves: readonly Bytes[]): Bytes {
  if (leaves.length === 0) return owned(sha256(new Uint8Array()));
  let level = leaves.map((leaf) => sha256(concat(LEAF, leaf)));
  // Pairing neighbours and carrying an odd last node up gives RFC 6962's left-heavy tree.
  while (level.length > 1) {
    const above: Uint8Array[] = [];
    for (let i = 0; i + 1 < level.length; i += 2) {
      above.push(sha256(concat(NODE, level[i] as Uint8Array, level[i + 1] as Uint8Array)));
    }
    if (level.length % 2 === 1) above.push(level[level.length - 1] as Uint8Array);
    level = above as typeof level;
  }
  return owned(level[0] as Uint8Array);
}
