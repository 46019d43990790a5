/**
 * The keys of cases, and the checks that make a sealed thing trustworthy.
 *
 * A key comes from a grant to this person or to one of their groups, or from the generation after
 * it; a full case also proves, by the signed events and the commitments in them, that each is the
 * key its maker made and not one the server planted. What cannot be proved is said (`Seal`), never
 * hidden.
 */
import { type Bytes, fromBase64, fromUtf8, toBase64 } from '../crypto/bytes.ts';
import {
  type CaseChain,
  type GroupMembers,
  holds,
  verifyCaseEvents,
} from '../crypto/case-chain.ts';
import { requireCommitment } from '../crypto/commitment.ts';
import {
  caseContext,
  casePrevContext,
  headerContext,
  messageContext,
  parseRecipient,
} from '../crypto/contexts.ts';
import {
  AuthorUnknown,
  CircleFalsified,
  OutsideCareCircle,
  ProtocolError,
  SealBroken,
  SequenceBroken,
} from '../crypto/errors.ts';
import { readLinks } from '../crypto/links.ts';
import type { CasePayload, Payloads } from '../crypto/payloads.ts';
import { type Statement, statementHash, verifyStatement } from '../crypto/statement.ts';
import { api, NetworkDown, Problem } from '../transport/http.ts';
import { readHeader, readMessageBody } from './bodies.ts';
import type { CaseRow, MessageRow, OpenedCase, OpenedMessage, Seal } from './case-types.ts';
import { groupChain, groupSeed, groups, groupsAnew } from './groups.ts';
import { checkGossip } from './key-log.ts';
import { kemSeedOf, myKeys } from './keys.ts';
import { underPeople, type VerifiedPerson } from './people.ts';
import { reportSeal } from './seal-reports.ts';
import { unseal, unwrap } from './sealing.ts';
import { netId } from './session.ts';
import type { Named } from './types.ts';

/** This person holds no key to the case: access is being prepared, or was never given. */
export class NoKey extends Error {
  override name = 'NoKey';
}

/** A case whose signed events hold. */
export interface ProvenCase extends CaseChain {
  /** Who held each generation, by generation. */
  holders: string[][];
}

const opened = new Map<string, Promise<Bytes>>();
const proved = new Map<string, { of: string; chain: Promise<ProvenCase> }>();
/** The events of each case that were followed furthest: their hashes, in order, base64. */
const furthest = new Map<string, readonly string[]>();
const messages = new Map<string, Promise<OpenedMessage>>();
/** Commitments of cases whose events hold: no key of theirs is taken without. */
const committed = new Map<string, readonly Bytes[]>();

export const net = (): string => netId();

/** Forget the keys of a case that is no longer ours; all of them when locking. */
export function forgetCaseKeys(caseId?: string): void {
  for (const kept of [opened, proved, furthest, committed, messages]) {
    for (const name of kept.keys()) {
      if (caseId === undefined || name.startsWith(caseId)) kept.delete(name);
    }
  }
}

/** Remember the key of a generation just made on this device. */
export function rememberCaseKey(caseId: string, generation: number, key: Bytes): void {
  opened.set(`${caseId}/${generation}`, Promise.resolve(key));
}

/** K_g of a case. @throws NoKey, ProtocolError */
export function caseKey(row: CaseRow, generation = row.generation): Promise<Bytes> {
  const name = `${row.id}/${generation}`;
  let key = opened.get(name);
  if (!key) {
    key = openCaseKey(row, generation);
    opened.set(name, key);
    key.catch(() => opened.get(name) === key && opened.delete(name));
  }
  return key;
}

async function requireCommitted(caseId: string, generation: number, key: Bytes): Promise<Bytes> {
  const commitment = committed.get(caseId)?.[generation];
  if (commitment) await requireCommitment(key, commitment);
  return key;
}

async function openCaseKey(row: CaseRow, generation: number): Promise<Bytes> {
  let failure: unknown = new NoKey();
  for (const grant of row.grants) {
    if (grant.generation !== generation) continue;
    try {
      const seed = await seedFor(grant.recipient);
      if (!seed) continue;
      const context = caseContext(net(), row.id, generation, grant.recipient);
      const key = await unwrap(seed, context, fromBase64(grant.wrapped));
      return await requireCommitted(row.id, generation, key);
    } catch (error) {
      failure = error;
    }
  }
  // A later generation carries the one before: who reads today reads the past.
  const later = row.previous.find((link) => link.generation === generation + 1);
  if (!later) throw failure;
  const next = await caseKey(row, generation + 1);
  const context = casePrevContext(net(), row.id, generation + 1);
  const key = await unseal(next, context, fromBase64(later.sealed));
  return requireCommitted(row.id, generation, key);
}

