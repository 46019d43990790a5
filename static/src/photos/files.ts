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

let worker: Worker | undefined;

function ask<T>(
  request: FileRequest,
  pick: (reply: FileReply) => T | undefined,
  progress?: Progress,
) {
  worker ??= startWorker(url);
  const { port1, port2 } = new MessageChannel();
  return new Promise<T>((resolve, reject) => {
    port1.onmessage = ({ data }: MessageEvent<FileReply>) => {
      if (data.type === 'progress') {
        progress?.(data.done, data.size);
        return;
      }
      port1.close();
      const picked = pick(data);
      if (picked !== undefined) resolve(picked);
      else if (data.type === 'failed') reject(new FileFailure(data.code, data.message));
    };
    worker?.postMessage(request, [port2]);
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

const opening = new Map<string, Promise<Blob>>();
const PREVIEWS = 200;

/** Open a file's plaintext. Small ones are remembered, so that lists do not open them again. */
export function openFile(place: Place, file: Sealed, progress?: Progress): Promise<Blob> {
  const known = opening.get(file.id);
  if (known) return known;
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
    opening.set(file.id, opened);
    opened.catch(() => opening.delete(file.id));
  }
  return opened;
}

/** Forget every opened file: the application was locked. */
export function forgetFiles(): void {
  opening.clear();
  worker?.terminate();
  worker = undefined;
}
