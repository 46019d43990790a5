/**
 * Who can read a case: handing its key to others, taking it from them, and making a new one when
 * somebody's key has moved on.
 *
 * Each change is one signed event over what the case was a moment ago. When it had moved meanwhile,
 * on another device say, everything is fetched, checked and made again.
 */
import { type Bytes, fromBase64, randomBytes, toBase64 } from '../crypto/bytes.ts';
import { keyCommitment } from '../crypto/commitment.ts';
import {
  accountRecipient,
  caseContext,
  casePrevContext,
  custodianRecipient,
  groupRecipient,
  parseRecipient,
} from '../crypto/contexts.ts';
import { CircleFalsified, NotCertified } from '../crypto/errors.ts';
import type { CasePayload } from '../crypto/payloads.ts';
import { type Statement, signStatement } from '../crypto/statement.ts';
import { isSupported, requireSupported } from '../crypto/suites.ts';
import { t } from '../i18n.ts';
import { api, Problem } from '../transport/http.ts';
import { fetchCase } from './case-fetching.ts';
import { caseKey, net, type ProvenCase, proveCase, subjectOf } from './case-keys.ts';
import { keepRows } from './case-rows.ts';
import type { CaseRow } from './case-types.ts';
import { forgetGroup, groupChain, loadGroups } from './groups.ts';
import { myKeys } from './keys.ts';
import { forgetPerson, person, policy } from './people.ts';
import { seal, wrapToAll } from './sealing.ts';
import { loadNetwork } from './session.ts';

type Purpose =
  | 'forward'
  | 'second_opinion'
  | 'named_expert'
  | 'doctor'
  | 'regrant'
  | 'rekey'
  | 'take_off';

interface EventBody {
  event: Statement;
  grants: Record<string, string>;
  previous?: string;
  purpose: Purpose;
  target?: string;
}

/** Forward the case to another pool; the one before keeps reading. */
export function forwardCase(row: CaseRow, poolId: string): Promise<CaseRow> {
  return grant(row.id, 'forward', `group:${poolId}`);
}

/** Ask another pool for a second opinion, beside the one asked first. */
export function askSecondOpinion(row: CaseRow, poolId: string): Promise<CaseRow> {
  return grant(row.id, 'second_opinion', `group:${poolId}`);
}

/** Bring in a named expert, or the patient's own doctor. */
export function bringIn(
  row: CaseRow,
  accountId: string,
  as: 'named_expert' | 'doctor',
): Promise<CaseRow> {
  return grant(row.id, as, `account:${accountId}`);
}

/** Wrap the case's key to the new keys of somebody who is in its circle already. */
export function regrant(caseId: string, accountId: string): Promise<CaseRow> {
  return grant(caseId, 'regrant', `account:${accountId}`);
}

/** Take a pool or a person off the case: its next words are under a key they do not get. */
export function takeOff(row: CaseRow, holderId: string): Promise<CaseRow> {
  return change(row.id, async (latest, chain) => {
    const kept = chain.recipients
      .map(subjectOf)
      .filter((subject) => subject.split(':')[1] !== holderId);
    const publics = await keysToday([...kept, ...(await custodians())]);
    return { ...(await rotation(latest, chain, publics)), purpose: 'take_off', target: holderId };
  });
}

/** Pass a case that the present pool cannot answer on to its next overflow pool. */
export async function passOn(row: CaseRow): Promise<void> {
  await api('POST', `/cases/${row.id}/overflow`, { id: crypto.randomUUID() });
  await fetchCase(row.id);
}

/**
 * Give the case a key of today, if anybody holds it under a key of the past: who left a group since
 * then reads nothing written after this.
 */
export function rekey(caseId: string): Promise<CaseRow> {
  let learned = false;
  return change(caseId, async (row, chain) => {
    if (row.rekey_due && !learned && (await isHeldToday(chain))) await learnAnew();
    learned = true;
    if (!row.rekey_due && (await isHeldToday(chain))) return null;
    return { ...(await rotation(row, chain, await holdersToday(chain))), purpose: 'rekey' };
  });
}

/**
 * Whether all who hold the case's key hold it under their keys of today, as known here, and under no
 * former one: a key that was handed on to renewed keys still opens with the old ones.
 */
export async function isHeldToday(chain: ProvenCase): Promise<boolean> {
  const wanted = await holdersToday(chain);
  const held = new Set(chain.recipients);
  return held.size === wanted.size && [...held].every((recipient) => wanted.has(recipient));
}

async function holdersToday(chain: ProvenCase): Promise<Map<string, Bytes>> {
  return keysToday([...chain.recipients.map(subjectOf), ...(await custodians())]);
}

/** Every custodian of the verified policy: whoever opens or rotates a case includes them. */
export async function custodians(): Promise<string[]> {
  const { payload } = await policy();
  return payload.custodians.map((_, n) => custodianRecipient(n));
}

/**
 * Today's recipient and public key of each group (`group:id`), person (`account:id`) and custodian.
 *
 * @throws ProtocolError when one of them cannot be believed.
 */
