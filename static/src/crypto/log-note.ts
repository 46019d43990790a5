/**
 * Checkpoints: the log's word on its size and root, as notes that the log signs and witnesses
 * cosign. Formats: https://c2sp.org/signed-note, https://c2sp.org/tlog-checkpoint and, for
 * `cosignature/v1`, https://c2sp.org/tlog-cosignature.
 */
import { type Bytes, concat, fromBase64, sameBytes, sha256, toBase64, utf8 } from './bytes.ts';
import {
  CosignatureWrong,
  EncodingRefused,
  NoteForeign,
  NoteMalformed,
  NoteUnsigned,
} from './errors.ts';
import { NODE_SIZE } from './merkle.ts';
import { verifySignature } from './signing.ts';

/** More is meant to exhaust a phone. */
const LONGEST = 16 * 1024;
const MOST_SIGNATURES = 64;
const LOG_SIGNATURE = 0x01;
const COSIGNATURE = 0x04;
const KEY_ID = 4;
const TIME = 8;
const SIGNATURE = 64;

export interface Checkpoint {
  size: number;
  root: Bytes;
  /** How many of the witnesses asked about cosigned it. */
  witnessed: number;
}

interface Line {
  name: string;
  id: Bytes;
  signature: Bytes;
}

interface Note {
  /** What is signed, final newline included. */
  text: string;
  lines: Line[];
}

/** The log's name, and its key's. */
export const logOrigin = (net: string): string => `cordee.log/${net}`;

// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is forbidden
const CONTROL = /[\x00-\x09\x0b-\x1f]/;
const LINE = /^\u2014 ([^\s+]+) (\S+)$/u;

function readNote(note: string): Note {
  const end = note.lastIndexOf('\n\n');
  if (note.length > LONGEST || end < 1 || CONTROL.test(note) || !note.endsWith('\n')) {
    throw new NoteMalformed('not a signed note');
  }
  const lines = note.slice(end + 2, -1).split('\n');
  if (lines.length > MOST_SIGNATURES) throw new NoteMalformed('too many signatures');
  return { text: note.slice(0, end + 1), lines: lines.map(readLine) };
}

function readLine(text: string): Line {
  const [, name = '', encoded] = LINE.exec(text) ?? [];
  const bytes = decode(encoded);
  if (bytes.length <= KEY_ID) throw new NoteMalformed('a signature line without a signature');
  return { name, id: bytes.slice(0, KEY_ID), signature: bytes.slice(KEY_ID) };
}

function decode(text: string | undefined, size?: number): Bytes {
  try {
    return fromBase64(text, size);
  } catch (error) {
    if (error instanceof EncodingRefused) throw new NoteMalformed(error.message);
    throw error;
  }
}

/** `SHA-256(name ‖ newline ‖ algorithm ‖ key)[:4]`: says which key a line claims to be of. */
async function keyId(name: string, algorithm: number, key: Bytes): Promise<Bytes> {
  return (await sha256(concat(utf8(`${name}\n`), Uint8Array.of(algorithm), key))).slice(0, KEY_ID);
}

async function isBy(line: Line, algorithm: number, key: Bytes): Promise<boolean> {
  return sameBytes(line.id, await keyId(line.name, algorithm, key));
}

/**
 * Read a checkpoint that the log signed, and count the witnesses among `witnesses`.
 *
 * Lines of other keys are ignored, as the format asks: a log may change keys, and anybody cosigns.
 *
 * @throws NoteMalformed, NoteForeign, NoteUnsigned; CosignatureWrong when a line carries a
 *   witness's key and not its signature.
 */
export async function readCheckpoint(
  written: string,
  origin: string,
  logKey: Bytes,
  witnesses: readonly Bytes[],
): Promise<Checkpoint> {
  const note = readNote(written);
  const [name, size = '', root, ...more] = note.text.split('\n');
  if (!/^(?:0|[1-9][0-9]{0,14})$/.test(size) || more.length !== 1) {
    throw new NoteMalformed('a checkpoint is three lines: origin, size, root');
  }
  const checkpoint = { size: Number(size), root: decode(root, NODE_SIZE) };
  if (name !== origin) throw new NoteForeign('a checkpoint of another log');
  await requireLogSignature(note, origin, logKey);
  return { ...checkpoint, witnessed: await countWitnesses(note, witnesses) };
}

async function requireLogSignature({ text, lines }: Note, origin: string, key: Bytes) {
  let signed = false;
  for (const line of lines) {
    if (line.name !== origin || !(await isBy(line, LOG_SIGNATURE, key))) continue;
    if (!(await verifySignature(key, line.signature, utf8(text)))) {
      throw new NoteUnsigned('the signature is not the log’s');
    }
    signed = true;
  }
  if (!signed) throw new NoteUnsigned('not signed by the key that the rules name');
}

/** Witnesses are named by key in the network's rules; under what name they sign is theirs. */
async function countWitnesses(note: Note, witnesses: readonly Bytes[]): Promise<number> {
  const found = new Set<string>();
  for (const line of note.lines) {
    for (const key of witnesses) {
      if (!(await isBy(line, COSIGNATURE, key))) continue;
      if (!(await isCosigned(note.text, line.signature, key))) {
        throw new CosignatureWrong('a witness’s name without its signature');
      }
      found.add(toBase64(key));
    }
  }
  return found.size;
}

/** `timestamped_signature`: seconds since 1970 as uint64, then Ed25519 over both and the text. */
async function isCosigned(text: string, signature: Bytes, key: Bytes): Promise<boolean> {
  if (signature.length !== TIME + SIGNATURE) return false;
  const time = new DataView(signature.buffer, signature.byteOffset).getBigUint64(0);
  const message = utf8(`cosignature/v1\ntime ${time}\n${text}`);
  return verifySignature(key, signature.slice(TIME), message);
}