async function seedFor(recipient: string): Promise<Bytes | null> {
  const to = parseRecipient(recipient);
  if (to.kind === 'account') {
    return to.id === (await myKeys()).account ? kemSeedOf(to.seq) : null;
  }
  if (to.kind !== 'group' || !groups.value.some((group) => group.id === to.id && group.mine)) {
    return null;
  }
  return groupSeed(to.id, to.epoch);
}

/**
 * The signed events of a full case, followed from its opening; every key of it that was opened is
 * compared with the commitments in them.
 *
 * @throws ProtocolError when the server shows another case than the one that was opened.
 */
export function proveCase(row: CaseRow): Promise<ProvenCase> {
  const of = `${row.events.length} ${row.events.at(-1)?.s[0]?.sig}`;
  let known = proved.get(row.id);
  if (known?.of !== of) {
    const chain = prove(row);
    known = { of, chain };
    proved.set(row.id, known);
    chain.catch(() => proved.get(row.id)?.chain === chain && proved.delete(row.id));
  }
  return known.chain;
}

async function prove(row: CaseRow): Promise<ProvenCase> {
  const events = [...readLinks('cordee1.case', row.events)].map(({ payload }) => payload);
  const authors = events.map(({ by }) => by);
  const alone = authors.every((author) => author === row.opened_by.id);
  const recipients = alone ? [] : events.flatMap(({ to }) => to);
  const chain = await underMembers(recipients, (members) =>
    underPeople(authors, (people) => {
      const accounts = new Map(people.map(({ id, signKeys }) => [id, signKeys]));
      return verifyCaseEvents(row.events, accounts, members, net());
    }),
  );
  if (chain.payload.case !== row.id || chain.opener !== row.opened_by.id) {
    throw new SealBroken('the events of another case');
  }
  // Nothing commits to the key of a generation that nobody announced.
  if (row.generation !== chain.payload.generation) {
    throw new SealBroken('a generation nobody announced');
  }
  await requireNotTakenBack(row);
  if (chain.commitments.length >= (committed.get(row.id)?.length ?? 0)) {
    committed.set(row.id, chain.commitments);
  }
  // A key opened from a list came without events: now it must be the one that was committed to.
  for (const [generation] of chain.commitments.entries()) {
    const name = `${row.id}/${generation}`;
    const key = await opened.get(name)?.catch(() => null);
    if (key) {
      await requireCommitted(row.id, generation, key).catch(() => opened.delete(name));
    }
  }
  await Promise.all([caseKey(row), caseKey(row, row.header.generation)]);
  return { ...chain, holders: holdersOf(events) };
}

/**
 * What was proved once stays: events are only ever added to it. An answer with fewer of them may
 * have been overtaken on its way by a newer one; then the server still has them all when asked.
 *
 * @throws SequenceBroken when it shows others in their place, or no longer has them.
 */
async function requireNotTakenBack(row: CaseRow): Promise<void> {
  const shown = await hashesOf(row.events);
  const known = furthest.get(row.id) ?? [];
  requireSame(shown, known);
  if (shown.length >= known.length) {
    furthest.set(row.id, shown);
    return;
  }
  const again = await hashesOf((await fetchAgain(row.id)).events);
  requireSame(again, known);
  if (again.length < known.length) {
    throw new SequenceBroken('the server shows fewer events than before');
  }
}

const hashesOf = (events: readonly Statement[]): Promise<string[]> =>
  Promise.all(events.map(async (event) => toBase64(await statementHash(event))));

function requireSame(shown: readonly string[], known: readonly string[]): void {
  if (shown.some((hash, n) => n < known.length && hash !== known[n])) {
    throw new SequenceBroken('the server shows other events than before');
  }
}

/** The case as it is now. @throws NoKey when it was taken from us meanwhile; NetworkDown, Problem */
async function fetchAgain(id: string): Promise<CaseRow> {
  try {
    return { ...(await api<CaseRow>('GET', `/cases/${id}`)), id };
  } catch (error) {
    throw error instanceof Problem && error.status === 404 ? new NoKey() : error;
  }
}

