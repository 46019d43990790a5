import { afterEach, beforeEach, expect, it } from 'vitest';
import { openLine } from '../../static/src/outbox/line.ts';
import { Bell, drain } from '../../static/src/outbox/runner.ts';
import type { Shelf } from '../../static/src/outbox/shelf.ts';
import { FAVRE, freshShelf, MORZINE, putJob, uploadJob } from './support/jobs.ts';
import { TusServer } from './support/tus-server.ts';

const SEEDS = 60;
const SIZE = 200_000;
const file = Buffer.from(Array.from({ length: SIZE }, (_, i) => (i * 7) % 251));

/** Mulberry32: the same storm for the same seed. */
function dice(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

let server: TusServer;
let origin: string;
let outbox: Shelf;

beforeEach(async () => {
  server = new TusServer();
  origin = await server.listen();
  outbox = freshShelf();
});

afterEach(() => server.close());

/** Answers lost before and after they count, faults, damage, cuts at any byte, an expiry. */
function brew(random: () => number): void {
  for (let i = 0; i < 12; i++) {
    const roll = random();
    if (roll < 0.2) server.puts.push({ status: 0, lost: 'before' });
    else if (roll < 0.4) server.puts.push({ status: 0, lost: 'after' });
    else server.puts.push({ status: 201 });
  }
  for (let i = 0; i < 8; i++) {
    const roll = random();
    if (roll < 0.25) server.mishaps.push({ cutAfter: Math.floor(random() * 60_000) });
    else if (roll < 0.45) server.mishaps.push({ swallow: true });
    else if (roll < 0.55) server.mishaps.push({ mismatch: true });
    else if (roll < 0.6) server.mishaps.push({ forget: true });
    else server.mishaps.push({});
  }
}

it.each(Array.from({ length: SEEDS }, (_, seed) => seed))(
  'storm %i: everything arrives, in order',
  async (seed) => {
    const random = dice(seed);
    brew(random);
    const made = ['one', 'two', 'three', 'four', 'five'];
    await outbox.putPart({ attachment: 'photo', index: 0, at: 0, sealed: new Blob([file]) });
    await outbox.add(made.map((id) => putJob(id)));
    await outbox.add([putJob('elsewhere', { case: MORZINE })]);
    await outbox.add([uploadJob('photo', 'three', { parts: [SIZE], size: SIZE })]);

    let now = 1;
    for (let rounds = 0; rounds < 60; rounds++) {
      // Each round is a device that was killed and came back: only the shelf is left of it.
      const down = random() < 0.15;
      const line = openLine((path, init) =>
        down ? Promise.reject(new Error('no line')) : fetch(origin + path, init),
      );
      const wakeAt = await drain(
        { outbox, line, tell: () => undefined, now: () => now, random },
        new Bell(),
      );
      now = Math.max(now + 1, wakeAt ?? 0);
      if ((await outbox.jobs(FAVRE)).length === 0) break;
    }

    const arrived = server.received.map(({ path }) => path.split('/').at(-1) ?? '');
    const first = [...new Set(arrived)];
    expect(first.toSorted()).toEqual([...made, 'elsewhere'].toSorted());
    expect(first.filter((id) => made.includes(id))).toEqual(made);
    expect(server.stored.equals(file)).toBe(true);
    expect(await outbox.partOwners()).toEqual(new Set());
  },
);
