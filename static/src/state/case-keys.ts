/**
 * The keys of cases, and the proof that they are those their makers made.
 *
 * A key comes from a grant to this person or to one of their groups, or from the generation after
 * it; a full case also proves, by the signed events and the commitments in them, that none was
 * planted by the server.
 */
import { type Bytes, fromBase64, toBase64 } from '../crypto/bytes.ts';
import {
  type CaseChain,
  type GroupMembers,
  holds,
  verifyCaseEvents,
} from '../crypto/case-chain.ts';
import { requireCommitment } from '../crypto/commitment.ts';
import { caseContext, casePrevContext, parseRecipient } from '../crypto/contexts.ts';
import { OutsideCareCircle, SealBroken, SequenceBroken } from '../crypto/errors.ts';
import { readLinks } from '../crypto/links.ts';
import type { CasePayload } from '../crypto/payloads.ts';
import { type Statement, statementHash } from '../crypto/statement.ts';
import { api, Problem } from '../transport/http.ts';
import type { CaseRow } from './case-types.ts';
import { groupChain, groupSeed, groups, groupsAnew } from './groups.ts';
import { kemSeedOf, myKeys } from './keys.ts';
import { underPeople } from './people.ts';
import { unseal, unwrap } from './sealing.ts';
import { netId } from './session.ts';

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
/** Commitments of cases whose events hold: no key of theirs is taken without. */
const committed = new Map<string, readonly Bytes[]>();

export const net = (): string => netId();

/** Forget the keys of a case that is no longer ours; all of them when locking. */
export function forgetCaseKeys(caseId?: string): void {
  for (const kept of [opened, proved, furthest, committed]) {
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

/** The key that new words are sealed under: that of the last event, whatever the row says. */
export async function newestKey(row: CaseRow, chain: ProvenCase): Promise<Bytes> {
  const { generation } = chain.payload;
  const key = await caseKey(row, generation);
  await requireCommitment(key, chain.commitments[generation] as Bytes);
  return key;
}

async function requireCommitted(row: CaseRow, generation: number, key: Bytes): Promise<Bytes> {
  const known = committed.get(row.id);
  const commitment = known?.[generation];
  if (commitment) await requireCommitment(key, commitment);
  // Further than was proved: only by events that wait to be followed, and will be.
  else if (known && generation > announcedIn(row)) {
    throw new SealBroken('a generation nobody announced');
  }
  return key;
}

function announcedIn({ events }: CaseRow): number {
  if (events.length === 0) return -1;
  const [last] = readLinks('cordee1.case', events.slice(-1));
  return last?.payload.generation ?? -1;
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
      return await requireCommitted(row, generation, key);
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
  return requireCommitted(row, generation, key);
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
export async function proveCase(row: CaseRow): Promise<ProvenCase> {
  const of = `${row.events.length} ${row.events.at(-1)?.s[0]?.sig}`;
  let known = proved.get(row.id);
  if (known?.of !== of) {
    const chain = prove(row);
    known = { of, chain };
    proved.set(row.id, known);
    chain.catch(() => proved.get(row.id)?.chain === chain && proved.delete(row.id));
  }
  const chain = await known.chain;
  // The same events may come beside anything else.
  requireShown(row, chain);
  return chain;
}

/** What the server says beside the events must be what they say. @throws SealBroken */
function requireShown(row: CaseRow, { payload, opener }: CaseChain): void {
  if (payload.case !== row.id || opener !== row.opened_by.id) {
    throw new SealBroken('the events of another case');
  }
  // Nothing commits to the key of a generation that nobody announced.
  if (row.generation !== payload.generation) {
    throw new SealBroken('a generation nobody announced');
  }
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
  requireShown(row, chain);
  await requireNotTakenBack(row);
  if (chain.commitments.length >= (committed.get(row.id)?.length ?? 0)) {
    committed.set(row.id, chain.commitments);
  }
  // A key opened from a list came without events: now it must be the one that was committed to.
  for (const [generation] of chain.commitments.entries()) {
    const name = `${row.id}/${generation}`;
    const key = await opened.get(name)?.catch(() => null);
    if (key) {
      await requireCommitted(row, generation, key).catch(() => opened.delete(name));
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
 * Somebody had part in a case when its key was of this generation. They may have been let in since
 * the case was fetched: then it is fetched once more.
 */
export async function requirePart(row: CaseRow, by: string, generation: number): Promise<void> {
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
