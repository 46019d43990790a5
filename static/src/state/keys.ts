/**
 * The person's own keys on this device.
 *
 * Unlocked: seeds in memory, and in IndexedDB under a non-extractable key, so that a reload asks for
 * nothing. Locked: both gone; only what the server has too remains, and the password opens it, with
 * or without a network. A lock in one tab locks all of them.
 */
import { type Signal, signal } from '@preact/signals';
import { type Bytes, fromBase64, fromUtf8, hkdf } from '../crypto/bytes.ts';
import { importSigningKey, type SigningKey, signingKey } from '../crypto/signing.ts';
import {
  type AccountSecrets,
  type FormerKey,
  lockOnDevice,
  newDeviceKey,
  openAccountKey,
  openAccountSecrets,
  openOnDevice,
  readSecrets,
  requireOwnStatement,
  writeSecrets,
} from '../crypto/vault.ts';
import { closeSealing, kemPublic, passwordKeys } from '../worker/sealing.ts';
import { forget, type Profile, recall, remember } from './device.ts';
import type { SealedKeys } from './types.ts';

/** The keys are not in memory: the password must be asked first. */
export class Locked extends Error {
  override name = 'Locked';
}

/** The password opens nothing. */
export class WrongPassword extends Error {
  override name = 'WrongPassword';
}

export interface MyKeys {
  account: string;
  seq: number;
  signKey: CryptoKey;
  signPublic: Bytes;
  /** `signKey` and `signPublic` as the protocol's functions take them. */
  signer: SigningKey;
  kemSeed: Bytes;
  /** Keys of before a renewal, oldest first: what was wrapped to them still opens. */
  former: readonly FormerKey[];
  /** The network's root as pinned when the account was made. */
  root: Bytes;
}

/** Whether someone is signed in whose keys are not in memory. */
export const locked: Signal<boolean> = signal(false);

const PURPOSE = 'cordee keys';
const CHANNEL = 'cordee-keys';

let held: MyKeys | null = null;
let draftKey: Promise<CryptoKey> | null = null;
const lockers = new Set<() => void>();
const channel = typeof BroadcastChannel === 'undefined' ? null : new BroadcastChannel(CHANNEL);

/** Told when the keys leave memory: whoever derived something from them drops it too. */
export function onLock(fn: () => void): () => void {
  lockers.add(fn);
  return () => lockers.delete(fn);
}

/** @throws Locked */
export async function myKeys(): Promise<MyKeys> {
  if (!held) throw new Locked();
  return held;
}

/** The seed our statement `seq` announced a key of, or null when this device never had it. */
export async function kemSeedOf(seq: number): Promise<Bytes | null> {
  const mine = await myKeys();
  if (seq === mine.seq) return mine.kemSeed;
  return mine.former.find((one) => one.seq === seq)?.kemSeed ?? null;
}

/** The keys if they are in memory, without asking. */
export function heldKeys(): MyKeys | null {
  return held;
}

async function draftKeyOf(seed: Bytes): Promise<CryptoKey> {
  const bits = await hkdf(seed, 'cordee drafts');
  return crypto.subtle.importKey('raw', bits, 'AES-GCM', false, ['encrypt', 'decrypt']);
}

/**
 * Key for what this person writes and has not sent: drafts open again after a lock, on this device
 * or, were they ever moved, on another of theirs.
 *
 * @throws Locked
 */
export async function draftSealingKey(): Promise<CryptoKey> {
  const { kemSeed } = await myKeys();
  draftKey ??= draftKeyOf(kemSeed);
  return draftKey;
}

/** Keys that drafts open with: today's, then those of before a renewal. @throws Locked */
export async function* draftOpeningKeys(): AsyncGenerator<CryptoKey> {
  yield draftSealingKey();
  for (const { kemSeed } of (await myKeys()).former.toReversed()) yield draftKeyOf(kemSeed);
}

function dropFromMemory(): void {
  for (const { kemSeed } of held ? [held, ...held.former] : []) kemSeed.fill(0);
  held = null;
  draftKey = null;
  closeSealing();
  for (const fn of lockers) fn();
}

