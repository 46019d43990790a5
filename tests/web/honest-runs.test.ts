/**
 * A thousand random lives of honest people, and not one false alarm; one lie, and an alarm.
 *
 * `make soak` plays the thousand, an ordinary run of the tests the first of them: CORDEE_RUNS says
 * how many, CORDEE_SEED which, CORDEE_SHARE (`1/2`) which part of them this process plays. An alarm
 * is whatever a deed throws, whatever is shown as broken, and whatever the server was told.
 */
import { inspect } from 'node:util';
import { afterEach, expect, it, vi } from 'vitest';
import type { Clinic } from './support/clinic.ts';
import { Alarm, dice, Life } from './support/lives.ts';
import { Village } from './support/village.ts';

const RUNS = Number(process.env['CORDEE_RUNS'] ?? 10);
const SEED = Number(process.env['CORDEE_SEED'] ?? 20261122);
const [SHARE, SHARES] = (process.env['CORDEE_SHARE'] ?? '1/1').split('/').map(Number) as [
  number,
  number,
];
/** Runs in one village: what a network keeps for good, its rules and everybody's keys, grows on. */
const BLOCK = 10;
/** Deeds in a run. */
const [LEAST, MOST] = [10, 18];
/** Seconds between two deeds: a client does not ask for the same thing again at once. */
const PAUSE = 15;

let village: Village;

afterEach(async () => {
  await village.close();
  vi.useRealTimers();
});

async function step(life: Life): Promise<string> {
  vi.setSystemTime(Date.now() + PAUSE * 1000);
  return life.step();
}

/** Play a run to its end; gives how many deeds it had. */
async function live(run: number): Promise<number> {
  const random = dice(SEED * 100_003 + run);
  const deeds: string[] = [];
  try {
    const life = await Life.begin(village, random);
    const most = LEAST + Math.floor(random() * (MOST - LEAST + 1));
    while (deeds.length < most) {
      deeds.push(await step(life));
      expect(village.clinic.reports).toEqual([]);
    }
    vi.setSystemTime(Date.now() + PAUSE * 1000);
    await life.end();
    expect(village.clinic.reports).toEqual([]);
    return deeds.length;
  } catch (error) {
    throw new Error(`run ${run} of seed ${SEED}, after ${deeds.join(', ')}: ${inspect(error)}`, {
      cause: error,
    });
  }
}

const blocks = Array.from({ length: Math.ceil(RUNS / BLOCK) }, (_, block) => block);

it.for(blocks.filter((block) => block % SHARES === SHARE - 1))(
  `raises no alarm in honest lives of seed ${SEED}, block %i`,
  { timeout: 600_000 },
  async (block, { annotate }) => {
    vi.useFakeTimers({ toFake: ['Date'] });
    village = await Village.found();
    let deeds = 0;
    const last = Math.min(RUNS, (block + 1) * BLOCK);
    for (let run = block * BLOCK; run < last; run++) deeds += await live(run);
    await annotate(`${last - block * BLOCK} runs, ${deeds} deeds`);
  },
);

type Lie = NonNullable<Clinic['lie']>;

const flipped: Lie = (path, honest) => {
  if (!/messages\?/.test(path)) return honest;
  for (const row of honest.items) {
    const sealed = Buffer.from(row.sealed, 'base64');
    sealed[sealed.length - 1] = (sealed.at(-1) as number) ^ 1;
    row.sealed = sealed.toString('base64');
  }
  return honest;
};

/** The first word never was: the others are numbered as if it had not been. */
const withheld: Lie = (path, honest) => {
  if (honest?.events) return { ...honest, last_sequence: honest.last_sequence - 1 };
  if (!/messages\?/.test(path)) return honest;
  const items = honest.items
    .filter(({ sequence }: { sequence: number }) => sequence > 1)
    .map((row: { sequence: number }) => ({ ...row, sequence: row.sequence - 1 }));
  return { ...honest, items };
};

const hidden: Lie = (_, honest) => {
  if (!honest?.circle) return honest;
  return {
    ...honest,
    circle: honest.circle.filter(({ role }: { role: string }) => role !== 'pool'),
  };
};

it.for(Object.entries({ flipped, withheld, hidden }))(
  'raises the alarm at one lie in such a life: %s',
  { timeout: 120_000 },
  async ([, lie], _) => {
    vi.useFakeTimers({ toFake: ['Date'] });
    village = await Village.found();
    const life = await Life.begin(village, dice(SEED));
    for (let deed = 0; deed < 5; deed++) await step(life);
    const [id] = life.cases.keys();
    for (const _word of [1, 2]) await life.post(id, 'favre');
    expect(village.clinic.reports).toEqual([]);
    village.clinic.lie = lie;
    await expect(life.read(id, 'favre', true)).rejects.toThrow(Alarm);
    await vi.waitFor(() => expect(village.clinic.reports).not.toEqual([]), 30_000);
    village.clinic.lie = null;
    village.clinic.reports.length = 0;
    vi.setSystemTime(Date.now() + PAUSE * 1000);
    await life.end();
    expect(village.clinic.reports).toEqual([]);
  },
);
