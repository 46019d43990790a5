/**
 * Chains of statements: continuity from one to the next, and authority from the one before.
 *
 * The authority of a statement never comes from itself: a policy's from the pinned root, a
 * person's from a registrar, a group's first statement from a registrar and each later one from a
 * manager whom the *previous* statement names. Every function takes the whole chain as received and
 * returns its last word, or throws the exact reason. The rules are those of `protocol/chain.py`.
 */
import { type Bytes, fromBase64, requireLength, toBase64 } from './bytes.ts';
import {
  EpochBroken,
  KeyChangeUnauthorised,
  KeySwapped,
  KeyUnchanged,
  ManagerUnknown,
  NetworkWrong,
  NotCertified,
  RegistrarUnknown,
  RemovalWithoutRotation,
  SubjectChanged,
} from './errors.ts';
import {
  isWithin,
  keysOf,
  readLinks,
  requireFollows,
  requireKnown,
  type SignKeys,
  union,
  verifyLink,
} from './links.ts';
import type { AccountPayload, GroupPayload, PolicyPayload } from './payloads.ts';
import { type Statement, statementHash, verifyStatement } from './statement.ts';

/** The network's rules, as its root last signed them. */
export interface Policy {
  payload: PolicyPayload;
  hash: Bytes;
  root: Bytes;
  /** Signing keys of today's registrars, base64. */
  registrars: ReadonlySet<string>;
  /** Keys that an earlier policy named: their signatures are known, without authority. */
  formerRegistrars: ReadonlySet<string>;
  /** `account key` of everyone a policy ever named registrar: the root vouched for that very key. */
  appointed: ReadonlySet<string>;
}

/** A person's keys, as last stated. */
export interface Account {
  payload: AccountPayload;
  hash: Bytes;
  certified: boolean;
  signKey: Bytes;
  kemKey: Bytes;
  /** Every signing key of the chain, oldest first, to verify what was signed long ago. */
  signKeys: Bytes[];
}

/** A pool or care team, as last stated. */
export interface Group {
  payload: GroupPayload;
  hash: Bytes;
  kemKey: Bytes;
  /** The public key of each epoch, by epoch: compare with the one derived from R_e. */
  kemKeys: Bytes[];
  /** Who was ever a member from each epoch on, by epoch: who could hold or still open its key. */
  since: ReadonlySet<string>[];
}

export interface ChainOptions {
  /**
   * Also accept registrars of earlier policies. Only for what the key log shows to precede their
   * leaving.
   */
  formerRegistrars?: boolean;
}

export interface AccountOptions extends ChainOptions {
  /** `false` lets a person wait uncertified: `Account.certified` then tells. */
  certified?: boolean;
}

/**
 * Follow the policies from the first to today's; the root must have signed each.
 *
 * Caller's duty: `root` is the pinned key (invitation link, own keys blob), never one the server
 * just named; and the last `seq` is not below one seen before.
 */
export async function verifyPolicyChain(
  statements: readonly Statement[],
  root: Bytes,
): Promise<Policy> {
  requireLength(root, 32, 'root key');
  const appointed = new Set<string>();
  const ever = new Set<string>();
  let last: PolicyPayload | undefined;
  let hash: Bytes | undefined;
  for (const { payload, statement } of readLinks('cordee1.policy', statements)) {
    requireFollows(payload.seq, payload.prev, last?.seq, hash);
    await verifyStatement('cordee1.policy', statement, root);
    if (last && payload.net !== last.net) throw new SubjectChanged('a policy of another network');
    for (const { account, sign_key } of payload.registrars) {
      appointed.add(`${account} ${sign_key}`);
      ever.add(sign_key);
    }
    last = payload;
    hash = await statementHash(statement);
  }
  const payload = last as PolicyPayload;
  const registrars = new Set(payload.registrars.map((registrar) => registrar.sign_key));
  const formerRegistrars = new Set([...ever].filter((key) => !registrars.has(key)));
  return { payload, hash: hash as Bytes, root, registrars, formerRegistrars, appointed };
}

/**
 * Follow a person's keys; each statement is signed by the key it names.
 *
 * A statement is certified when a registrar of today's policy, or the root, co-signed it, or when
 * a policy named this very account with this very key as registrar. A registrar who leaves is
 * followed by another who co-signs: hashes do not change. From the second statement on, the
 * previous key or a registrar must have signed as well.
 *
 * Caller's duty: compare `payload.account` with the person asked for, and the hash with the key log.
 */
