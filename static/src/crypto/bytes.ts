import { NotCanonicalBase64, NotUtf8, WrongLength } from './errors.ts';

/** Bytes with a memory of their own: what WebCrypto accepts and `postMessage` can transfer. */
export type Bytes = Uint8Array<ArrayBuffer>;

const encoder = new TextEncoder();
const strictDecoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

export function utf8(text: string): Bytes {
  return encoder.encode(text) as Bytes;
}

/** Decode UTF-8, refusing malformed input instead of replacing it. */
export function fromUtf8(bytes: Uint8Array): string {
  try {
    return strictDecoder.decode(bytes);
  } catch {
    throw new NotUtf8('not UTF-8');
  }
}

export function concat(...parts: Uint8Array[]): Bytes {
  const joined = new Uint8Array(parts.reduce((size, part) => size + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    joined.set(part, offset);
    offset += part.length;
  }
  return joined;
}

/** A copy that owns its memory; libraries hand out views of larger or shared buffers. */
export function owned(bytes: Uint8Array): Bytes {
  return new Uint8Array(bytes);
}

export function randomBytes(size: number): Bytes {
  return crypto.getRandomValues(new Uint8Array(size));
}

export function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  let difference = 0;
  for (let i = 0; i < a.length; i++) difference |= (a[i] as number) ^ (b[i] as number);
  return difference === 0;
}

export function requireLength(bytes: Uint8Array, size: number, what: string): void {
  if (bytes.length !== size) {
    throw new WrongLength(`${what}: expected ${size} bytes, got ${bytes.length}`);
  }
}

/** Standard base64 with padding (RFC 4648 §4). Chunked, since `apply` has an argument limit. */
export function toBase64(bytes: Uint8Array): string {
  const pieces: string[] = [];
  for (let i = 0; i < bytes.length; i += 0x8000) {
    pieces.push(String.fromCharCode(...bytes.subarray(i, i + 0x8000)));
  }
  return btoa(pieces.join(''));
}

const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

/**
 * Strict inverse of `toBase64`: no blanks, no missing padding, no stray bits in the last character,
 * so that one value has exactly one spelling and a signed text cannot be re-spelled unnoticed.
 */
export function fromBase64(text: unknown, size?: number): Bytes {
  if (typeof text !== 'string' || !BASE64.test(text)) {
    throw new NotCanonicalBase64('not standard base64 with padding');
  }
  const binary = atob(text);
  const bytes = new Uint8Array(binary.length);
  for (let i = 0; i < binary.length; i++) bytes[i] = binary.charCodeAt(i);
  const rest = bytes.length % 3;
  if (rest > 0 && toBase64(bytes.subarray(-rest)) !== text.slice(-4)) {
    throw new NotCanonicalBase64('base64 with non-zero trailing bits');
  }
  if (size !== undefined) requireLength(bytes, size, 'base64');
  return bytes;
}

export async function sha256(bytes: Bytes): Promise<Bytes> {
  return new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
}

/** HKDF-SHA256 (RFC 5869) of a 32-byte key with the protocol's empty salt. */
export async function hkdf(
  key: Bytes,
  info: string,
  salt: Bytes = new Uint8Array(),
): Promise<Bytes> {
  const material = await crypto.subtle.importKey('raw', key, 'HKDF', false, ['deriveBits']);
  const parameters = { name: 'HKDF', hash: 'SHA-256', salt, info: utf8(info) };
  return new Uint8Array(await crypto.subtle.deriveBits(parameters, material, 256));
}
