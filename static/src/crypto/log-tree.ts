/**
 * This device's copy of the key log: every leaf, packed, and what it takes to recompute the root of
 * any earlier size without hashing all of it again.
 */
import { type Bytes, concat, sameBytes } from './bytes.ts';
import { WrongLength } from './errors.ts';
import {
  foldLevel,
  LEAF_KINDS,
  LEAF_SIZE,
  type LeafKind,
  leafHash,
  NODE_SIZE,
  uuidBytes,
} from './merkle.ts';

/**
 * Leaves under one kept hash. A power of two, so that the hashes of full blocks are one level of
 * RFC 6962's tree; any root then costs at most two hashes a leaf of one block, and two a block.
 */
const BLOCK = 256;
const SUBJECT_AT = 1;
const SEQ_AT = 17;
const HASH_AT = 21;

/** One statement that the log records. */
export interface Entry {
  seq: number;
  hash: Bytes;
}

export class LogCopy {
  /** Leaves, one after the other. */
  readonly leaves: Bytes;
  /** Hashes of the full blocks, one after the other. */
  readonly blocks: Bytes;
  /** First four bytes of a subject → positions of its leaves. */
  private readonly places: Map<number, number[]>;

  /**
   * `blocks` must be those of `leaves`: only what `grown` made comes back here.
   *
   * @throws WrongLength
   */
  constructor(leaves: Bytes = new Uint8Array(), blocks: Bytes = new Uint8Array()) {
    if (leaves.length % LEAF_SIZE !== 0) throw new WrongLength('not a whole number of leaves');
    this.leaves = leaves;
    if (blocks.length !== Math.floor(this.size / BLOCK) * NODE_SIZE) {
      throw new WrongLength('not one hash a block');
    }
    this.blocks = blocks;
    this.places = new Map();
    const view = new DataView(leaves.buffer, leaves.byteOffset, leaves.byteLength);
    for (let i = 0; i < this.size; i++) {
      const key = view.getUint32(i * LEAF_SIZE + SUBJECT_AT);
      const found = this.places.get(key);
      if (found) found.push(i);
      else this.places.set(key, [i]);
    }
  }

  get size(): number {
    return this.leaves.length / LEAF_SIZE;
  }

  /** A copy with more leaves; this one stays as it is until the longer one has proved right. */
  grown(more: Bytes): LogCopy {
    const leaves = concat(this.leaves, more);
    const full = Math.floor(leaves.length / LEAF_SIZE / BLOCK);
    const hashes: Uint8Array[] = [this.blocks];
    for (let block = this.blocks.length / NODE_SIZE; block < full; block++) {
      hashes.push(rootOf(leaves, block * BLOCK, (block + 1) * BLOCK));
    }
    return new LogCopy(leaves, concat(...hashes));
  }

  /** Root of the first `size` leaves, 32 bytes. */
  root(size: number = this.size): Bytes {
    if (size > this.size) throw new WrongLength('the log was never this long here');
    const full = Math.floor(size / BLOCK);
    const level: Uint8Array[] = [];
    for (let block = 0; block < full; block++) {
      level.push(this.blocks.subarray(block * NODE_SIZE, (block + 1) * NODE_SIZE));
    }
    if (size > full * BLOCK) level.push(rootOf(this.leaves, full * BLOCK, size));
    return foldLevel(level);
  }

  /** What the log records of one subject, in the log's order. */
  entries(kind: LeafKind, subject: string): Entry[] {
    const id = uuidBytes(subject);
    const found: Entry[] = [];
    for (const place of this.places.get(new DataView(id.buffer).getUint32(0)) ?? []) {
      const leaf = this.leaves.subarray(place * LEAF_SIZE, (place + 1) * LEAF_SIZE);
      if (leaf[0] !== LEAF_KINDS[kind]) continue;
      if (!sameBytes(leaf.subarray(SUBJECT_AT, SEQ_AT), id)) continue;
      const seq = new DataView(leaf.buffer, leaf.byteOffset).getUint32(SEQ_AT);
      found.push({ seq, hash: leaf.slice(HASH_AT) });
    }
    return found;
  }
}

function rootOf(leaves: Bytes, from: number, to: number): Bytes {
  const hashes: Uint8Array[] = [];
  for (let i = from; i < to; i++) {
    hashes.push(leafHash(leaves.subarray(i * LEAF_SIZE, (i + 1) * LEAF_SIZE)));
  }
  return foldLevel(hashes);
}