export async function keysToday(subjects: Iterable<string>): Promise<Map<string, Bytes>> {
  const { payload: rules } = await policy();
  const publics = new Map<string, Bytes>();
  for (const subject of new Set(subjects)) {
    const [kind, id = ''] = subject.split(':');
    if (kind === 'group') {
      const { payload, kemKey } = await groupChain(id);
      publics.set(groupRecipient(id, payload.epoch), kemKey);
    } else if (kind === 'account') {
      const { certified, seq, kemKey } = await person(id);
      if (!certified) throw new NotCertified("no registrar has co-signed this person's keys");
      publics.set(accountRecipient(id, seq), kemKey);
    } else {
      // A custodian that the rules no longer name gets no further key.
      const key = rules.custodians[Number(id)];
      if (key) publics.set(subject, fromBase64(key));
    }
  }
  return publics;
}

/** Wrap a generation's key to each of them. @throws SuiteUnsupported */
export async function grantsTo(
  caseId: string,
  generation: number,
  key: Bytes,
  publics: ReadonlyMap<string, Bytes>,
): Promise<Record<string, string>> {
  for (const [recipient, publicKey] of publics) {
    if (!isSupported(publicKey)) requireSupported(publicKey, await holderName(recipient));
  }
  const recipients = [...publics.keys()].sort();
  const to = recipients.map((recipient) => ({
    publicKey: publics.get(recipient) as Bytes,
    context: caseContext(net(), caseId, generation, recipient),
  }));
  const wrapped = await wrapToAll(to, key);
  return Object.fromEntries(
    recipients.map((recipient, i) => [recipient, toBase64(wrapped[i] as Bytes)]),
  );
}

async function holderName(recipient: string): Promise<string> {
  const to = parseRecipient(recipient);
  if (to.kind === 'custodian') return t('The archive of the network (sealed key kept offline)');
  return to.kind === 'account'
    ? (await person(to.id)).name
    : (await groupChain(to.id)).payload.name;
}

/** Sign an event of a case: its recipients are those of the grants. */
export async function signEvent(
  event: Pick<CasePayload, 'case' | 'n' | 'event' | 'generation' | 'kc' | 'prev'>,
  grants: Record<string, string>,
): Promise<Statement> {
  const { account, signer } = await myKeys();
  const to = Object.keys(grants);
  return signStatement('cordee1.case', { v: 1, net: net(), ...event, to, by: account }, signer);
}

function grant(caseId: string, purpose: Purpose, subject: string): Promise<CaseRow> {
  return change(caseId, async (row, chain) => {
    const { generation, kc } = chain.payload;
    const publics = await keysToday([subject]);
    if (purpose === 'regrant') {
      if ([...publics.keys()].every((to) => chain.recipients.includes(to))) return null;
      // The server says whose keys are new; only the signed events say who reads the case.
      if (!chain.recipients.some((recipient) => subjectOf(recipient) === subject)) {
        throw new CircleFalsified('no event names this reader');
      }
    }
    const grants = await grantsTo(row.id, generation, await caseKey(row, generation), publics);
    const event = await signEvent({ ...next(chain), event: 'grant', generation, kc }, grants);
    return { event, grants, purpose, target: subject.split(':')[1] as string };
  });
}

const next = ({ payload, hash }: ProvenCase) => ({
  case: payload.case,
  n: payload.n + 1,
  prev: toBase64(hash),
});

/** A new key, wrapped to these, that carries the one before for who reads the past. */
async function rotation(
  row: CaseRow,
  chain: ProvenCase,
  publics: ReadonlyMap<string, Bytes>,
): Promise<Omit<EventBody, 'purpose'>> {
  const generation = chain.payload.generation + 1;
  const before = await caseKey(row, generation - 1);
  const key = randomBytes(32);
  const grants = await grantsTo(row.id, generation, key, publics);
  const kc = toBase64(await keyCommitment(key));
  const event = await signEvent({ ...next(chain), event: 'rotate', generation, kc }, grants);
  const previous = await seal(key, casePrevContext(net(), row.id, generation), before);
  return { event, grants, previous: toBase64(previous) };
}

/**
 * Somebody's key, the case itself or the custodians in the rules are no longer what this device
 * knew.
 */
const MOVED = new Set(['case_moved', 'stale_epoch', 'event_refused']);
const TRIES = 4;

/** Make one event over the case as it is now; `null` when there is nothing left to change. */
async function change(
  caseId: string,
  make: (row: CaseRow, chain: ProvenCase) => Promise<EventBody | null>,
): Promise<CaseRow> {
  for (let tries = 1; ; tries++) {
    const row = await fetchCase(caseId);
    const body = await make(row, await proveCase(row));
    if (!body) return row;
    try {
      const answer = await api<CaseRow>('POST', `/cases/${caseId}/events`, body);
      keepRows([answer]);
      return answer;
    } catch (error) {
      const moved = error instanceof Problem && MOVED.has(error.code);
      if (!moved || tries === TRIES) throw error;
      await learnAnew();
    }
  }
}

/** Ask for everybody's keys again: groups, people and the network's rules. */
export async function learnAnew(): Promise<void> {
  forgetGroup();
  forgetPerson();
  await Promise.all([loadGroups(), loadNetwork()]);
}
