/**
 * The recovery code: 160 random bits on paper, for whoever lost password and devices.
 *
 * Written in Crockford's base32 (https://www.crockford.com/base32.html): no I, L, O or U to misread,
 * 32 symbols in groups of four. So many random bits need no slow hash.
 */
import { type Bytes, hkdf, randomBytes, requireLength } from './bytes.ts';
import { RecoveryCodeMalformed, RecoveryCodeMistyped } from './errors.ts';
import { type MasterKeys, masterKeys } from './password.ts';

const SIZE = 20;
const SYMBOLS = 32;
const ALPHABET = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
const CHECK = `${ALPHABET}*~$=U`;

export function newRecoveryCode(): Bytes {
  return randomBytes(SIZE);
}

/** `XXXX-XXXX-…`: eight groups of four symbols. */
export function formatRecoveryCode(code: Bytes): string {
  requireLength(code, SIZE, 'recovery code');
  let bits = 0;
  let held = 0;
  let symbols = '';
  for (const byte of code) {
    held = (held << 8) | byte;
    bits += 8;
    while (bits >= 5) {
      bits -= 5;
      symbols += ALPHABET[held >> bits];
      held &= (1 << bits) - 1;
    }
  }
  return symbols.replace(/(.{4})(?=.)/g, '$1-');
}

/**
 * The 20 bytes of a code as somebody typed it. Case, spaces and dashes do not matter; O is 0, I and
 * L are 1, since that is what a hurried hand writes. Crockford's check symbol may follow (a password
 * manager may have added it) and is then verified.
 *
 * @throws RecoveryCodeMalformed, RecoveryCodeMistyped
 */
export function readRecoveryCode(typed: string): Bytes {
  const meant = typed
    .toUpperCase()
    .replace(/[\s\u00ad\u2010-\u2014\u2212-]/g, '')
    .replaceAll('O', '0')
    .replace(/[IL]/g, '1');
  const check = meant.slice(SYMBOLS);
  const values = [...meant.slice(0, SYMBOLS)].map((symbol) => ALPHABET.indexOf(symbol));
  if (values.length !== SYMBOLS || values.includes(-1) || check.length > 1) {
    throw new RecoveryCodeMalformed(`a recovery code has ${SYMBOLS} letters and digits`);
  }
  if (check) {
    const remainder = values.reduce((rest, value) => (rest * 32 + value) % 37, 0);
    if (CHECK[remainder] !== check) {
      throw new RecoveryCodeMistyped('the check symbol does not fit the code');
    }
  }
  const code = new Uint8Array(SIZE);
  let bits = 0;
  let held = 0;
  let offset = 0;
  for (const value of values) {
    held = (held << 5) | value;
    bits += 5;
    if (bits >= 8) {
      bits -= 8;
      code[offset++] = held >> bits;
      held &= (1 << bits) - 1;
    }
  }
  return code;
}

export async function recoveryKeys(code: Bytes): Promise<MasterKeys> {
  requireLength(code, SIZE, 'recovery code');
  return masterKeys(await hkdf(code, 'cordee1 recovery'));
}
