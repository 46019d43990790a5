/** The key log's tree: RFC 6962 §2.1 over 53-byte leaves `kind ‖ uuid ‖ seq ‖ hash(statement)`. */
import { sha256 } from '@noble/hashes/sha2.js';
import { type Bytes, concat, owned, requireLength } from './bytes.ts';
import { isUuid } from './contexts.ts';
import { ContextRefused, NotLowerCaseUuid } from './errors.ts';

/** Whose chain a leaf records. The numbers are part of the protocol. */
export const LEAF_KINDS = { account: 1, group: 2, policy: 3 } as const;
export type LeafKind = keyof typeof LEAF_KINDS;

/** The sixteen bytes of a lower-case UUID. */
export function uuidBytes(id: string): Bytes {
  if (!isUuid(id)) throw new NotLowerCaseUuid('not a lower-case UUID');
  const hex = id.replaceAll('-', '');
  return Uint8Array.from({ length: 16 }, (_, i) =>
    Number.parseInt(hex.slice(2 * i, 2 * i + 2), 16),
  );
}

export function logLeaf(kind: LeafKind, subject: string, seq: number, hash: Bytes): Bytes {
  if (!Number.isInteger(seq) || seq < 0 || seq > 0xffffffff) {
    throw new ContextRefused('a sequence number in the key log fits 32 bits');
  }
  requireLength(hash, 32, 'hash');
  const leaf = new Uint8Array(LEAF_SIZE);
  leaf[0] = LEAF_KINDS[kind];
  leaf.set(uuidBytes(subject), 1);
  new DataView(leaf.buffer).setUint32(17, seq);
  leaf.set(hash, 21);
  return leaf;
}

/** Bytes of a leaf: kind, UUID, sequence, hash. */
export const LEAF_SIZE = 53;
/** Bytes of a hash in the tree. */
export const NODE_SIZE = 32;

/** RFC 6962's domain separation: what is hashed starts with 0 for a leaf, with 1 for a node. */
const leafInput = new Uint8Array(1 + LEAF_SIZE);
const nodeInput = Uint8Array.of(1, ...new Uint8Array(2 * NODE_SIZE));

/**
 * Hash of a leaf. Synchronous on purpose, like all here: WebCrypto's promise per hash would make
 * ten thousand leaves take longer than their download.
 */
export function leafHash(leaf: Uint8Array): Uint8Array {
  if (leaf.length !== LEAF_SIZE) return sha256(concat(Uint8Array.of(0), leaf));
  leafInput.set(leaf, 1);
  return sha256(leafInput);
}

/**
 * Root above the hashes of one level of the tree: pairing neighbours and carrying an odd last one up
 * gives RFC 6962's left-heavy tree.
 */
export function foldLevel(hashes: readonly Uint8Array[]): Bytes {
  if (hashes.length === 0) return owned(sha256(new Uint8Array()));
  let level = hashes;
  while (level.length > 1) {
    const above: Uint8Array[] = [];
    for (let i = 0; i + 1 < level.length; i += 2) {
      nodeInput.set(level[i] as Uint8Array, 1);
      nodeInput.set(level[i + 1] as Uint8Array, 1 + NODE_SIZE);
      above.push(sha256(nodeInput));
    }
    if (level.length % 2 === 1) above.push(level[level.length - 1] as Uint8Array);
    level = above;
  }
  return owned(level[0] as Uint8Array);
}

/** Root of the leaves. */
export function merkleRoot(leaves: readonly Bytes[]): Bytes {
  return foldLevel(leaves.map(leafHash));
}
