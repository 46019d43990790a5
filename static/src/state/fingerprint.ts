/**
 * A person's keys as words two people can compare over the telephone: proquints
 * (https://arxiv.org/html/0901.4016), sixteen bits a word, pronounceable in any language.
 */
import { type Bytes, concat, sha256, utf8 } from '../crypto/bytes.ts';

const CONSONANTS = 'bdfghjklmnprstvz';
const VOWELS = 'aiou';
const WORDS = 6;

function proquint(bits: number): string {
  const consonant = (shift: number) => CONSONANTS[(bits >> shift) & 15];
  const vowel = (shift: number) => VOWELS[(bits >> shift) & 3];
  return `${consonant(12)}${vowel(10)}${consonant(6)}${vowel(4)}${consonant(0)}`;
}

/** Bytes as proquints, two bytes a word. */
export function proquints(bytes: Uint8Array): string[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return Array.from({ length: bytes.length >> 1 }, (_, i) => proquint(view.getUint16(2 * i)));
}

/** 96 bits over both public keys: enough that no second pair of keys says the same words. */
export async function fingerprint(signKey: Bytes, kemKey: Bytes): Promise<string> {
  const digest = await sha256(concat(utf8('cordee1 fingerprint\0'), signKey, kemKey));
  return proquints(digest.slice(0, 2 * WORDS)).join(' ');
}
