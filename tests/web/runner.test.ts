import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { LONGEST_PAUSE } from '../../static/src/outbox/jobs.ts';
import { openLine } from '../../static/src/outbox/line.ts';
import { Bell, drain, type Note } from '../../static/src/outbox/runner.ts';
import type { Shelf } from '../../static/src/outbox/shelf.ts';
import { ABONDANCE, FAVRE, freshShelf, MORZINE, putJob, uploadJob } from './support/jobs.ts';
import { TusServer } from './support/tus-server.ts';

let server: TusServer;
let outbox: Shelf;
let notes: Note[];
let origin: string;
let now: number;
let cut: boolean;

beforeEach(async () => {
  server = new TusServer();
  origin = await server.listen();
  outbox = freshShelf();
  notes = [];
  now = 1_000_000;
  cut = false;
});

afterEach(() => server.close());

const run = () =>
  drain(
    {
      outbox,
      line: openLine((path, init) =>
        cut ? Promise.reject(new Error()) : fetch(origin + path, init),
      ),
      tell: (note) => notes.push(note),
      now: () => now,
      random: () => 0.5,
    },
    new Bell(),
  );

const paths = () => server.received.map(({ path }) => path.split('/').at(-1));

describe('draining the outbox', () => {
  it('sends everything in order and keeps nothing', async () => {
    await outbox.add([putJob('one'), putJob('two'), uploadJob('photo', 'two')]);
    await outbox.putPart({
      attachment: 'photo',
      index: 0,
      at: 0,
      sealed: new Blob(['0123456789']),
    });
    expect(await run()).toBeNull();
    expect(paths()).toEqual(['one', 'two']);
    expect(server.stored.toString()).toBe('0123456789');
    expect(await outbox.jobs(FAVRE)).toEqual([]);
    expect(await outbox.partOwners()).toEqual(new Set());
    expect(notes.filter((note) => note.type === 'done')).toHaveLength(3);
  });

  it('tells what the server answered', async () => {
    const body = { state: 'claimed', case: { id: ABONDANCE } };
    server.puts.push({ status: 200, body });
    await outbox.add([putJob('step', { kind: 'step' })]);
    await run();
    expect(notes).toContainEqual(expect.objectContaining({ type: 'done', answer: body }));
  });

  it('comes back later when the line falls, losing nothing', async () => {
    await outbox.add([putJob('one'), putJob('two')]);
    cut = true;
    expect(await run()).toBeGreaterThan(now);
    expect(await outbox.jobs(FAVRE)).toHaveLength(2);
    cut = false;
    await run();
    expect(paths()).toEqual(['one', 'two']);
  });

  it('keeps the order of a case when the server stumbles', async () => {
    server.puts.push({ status: 503, body: {} });
    await outbox.add([putJob('one'), putJob('two'), putJob('elsewhere', { case: MORZINE })]);
    const wakeAt = await run();
    expect(paths()).toEqual(['one', 'elsewhere']);
    now = wakeAt ?? now;
    await run();
    expect(paths()).toEqual(['one', 'elsewhere', 'one', 'two']);
  });

  it('keeps a refused job with its reason and goes on', async () => {
    server.puts.push({ status: 409, body: { code: 'already_claimed', detail: 'By Dr Blanc.' } });
    await outbox.add([putJob('claim', { kind: 'step' }), putJob('words')]);
    await run();
    const [left] = await outbox.jobs(FAVRE);
    expect(left).toMatchObject({
      id: 'claim',
      state: 'refused',
      problem: { code: 'already_claimed', detail: 'By Dr Blanc.' },
    });
    expect(paths()).toEqual(['claim', 'words']);
  });

  it('sends nothing without a session, nor for another account', async () => {
    await outbox.add([putJob('one')]);
    server.account = null;
    await run();
    server.account = MORZINE;
    await run();
    expect(server.received).toEqual([]);
    expect(await outbox.jobs(FAVRE)).toHaveLength(1);
  });

  it('says so when the browser evicted a part', async () => {
    await outbox.add([uploadJob('photo', 'sent')]);
    await run();
    expect(await outbox.find('photo')).toMatchObject({
      state: 'refused',
      problem: { code: 'part_missing' },
    });
  });

  it('resumes a file where a crash left it', async () => {
    const bytes = Buffer.alloc(300_000, 7);
    await outbox.add([uploadJob('photo', 'sent', { parts: [300_000], size: 300_000 })]);
    await outbox.putPart({ attachment: 'photo', index: 0, at: 0, sealed: new Blob([bytes]) });
    server.mishaps.push({}, { cutAfter: 500 });
    const wakeAt = await run();
    const job = await outbox.find('photo');
    expect(job).toMatchObject({ url: '/api/v1/uploads/1', sending: false });
    now = wakeAt ?? now;
    await run();
    expect(server.stored.equals(bytes)).toBe(true);
    expect(server.created).toBe(1);
  });
});