export async function verifyAccountChain(
  statements: readonly Statement[],
  policy: Policy,
  { certified = true, formerRegistrars = false }: AccountOptions = {},
): Promise<Account> {
  const authorities = union(policy.registrars, new Set([toBase64(policy.root)]));
  if (formerRegistrars) for (const key of policy.formerRegistrars) authorities.add(key);
  const known = union(authorities, policy.formerRegistrars);
  const keys: string[] = [];
  let last: AccountPayload | undefined;
  let hash: Bytes | undefined;
  let vouched = false;
  for (const { payload, statement, signers } of readLinks('cordee1.account', statements)) {
    requireFollows(payload.seq, payload.prev, last?.seq, hash);
    const own = payload.sign_key;
    const previous = keys.at(-1);
    requireKnown(signers, union(known, new Set(previous ? [previous, own] : [own])));
    await verifyLink('cordee1.account', statement, union(signers, new Set([own])));
    if (payload.net !== policy.payload.net) {
      throw new NetworkWrong('an account of another network');
    }
    if (last && payload.account !== last.account) {
      throw new SubjectChanged('the keys of another account');
    }
    const endorsed = [...signers].some((key) => key !== own && authorities.has(key));
    if (previous && !endorsed && !signers.has(previous)) {
      throw new KeyChangeUnauthorised('signed neither by the previous key nor by a registrar');
    }
    vouched = endorsed || policy.appointed.has(`${payload.account} ${own}`);
    if (certified && !vouched) {
      throw new NotCertified("no registrar has co-signed this person's keys");
    }
    keys.push(own);
    last = payload;
    hash = await statementHash(statement);
  }
  const payload = last as AccountPayload;
  return {
    payload,
    hash: hash as Bytes,
    certified: vouched,
    signKey: fromBase64(payload.sign_key),
    kemKey: fromBase64(payload.kem_key),
    signKeys: keys.map((key) => fromBase64(key)),
  };
}

/**
 * Follow a group from the registrar who created it through the managers who changed it.
 *
 * Caller's duty: `accounts` holds verified keys of the managers; compare `payload.group` with the
 * group asked for; after unwrapping R_e call `requireGroupSecret` with `kemKeys[e]`.
 */
export async function verifyGroupChain(
  statements: readonly Statement[],
  policy: Policy,
  accounts: SignKeys,
  { formerRegistrars = false }: ChainOptions = {},
): Promise<Group> {
  const creators = formerRegistrars
    ? union(policy.registrars, policy.formerRegistrars)
    : policy.registrars;
  const kemKeys: Bytes[] = [];
  const since: Set<string>[] = [];
  let last: GroupPayload | undefined;
  let hash: Bytes | undefined;
  for (const { payload, statement, signers } of readLinks('cordee1.group', statements)) {
    requireFollows(payload.seq, payload.prev, last?.seq, hash);
    if (!last) {
      if (!isWithin(signers, creators)) {
        throw new RegistrarUnknown('a group is created by a registrar of the policy');
      }
    } else if (!isWithin(signers, keysOf(accounts, last.managers))) {
      throw new ManagerUnknown('signed by nobody the previous statement names as manager');
    }
    await verifyLink('cordee1.group', statement, signers);
    if (payload.net !== policy.payload.net) throw new NetworkWrong('a group of another network');
    requireEpochFollows(payload, last);
    if (kemKeys.length === payload.epoch) {
      kemKeys.push(fromBase64(payload.kem_key));
      since.push(new Set());
    }
    for (const known of since) for (const member of payload.members) known.add(member);
    last = payload;
    hash = await statementHash(statement);
  }
  return {
    payload: last as GroupPayload,
    hash: hash as Bytes,
    kemKey: kemKeys.at(-1) as Bytes,
    kemKeys,
    since,
  };
}

/** Account ids of the members whose end date has not come at this moment. */
export function presentMembers({ members, until = {} }: GroupPayload, at = new Date()): string[] {
  return members.filter((member) => {
    const end = Object.hasOwn(until, member) ? until[member] : undefined;
    return end === undefined || at.getTime() < Date.parse(end);
  });
}

function requireEpochFollows(payload: GroupPayload, last: GroupPayload | undefined): void {
  if (!last) {
    if (payload.epoch !== 0) throw new EpochBroken('a group begins with epoch 0');
    return;
  }
  if (payload.group !== last.group || payload.kind !== last.kind) {
    throw new SubjectChanged('a statement of another group');
  }
  if (payload.epoch !== last.epoch && payload.epoch !== last.epoch + 1) {
    throw new EpochBroken('the epoch stays or advances by one');
  }
  if (payload.epoch !== last.epoch) {
    if (payload.kem_key === last.kem_key) throw new KeyUnchanged('a new epoch brings a new key');
    return;
  }
  if (payload.kem_key !== last.kem_key) {
    throw new KeySwapped('the key changed though the epoch did not');
  }
  if (last.members.some((member) => !payload.members.includes(member))) {
    throw new RemovalWithoutRotation('a member left and the key stayed');
  }
}
