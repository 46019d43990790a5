/**
 * What the protocol asks of any device that happens to be online, done quietly: handing a group's
 * key to newcomers, linking its epochs, signing departures that were agreed, giving cases new keys
 * after "remove now", and wrapping case keys to people whose own keys are new.
 */
import { toBase64 } from '../crypto/bytes.ts';
import { presentMembers } from '../crypto/chain.ts';
import { DeedRefused, GhostMember, ProtocolError, RemovalNotDue } from '../crypto/errors.ts';
import { sealPreviousGroupSecret } from '../crypto/group.ts';
import { api } from '../transport/http.ts';
import { net } from './case-keys.ts';
import { changeMembers, groupGrants } from './group-roll.ts';
import { findGroup, forgetGroup, groupSecret, ignoreLost, openGroup } from './groups.ts';
import { heldKeys, onLock } from './keys.ts';
import { forgetPerson, person } from './people.ts';
import { refusedDeed, reportSeal, type SealSubject } from './seal-reports.ts';
import { regrant, rekey } from './sharing.ts';

interface Pending {
  items: { group: string; epoch: number; member: string; member_seq: number }[];
  links?: { group: string; epoch: number }[];
  cases?: string[];
  regrants?: { case: string; account: string; seq: number }[];
  departures?: { group: string; members: string[] }[];
}

/** The server names no more cases than this at once. */
const AT_ONCE = 50;

/** Do all of it that this person can. One tab at a time; another device may be faster. */
export async function heal(): Promise<void> {
  if (!heldKeys()) return;
  await navigator.locks.request('cordee-grants', { ifAvailable: true }, async (held) => {
    while (held && (await healSome()));
  });
}

/** One round; true when there is more to do. */
async function healSome(): Promise<boolean> {
  const asked = await api<Pending>('GET', '/pending-grants');
  const { items, links = [], cases = [], regrants = [], departures = [] } = asked;
  for (const one of departures) await quietly('group', one.group, () => depart(one));
  for (const one of items) await quietly('group', one.group, () => hand(one));
  for (const one of links) await quietly('group', one.group, () => link(one));
  let mended = 0;
  for (const { case: id, account } of shuffled(regrants)) {
    forgetPerson(account);
    if (await quietly('case', id, () => regrant(id, account))) mended += 1;
  }
  for (const id of shuffled(cases)) {
    if (await quietly('case', id, () => rekey(id))) mended += 1;
  }
  return mended > 0 && Math.max(cases.length, regrants.length) >= AT_ONCE;
}

/** Colleagues are told of the same work: each begins elsewhere. */
const shuffled = <T>(work: readonly T[]): T[] => work.toSorted(() => Math.random() - 0.5);

/** One deed that fails does not keep the others from being done; a broken seal is reported. */
async function quietly(
  kind: SealSubject,
  id: string,
  deed: () => Promise<unknown>,
): Promise<boolean> {
  try {
    await deed();
    return true;
  } catch (error) {
    if (error instanceof DeedRefused) {
      refusedDeed.value = { error, group: findGroup(id)?.name ?? '' };
    }
    if (error instanceof ProtocolError) reportSeal(kind, id, error);
    else ignoreLost(error);
    return false;
  }
}

/** Wrap the group's secret to somebody a manager has added, or whose keys are new. */
async function hand({ group: id, epoch, member }: Pending['items'][number]): Promise<void> {
  await requireNamed(id, member);
  forgetPerson(member);
  const newcomer = await person(member);
  const { chain } = await openGroup(id);
  // The server says who waits; only the signed chain says who belongs.
  if (!newcomer.certified || !presentMembers(chain.payload).includes(member)) return;
  if (chain.payload.epoch !== epoch) return;
  const grants = await groupGrants(id, epoch, await groupSecret(id, epoch), [newcomer]);
  await api('PUT', `/groups/${id}/grants/${epoch}/${member}`, grants[member]);
}

/**
 * Somebody of whom the server says that they wait must have been named by a statement that the log
 * holds; one removed meanwhile was.
 *
 * @throws GhostMember
 */
async function requireNamed(id: string, member: string): Promise<void> {
  const isNamed = async () => (await openGroup(id)).chain.since[0]?.has(member);
  if (await isNamed()) return;
  forgetGroup(id);
  if (!(await isNamed())) throw new GhostMember('no statement ever named this member');
}

/** Seal the secret of the epoch before under this one's, so that newcomers read the past. */
async function link({ group: id, epoch }: { group: string; epoch: number }): Promise<void> {
  const [secret, before] = [await groupSecret(id, epoch), await groupSecret(id, epoch - 1)];
  const sealed = await sealPreviousGroupSecret(net(), id, epoch, secret, before);
  await api('PUT', `/groups/${id}/previous/${epoch}`, { sealed: toBase64(sealed) });
}

/** Sign the departure of members whose end date, signed before by a manager, has passed. */
async function depart({ group: id, members }: { group: string; members: string[] }): Promise<void> {
  const { chain } = await openGroup(id);
  const present = new Set(presentMembers(chain.payload));
  if (members.some((member) => present.has(member))) {
    throw new RemovalNotDue('no end date was signed for this member, or it has not come');
  }
  await changeMembers(id, { remove: members });
}

onLock(() => {
  refusedDeed.value = null;
});
