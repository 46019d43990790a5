/**
 * Chains of statements: continuity from one to the next, and authority from the one before.
 *
 * The authority of a statement never comes from itself: a policy's from the pinned root, a
 * person's from a registrar, a group's first statement from a registrar and each later one from a
 * manager whom the *previous* statement names. Every function takes the whole chain as received and
 * returns its last word, or throws the exact reason. The rules are those of `protocol/chain.py`.
 */
import { type Bytes, fromBase64, requireLength, toBase64 } from './bytes.ts';
import { parseRecipient } from './contexts.ts';
import {
  ChainEmpty,
  EpochBroken,
  EventOutOfPlace,
  GenerationBroken,
  KeyChangeUnauthorised,
  KeySwapped,
  KeyUnchanged,
  ManagerUnknown,
  NetworkWrong,
  NotCertified,
  OutsideCareCircle,
  PreviousHashWrong,
  RegistrarUnknown,
  RemovalWithoutRotation,
  SequenceBroken,
  SignerUnknown,
  StatementTypeWrong,
  SubjectChanged,
} from './errors.ts';
import {
  type AccountPayload,
  type CasePayload,
  type GroupPayload,
  type Payloads,
  type PolicyPayload,
  readPayload,
  type StatementType,
} from './payloads.ts';
import {
  parsePayload,
  type Statement,
  statementHash,
  statementPayload,
  statementSigners,
  verifyStatement,
} from './statement.ts';

/** Account id → every signing key it ever had, taken from verified chains. */
export type SignKeys = ReadonlyMap<string, readonly Bytes[]>;

/** Group id → its members' account ids, taken from verified chains. */
export type GroupMembers = ReadonlyMap<string, Iterable<string>>;

/** The network's rules, as its root last signed them. */
export interface Policy {
  payload: PolicyPayload;
  hash: Bytes;
  root: Bytes;
  /** Signing keys of today's registrars, base64. */
  registrars: ReadonlySet<string>;
  /** Keys that an earlier policy named: their signatures are known, without authority. */
  formerRegistrars: ReadonlySet<string>;
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
}