/**
 * Check something against who was ever a member of these groups, from each epoch on. Who stands
 * outside may have joined since the groups were read: then it is checked once more.
 */
async function underMembers<T>(
  recipients: readonly string[],
  check: (members: GroupMembers) => Promise<T>,
): Promise<T> {
  const members = async () => {
    const known = new Map<string, ReadonlySet<string>>();
    for (const to of new Set(recipients)) {
      const recipient = parseRecipient(to);
      if (recipient.kind !== 'group') continue;
      const { id, epoch } = recipient;
      known.set(`${id}@${epoch}`, (await groupChain(id)).since[epoch] ?? new Set());
    }
    return known;
  };
  try {
    return await check(await members());
  } catch (error) {
    if (!(error instanceof OutsideCareCircle)) throw error;
    await groupsAnew();
    return check(await members());
  }
}

/** Everyone a generation was wrapped to, grants after its beginning included. */
function holdersOf(events: readonly CasePayload[]): string[][] {
  const holders: string[][] = [];
  for (const { generation, to } of events) {
    holders[generation] = [...(holders[generation] ?? []), ...to];
  }
  return holders;
}

/** A recipient without its epoch or number: who it is, whatever key they have by now. */
export const subjectOf = (recipient: string): string => recipient.split('@')[0] as string;

/**
 * The circle shown must be the one that was signed: nobody who holds the key is hidden, and nobody
 * is shown who does not.
 *
 * @throws CircleFalsified
 */
function requireCircle(row: CaseRow, chain: ProvenCase): void {
  const shown = new Set(row.circle.flatMap(({ kind, id, left }) => (left ? [] : `${kind}:${id}`)));
  const signed = new Set(chain.recipients.map(subjectOf));
  if (signed.size !== shown.size || ![...signed].every((subject) => shown.has(subject))) {
    throw new CircleFalsified('the circle shown is not the one signed');
  }
}

/**
 * A person shown by the server, under the name that they signed and a registrar vouched for.
 *
 * @throws SealBroken when the server writes another name beside a good key.
 */
async function signedBy<T>(
  { id, name }: Named,
  check: (by: VerifiedPerson) => Promise<T>,
): Promise<T> {
  return underPeople([id], async ([found]) => {
    if (found?.name !== name) throw new SealBroken('another name than the one signed');
    return check(found);
  });
}

/** Read a signed statement out of a sealed blob and check its author, name included. */
async function openStatement<T extends 'cordee1.header' | 'cordee1.message'>(
  type: T,
  key: Bytes,
  context: string,
  sealed: string,
  author: Named,
): Promise<{ payload: Payloads[T]; seal: Seal }> {
  const plain = await unseal(key, context, fromBase64(sealed));
  const statement = JSON.parse(fromUtf8(plain)) as Statement;
  try {
    const payload = await signedBy(author, ({ signKeys, signKey }) => {
      // Words signed long ago stay true under the key of their time.
      const used = signKeys.find((known) => toBase64(known) === statement.s[0]?.k) ?? signKey;
      return verifyStatement(type, statement, used);
    });
    return { payload, seal: { state: 'whole' } };
  } catch (error) {
    if (!(error instanceof NetworkDown)) throw error;
    // Opened under the case key, so it comes from the care circle; who of it, will be checked later.
    const payload = JSON.parse(fromUtf8(fromBase64(statement.p))) as Payloads[T];
    return { payload, seal: { state: 'unchecked' } };
  }
}

/**
 * Somebody had part in a case when its key was of this generation. They may have been let in since
 * the case was fetched: then it is fetched once more.
 */
async function requirePart(row: CaseRow, by: string, generation: number): Promise<void> {
  try {
    await requireHolder(await proveCase(row), by, generation);
  } catch (error) {
    if (!(error instanceof OutsideCareCircle)) throw error;
    const fresh = await fetchAgain(row.id);
    if (fresh.events.length <= row.events.length) throw error;
    // Beside what is proved of this row, which others go on with until they have the new one.
    await requireHolder(await prove(fresh), by, generation);
  }
}

async function requireHolder(chain: ProvenCase, by: string, generation: number): Promise<void> {
  if (by === chain.opener) return;
  const holders = chain.holders[generation];
  if (!holders) throw new SealBroken('a generation nobody announced');
  await underMembers(holders, async (members) => {
    if (!holds(holders, by, members)) {
      throw new OutsideCareCircle('the author had no part in the case at that time');
    }
  });
}

