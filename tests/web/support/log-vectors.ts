/** The frozen vectors of the key log and of the code that two people compare. */
import {
  type Bytes,
  fromBase64,
  LEAF_KINDS,
  type LeafKind,
  LogCopy,
  leafHash,
  logLeaf,
  merkleRoot,
  readCheckpoint,
  safetyCode,
  toBase64,
  WitnessMissing,
} from '../../../static/src/crypto/index.ts';
import { type Check, expectEqual } from './vectors.ts';

export interface LogVectors {
  leaves: {
    kind: number;
    subject: string;
    seq: number;
    hash: string;
    leaf: string;
    leaf_hash: string;
  }[];
  roots: string[];
  notes: {
    origin: string;
    log_key: string;
    witnesses: string[];
    k: number;
    size: number;
    root: string;
    good: string[];
    refused: { why: string; note: string; error: string }[];
  };
  safety: { root: string; people: { account: string; hashes: string[] }[]; code: string }[];
}

const joined = (leaves: readonly Bytes[]): Bytes =>
  Uint8Array.from(leaves.flatMap((leaf) => [...leaf]));

function kindNumbered(number: number): LeafKind {
  return Object.keys(LEAF_KINDS)[number - 1] as LeafKind;
}

function treeChecks({ leaves, roots }: LogVectors): Check[] {
  const encoded = leaves.map(({ leaf }) => fromBase64(leaf));
  return [
    {
      name: 'log: leaves',
      async run() {
        for (const { kind, subject, seq, hash, leaf, leaf_hash } of leaves) {
          const made = logLeaf(kindNumbered(kind), subject, seq, fromBase64(hash));
          expectEqual(toBase64(made), leaf, 'leaf');
          expectEqual(toBase64(leafHash(made)), leaf_hash, 'leaf hash');
        }
      },
    },
    {
      name: 'log: roots of every size, at once and from one copy that grew',
      async run() {
        let copy = new LogCopy();
        for (const leaf of encoded) copy = copy.grown(leaf);
        const whole = new LogCopy().grown(joined(encoded));
        roots.forEach((root, size) => {
          expectEqual(toBase64(merkleRoot(encoded.slice(0, size))), root, `root of ${size}`);
          expectEqual(toBase64(copy.root(size)), root, `root of ${size}, grown`);
          expectEqual(toBase64(whole.root(size)), root, `root of ${size}, whole`);
        });
      },
    },
  ];
}

function noteChecks({ notes }: LogVectors): Check[] {
  const witnesses = notes.witnesses.map((key) => fromBase64(key));
  const read = async (note: string) => {
    const found = await readCheckpoint(note, notes.origin, fromBase64(notes.log_key), witnesses);
    if (found.witnessed < notes.k) throw new WitnessMissing('too few');
    return found;
  };
  const good = notes.good.map((note, i) => ({
    name: `checkpoint ${i}`,
    async run() {
      const { size, root } = await read(note);
      expectEqual(size, notes.size, 'size');
      expectEqual(toBase64(root), notes.root, 'root');
    },
  }));
  const refused = notes.refused.map(({ why, note, error }) => ({
    name: `checkpoint refused: ${why}`,
    async run() {
      const fault = await read(note).then(
        () => null,
        (thrown: Error) => thrown,
      );
      const expected = error === 'WitnessesTooFew' ? 'WitnessMissing' : error;
      expectEqual(fault?.name, expected, 'refusal');
    },
  }));
  return [...good, ...refused];
}

export function logVectorChecks(vectors: LogVectors): Check[] {
  const safety = vectors.safety.map(({ root, people, code }, i) => ({
    name: `safety code ${i}`,
    async run() {
      const [a, b] = people.map(({ account, hashes }) => ({
        account,
        hashes: hashes.map((hash) => fromBase64(hash)),
      }));
      if (!a || !b) throw new Error('two people compare');
      expectEqual(await safetyCode(fromBase64(root), a, b), code, 'code');
    },
  }));
  return [...treeChecks(vectors), ...noteChecks(vectors), ...safety];
}
