/**
 * Seal a file part by part into the outbox, and open one part by part from there or from the
 * server. Never more than one part is in memory, whatever the size of the file.
 */
import { type Bytes, fromBase64, randomBytes, toBase64 } from '../crypto/bytes.ts';
import { SealBroken } from '../crypto/errors.ts';
import { openPart, sealPart } from '../crypto/parts.ts';
import type { SealedPart } from '../crypto/payloads.ts';
import { PART, partCount } from '../crypto/stream.ts';
import type { StoredPart } from '../outbox/db.ts';
import { type Sealed, sealedBytes } from './manifest.ts';

/** Where a file belongs: every part is bound to it. */
export interface Place {
  net: string;
  case: string;
}

export type Progress = (done: number, size: number) => void;

/** Seal `file` under a fresh key of its own and hand each part to `store` as soon as it is made. */
export async function sealFile(
  place: Place,
  id: string,
  file: Blob,
  store: (part: StoredPart) => Promise<void>,
  progress?: Progress,
): Promise<Sealed> {
  const key = randomBytes(32);
  const type = file.type || 'application/octet-stream';
  const parts: SealedPart[] = [];
  for (let index = 0; index < partCount(file.size); index++) {
    const report = (done: number) => progress?.(index * PART + done, file.size);
    const { sealed, part } = await sealPart(key, { ...place, attachment: id }, file, index, report);
    await store({ attachment: id, index, sealed: new Blob([sealed]), at: Date.now() });
    parts.push(part);
  }
  return { id, type, size: file.size, key: toBase64(key), parts };
}

/** Gives the sealed bytes of part `index`, which lies at `start`…`end` of the whole. */
export type ReadPart = (index: number, start: number, end: number) => Promise<Bytes>;

/**
 * Open a whole file. Each part must be the very bytes its signed manifest names.
 *
 * @throws SealBroken
 */
export async function openFile(
  place: Place,
  file: Sealed,
  read: ReadPart,
  progress?: Progress,
): Promise<Blob> {
  const key = fromBase64(file.key, 32);
  const size = sealedBytes(file);
  const opened: Blob[] = [];
  let start = 0;
  for (const [index, part] of file.parts.entries()) {
    const end = start + part.size;
    const sealed = await read(index, start, end);
    const plain = await openPart(key, { ...place, attachment: file.id }, file.parts, index, sealed);
    opened.push(new Blob([plain]));
    start = end;
    progress?.(start, size);
  }
  const whole = new Blob(opened, { type: file.type });
  if (whole.size !== file.size) throw new SealBroken('the file has another size than signed');
  return whole;
}
