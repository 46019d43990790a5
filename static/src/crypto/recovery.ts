/**
 * The recovery code: 160 random bits in Crockford's base32, eight groups of four, made to be copied
 * by hand. It has enough entropy to need no slow hash.
 */
import { type Bytes, hkdf, randomBytes } from './bytes.ts';
import { BadRecoveryCode } from './errors.ts';
import { type MasterKeys, masterKeys } from './password.ts';

const ALPHABET = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
const BITS = 160;
const SYMBOLS = BITS / 5;

export function formatRecoveryCode(secret: Bytes): string {
  let bits = 0;
  let held = 0;
  let symbols = '';
  for (const byte of secret) {
    held = (held << 8) | byte;
    bits += 8;
    while (bits >= 5) {
      bits -= 5;
      symbols += ALPHABET[(held >> bits) & 31];
    }
    held &= 31;
  }
  return symbols.replace(/(.{4})(?=.)/g, '$1-');
}

export function newRecoveryCode(): string {
  return formatRecoveryCode(randomBytes(BITS / 8));
}

/**
 * Bytes of a typed code. Case, blanks and dashes do not matter; O reads as 0, I and L as 1, as
 * Crockford says, since that is what a hurried hand writes.
 *
 * @throws BadRecoveryCode for any other letter or length.
 */
export function parseRecoveryCode(code: string): Bytes {
  const symbols = code
    .toUpperCase()
    .replace(/[\s-]/g, '')
    .replace(/O/g, '0')
    .replace(/[IL]/g, '1');
  if (symbols.length !== SYMBOLS) throw new BadRecoveryCode('a recovery code has 32 characters');
  const secret = new Uint8Array(BITS / 8);
  let bits = 0;
  let held = 0;
  let offset = 0;
  for (const symbol of symbols) {
    const value = ALPHABET.indexOf(symbol);
    if (value < 0) throw new BadRecoveryCode(`no recovery code contains ${symbol}`);
    held = (held << 5) | value;
    bits += 5;
    if (bits >= 8) {
      bits -= 8;
      secret[offset++] = held >> bits;
      held &= (1 << bits) - 1;
    }
  }
  return secret;
}

export async function recoveryKeys(code: string): Promise<MasterKeys> {
  return masterKeys(await hkdf(parseRecoveryCode(code), 'cordee1 recovery'));
}
