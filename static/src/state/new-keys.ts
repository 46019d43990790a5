/**
 * Making an account's keys on this device, and sealing them again under a new password or recovery
 * code. The server gets what it cannot open.
 */
import { type Bytes, fromBase64, randomBytes, toBase64 } from '../crypto/bytes.ts';
import { type Kdf, MINIMUM_KDF } from '../crypto/password.ts';
import { readPayload } from '../crypto/payloads.ts';
import { formatRecoveryCode, newRecoveryCode } from '../crypto/recovery.ts';
import { type SigningKey, seedSigningKey } from '../crypto/signing.ts';
import {
  parsePayload,
  type Statement,
  signStatement,
  statementHash,
  statementPayload,
} from '../crypto/statement.ts';
import {
  type AccountSecrets,
  type FormerKey,
  newAccountKey,
  sealAccountKey,
  sealAccountSecrets,
} from '../crypto/vault.ts';
import { api, NetworkDown } from '../transport/http.ts';
import { kemPublic, passwordKeys, recoveryKeys } from '../worker/sealing.ts';
import { recall, remember } from './device.ts';
import { keepKeys, myKeys, openSealed } from './keys.ts';
import { me, netId, refreshSealed } from './session.ts';
import type { SealedKeys } from './types.ts';

export interface PasswordFields {
  salt: string;
  kdf: Kdf;
  auth: string;
  ak_password: string;
}

/** AK sealed under a new password, and the proof the server will ask for. */
export async function passwordFields(
  net: string,
  account: string,
  accountKey: Bytes,
  password: string,
): Promise<PasswordFields> {
  const salt = randomBytes(16);
  const kdf: Kdf = { ...MINIMUM_KDF };
  const { auth, kek } = await passwordKeys(password, salt, kdf);
  const sealed = await sealAccountKey(kek, net, account, 'password', accountKey);
  return { salt: toBase64(salt), kdf, auth: toBase64(auth), ak_password: toBase64(sealed) };
}

/** AK sealed under a recovery code. */
export async function recoveryFields(
  net: string,
  account: string,
  accountKey: Bytes,
  code: Bytes,
): Promise<{ ak_recovery: string; recovery_auth: string }> {
  const { auth, kek } = await recoveryKeys(code);
  const sealed = await sealAccountKey(kek, net, account, 'recovery', accountKey);
  return { ak_recovery: toBase64(sealed), recovery_auth: toBase64(auth) };
}

/** The place of the next statement in an account's chain, for who comes back with nothing left. */
export interface NextOf {
  account: string;
  seq: number;
  /** Hash of the statement before it, base64. */
  prev: string;
  /** Who still has the keys of before signs with them too, and keeps what they open. */
  before?: { signer: SigningKey; former: FormerKey[] };
}

export interface NewAccount {
  account: string;
  /** Of the statement made. */
  seq: number;
  secrets: AccountSecrets;
  /** As shown to the person, once. */
  recoveryCode: string;
  fields: PasswordFields & {
    ak_recovery: string;
    recovery_auth: string;
    keys: string;
    statement: Statement;
  };
}

/** Steps of making keys, for a progress bar. */
export const MAKING_STEPS = 4;

/**
 * Make everything a new account needs, or one that goes on under keys of its own making. `root` is
 * the pin that came with the link.
 */
export async function makeAccount(
  net: string,
  root: Bytes,
  person: { name: string; rpps: string | null; password: string },
  progress: (step: number) => void,
  next?: NextOf,
): Promise<NewAccount> {
  const { account = crypto.randomUUID(), seq = 0, prev = null, before } = next ?? {};
  const accountKey = newAccountKey();
  const secrets: AccountSecrets = {
    signSeed: randomBytes(32),
    kemSeed: randomBytes(32),
    root,
    ...(before ? { former: before.former } : {}),
  };
  const signer = await seedSigningKey(secrets.signSeed);
  progress(1);
  const statement = await signStatement(
    'cordee1.account',
    {
      v: 1,
      net,
      account,
      seq,
      sign_key: toBase64(signer.publicKey),
      kem_key: toBase64(await kemPublic(secrets.kemSeed)),
      name: person.name,
      rpps: person.rpps,
      prev,
    },
    signer,
    ...(before ? [before.signer] : []),
  );
  progress(2);
  const byPassword = await passwordFields(net, account, accountKey, person.password);
  progress(3);
  const code = newRecoveryCode();
  const byCode = await recoveryFields(net, account, accountKey, code);
  const keys = await sealAccountSecrets(accountKey, net, account, seq, secrets);
  progress(4);
  return {
    account,
    seq,
    secrets,
    recoveryCode: formatRecoveryCode(code),
    fields: { ...byPassword, ...byCode, keys: toBase64(keys), statement },
  };
}

