import { argon2id } from 'hash-wasm';
import { type Bytes, hkdf, owned, requireLength, utf8 } from './bytes.ts';
import { KdfTooCostly, KdfTooWeak, KdfUnknown } from './errors.ts';

/** Argon2id (RFC 9106): memory in KiB, passes, lanes. */
export interface Kdf {
  alg: 'argon2id';
  m: number;
  t: number;
  p: number;
}

/** What new accounts use, and the least a client accepts: a server cannot ask for less. */
export const MINIMUM_KDF: Readonly<Kdf> = { alg: 'argon2id', m: 65_536, t: 3, p: 1 };

/** The most a client accepts, so that a server cannot freeze a phone or exhaust its memory. */
const MAXIMUM_KDF = { m: 1_048_576, t: 16 } as const;

/** `auth` proves the password to the server; `kek` opens the account key and never leaves. */
export interface MasterKeys {
  auth: Bytes;
  kek: Bytes;
}

/** @throws KdfRefused for anything outside what an honest server sends. */
export function requireSafeKdf(kdf: Kdf): void {
  if (kdf.alg !== 'argon2id' || Object.keys(kdf).sort().join() !== 'alg,m,p,t') {
    throw new KdfUnknown('password hashing is argon2id with m, t and p');
  }
  if (!Number.isInteger(kdf.m) || !Number.isInteger(kdf.t) || kdf.p !== 1) {
    throw new KdfUnknown('m, t and p are whole numbers, and p is 1');
  }
  for (const name of ['m', 't'] as const) {
    const value = kdf[name];
    if (value < MINIMUM_KDF[name]) throw new KdfTooWeak(`password hashing with ${name} = ${value}`);
    if (value > MAXIMUM_KDF[name])
      throw new KdfTooCostly(`password hashing with ${name} = ${value}`);
  }
}

/** The two keys below a master key, alike for a password and for a recovery code. */
export async function masterKeys(master: Bytes): Promise<MasterKeys> {
  const [auth, kek] = await Promise.all([
    hkdf(master, 'cordee1 auth'),
    hkdf(master, 'cordee1 kek'),
  ]);
  return { auth, kek };
}

/**
 * Keys of a password. NFKC first: an é typed on a phone and one typed on a desktop may be different
 * code points. Takes about half a second on a phone: call it in a worker.
 */
export async function passwordKeys(password: string, salt: Bytes, kdf: Kdf): Promise<MasterKeys> {
  requireSafeKdf(kdf);
  requireLength(salt, 16, 'salt');
  const master = await argon2id({
    password: utf8(password.normalize('NFKC')),
    salt,
    memorySize: kdf.m,
    iterations: kdf.t,
    parallelism: kdf.p,
    hashLength: 32,
    outputType: 'binary',
  });
  return masterKeys(owned(master));
}
