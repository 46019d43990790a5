/**
 * Opening what a case holds, and the checks that make it trustworthy: its header, its messages, the
 * circle shown. What cannot be proved is said (`Seal`), never hidden.
 */
import { type Bytes, fromBase64, fromUtf8, toBase64 } from '../crypto/bytes.ts';
import { headerContext, messageContext } from '../crypto/contexts.ts';
import { AuthorUnknown, CircleFalsified, ProtocolError, SealBroken } from '../crypto/errors.ts';
import type { Payloads } from '../crypto/payloads.ts';
import { type Statement, verifyStatement } from '../crypto/statement.ts';
import { NetworkDown, Problem } from '../transport/http.ts';
import { readHeader, readMessageBody } from './bodies.ts';
import {
  caseKey,
  forgetCaseKeys,
  NoKey,
  net,
  type ProvenCase,
  proveCase,
  requirePart,
  subjectOf,
} from './case-keys.ts';
import type { CaseRow, MessageRow, OpenedCase, OpenedMessage, Seal } from './case-types.ts';
import { checkGossip } from './key-log.ts';
import { underPeople, type VerifiedPerson } from './people.ts';
import { reportSeal } from './seal-reports.ts';
import { unseal } from './sealing.ts';
import type { Named } from './types.ts';

const messages = new Map<string, { of: MessageRow; found: Promise<OpenedMessage> }>();

/** Forget what was opened of a case that is no longer ours; of all of them when locking. */
export function forgetCase(caseId?: string): void {
  forgetCaseKeys(caseId);
  for (const name of messages.keys()) {
    if (caseId === undefined || name.startsWith(caseId)) messages.delete(name);
  }
}

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
    return { by: row.opened_by, header: body, seal: fault ? sealOf(fault) : seal };
  } catch (error) {
    return {
      by: row.opened_by,
      header: null,
      seal: sealOf(fault instanceof ProtocolError ? fault : error),
    };
  }
}

const WORDS = ['case', 'id', 'generation', 'kind', 'sealed'] as const;

/** The same id by another author, of another kind or with other bytes is another message. */
function sameWords(one: MessageRow, other: MessageRow): boolean {
  const { author } = other;
  return (
    WORDS.every((part) => one[part] === other[part]) &&
    one.author.id === author.id &&
    one.author.name === author.name
  );
}

/** What was opened of exactly this row: the page says nothing of one row beside another. */
export function openedAs(
  opened: ReadonlyMap<string, OpenedMessage>,
  row: MessageRow,
): OpenedMessage | undefined {
  const found = opened.get(row.id);
  return found && sameWords(found.of, row) ? found : undefined;
}

/** Open one message of a case. Never throws for a broken one: the thread shows it as such. */
export function openMessage(owner: CaseRow, row: MessageRow): Promise<OpenedMessage> {
  const name = `${row.case}/${row.id}`;
  const known = messages.get(name);
  if (known && sameWords(known.of, row)) return known.found;
  const found = tryOpenMessage(owner, row);
  const kept = { of: row, found };
  messages.set(name, kept);
  const forget = () => messages.get(name) === kept && messages.delete(name);
  void found.then(({ seal }) => {
    if (seal.state !== 'whole') forget();
    if (seal.state === 'broken') reportSeal('message', row.id, seal.error, row.case);
  }, forget);
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
    const { attachments, at, seen } = payload;
    const found = { of: row, body, attachments, at, seen };
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
    return { of: row, body: null, attachments: [], at: null, seen: [], seal: sealOf(error) };
  }
}