/** Open AK with the present password; also proves that password to the server. */
async function openOwn(password: string): Promise<{
  net: string;
  auth: Bytes;
  accountKey: Bytes;
  statements: Statement[];
}> {
  const net = netId();
  const { account, seq } = await myKeys();
  const { statements, ...sealed } = await api<SealedKeys & { statements: Statement[] }>(
    'GET',
    '/account/keys',
  );
  const { auth, kek } = await passwordKeys(password, fromBase64(sealed.salt, 16), sealed.kdf);
  const { accountKey } = await openSealed(net, account, seq, sealed, kek);
  return { net, auth, accountKey, statements };
}

/**
 * Change the password. Other sessions end.
 *
 * @throws WrongPassword, Problem
 */
export async function changePassword(
  current: string,
  next: string,
  totpCode: string,
): Promise<void> {
  const { net, auth, accountKey } = await openOwn(current);
  const { account } = await myKeys();
  const fields = await passwordFields(net, account, accountKey, next);
  await api('PUT', '/account/password', {
    current_auth: toBase64(auth),
    totp_code: totpCode,
    ...fields,
  });
  // This device must know the new seal, or its lock would keep asking for the old password.
  const profile = await recall('profile');
  if (profile) {
    const { salt, kdf, ak_password } = fields;
    await remember('profile', {
      ...profile,
      sealed: { ...profile.sealed, salt, kdf, ak_password },
    });
  } else if (me.value) await refreshSealed(me.value);
}

/** Make a new recovery code; the old one opens nothing any more. Returns it as shown. */
export async function renewRecoveryCode(password: string): Promise<string> {
  const { net, auth, accountKey } = await openOwn(password);
  const { account } = await myKeys();
  const code = newRecoveryCode();
  const fields = await recoveryFields(net, account, accountKey, code);
  await api('PUT', '/account/recovery', { current_auth: toBase64(auth), ...fields });
  return formatRecoveryCode(code);
}

/**
 * New keys, password and recovery code, on the suspicion that somebody else has the old ones. Other
 * sessions end, and the keys wait for a registrar; what was sealed before still opens.
 *
 * @returns the recovery code as shown
 * @throws WrongPassword, Problem
 */
export async function renewKeys(
  current: string,
  next: string,
  totpCode: string,
  progress: (step: number) => void = () => undefined,
): Promise<string> {
  const { net, auth, statements } = await openOwn(current);
  const { account, seq, root, signer, kemSeed, former } = await myKeys();
  const last = statements.at(-1) as Statement;
  const said = readPayload('cordee1.account', parsePayload(statementPayload(last)));
  const person = { name: said.name, rpps: said.rpps, password: next };
  const made = await makeAccount(net, root, person, progress, {
    account,
    seq: seq + 1,
    prev: toBase64(await statementHash(last)),
    before: { signer, former: [...former, { seq, kemSeed: kemSeed.slice() }] },
  });
  const request = { current_auth: toBase64(auth), totp_code: totpCode, ...made.fields };
  const send = () => api('PUT', '/account/keys', request);
  await send().catch((error) => {
    // The answer may have been lost after the keys were taken: the same request is answered again.
    if (error instanceof NetworkDown) return send();
    throw error;
  });
  await keepKeys(account, made.seq, made.secrets);
  if (me.value) await refreshSealed(me.value);
  return made.recoveryCode;
}
