/**
 * Signing who belongs to a group. Adding keeps the key; removing makes the next one, wrapped to
 * those who stay alone. Whoever signs need not be a member: the secret is made here and forgotten.
 */
import { type Bytes, randomBytes, toBase64 } from '../crypto/bytes.ts';
import { presentMembers } from '../crypto/chain.ts';
import { groupContext } from '../crypto/contexts.ts';
import { NotCertified } from '../crypto/errors.ts';
import { sealPreviousGroupSecret } from '../crypto/group.ts';
import type { GroupPayload } from '../crypto/payloads.ts';
import { type Statement, signStatement, statementHash } from '../crypto/statement.ts';
import { requireSupported } from '../crypto/suites.ts';
import { api, Problem } from '../transport/http.ts';
import { groupKemPublic, wrap } from '../worker/sealing.ts';
import { net } from './case-keys.ts';
import type { OpenGroup } from './group-types.ts';
import { forgetGroup, groupSecret, loadGroups, openGroup } from './groups.ts';
import { myKeys } from './keys.ts';
import { person, type VerifiedPerson } from './people.ts';

export interface MemberChanges {
  add?: readonly string[];
  remove?: readonly string[];
  /** All managers from now on; the present ones when absent. */
  managers?: readonly string[];
  /** When members leave (RFC 3339); null for no end. */
  until?: Readonly<Record<string, string | null>>;
  /** All pools that take over from now on, nearest first; the present ones when absent. */
  overflow?: readonly string[];
  /** Give the group's open cases new keys at once rather than at their next words. */
  now?: boolean;
}

export type GroupGrants = Record<string, { member_seq: number; wrapped: string }>;

/** People to hand a key to. @throws NotCertified, or the ProtocolError of their chain. */
export async function certifiedPeople(ids: readonly string[]): Promise<VerifiedPerson[]> {
  const people = await Promise.all(ids.map((id) => person(id)));
  for (const found of people) {
    if (!found.certified) throw new NotCertified('a member must be certified first');
  }
  return people;
}

/** Wrap a group's secret to each of them. @throws SuiteUnsupported */
export async function groupGrants(
  group: string,
  epoch: number,
  secret: Bytes,
  people: readonly VerifiedPerson[],
): Promise<GroupGrants> {
  const grants: GroupGrants = {};
  for (const { id, name, kemKey, seq } of people) {
    requireSupported(kemKey, name);
    const wrapped = await wrap(kemKey, groupContext(net(), group, epoch, id, seq), secret);
    grants[id] = { member_seq: seq, wrapped: toBase64(wrapped) };
  }
  return grants;
}

/**
 * Sign who belongs to a group, who manages it and which pools take over from now on.
 *
 * @throws ProtocolError when the group or somebody in it cannot be believed; Problem when refused.
 */
export async function changeMembers(groupId: string, changes: MemberChanges): Promise<void> {
  for (let tries = 1; ; tries++) {
    forgetGroup(groupId);
    const body = await statementOf(await openGroup(groupId), changes);
    if (!body) break;
    try {
      await api('POST', `/groups/${groupId}/statements`, body);
      break;
    } catch (error) {
      // Another manager was faster: theirs first, ours over it.
      if (!(error instanceof Problem) || error.code !== 'group_moved' || tries === 3) throw error;
    }
  }
  forgetGroup(groupId);
  await loadGroups();
}

async function statementOf({ detail, chain }: OpenGroup, changes: MemberChanges) {
  const { signer, account } = await myKeys();
  const last = chain.payload;
  const gone = new Set(changes.remove);
  const stayed = last.members.filter((id) => !gone.has(id));
  const added = (changes.add ?? []).filter((id) => !stayed.includes(id));
  const members = [...stayed, ...added];
  const removes = stayed.length < last.members.length;
  const managers = [...(changes.managers ?? last.managers)];
  const until = Object.fromEntries(
    Object.entries({ ...last.until, ...changes.until }).flatMap(([id, end]) =>
      end !== null && members.includes(id) ? [[id, end]] : [],
    ),
  );
  const overflow = [...(changes.overflow ?? last.overflow ?? [])];
  const changed = { members, managers, until, overflow };
  const same = {
    members: last.members,
    managers: last.managers,
    until: last.until ?? {},
    overflow: last.overflow ?? [],
  };
  if (JSON.stringify(changed) === JSON.stringify(same)) return null;
  const newcomers = await certifiedPeople(added);
  const held = last.members.includes(account)
    ? await groupSecret(last.group, last.epoch).catch(ignoreNoGrant)
    : null;
  const epoch = last.epoch + (removes ? 1 : 0);
  const secret = removes ? randomBytes(32) : held;
  const statement = await signStatement(
    'cordee1.group',
    {
      ...last,
      ...changed,
      seq: last.seq + 1,
      epoch,
      kem_key: removes ? toBase64(await groupKemPublic(secret as Bytes)) : last.kem_key,
      name: detail.name,
      prev: toBase64(await statementHash(detail.statements.at(-1) as Statement)),
    } satisfies GroupPayload,
    signer,
  );
  // A member whose keys wait for a registrar gets this epoch's later, from any of the others.
  const people = removes
    ? (await Promise.all(presentMembers({ ...last, ...changed }).map((id) => person(id)))).filter(
        (found) => found.certified,
      )
    : newcomers;
  const grants = secret ? await groupGrants(last.group, epoch, secret, people) : {};
  const previous =
    removes && held
      ? await sealPreviousGroupSecret(net(), last.group, epoch, secret as Bytes, held)
      : null;
  if (removes) secret?.fill(0);
  return {
    statement,
    grants,
    previous: previous ? toBase64(previous) : undefined,
    now: (removes && changes.now) || undefined,
  };
}

/** A manager on the roll to whom nobody has handed the key yet signs all the same. */
function ignoreNoGrant(error: unknown): null {
  if (error instanceof Problem) return null;
  throw error;
}