/** Drop the keys, here and in every other tab. Needs the password to come back. */
export async function lock(): Promise<void> {
  dropFromMemory();
  locked.value = true;
  await forget('secrets');
  channel?.postMessage('locked');
}

/** Sign-out: the keys go, and nobody is left to unlock for. */
export async function dropKeys(): Promise<void> {
  dropFromMemory();
  locked.value = false;
  await forget('secrets', 'profile');
}

async function hold(account: string, seq: number, secrets: AccountSecrets): Promise<MyKeys> {
  const { privateKey, publicKey } = await importSigningKey(secrets.signSeed);
  held = {
    account,
    seq,
    signKey: privateKey,
    signPublic: publicKey,
    signer: signingKey(privateKey, publicKey),
    kemSeed: secrets.kemSeed,
    former: secrets.former ?? [],
    root: secrets.root,
  };
  draftKey = null;
  locked.value = false;
  return held;
}

/** Take keys just made or just opened into memory, and onto this device for the next reload. */
export async function keepKeys(
  account: string,
  seq: number,
  secrets: AccountSecrets,
): Promise<MyKeys> {
  const key = await newDeviceKey();
  const bytes = await lockOnDevice(key, PURPOSE, writeSecrets(secrets));
  await remember('secrets', { account, seq, key, locked: bytes });
  const keys = await hold(account, seq, secrets);
  channel?.postMessage('unlocked');
  return keys;
}

/** After a reload: take back the keys this device still holds. False when it holds none. */
export async function takeBackKeys(account: string): Promise<boolean> {
  const secrets = await recall('secrets');
  if (!secrets || secrets.account !== account) {
    locked.value = true;
    return false;
  }
  const bytes = await openOnDevice(secrets.key, PURPOSE, secrets.locked);
  // Kept by the version before, the number lies inside.
  const seq = secrets.seq ?? (JSON.parse(fromUtf8(bytes)) as { seq: number }).seq;
  await hold(account, seq, readSecrets(bytes));
  return true;
}

/** Open the account key with a key-encryption key, and the seeds with it. */
export async function openSealed(
  net: string,
  account: string,
  seq: number,
  sealed: SealedKeys,
  kek: Bytes,
): Promise<{ accountKey: Bytes; secrets: AccountSecrets }> {
  let accountKey: Bytes;
  try {
    accountKey = await openAccountKey(
      kek,
      net,
      account,
      'password',
      fromBase64(sealed.ak_password),
    );
  } catch (cause) {
    throw new WrongPassword('the password opens nothing', { cause });
  }
  const secrets = await openAccountSecrets(accountKey, net, account, seq, fromBase64(sealed.keys));
  return { accountKey, secrets };
}

/** Compare what the server shows under our name with the keys that opened. @throws ProtocolError */
export async function requireOwn(
  statements: Profile['statements'],
  account: string,
  { signSeed, kemSeed }: AccountSecrets,
): Promise<void> {
  const { publicKey } = await importSigningKey(signSeed);
  await requireOwnStatement(statements, account, publicKey, await kemPublic(kemSeed));
}

/**
 * Reopen the application with the password, with or without a network.
 *
 * @throws WrongPassword
 */
export async function unlock(password: string): Promise<void> {
  const [profile, network] = await Promise.all([recall('profile'), recall('network')]);
  if (!profile || !network) throw new Locked();
  const { sealed, account } = profile;
  const { kek } = await passwordKeys(password, fromBase64(sealed.salt, 16), sealed.kdf);
  const seq = sequenceOf(profile);
  const { secrets } = await openSealed(network.net, account.id, seq, sealed, kek);
  await requireOwn(profile.statements, account.id, secrets);
  await keepKeys(account.id, seq, secrets);
}

/** Sequence of the newest statement of our own chain. */
export function sequenceOf(profile: Pick<Profile, 'statements'>): number {
  return Math.max(0, profile.statements.length - 1);
}

channel?.addEventListener('message', async (event) => {
  if (event.data === 'locked' && held) {
    dropFromMemory();
    locked.value = true;
  }
  if (event.data === 'unlocked' && locked.value) {
    const profile = await recall('profile');
    if (profile) await takeBackKeys(profile.account.id);
  }
});