/** Nobody has wrapped the group's key to this person yet. */
const WITHOUT_KEY = new Set(['no_grant', 'group_not_found', 'epoch_not_found']);

function sealOf(error: unknown): Seal {
  if (error instanceof NoKey) return { state: 'closed' };
  if (error instanceof NetworkDown) return { state: 'unchecked' };
  if (error instanceof ProtocolError || error instanceof SyntaxError) {
    return { state: 'broken', why: `${error.name}: ${error.message}`, error };
  }
  if (error instanceof Problem && WITHOUT_KEY.has(error.code)) return { state: 'closed' };
  // The person directory knows no such author: the server names someone it cannot show.
  if (error instanceof Problem) {
    const unknown = new AuthorUnknown('nobody vouches for the author named');
    return { state: 'broken', why: error.code, error: unknown };
  }
  throw error;
}

/** Open a case's header; a full case (with its events) is proved as well. */
export async function openCase(row: CaseRow): Promise<OpenedCase> {
  const found = await tryOpenCase(row);
  if (found.seal.state === 'broken') reportSeal('case', row.id, found.seal.error, row.id);
  return found;
}

async function tryOpenCase(row: CaseRow): Promise<OpenedCase> {
  const { header, id } = row;
  let fault: unknown = null;
  try {
    if (row.expert) await signedBy(row.expert, async () => undefined);
    if (row.events.length > 0) requireCircle(row, await proveCase(row));
  } catch (error) {
    fault = error;
  }
  try {
    const key = await caseKey(row, header.generation);
    const context = headerContext(net(), id, header.generation, header.version);
    const by = row.opened_by.id;
    const { payload, seal } = await openStatement(
      'cordee1.header',
      key,
      context,
      header.sealed,
      row.opened_by,
    );
    const here =
      payload.net === net() &&
      payload.case === id &&
      payload.by === by &&
      payload.g === header.generation &&
      payload.version === header.version;
    if (!here) throw new SealBroken('the header of another case');
    const body = readHeader(payload.body);
    return { header: body, seal: fault ? sealOf(fault) : seal };
  } catch (error) {
    return { header: null, seal: sealOf(fault instanceof ProtocolError ? fault : error) };
  }
}

/** Open one message of a case. Never throws for a broken one: the thread shows it as such. */
export function openMessage(owner: CaseRow, row: MessageRow): Promise<OpenedMessage> {
  // The same id with other bytes is another message.
  const name = `${row.case}/${row.id}/${row.generation}/${row.sealed.slice(0, 64)}`;
  let found = messages.get(name);
  if (!found) {
    found = tryOpenMessage(owner, row);
    messages.set(name, found);
    void found.then(
      ({ seal }) => {
        if (seal.state !== 'whole') messages.delete(name);
        if (seal.state === 'broken') reportSeal('message', row.id, seal.error, row.case);
      },
      () => messages.delete(name),
    );
  }
  return found;
}

async function tryOpenMessage(owner: CaseRow, row: MessageRow): Promise<OpenedMessage> {
  try {
    const key = await caseKey(owner, row.generation);
    const context = messageContext(net(), row.case, row.generation, row.id);
    const by = row.author.id;
    const { payload, seal } = await openStatement(
      'cordee1.message',
      key,
      context,
      row.sealed,
      row.author,
    );
    const here =
      payload.net === net() &&
      payload.case === row.case &&
      payload.id === row.id &&
      payload.by === by &&
      payload.g === row.generation &&
      payload.kind === row.kind;
    if (!here) throw new SealBroken('a message of another place or author');
    const body = readMessageBody(row.kind, payload.body);
    const found = { body, attachments: payload.attachments, at: payload.at, seen: payload.seen };
    try {
      // What waits on this device is our own, under a key that was proved when it was sealed.
      if (row.sequence !== null) await requirePart(owner, by, row.generation);
      if (payload.log) await checkGossip(payload.log);
    } catch (error) {
      if (!(error instanceof NetworkDown)) throw error;
      return { ...found, seal: { state: 'unchecked' } };
    }
    return { ...found, seal };
  } catch (error) {
    return { body: null, attachments: [], at: null, seen: [], seal: sealOf(error) };
  }
}
