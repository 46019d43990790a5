/** A photo being prepared ends in the case or in a sentence, never in nothing. */
import { type Signal, signal } from '@preact/signals';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import './support/browser.ts';
import type { Manifest } from '../../static/src/photos/manifest.ts';
import type { FileReply, FileRequest } from '../../static/src/photos/requests.ts';

vi.mock('preact/hooks', async (whole) => ({
  ...(await whole<typeof import('preact/hooks')>()),
  useRef: <T>(current: T) => ({ current }),
  useEffect: (effect: () => unknown) => effect(),
}));
vi.mock('@preact/signals', async (whole) => ({
  ...(await whole<typeof import('@preact/signals')>()),
  useSignal: <T>(value: T): Signal<T> => signal(value),
}));

/** Answers when it is told to. */
class Slow extends EventTarget {
  static readonly started: Slow[] = [];
  readonly asked: { request: FileRequest; port: MessagePort }[] = [];
  over = false;
  onerror: ((event: unknown) => void) | null = null;
  onmessageerror: ((event: unknown) => void) | null = null;

  constructor() {
    super();
    Slow.started.push(this);
  }

  static get last(): Slow {
    return Slow.started.at(-1) as Slow;
  }

  postMessage(request: FileRequest, [port]: MessagePort[]): void {
    this.asked.push({ request, port: port as MessagePort });
  }

  answer(reply: FileReply): void {
    if (!this.over) this.asked.shift()?.port.postMessage(reply);
  }

  terminate(): void {
    this.over = true;
  }
}

Object.assign(globalThis, { Worker: Slow, location: new URL('http://localhost') });
const { attachFile, forgetFiles, openFile } = await import('../../static/src/photos/files.ts');
const { dropRows, forgetOpened } = await import('../../static/src/state/case-rows.ts');
const { filesUnderway, useAttaching, useFilesOf } = await import(
  '../../static/src/ui/cases/attach.tsx'
);

const PLACE = { net: 'n', case: 'a0000000-0000-4000-8000-000000000001' };
const PHOTO = new File(['x'], 'forearm.jpg', { type: 'image/jpeg' });
const SEALED = { id: 'f1', type: 'image/jpeg', size: 1, key: '', parts: [] };
const MANIFEST = { ...SEALED, name: 'forearm.jpg' };
const ATTACHED = { type: 'attached', manifest: MANIFEST } as FileReply;

beforeEach(() => forgetFiles());

describe('a photo being sealed', () => {
  it('goes on when another case is no longer ours', async () => {
    const attached = attachFile(PLACE, PHOTO, false);
    await dropRows([crypto.randomUUID()]);
    Slow.last.answer(ATTACHED);
    expect(await attached).toEqual(MANIFEST);
  });

  it('is sealed to its end at a lock, and its worker goes with it', async () => {
    const attached = attachFile(PLACE, PHOTO, false);
    const worker = Slow.last;
    forgetOpened();
    expect(worker.over).toBe(false);
    worker.answer(ATTACHED);
    expect(await attached).toEqual(MANIFEST);
    expect(worker.over).toBe(true);
  });

  it('is refused in words when its worker breaks, and keeps nothing from being sent', async () => {
    const files = signal<Manifest[]>([]);
    useFilesOf(
      PLACE.case,
      () => files.value,
      (next) => {
        files.value = next;
      },
    );
    const attaching = useAttaching(PLACE, PLACE.case);
    const added = attaching.add([PHOTO, PHOTO]);
    await vi.waitFor(() => expect(filesUnderway.value).toBe(1));
    const broken = Slow.last;
    broken.onerror?.(new Event('error'));
    expect(broken.over).toBe(true);
    // The next one has a worker of its own.
    await vi.waitFor(() => expect(Slow.last).not.toBe(broken));
    Slow.last.answer(ATTACHED);
    await added;
    expect(files.value).toEqual([MANIFEST]);
    expect(attaching.refusals.value).toEqual([
      'forearm.jpg could not be prepared. Free some space on this device and try again.',
    ]);
    expect(attaching.preparing.value).toEqual([]);
    expect(filesUnderway.value).toBe(0);
  });
});

describe('an opened picture', () => {
  it('is opened no further at a lock, and anew after it', async () => {
    const opened = openFile(PLACE, SEALED);
    const before = Slow.last;
    forgetOpened();
    await expect(opened).rejects.toMatchObject({ name: 'FileFailure', code: 'fault' });
    expect(before.over).toBe(true);
    const again = openFile(PLACE, SEALED);
    const file = new Blob(['x']);
    Slow.last.answer({ type: 'opened', file });
    expect((await again).size).toBe(1);
  });

  it('is forgotten with its own case alone', async () => {
    const other = { net: 'n', case: crypto.randomUUID() };
    const mine = openFile(PLACE, SEALED);
    const theirs = openFile(other, { ...SEALED, id: 'f2' });
    for (const _ of [mine, theirs]) Slow.last.answer({ type: 'opened', file: new Blob(['x']) });
    await Promise.all([mine, theirs]);
    await dropRows([other.case]);
    expect(openFile(PLACE, SEALED)).toBe(mine);
    expect(openFile(other, { ...SEALED, id: 'f2' })).not.toBe(theirs);
    expect(Slow.last.asked).toHaveLength(1);
  });
});