describe('behind a portal that answers whatever it is asked', () => {
  const page = () => new Response('<html>Please sign in</html>', { status: 200 });
  const empty = () => new Response(null, { status: 204 });
  const other = () => Response.json({ id: MORZINE, case: { id: MORZINE } });
  const session = (url: string) => url.endsWith('/session');

  const runBehind = (portal: () => Response, honest: (url: string, method?: string) => boolean) =>
    drain(
      {
        outbox,
        line: openLine(async (path, init) =>
          honest(path, init.method) ? fetch(origin + path, init) : portal(),
        ),
        tell: (note) => notes.push(note),
        now: () => now,
        random: () => 0.5,
      },
      new Bell(),
    );

  const photo = () =>
    outbox.putPart({ attachment: 'photo', index: 0, at: 0, sealed: new Blob(['0123456789']) });

  describe.each([
    ['a page', page],
    ['nothing', empty],
    ['something else', other],
  ])('%s', (_, portal) => {
    it.each(['case', 'message', 'step'] as const)('a %s counts as not sent', async (kind) => {
      await outbox.add([putJob('words', { kind })]);
      expect(await runBehind(portal, session)).toBeGreaterThan(now);
      expect(await outbox.find('words')).toMatchObject({ state: 'waiting', attempts: 1 });
      expect(notes.filter((note) => note.type === 'done')).toEqual([]);
    });

    it.each(['POST', 'HEAD', 'PATCH'])('a photo stays when it takes the %s', async (taken) => {
      await outbox.add([uploadJob('photo', 'sent')]);
      await photo();
      const wakeAt = await runBehind(portal, (url, method) => session(url) || method !== taken);
      expect(wakeAt).toBeGreaterThan(now);
      expect(await outbox.find('photo')).toMatchObject({ state: 'waiting', attempts: 1 });
      expect(await outbox.partOwners()).toEqual(new Set(['photo']));
      now = wakeAt ?? now;
      await run();
      expect(server.stored.toString()).toBe('0123456789');
    });
  });

  it('nobody is taken for signed out, and everything leaves once it is gone', async () => {
    await outbox.add([putJob('words')]);
    expect(await runBehind(page, () => false)).toBeGreaterThan(now);
    expect(await runBehind(other, () => false)).toBeGreaterThan(now);
    await run();
    expect(paths()).toEqual(['words']);
    expect(await outbox.jobs(FAVRE)).toEqual([]);
  });
});

describe('on a device whose storage is full', () => {
  let asked: number;

  const full = async () => {
    asked += 1;
    throw new DOMException('no room', 'QuotaExceededError');
  };

  beforeEach(() => {
    asked = 0;
  });

  it('words and photos leave all the same, and make room', async () => {
    await outbox.add([putJob('words'), uploadJob('photo', 'words')]);
    await outbox.putPart({
      attachment: 'photo',
      index: 0,
      at: 0,
      sealed: new Blob(['0123456789']),
    });
    outbox.keep = full;
    expect(await run()).toBeNull();
    expect(paths()).toEqual(['words']);
    expect(server.stored.toString()).toBe('0123456789');
    expect(await outbox.jobs(FAVRE)).toEqual([]);
    expect(await outbox.partOwners()).toEqual(new Set());
  });

  it('what a crash left under way leaves too', async () => {
    await outbox.add([putJob('words', { sending: true })]);
    outbox.keep = full;
    outbox.settle = full;
    expect(await run()).toBeNull();
    expect(paths()).toEqual(['words']);
  });

  it('what the server cannot take waits, and the others go on', async () => {
    server.puts.push({ status: 503, body: {} });
    await outbox.add([putJob('words'), putJob('elsewhere', { case: MORZINE })]);
    outbox.keep = full;
    expect(await run()).toBe(now + LONGEST_PAUSE);
    expect(paths()).toEqual(['words', 'elsewhere']);
    expect(asked).toBeLessThan(5);
    expect(await outbox.find('words')).toMatchObject({ state: 'waiting' });
  });

  it('what cannot be forgotten is not sent again at once', async () => {
    await outbox.add([putJob('words')]);
    outbox.keep = full;
    outbox.remove = full;
    expect(await run()).toBe(now + LONGEST_PAUSE);
    expect(paths()).toEqual(['words']);
  });

  it('a part that cannot be read is tried later', async () => {
    await outbox.add([uploadJob('photo', 'sent')]);
    outbox.part = full;
    expect(await run()).toBeGreaterThan(now);
    expect(asked).toBe(1);
    expect(await outbox.find('photo')).toMatchObject({ state: 'waiting', attempts: 1 });
  });
});
