/**
 * The keys of cases, and the checks that make a sealed thing trustworthy.
 *
 * A key comes from a grant to this person or to one of their groups; a full case also proves, by the
 * signed events and the commitment in them, that it is the key its opener made and not one the
 * server planted. What cannot be proved is said (`Seal`), never hidden.
 */
import { type Bytes, fromBase64, fromUtf8, toBase64 } from '../crypto/bytes.ts';
import { verifyCaseEvents } from '../crypto/case-chain.ts';
import { requireCommitment } from '../crypto/commitment.ts';
import {
  caseContext,
  casePrevContext,
  headerContext,
  messageContext,
  parseRecipient,
} from '../crypto/contexts.ts';
import { ProtocolError, SealBroken } from '../crypto/errors.ts';
import type { Payloads } from '../crypto/payloads.ts';
import { type Statement, verifyStatement } from '../crypto/statement.ts';
import { NetworkDown, Problem } from '../transport/http.ts';
import { readHeader, readMessageBody } from './bodies.ts';
import type { CaseRow, MessageRow, OpenedCase, OpenedMessage, Seal } from './case-types.ts';
import { groupKem, groups } from './groups.ts';
import { myKeys } from './keys.ts';
import { person, type VerifiedPerson } from './people.ts';
import { unseal, unwrap } from './sealing.ts';
import { network } from './session.ts';
import type { Named } from './types.ts';

/** This person holds no key to the case: access is being prepared, or was never given. */
export class NoKey extends Error {
  override name = 'NoKey';
}

const opened = new Map<string, Promise<Bytes>>();
const proved = new Set<string>();

export function net(): string {
  const id = network.value?.net;
  if (!id) throw new NetworkDown();
  return id;
}

/** Forget every key: the application was locked or someone else signed in. */
export function forgetCaseKeys(): void {
  opened.clear();
  proved.clear();
}

/** Remember the key of a case just made on this device. */
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
    key.catch(() => opened.delete(name));
  }
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
      return await unwrap(seed, context, fromBase64(grant.wrapped));
    } catch (error) {
      failure = error;
    }
  }
  // A later generation carries the one before: who reads today reads the past.
  const later = row.previous.find((link) => link.generation === generation + 1);
  if (!later) throw failure;
  const next = await caseKey(row, generation + 1);
  return unseal(next, casePrevContext(net(), row.id, generation + 1), fromBase64(later.sealed));
}

async function seedFor(recipient: string): Promise<Bytes | null> {
  const to = parseRecipient(recipient);
  if (to.kind === 'account') {
    const mine = await myKeys();
    return to.id === mine.account && to.seq === mine.seq ? mine.kemSeed : null;
  }
  if (to.kind !== 'group' || !groups.value.some((group) => group.id === to.id && group.mine)) {
    return null;
  }
  return (await groupKem(to.id, to.epoch)).seed;
}

/**
 * Follow the signed events of a full case and check the key against the commitment in them.
 *
 * @throws ProtocolError when the server shows another case than the one that was opened.
 */
async function proveCase(row: CaseRow): Promise<void> {
  const name = `${row.id}/${row.generation}/${row.events.length}`;
  if (proved.has(name) || row.events.length === 0) return;
  const authors = new Set([row.opened_by.id]);
  for (const event of row.events) {
    const by = (JSON.parse(fromUtf8(fromBase64(event.p))) as { by?: unknown }).by;
    if (typeof by === 'string') authors.add(by);
  }
  const accounts = new Map<string, Bytes[]>();
  for (const id of authors) accounts.set(id, [...(await person(id)).signKeys]);
  const members = new Map(
    groups.value.map((group) => [group.id, group.members.map((one) => one.id)]),
  );
  const chain = await verifyCaseEvents(row.events, accounts, members, net());
  if (chain.payload.case !== row.id || chain.opener !== row.opened_by.id) {
    throw new SealBroken('the events of another case');
  }
  const commitment = chain.commitments[row.generation];
  if (!commitment) throw new SealBroken('a generation nobody announced');
  await requireCommitment(await caseKey(row), commitment);
  proved.add(name);
}

/**
 * A person shown by the server, under the name that they signed and a registrar vouched for.
 *
 * @throws SealBroken when the server writes another name beside a good key.
 */
async function signedPerson({ id, name }: Named): Promise<VerifiedPerson> {
  const found = await person(id);
  if (found.name !== name) throw new SealBroken('another name than the one signed');
  return found;
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
    const { signKeys, signKey } = await signedPerson(author);
    // Words signed long ago stay true under the key of their time.
    const used = signKeys.find((known) => toBase64(known) === statement.s[0]?.k) ?? signKey;
    return { payload: await verifyStatement(type, statement, used), seal: { state: 'whole' } };
  } catch (error) {
    if (!(error instanceof NetworkDown)) throw error;
    // Opened under the case key, so it comes from the care circle; who of it, will be checked later.
    const payload = JSON.parse(fromUtf8(fromBase64(statement.p))) as Payloads[T];
    return { payload, seal: { state: 'unchecked' } };
  }
}

/** Nobody has wrapped the group's key to this person yet. */
const WITHOUT_KEY = new Set(['no_grant', 'group_not_found', 'epoch_not_found']);

function sealOf(error: unknown): Seal {
  if (error instanceof NoKey) return { state: 'closed' };
  if (error instanceof NetworkDown) return { state: 'unchecked' };
  if (error instanceof ProtocolError || error instanceof SyntaxError) {
    return { state: 'broken', why: `${error.name}: ${error.message}` };
  }
  if (error instanceof Problem && WITHOUT_KEY.has(error.code)) return { state: 'closed' };
  // The person directory knows no such author: the server names someone it cannot show.
  if (error instanceof Problem) return { state: 'broken', why: error.code };
  throw error;
}

/** Open a case's header; a full case (with its events) is proved as well. */
export async function openCase(row: CaseRow): Promise<OpenedCase> {
  const { header, id } = row;
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
    try {
      if (row.expert) await signedPerson(row.expert);
      await proveCase(row);
    } catch (error) {
      return { header: body, seal: sealOf(error) };
    }
    return { header: body, seal };
  } catch (error) {
    return { header: null, seal: sealOf(error) };
  }
}

const messages = new Map<string, Promise<OpenedMessage>>();

export function forgetMessages(): void {
  messages.clear();
}

/** Open one message of a case. Never throws for a broken one: the thread shows it as such. */
export function openMessage(owner: CaseRow, row: MessageRow): Promise<OpenedMessage> {
  // The same id with other bytes is another message.
  const name = `${row.id}/${row.generation}/${row.sealed.slice(0, 64)}`;
  let found = messages.get(name);
  if (!found) {
    found = tryOpenMessage(owner, row);
    messages.set(name, found);
    void found.then(
      ({ seal }) => seal.state !== 'whole' && messages.delete(name),
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
    return { body, attachments: payload.attachments, at: payload.at, seal };
  } catch (error) {
    return { body: null, attachments: [], at: null, seal: sealOf(error) };
  }
}
