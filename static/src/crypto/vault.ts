/**
 * A person's own keys, at the server and on the device.
 *
 * At the server: the account key AK sealed once per way in (password, recovery code, passkey), and
 * `keys`, the seeds sealed under AK. On the device: whatever must survive a reload, under an AES-GCM
 * key that the browser keeps in IndexedDB and no script can read out. That guards against a copied
 * profile and not against a script of ours gone bad; it is never the only copy, since iOS evicts.
 */
import {
  type Bytes,
  concat,
  fromBase64,
  fromUtf8,
  randomBytes,
  requireLength,
  toBase64,
  utf8,
} from './bytes.ts';
import { accountKeyContext, isNumber, keysContext, type Way } from './contexts.ts';
import { SealBroken, SubjectChanged } from './errors.ts';
import { type Statement, verifyStatement } from './statement.ts';
import { seal, unseal } from './stream.ts';
import { requireSupported } from './suites.ts';

/** A key this person had before: what was wrapped to it still opens. */
export interface FormerKey {
  seq: number;
  kemSeed: Bytes;
}

/** What `keys` holds; `root` is the network's public root key, the pin of later devices. */
export interface AccountSecrets {
  signSeed: Bytes;
  kemSeed: Bytes;
  root: Bytes;
  /** Absent for keys that were never renewed. */
  former?: FormerKey[];
}

export function newAccountKey(): Bytes {
  return randomBytes(32);
}

/** Seal AK under the key-encryption key of a password or a recovery code. */
export async function sealAccountKey(
  kek: Bytes,
  net: string,
  account: string,
  way: Way,
  accountKey: Bytes,
): Promise<Bytes> {
  requireLength(accountKey, 32, 'account key');
  return seal(kek, accountKeyContext(net, account, way), accountKey);
}

export async function openAccountKey(
  kek: Bytes,
  net: string,
  account: string,
  way: Way,
  sealed: Bytes,
): Promise<Bytes> {
  const accountKey = await unseal(kek, accountKeyContext(net, account, way), sealed);
  requireLength(accountKey, 32, 'account key');
  return accountKey;
}

/** The JSON that holds them: {sign_seed, kem_seed, root, former?: [{seq, kem_seed}]}, base64. */
export function writeSecrets({ signSeed, kemSeed, root, former = [] }: AccountSecrets): Bytes {
  for (const value of [signSeed, kemSeed, root, ...former.map((one) => one.kemSeed)]) {
    requireLength(value, 32, 'account secret');
  }
  const past = former.map((one) => ({ seq: one.seq, kem_seed: toBase64(one.kemSeed) }));
  const held = {
    sign_seed: toBase64(signSeed),
    kem_seed: toBase64(kemSeed),
    root: toBase64(root),
    ...(past.length > 0 ? { former: past } : {}),
  };
  return utf8(JSON.stringify(held));
}

export function readSecrets(plain: Bytes): AccountSecrets {
  let held: { sign_seed?: unknown; kem_seed?: unknown; root?: unknown; former?: unknown };
  try {
    held = JSON.parse(fromUtf8(plain));
  } catch {
    throw new SealBroken('the sealed keys are not readable');
  }
  const past = (held.former ?? []) as { seq: unknown; kem_seed: unknown }[];
  const former = past.map(({ seq, kem_seed }) => {
    if (!isNumber(seq)) throw new SealBroken('the sealed keys are not readable');
    return { seq, kemSeed: fromBase64(kem_seed, 32) };
  });
  return {
    signSeed: fromBase64(held.sign_seed, 32),
    kemSeed: fromBase64(held.kem_seed, 32),
    root: fromBase64(held.root, 32),
    ...(former.length > 0 ? { former } : {}),
  };
}

/** `keys` = seal(AK, the secrets as written above). */
export async function sealAccountSecrets(
  accountKey: Bytes,
  net: string,
  account: string,
  seq: number,
  secrets: AccountSecrets,
): Promise<Bytes> {
  return seal(accountKey, keysContext(net, account, seq), writeSecrets(secrets));
}

export async function openAccountSecrets(
  accountKey: Bytes,
  net: string,
  account: string,
  seq: number,
  sealed: Bytes,
): Promise<AccountSecrets> {
  return readSecrets(await unseal(accountKey, keysContext(net, account, seq), sealed));
}

/**
 * The newest statement under our own name names the very keys that just opened: whoever shows
 * colleagues others would have to show them to us too.
 *
 * @throws SubjectChanged for other keys or another account, SuiteUnsupported for our own keys of the
 *   second suite, ProtocolError without our own signature.
 */
export async function requireOwnStatement(
  statements: readonly Statement[],
  account: string,
  signPublic: Bytes,
  kemPublic: Bytes,
): Promise<void> {
  const last = statements.at(-1);
  if (!last) throw new SubjectChanged('no statement under our own name');
  // A registrar's signature is judged where people are: here only our own hand counts.
  const mine = toBase64(signPublic);
  const signed = { ...last, s: last.s.filter(({ k }) => k === mine) };
  const payload = await verifyStatement('cordee1.account', signed, signPublic);
  const ours = payload.account === account && payload.sign_key === mine;
  if (ours) requireSupported(fromBase64(payload.kem_key), payload.name);
  if (!ours || payload.kem_key !== toBase64(kemPublic))
    throw new SubjectChanged('other keys under our own name');
}

/** A key of this device, to keep in IndexedDB as it is: no script can export it. */
export async function newDeviceKey(): Promise<CryptoKey> {
  const algorithm = { name: 'AES-GCM', length: 256 };
  return crypto.subtle.generateKey(algorithm, false, ['encrypt', 'decrypt']) as Promise<CryptoKey>;
}

const IV = 12;

/** Lock bytes to this device and to a purpose: `iv 12 ‖ ciphertext`, purpose as associated data. */
export async function lockOnDevice(key: CryptoKey, purpose: string, plain: Bytes): Promise<Bytes> {
  const iv = randomBytes(IV);
  const parameters = { name: 'AES-GCM', iv, additionalData: utf8(purpose) };
  return concat(iv, new Uint8Array(await crypto.subtle.encrypt(parameters, key, plain)));
}

/** @throws SealBroken for another device's key, another purpose, or changed bytes. */
export async function openOnDevice(key: CryptoKey, purpose: string, locked: Bytes): Promise<Bytes> {
  const parameters = {
    name: 'AES-GCM',
    iv: locked.slice(0, IV),
    additionalData: utf8(purpose),
  };
  try {
    return new Uint8Array(await crypto.subtle.decrypt(parameters, key, locked.slice(IV)));
  } catch {
    throw new SealBroken('not locked on this device for this purpose');
  }
}
