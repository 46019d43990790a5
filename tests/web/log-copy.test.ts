import { describe, expect, it } from 'vitest';
import {
  type Bytes,
  concat,
  LEAF_SIZE,
  LogCopy,
  logLeaf,
  merkleRoot,
  randomBytes,
  WrongLength,
} from '../../static/src/crypto/index.ts';

const SIZE = 1100;
const people = Array.from({ length: 400 }, () => crypto.randomUUID());
const leaves: Bytes[] = Array.from({ length: SIZE }, (_, n) =>
  logLeaf(
    'account',
    people[n % people.length] as string,
    Math.floor(n / people.length),
    randomBytes(32),
  ),
);
const packed = concat(...leaves);
const whole = new LogCopy().grown(packed);

describe('a copy of the key log', () => {
  it('gives the root of every size it ever had, across blocks', () => {
    for (const size of [0, 1, 2, 255, 256, 257, 511, 512, 513, 767, 1023, 1024, 1025, SIZE]) {
      expect(whole.root(size)).toEqual(merkleRoot(leaves.slice(0, size)));
    }
    expect(() => whole.root(SIZE + 1)).toThrow(WrongLength);
  });

  it('grows by any number of leaves to the same copy, and leaves the shorter one alone', () => {
    let copy = new LogCopy();
    for (let at = 0; at < SIZE; ) {
      const step = Math.min(1 + Math.floor(Math.random() * 300), SIZE - at);
      const before = copy.root();
      const longer = copy.grown(packed.slice(at * LEAF_SIZE, (at + step) * LEAF_SIZE));
      expect(copy.root()).toEqual(before);
      expect(longer.root(at)).toEqual(before);
      copy = longer;
      at += step;
    }
    expect(copy.blocks).toEqual(whole.blocks);
    expect(copy.root()).toEqual(whole.root());
  });

  it('is the same when read back from where it was kept', () => {
    expect(new LogCopy(whole.leaves, whole.blocks).root()).toEqual(whole.root());
    expect(() => new LogCopy(whole.leaves.slice(1), whole.blocks)).toThrow(WrongLength);
    expect(() => new LogCopy(whole.leaves)).toThrow(WrongLength);
  });

  it('finds what it records of one subject, and of that kind only', () => {
    const [somebody] = people as [string];
    const found = whole.entries('account', somebody);
    expect(found.map(({ seq }) => seq)).toEqual([0, 1, 2]);
    expect(found.map(({ hash }) => hash)).toEqual(
      [0, 400, 800].map((n) => (leaves[n] as Bytes).slice(21)),
    );
    expect(whole.entries('group', somebody)).toEqual([]);
    expect(whole.entries('account', crypto.randomUUID())).toEqual([]);
  });
});