/** The life of a case's key so far. */
export interface CaseChain {
  payload: CasePayload;
  hash: Bytes;
  /** `kc` of each generation, by generation. */
  commitments: Bytes[];
  /** Who holds the current generation, in the order of the grants. */
  recipients: string[];
  opener: string;
  closed: boolean;
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

interface Link<T extends StatementType> {
  payload: Payloads[T];
  statement: Statement;
  signers: ReadonlySet<string>;
}

/** Each payload as typed, before its signature is checked: it names the keys to check with. */
function* read<T extends StatementType>(
  type: T,
  statements: readonly Statement[],
): Generator<Link<T>> {
  if (statements.length === 0) throw new ChainEmpty('a chain has at least one statement');
  for (const statement of statements) {
    const bytes = statementPayload(statement);
    if (statement.t !== type) {
      throw new StatementTypeWrong(`expected ${type}, got ${statement.t}`);
    }
    const payload = readPayload(type, parsePayload(bytes));
    yield { payload, statement, signers: new Set(statementSigners(statement).keys()) };
  }
}

async function verify<T extends StatementType>(
  type: T,
  statement: Statement,
  keys: Iterable<string>,
) {
  await verifyStatement(type, statement, ...[...keys].map((key) => fromBase64(key, 32)));
}

/** Number and `prev` continue from the statement before; the first has number 0 and no `prev`. */
function requireFollows(
  number: number,
  prev: string | null,
  last: number | undefined,
  lastHash: Bytes | undefined,
): void {
  if (number !== (last === undefined ? 0 : last + 1)) {
    throw new SequenceBroken(`number ${number} does not follow ${last}`);
  }
  if (prev !== (lastHash ? toBase64(lastHash) : null)) {
    throw new PreviousHashWrong('prev is not the hash of the statement before');
  }
}

const union = (...sets: ReadonlySet<string>[]): Set<string> =>
  new Set(sets.flatMap((set) => [...set]));

const isWithin = (subset: ReadonlySet<string>, set: ReadonlySet<string>): boolean =>
  [...subset].every((key) => set.has(key));

function requireKnown(signers: ReadonlySet<string>, known: ReadonlySet<string>): void {
  if (!isWithin(signers, known)) {
    throw new SignerUnknown('signed by a key that has no standing here');
  }
}

function keysOf(accounts: SignKeys, ids: readonly string[]): Set<string> {
  return new Set(ids.flatMap((id) => (accounts.get(id) ?? []).map((key) => toBase64(key))));
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
  const ever = new Set<string>();
  let last: PolicyPayload | undefined;
  let hash: Bytes | undefined;
  for (const { payload, statement } of read('cordee1.policy', statements)) {
    await verifyStatement('cordee1.policy', statement, root);
    requireFollows(payload.seq, payload.prev, last?.seq, hash);
    if (last && payload.net !== last.net) throw new SubjectChanged('a policy of another network');
    for (const registrar of payload.registrars) ever.add(registrar.sign_key);
    last = payload;
    hash = await statementHash(statement);
  }
  const payload = last as PolicyPayload;
  const registrars = new Set(payload.registrars.map((registrar) => registrar.sign_key));
  const formerRegistrars = new Set([...ever].filter((key) => !registrars.has(key)));
  return { payload, hash: hash as Bytes, root, registrars, formerRegistrars };
}

/**
 * Follow a person's keys; each statement is signed by the key it names.
 *
 * A statement is certified when a registrar of today's policy, or the root, co-signed it, or when
 * the policy itself names this account with this key as registrar. A registrar who leaves is
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
  for (const { payload, statement, signers } of read('cordee1.account', statements)) {
    const own = payload.sign_key;
    const previous = keys.at(-1);
    requireKnown(signers, union(known, new Set(previous ? [previous, own] : [own])));
    await verify('cordee1.account', statement, union(signers, new Set([own])));
    requireFollows(payload.seq, payload.prev, last?.seq, hash);
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
    vouched =
      endorsed ||
      policy.payload.registrars.some(
        (entry) => entry.account === payload.account && entry.sign_key === own,
      );
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
  let last: GroupPayload | undefined;
  let hash: Bytes | undefined;
  for (const { payload, statement, signers } of read('cordee1.group', statements)) {
    if (!last) {
      if (!isWithin(signers, creators)) {
        throw new RegistrarUnknown('a group is created by a registrar of the policy');
      }
    } else if (!isWithin(signers, keysOf(accounts, last.managers))) {
      throw new ManagerUnknown('signed by nobody the previous statement names as manager');
    }
    await verify('cordee1.group', statement, signers);
    requireFollows(payload.seq, payload.prev, last?.seq, hash);
    if (payload.net !== policy.payload.net) throw new NetworkWrong('a group of another network');
    requireEpochFollows(payload, last);
    if (kemKeys.length === payload.epoch) kemKeys.push(fromBase64(payload.kem_key));
    last = payload;
    hash = await statementHash(statement);
  }
  return {
    payload: last as GroupPayload,
    hash: hash as Bytes,
    kemKey: kemKeys.at(-1) as Bytes,
    kemKeys,
  };
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

/**
 * Follow the key of a case from its opening through grants, rotations and closure.
 *
 * The author of each event after the opening is the opener, an account granted before, or a member
 * of a group granted before. A grant or rotation after a closure reopens the case.
 *
 * Caller's duty: `accounts` and `groups` come from verified chains; compare `payload.case` with the
 * case asked for; after unwrapping K_g call `requireCommitment` with `commitments[g]`.
 */
export async function verifyCaseEvents(
  statements: readonly Statement[],
  accounts: SignKeys,
  groups: GroupMembers,
  net: string,
): Promise<CaseChain> {
  let last: CaseChain | undefined;
  for (const { payload, statement, signers } of read('cordee1.case', statements)) {
    requireKnown(signers, keysOf(accounts, [payload.by]));
    await verify('cordee1.case', statement, signers);
    requireFollows(payload.n, payload.prev, last?.payload.n, last?.hash);
    if (payload.net !== net) throw new NetworkWrong('a case of another network');
    if (last && payload.case !== last.payload.case) {
      throw new SubjectChanged('an event of another case');
    }
    if (last && payload.by !== last.opener && !holds(last, payload.by, groups)) {
      throw new OutsideCareCircle('the author had no part in the case at that time');
    }
    last = after(last, payload, await statementHash(statement));
  }
  return last as CaseChain;
}

function holds(chain: CaseChain, account: string, groups: GroupMembers): boolean {
  return chain.recipients.map(parseRecipient).some((recipient) => {
    if (recipient.kind === 'account') return recipient.id === account;
    if (recipient.kind === 'group') return [...(groups.get(recipient.id) ?? [])].includes(account);
    return false;
  });
}

/** The chain with one more event whose signature and place are already checked. */
function after(last: CaseChain | undefined, event: CasePayload, hash: Bytes): CaseChain {
  const kc = fromBase64(event.kc);
  if (!last || event.event === 'open') {
    if (last || event.event !== 'open') {
      throw new EventOutOfPlace('a case begins with its opening, and opens once');
    }
    if (event.generation !== 0) throw new GenerationBroken('a case opens with generation 0');
    if (event.to.length === 0) throw new EventOutOfPlace('a case is opened to somebody');
    const recipients = event.to;
    return { payload: event, hash, commitments: [kc], recipients, opener: event.by, closed: false };
  }
  const { commitments, recipients, opener } = last;
  const isCommitted = (commitment: Bytes) => toBase64(commitment) === event.kc;
  if (event.event === 'rotate') {
    if (event.generation !== last.payload.generation + 1) {
      throw new GenerationBroken('a rotation advances the generation by one');
    }
    if (commitments.some(isCommitted)) throw new KeyUnchanged('a rotation brings a new key');
    if (event.to.length === 0) throw new EventOutOfPlace('a rotation keeps somebody');
    return {
      payload: event,
      hash,
      commitments: [...commitments, kc],
      recipients: event.to,
      opener,
      closed: false,
    };
  }
  if (event.generation !== last.payload.generation) {
    throw new GenerationBroken(`a ${event.event} stays in its generation`);
  }
  if (!commitments.slice(-1).some(isCommitted)) {
    throw new KeySwapped('the key changed though the generation did not');
  }
  const closed = event.event === 'close';
  if (closed && (last.closed || event.to.length > 0)) {
    throw new EventOutOfPlace('a case closes once and grants nothing then');
  }
  if (!closed && event.to.length === 0) throw new EventOutOfPlace('a grant names somebody');
  const added = event.to.filter((name) => !recipients.includes(name));
  return {
    payload: event,
    hash,
    commitments,
    recipients: [...recipients, ...added],
    opener,
    closed,
  };
}
