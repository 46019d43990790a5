/**
 * `seal`: Tink's AES256-GCM-HKDF streaming AEAD with 1 MiB segments.
 *
 *     0x28 ‖ salt 32 ‖ prefix 7 ‖ segment 0 ‖ segment 1 …
 *
 * Each segment is AES-256-GCM under HKDF-SHA256(key, salt, info = context) with the nonce
 * prefix ‖ uint32 index ‖ last. The index keeps segments in order, the last byte makes a cut
 * visible, the context binds the whole to its place, and a fresh salt at every call means a key may
 * seal any number of times (https://developers.google.com/tink/streaming-aead/aes_gcm_hkdf_streaming).
 */
import { type Bytes, concat, randomBytes, requireLength, utf8 } from './bytes.ts';
import {
  SealBroken,
  SealedHeaderUnknown,
  SealedLengthImpossible,
  SealedSizeChanged,
  SealedTooShort,
  TooLong,
} from './errors.ts';

export const SEGMENT = 1024 * 1024;
const TAG = 16;
const SALT = 32;
const PREFIX = 7;
const HEADER = 1 + SALT + PREFIX;
const FIRST = SEGMENT - HEADER - TAG;
const NEXT = SEGMENT - TAG;

/** Called with the number of plaintext bytes done so far. */
export type Progress = (done: number) => void;

/** Plaintext bytes of each attachment part but the last. */
export const PART = 8 * 1024 * 1024;

/** How many parts a file has; an empty one still has one. */
export function partCount(size: number): number {
  return Math.max(1, Math.ceil(size / PART));
}

/** Plaintext size of each part of a file. */
export function partSizes(size: number): number[] {
  return Array.from({ length: partCount(size) }, (_, i) => Math.min(PART, size - i * PART));
}

/** Size of what `seal` makes of `size` plaintext bytes. */
export function sealedSize(size: number): number {
  const further = size <= FIRST ? 0 : Math.ceil((size - FIRST) / NEXT);
  return HEADER + size + TAG * (1 + further);
}

/**
 * Size of the plaintext behind `sealed` bytes. A last segment after the first holds at least one
 * byte: an encoder never adds an empty one.
 *
 * @throws ShapeRefused for a size no plaintext seals to.
 */
export function plainSize(sealed: number): number {
  if (sealed < HEADER + TAG) throw new SealedTooShort('too short to be sealed');
  const segments = Math.ceil(sealed / SEGMENT);
  if (segments > 1 && sealed - (segments - 1) * SEGMENT <= TAG) {
    throw new SealedLengthImpossible('cut inside a segment');
  }
  return sealed - HEADER - TAG * segments;
}

async function segmentKey(key: Bytes, salt: Bytes, context: string): Promise<CryptoKey> {
  requireLength(key, 32, 'key');
  const material = await crypto.subtle.importKey('raw', key, 'HKDF', false, ['deriveKey']);
  return crypto.subtle.deriveKey(
    { name: 'HKDF', hash: 'SHA-256', salt, info: utf8(context) },
    material,
    { name: 'AES-GCM', length: 256 },
    false,
    ['encrypt', 'decrypt'],
  );
}

function nonce(prefix: Bytes, index: number, last: boolean): Bytes {
  const bytes = new Uint8Array(12);
  bytes.set(prefix);
  new DataView(bytes.buffer).setUint32(PREFIX, index);
  bytes[11] = last ? 1 : 0;
  return bytes;
}

/** Random access to the bytes to seal: memory, a `Blob`, or a slice of one. */
export interface Source {
  readonly size: number;
  read(start: number, end: number): Promise<Bytes>;
}

export function memorySource(bytes: Bytes): Source {
  return { size: bytes.length, read: async (start, end) => bytes.subarray(start, end) };
}

/** A blob is read one segment at a time, so its size never shows in memory. */
export function blobSource(blob: Blob): Source {
  return {
    size: blob.size,
    read: async (start, end) => new Uint8Array(await blob.slice(start, end).arrayBuffer()),
  };
}

/**
 * Seal with a chosen salt and prefix. For vectors only: reusing them with one key and context
 * reuses nonces.
 */
