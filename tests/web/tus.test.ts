import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Line, LineDown, openLine } from '../../static/src/outbox/line.ts';
import {
  LARGEST,
  nextChunk,
  SMALLEST,
  UploadRefused,
  upload,
} from '../../static/src/outbox/tus.ts';
import { type Mishap, TusServer } from './support/tus-server.ts';

const file = Buffer.from(Array.from({ length: 700_001 }, (_, i) => (i * 31) % 251));

let server: TusServer;
let line: Line;
let url: string | null;
let offsets: number[];

beforeEach(async () => {
  server = new TusServer();
  const origin = await server.listen();
  line = openLine((path, init) => fetch(origin + path, init));
  url = null;
  offsets = [];
});

afterEach(() => server.close());

const send = () =>
  upload(line, {
    case: 'a0000000-0000-4000-8000-000000000001',
    attachment: 'b0000000-0000-4000-8000-000000000001',
    size: file.length,
    url,
    read: async (start, end) => new Blob([file.subarray(start, end)]),
    confirmed: async (at, offset) => {
      url = at;
      offsets.push(offset);
    },
  });

/** As the outbox does: again and again until it is there. */
async function sendUntilThere(): Promise<number> {
  for (let attempt = 1; ; attempt++) {
    try {
      await send();
      return attempt;
    } catch (error) {
      if (!(error instanceof LineDown) || attempt > 20) throw error;
    }
  }
}

describe('uploading over a good line', () => {
  it('arrives byte for byte, with growing chunks and growing progress', async () => {
    await send();
    expect(server.stored.equals(file)).toBe(true);
    expect(server.created).toBe(1);
    expect(offsets).toEqual(offsets.toSorted((a, b) => a - b));
    expect(offsets.at(-1)).toBe(file.length);
  });

  it('asks where to go on when it was created before, and sends the rest only', async () => {
    server.mishaps.push({}, { cutAfter: 1000 });
    await expect(send()).rejects.toBeInstanceOf(LineDown);
    const before = server.stored.length;
    await send();
    expect(server.created).toBe(1);
    expect(offsets).toContain(before);
    expect(server.stored.equals(file)).toBe(true);
  });
});

describe('uploading over a bad line', () => {
  it.each<[string, Mishap[]]>([
    ['a reset at any offset', [{ cutAfter: 1 }, {}, { cutAfter: 33_333 }, { cutAfter: 0 }]],
    ['answers that never come', [{ swallow: true }, {}, { swallow: true }]],
    ['damage on the way', [{ mismatch: true }, {}, { mismatch: true }, { mismatch: true }]],
    ['an upload that expired', [{}, { forget: true }]],
    ['all of it', [{ swallow: true }, { mismatch: true }, { forget: true }, { cutAfter: 5 }]],
  ])('survives %s', async (_, mishaps) => {
    server.mishaps.push(...mishaps);
    await sendUntilThere();
    expect(server.stored.equals(file)).toBe(true);
  });

  it('gives up a file that never arrives whole, with the server’s answer', async () => {
    server.mishaps.push({ mismatch: true }, { mismatch: true }, { mismatch: true });
    await expect(send()).rejects.toBeInstanceOf(UploadRefused);
  });
});

describe('the size of chunks', () => {
  it('follows the line within bounds', () => {
    expect(nextChunk(65_536, 0.01)).toBe(131_072);
    expect(nextChunk(65_536, 3)).toBe(65_536);
    expect(nextChunk(65_536, 60)).toBe(SMALLEST);
    expect(nextChunk(LARGEST, 0.1)).toBe(LARGEST);
  });
});
