/**
 * A small tus 1.0 client (https://tus.io/protocols/resumable-upload): creation, resuming from any
 * offset, and a SHA-256 over every chunk.
 *
 * A chunk is as large as the line carries in a few seconds. On EDGE that is some 60 KB, so a reset
 * costs seconds and not the file; on fibre it is a whole 8 MiB part, so requests stay few.
 */
import { type Answer, type Line, LineDown } from './line.ts';

export const SMALLEST = 32 * 1024;
export const LARGEST = 8 * 1024 * 1024;
const FIRST = 64 * 1024;
/** Seconds one chunk should take. */
const PACE = 3;
const PATIENCE = 20_000;
const MISMATCHES = 3;

export interface Upload {
  case: string;
  attachment: string;
  size: number;
  /** Where the server receives it, when it was created before. */
  url: string | null;
  read(start: number, end: number): Promise<Blob>;
  /** Told whenever the server confirmed more. */
  confirmed(url: string, offset: number): Promise<void>;
  now?: () => number;
}

/** The server's final no, or a no to be tried later: its answer tells. */
export class UploadRefused extends Error {
  override name = 'UploadRefused';
  readonly answer: Answer;

  constructor(answer: Answer) {
    super(`upload answered ${answer.status}`);
    this.answer = answer;
  }
}

/** Size of the next chunk, from how long the last one took; at most doubled or quartered. */
export function nextChunk(size: number, seconds: number): number {
  const wanted = (size / Math.max(seconds, 0.001)) * PACE;
  const bounded = Math.min(size * 2, Math.max(size / 4, wanted));
  return Math.round(Math.min(LARGEST, Math.max(SMALLEST, bounded)));
}

/** @throws LineDown, UploadRefused */
export async function upload(line: Line, file: Upload): Promise<void> {
  const now = file.now ?? (() => performance.now());
  let [url, offset] = await begin(line, file);
  let chunk = FIRST;
  let mismatches = 0;
  while (offset < file.size) {
    const end = Math.min(file.size, offset + chunk);
    // Sent as the blob it is, so that the page never holds more than the one being checked.
    const piece = await file.read(offset, end);
    const started = now();
    const answer = await line.send('PATCH', url, {
      headers: {
        'Tus-Resumable': '1.0.0',
        'Upload-Offset': String(offset),
        'Upload-Checksum': `sha256 ${await checksum(piece)}`,
        'Content-Type': 'application/offset+octet-stream',
      },
      bytes: piece,
      patience: PATIENCE,
    });
    if (answer.status === 204) {
      offset = offsetOf(answer);
      chunk = nextChunk(piece.size, (now() - started) / 1000);
      mismatches = 0;
      await file.confirmed(url, offset);
    } else if (answer.status === 409) {
      // Another sender, or an answer that never arrived: the server knows how far it is.
      [url, offset] = await begin(line, { ...file, url });
    } else if (answer.status === 404 || answer.status === 410) {
      [url, offset] = await begin(line, { ...file, url: null });
    } else if (answer.status === 460 && ++mismatches < MISMATCHES) {
      chunk = Math.max(SMALLEST, Math.round(chunk / 2));
    } else {
      throw new UploadRefused(answer);
    }
  }
}

/** Where to continue: the offset of a known upload, or a new one. */
async function begin(line: Line, file: Upload): Promise<[url: string, offset: number]> {
  if (file.url !== null) {
    const answer = await line.send('HEAD', file.url, { headers: { 'Tus-Resumable': '1.0.0' } });
    if (answer.status === 200 || answer.status === 204) {
      const offset = offsetOf(answer);
      await file.confirmed(file.url, offset);
      return [file.url, offset];
    }
    if (answer.status !== 404 && answer.status !== 410) throw new UploadRefused(answer);
  }
  const answer = await line.send('POST', 'uploads', {
    headers: {
      'Tus-Resumable': '1.0.0',
      'Upload-Length': String(file.size),
      'Upload-Metadata': `case ${btoa(file.case)},attachment ${btoa(file.attachment)}`,
    },
  });
  const location = answer.headers.get('Location');
  if (answer.status >= 300 || location === null) throw new UploadRefused(answer);
  const url = pathOf(location);
  if (answer.headers.get('Upload-Offset') === null) {
    // The same upload may have begun in another tab or before a crash: ask.
    return begin(line, { ...file, url });
  }
  await file.confirmed(url, offsetOf(answer));
  return [url, offsetOf(answer)];
}

/** Only the path counts: a proxy may not know its own public name. */
function pathOf(location: string): string {
  return new URL(location, 'http://localhost').pathname;
}

/** Who does not say how far it is, is not the server: something on the way answered. */
function offsetOf(answer: Answer): number {
  const text = answer.headers.get('Upload-Offset') ?? '';
  if (!/^\d+$/.test(text)) throw new LineDown(`not an offset: ${text}`);
  return Number(text);
}

async function checksum(piece: Blob): Promise<string> {
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', await piece.arrayBuffer()));
  return btoa(String.fromCharCode(...digest));
}