export async function* sealSegmentsWith(
  salt: Bytes,
  prefix: Bytes,
  key: Bytes,
  context: string,
  source: Source,
): AsyncGenerator<Bytes> {
  requireLength(salt, SALT, 'salt');
  requireLength(prefix, PREFIX, 'prefix');
  const aes = await segmentKey(key, salt, context);
  yield concat(Uint8Array.of(HEADER), salt, prefix);
  let offset = 0;
  for (let index = 0; ; index++) {
    if (index > 0xffffffff) throw new TooLong('too long to seal');
    const end = Math.min(source.size, offset + (index === 0 ? FIRST : NEXT));
    const last = end === source.size;
    const plain = await source.read(offset, end);
    if (plain.length !== end - offset) throw new SealedSizeChanged('the source changed its size');
    const parameters = { name: 'AES-GCM', iv: nonce(prefix, index, last) };
    yield new Uint8Array(await crypto.subtle.encrypt(parameters, aes, plain));
    if (last) return;
    offset = end;
  }
}

/** Seal segment by segment, in constant memory. */
export function sealSegments(key: Bytes, context: string, source: Source): AsyncGenerator<Bytes> {
  return sealSegmentsWith(randomBytes(SALT), randomBytes(PREFIX), key, context, source);
}

/** Seal a whole source into one buffer of exactly the right size. */
export async function sealSource(
  key: Bytes,
  context: string,
  source: Source,
  progress?: Progress,
): Promise<Bytes> {
  return gather(sealSegments(key, context, source), source.size, progress);
}

export async function seal(key: Bytes, context: string, plain: Bytes): Promise<Bytes> {
  return sealSource(key, context, memorySource(plain));
}

/** For vectors only, see `sealSegmentsWith`. */
export async function sealWith(
  salt: Bytes,
  prefix: Bytes,
  key: Bytes,
  context: string,
  plain: Bytes,
): Promise<Bytes> {
  const segments = sealSegmentsWith(salt, prefix, key, context, memorySource(plain));
  return gather(segments, plain.length);
}

async function gather(
  segments: AsyncIterable<Bytes>,
  size: number,
  progress?: Progress,
): Promise<Bytes> {
  const sealed = new Uint8Array(sealedSize(size));
  let offset = 0;
  for await (const segment of segments) {
    sealed.set(segment, offset);
    offset += segment.length;
    progress?.(Math.round((offset / sealed.length) * size));
  }
  return sealed;
}

/**
 * Open segment by segment, in constant memory. What has been yielded is authentic so far but may
 * still prove to be cut short: keep it aside until the generator ends without throwing.
 *
 * @throws ShapeRefused or SealBroken for anything but the exact bytes sealed under this key and context.
 */
export async function* unsealSegments(
  key: Bytes,
  context: string,
  sealed: Source,
): AsyncGenerator<Bytes> {
  plainSize(sealed.size);
  const header = await sealed.read(0, HEADER);
  if (header[0] !== HEADER) throw new SealedHeaderUnknown('not a sealed blob of this version');
  const aes = await segmentKey(key, header.slice(1, 1 + SALT), context);
  const prefix = header.slice(1 + SALT);
  let offset = HEADER;
  for (let index = 0; ; index++) {
    const end = Math.min(sealed.size, (index + 1) * SEGMENT);
    const last = end === sealed.size;
    const segment = await sealed.read(offset, end);
    if (index > 0xffffffff || segment.length !== end - offset) {
      throw new SealedSizeChanged('the source changed its size');
    }
    const parameters = { name: 'AES-GCM', iv: nonce(prefix, index, last) };
    let plain: ArrayBuffer;
    try {
      plain = await crypto.subtle.decrypt(parameters, aes, segment);
    } catch {
      throw new SealBroken('changed, cut, or sealed for another place');
    }
    yield new Uint8Array(plain);
    if (last) return;
    offset = end;
  }
}

/** Open a whole source; nothing is returned unless every segment is authentic. */
export async function unsealSource(
  key: Bytes,
  context: string,
  sealed: Source,
  progress?: Progress,
): Promise<Bytes> {
  const parts: Bytes[] = [];
  let done = 0;
  for await (const part of unsealSegments(key, context, sealed)) {
    parts.push(part);
    done += part.length;
    progress?.(done);
  }
  return parts.length === 1 ? (parts[0] as Bytes) : concat(...parts);
}

export async function unseal(key: Bytes, context: string, sealed: Bytes): Promise<Bytes> {
  return unsealSource(key, context, memorySource(sealed));
}
