/** The chain of signed events that says who may hold a case's key, and which key it is. */
import { type Bytes, fromBase64, toBase64 } from './bytes.ts';
import { parseRecipient } from './contexts.ts';
import {
  EventOutOfPlace,
  GenerationBroken,
  KeySwapped,
  KeyUnchanged,
  NetworkWrong,
  OutsideCareCircle,
  SubjectChanged,
} from './errors.ts';
import {
  keysOf,
  readLinks,
  requireFollows,
  requireKnown,
  type SignKeys,
  verifyLink,
} from './links.ts';
import type { CasePayload } from './payloads.ts';
import { type Statement, statementHash } from './statement.ts';

/**
 * `id@epoch` → account ids of who was a member from that epoch on; or plain id → members whatever
 * the epoch. Taken from verified chains.
 */
export type GroupMembers = ReadonlyMap<string, Iterable<string>>;

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

/**
 * Follow the key of a case from its opening through grants, rotations and closure.
 *
 * The author of each event after the opening is the opener, an account granted before, or a member
 * of a group granted before; who rotates must also stand among those the rotation keeps, or somebody
 * removed could choose the next key with a lying server. A grant or rotation after a closure reopens
 * the case.
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
  for (const { payload, statement, signers } of readLinks('cordee1.case', statements)) {
    requireFollows(payload.n, payload.prev, last?.payload.n, last?.hash);
    requireKnown(signers, keysOf(accounts, [payload.by]));
    await verifyLink('cordee1.case', statement, signers);
    if (payload.net !== net) throw new NetworkWrong('a case of another network');
    if (last && payload.case !== last.payload.case) {
      throw new SubjectChanged('an event of another case');
    }
    const { event, by, to } = payload;
    if (
      last &&
      by !== last.opener &&
      !(holds(last.recipients, by, groups) && (event !== 'rotate' || holds(to, by, groups)))
    ) {
      throw new OutsideCareCircle('the author had no part in the case at that time');
    }
    last = after(last, payload, await statementHash(statement));
  }
  return last as CaseChain;
}

/** Whether an account is among the recipients, itself or by a group. */
export function holds(
  recipients: readonly string[],
  account: string,
  groups: GroupMembers,
): boolean {
  return recipients.map(parseRecipient).some((to) => {
    if (to.kind === 'account') return to.id === account;
    if (to.kind !== 'group') return false;
    const members = groups.get(`${to.id}@${to.epoch}`) ?? groups.get(to.id) ?? [];
    return [...members].includes(account);
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
