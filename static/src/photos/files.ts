/** The page's side of the file worker. */
import { errorNamed } from '../crypto/errors.ts';
import { startWorker } from '../trusted.ts';
import url from './files.worker.ts?worker&url';
import type { Manifest, Sealed } from './manifest.ts';
import type { FileReply, FileRequest } from './requests.ts';
import type { Place, Progress } from './sealing.ts';

/** `code`: `unreadable_picture`, `line_down`, `not_stored`, `broken_seal`, `fault`… */
export class FileFailure extends Error {
  override name = 'FileFailure';
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}

/** A worker and whom it still owes an answer. */
interface Room {
  worker: Worker;
  owed: Set<{ type: FileRequest['type']; fail: () => void }>;
}

let room: Room | undefined;

function enterRoom(): Room {
  const worker = startWorker(url);
  const entered: Room = { worker, owed: new Set() };
  // A worker that broke answers nobody any more: the next request gets another one.
  worker.onerror = worker.onmessageerror = () => {
    if (room === entered) room = undefined;
    for (const { fail } of entered.owed) fail();
    worker.terminate();
  };
  return entered;
}

function ask<T>(
  request: FileRequest,
  pick: (reply: FileReply) => T | undefined,
  progress?: Progress,
) {
  room ??= enterRoom();
  const { worker, owed } = room;
  const { port1, port2 } = new MessageChannel();
  return new Promise<T>((resolve, reject) => {
    const settle = () => {
      port1.close();
      owed.delete(debt);
      // Left at a lock, it went on for this alone.
      if (owed.size === 0 && room?.worker !== worker) worker.terminate();
    };
    const debt = {
      type: request.type,
      fail() {
        settle();
        reject(new FileFailure('fault', 'the worker gives no answer'));
      },
    };
    port1.onmessage = ({ data }: MessageEvent<FileReply>) => {
      if (data.type === 'progress') {
        progress?.(data.done, data.size);
        return;
      }
      settle();
      const picked = pick(data);
      if (picked !== undefined) resolve(picked);
      else if (data.type === 'failed') reject(new FileFailure(data.code, data.message));
    };
    port1.onmessageerror = debt.fail;
    worker.postMessage(request, [port2]);
    owed.add(debt);
  });
}

/** Clean (pictures), seal and keep a file on this device, ready to leave with a message. */
export function attachFile(
  place: Place,
  file: File,
  keepSize: boolean,
  progress?: Progress,
): Promise<Manifest> {
  const request = { type: 'attach', place, file, name: file.name, keepSize } as const;
  return ask(
    request,
    (reply) => (reply.type === 'attached' ? reply.manifest : undefined),
    progress,
  );
}

type Broken = (caseId: string, file: string, error: Error) => void;
const broken = new Set<Broken>();

/** Told of a file that is not the one its manifest names. */
export function onBrokenFile(fn: Broken): void {
  broken.add(fn);
}

const opening = new Map<string, { case: string; opened: Promise<Blob> }>();
const PREVIEWS = 200;

/** Open a file's plaintext. Small ones are remembered, so that lists do not open them again. */
export function openFile(place: Place, file: Sealed, progress?: Progress): Promise<Blob> {
  const known = opening.get(file.id);
  if (known) return known.opened;
  const request = { type: 'open', place, file } as const;
  const opened = ask(
    request,
    (reply) => (reply.type === 'opened' ? reply.file : undefined),
    progress,
  ).catch((error: FileFailure) => {
    if (error.code === 'broken_seal') {
      const [name = ''] = error.message.split(':');
      for (const fn of broken) fn(place.case, file.id, errorNamed(name, error.message));
    }
    throw error;
  });
  if (file.size < 512 * 1024) {
    if (opening.size > PREVIEWS) opening.delete(opening.keys().next().value ?? '');
    opening.set(file.id, { case: place.case, opened });
    opened.catch(() => opening.delete(file.id));
  }
  return opened;
}

/** Forget what was opened of these cases. */
export function forgetFilesOf(cases: ReadonlySet<string>): void {
  for (const [id, known] of opening) if (cases.has(known.case)) opening.delete(id);
}

/**
 * Forget every opened file: the application was locked. A photo being sealed is sealed to its end,
 * which needs no key of the person's, and the worker goes with it.
 */
export function forgetFiles(): void {
  opening.clear();
  const left = room;
  room = undefined;
  if (!left) return;
  for (const { type, fail } of left.owed) if (type === 'open') fail();
  if (left.owed.size === 0) left.worker.terminate();
}
