/**
 * Pools and care teams: who is in them by signed statement, and their secrets for those who are.
 *
 * A secret is believed only when the key derived from it is the one that the statement of its epoch
 * announces; what does not fit is refused and reported, and another way to it is tried.
 */
import { type Signal, signal } from '@preact/signals';
import { type Bytes, fromBase64 } from '../crypto/bytes.ts';
import { type Group as GroupChain, verifyGroupChain } from '../crypto/chain.ts';
import { groupContext } from '../crypto/contexts.ts';
import { ProtocolError, SubjectChanged, SuiteUnsupported } from '../crypto/errors.ts';
import { groupKemSeed, openPreviousGroupSecret } from '../crypto/group.ts';
import type { GroupPayload } from '../crypto/payloads.ts';
import { parsePayload, statementPayload } from '../crypto/statement.ts';
import { isSupported, requireSupported } from '../crypto/suites.ts';
import { t } from '../i18n.ts';
import { api, fetchAll, NetworkDown, Problem } from '../transport/http.ts';
import { on, onReconnect } from '../transport/socket.ts';
import { requireGroupSecret, unwrap } from '../worker/sealing.ts';
import { recallGroups, rememberGroups } from './device.ts';
import type { Group, GroupDetail, GroupEntry, OpenGroup, VerifiedGroup } from './group-types.ts';
import { type Asking, onLater, requireLogged } from './key-log.ts';
import { heldKeys, kemSeedOf, myKeys, onLock } from './keys.ts';
import { checkOwnKeys, checkTwice, underPeople, underPolicy } from './people.ts';
import { reportSeal } from './seal-reports.ts';
import { netId } from './session.ts';

export const groups: Signal<Group[]> = signal([]);
/** Whether the list was loaded at least once, from the server or from memory. */
export const groupsLoaded: Signal<boolean> = signal(false);

const secrets = new Map<string, Promise<Bytes>>();
const open = new Map<string, Promise<OpenGroup>>();

/**
 * Follow a group's chain with the verified keys of everyone who may have signed it.
 *
 * @throws ProtocolError
 */
export async function verifyGroup(
  entry: Pick<GroupEntry, 'id' | 'statements'>,
  asking?: Asking,
): Promise<GroupChain> {
  const managers = new Set<string>();
  for (const statement of entry.statements.slice(0, -1)) {
    const payload = parsePayload(statementPayload(statement)) as unknown as GroupPayload;
    for (const id of payload.managers ?? []) managers.add(id);
  }
  const chain = await underPeople(managers, (people) => {
    const keys = new Map(people.map(({ id, signKeys }) => [id, signKeys]));
    return underPolicy((rules) => verifyGroupChain(entry.statements, rules, keys));
  });
  if (chain.payload.group !== entry.id) throw new SubjectChanged('the keys of another group');
  await requireLogged('group', entry.id, entry.statements, asking);
  return chain;
}

async function checked(said: GroupEntry, asking?: Asking): Promise<Group> {
  let entry = said;
  try {
    const check = (latest: GroupEntry) => verifyGroup(latest, asking);
    let chain: GroupChain;
    [entry, chain] = await checkTwice(said, check, () => fetchEntry(said.id));
    const broken = isSupported(chain.kemKey)
      ? null
      : new SuiteUnsupported('a key of the second suite', entry.name);
    return { ...entry, chain, epoch: chain.payload.epoch, broken };
  } catch (error) {
    if (error instanceof NetworkDown) throw error;
    reportSeal('group', entry.id, error);
    return { ...entry, chain: null, epoch: 0, broken: error as Error };
  }
}

let loading: Promise<void> | null = null;

/** Fetch and verify all groups; offline, those remembered. Concurrent calls share one run. */
export function loadGroups(): Promise<void> {
  loading ??= load().finally(() => {
    loading = null;
  });
  return loading;
}

async function load(): Promise<void> {
  let entries: GroupEntry[];
  let asking: Asking = {};
  try {
    entries = await fetchAll<GroupEntry>('/groups');
    await rememberGroups(entries);
  } catch (error) {
    if (!(error instanceof NetworkDown)) throw error;
    entries = (await recallGroups()) as GroupEntry[];
    asking = { remembered: true };
  }
  const before = groups.value;
  const found = await Promise.all(entries.map((entry) => checked(entry, asking)));
  groups.value = found;
  groupsLoaded.value = true;
  // Left while this device was away, or before the server's word reached it.
  for (const { id, mine } of before) {
    if (mine && !found.some((known) => known.id === id && known.mine)) leaveGroup(id);
  }
}

export function findGroup(id: string): Group | undefined {
  return groups.value.find((candidate) => candidate.id === id);
}

/**
 * A group to write to.
 *
 * @throws the ProtocolError that broke its chain, SuiteUnsupported; Problem when we do not know it.
 */
export function group(id: string): VerifiedGroup {
  const found = findGroup(id);
  if (!found) throw new Problem(404, 'group_not_found', '');
  if (found.broken) throw found.broken;
  if (!found.chain) throw new SubjectChanged('a group without a chain');
  return { ...found, chain: found.chain, kemKey: found.chain.kemKey };
}

/**
 * What the server calls a group and, where it differs, under which name a manager signed its key:
 * whoever seals to it sees if labels were swapped.
 */
export function fullName({ name, chain }: Pick<Group, 'name' | 'chain'>): string {
  const signed = chain?.payload.name;
  return !signed || signed === name ? name : t('{name}, signed as {signed}', { name, signed });
}

/** The pools one can ask, in the order of their names. */
export function openPools(): Group[] {
  return groups.value
    .filter(({ kind, archived }) => kind === 'pool' && !archived)
    .toSorted((a, b) => a.name.localeCompare(b.name));
}

/**
 * Pools that get the key of each case from its opening on, to take over when this one cannot: as a
 * manager signed. The server may only say that one is archived, never name another.
 */
export function overflowOf({ chain }: Group): Group[] {
  return (chain?.payload.overflow ?? [])
    .flatMap((id) => findGroup(id) ?? [])
    .filter((pool) => !pool.archived && (pool.chain?.payload ?? pool).kind === 'pool');
}

/** The care teams one belongs to. */
export function myCareTeams(): Group[] {
  return groups.value.filter(
    ({ kind, archived, mine }) => kind === 'care_team' && !archived && mine,
  );
}

/** A group fetched alone: care teams that are not ours stand in no list. */
export function openGroup(id: string): Promise<OpenGroup> {
  let found = open.get(id);
  if (!found) {
    found = fetchGroup(id);
    open.set(id, found);
    found.catch(() => open.delete(id));
  }
  return found;
}

/** Whatever the answer calls itself, it must hold for the group that was asked for. */
const fetchEntry = async (id: string): Promise<GroupDetail> => ({
  ...(await api<GroupDetail>('GET', `/groups/${id}`)),
  id,
});

async function fetchGroup(id: string): Promise<OpenGroup> {
  const check = (said: GroupDetail) => verifyGroup(said);
  const [detail, chain] = await checkTwice(await fetchEntry(id), check, () => fetchEntry(id));
  return { detail, chain };
}

/** Ask the server again for groups seen alone; one, or all. */
export function forgetGroup(id?: string): void {
  if (id === undefined) open.clear();
  else open.delete(id);
}

/** The verified chain of any group, listed or not. @throws ProtocolError, Problem, NetworkDown */
export async function groupChain(id: string): Promise<GroupChain> {
  return findGroup(id)?.chain ?? (await openGroup(id)).chain;
}

const READ_AGAIN = 10_000;
let reread: { at: number; done: Promise<void> } | null = null;

/** Ask for all groups anew, not too often: somebody may have joined since they were last read. */
export function groupsAnew(): Promise<void> {
  if (!reread || Date.now() - reread.at > READ_AGAIN) {
    forgetGroup();
    reread = { at: Date.now(), done: loadGroups() };
  }
  return reread.done;
}

/**
 * The group's secret of an epoch, checked against the signed key of that epoch.
 *
 * @throws KeySwapped, WrapBroken when what was granted is not the signed one; Problem `no_grant`
 *   when nobody has wrapped it to us yet; Locked.
 */
export function groupSecret(id: string, epoch: number): Promise<Bytes> {
  const place = `${id}@${epoch}`;
  let secret = secrets.get(place);
  if (!secret) {
    secret = openSecret(id, epoch);
    secrets.set(place, secret);
    secret.catch(() => {
      secrets.delete(place);
      open.delete(id);
    });
  }
  return secret;
}

/** A group seen alone, read once more when the epoch began since. */
async function openGroupAt(id: string, epoch: number): Promise<OpenGroup> {
  const found = await openGroup(id);
  if (found.chain.kemKeys[epoch]) return found;
  forgetGroup(id);
  return openGroup(id);
}

async function openSecret(id: string, epoch: number): Promise<Bytes> {
  const { account } = await myKeys();
  const net = netId();
  const { detail, chain } = await openGroupAt(id, epoch);
  const signed = chain.kemKeys[epoch];
  if (!signed) throw new Problem(404, 'epoch_not_found', '');
  // No grant of it could be compared with the signed key: an honest one must not be refused.
  requireSupported(signed, detail.name);
  let failure: Error = new Problem(404, 'no_grant', '');
  /** The secret if it is the signed one; what does not hold is told to `refuse`. */
  const tried = async (opening: Promise<Bytes>, refuse: (why: ProtocolError) => unknown) => {
    try {
      const secret = await opening;
      await requireGroupSecret(secret, signed);
      return secret;
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      failure = error;
      await refuse(error);
      return null;
    }
  };
  for (const grant of detail.grants) {
    const seed = grant.epoch === epoch ? await kemSeedOf(grant.member_seq) : null;
    if (!seed) continue;
    const context = groupContext(net, id, epoch, account, grant.member_seq);
    const opening = unwrap(seed, context, fromBase64(grant.wrapped));
    const secret = await tried(opening, () => refuseGrant(id, epoch));
    if (secret) return secret;
  }
  // Today's secret opens yesterday's, so a newcomer reads the past.
  const links = detail.previous.filter((link) => link.epoch === epoch + 1);
  if (links.length > 0 && epoch < chain.payload.epoch) {
    const next = await groupSecret(id, epoch + 1);
    for (const { sealed } of links) {
      const opening = openPreviousGroupSecret(net, id, epoch + 1, next, fromBase64(sealed));
      const secret = await tried(opening, (why) => reportSeal('group', id, why));
      if (secret) return secret;
    }
  }
  throw failure;
}

/** Say that a grant does not open: it waits again for another member, and is reported. */
async function refuseGrant(id: string, epoch: number): Promise<void> {
  await api('DELETE', `/groups/${id}/grants/${epoch}/me`).catch(ignoreLost);
}

/** The seed of the group's key of an epoch: what a case key wrapped to it opens with. */
export async function groupSeed(id: string, epoch: number): Promise<Bytes> {
  return groupKemSeed(await groupSecret(id, epoch));
}

/** Something another device did first, a line that fell, a lock: the next occasion will do. */
export function ignoreLost(error: unknown): void {
  if (heldKeys() && !(error instanceof Problem) && !(error instanceof NetworkDown)) throw error;
}

async function look(): Promise<void> {
  if (heldKeys()) await loadGroups().catch(ignoreLost);
}

async function mend(): Promise<void> {
  // With the cases' own code, which the first paint does not need.
  const cases = await import('./case-heal.ts').catch(() => null);
  await cases?.heal().catch(ignoreLost);
}

let looking: ReturnType<typeof setTimeout> | undefined;
let mending: ReturnType<typeof setTimeout> | undefined;

/** Many changes in a row cost one look. */
function refreshSoon(): void {
  clearTimeout(looking);
  looking = setTimeout(() => void look(), 100);
  mendSoon();
}

/** A whole pool hears of the same work: not all of it at the same moment. */
function mendSoon(): void {
  clearTimeout(mending);
  mending = setTimeout(() => void mend(), 200 + 1_800 * Math.random());
}

/** Load groups now and keep them current. Called once the person may work. */
export function startGroups(): void {
  if (!started) {
    started = true;
    onReconnect(() => {
      forgetGroup();
      refreshSoon();
    });
    on<{ group: string }>('group:changed', ({ group: id }) => {
      forgetGroup(id);
      refreshSoon();
    });
    // Somebody's keys are new: what they could read is to be wrapped to them again.
    on('account:changed', mendSoon);
    on<{ group: string }>('group:left', ({ group: id }) => {
      leaveGroup(id);
      refreshSoon();
    });
  }
  void look().then(checkOwnKeys).then(mend);
}

let started = false;
const leavers = new Set<(group: string) => void>();

/** Told when this person is no longer in a group: what its key opened is dropped. */
export function onGroupLeft(fn: (group: string) => void): () => void {
  leavers.add(fn);
  return () => leavers.delete(fn);
}

function leaveGroup(id: string): void {
  forgetGroup(id);
  for (const place of secrets.keys()) if (place.startsWith(id)) secrets.delete(place);
  groups.value = groups.value.map((known) => (known.id === id ? { ...known, mine: false } : known));
  for (const fn of leavers) fn(id);
}

onLater((kind, subject) => {
  if (kind !== 'group') return;
  forgetGroup(subject);
  if (started) refreshSoon();
});

onLock(() => {
  secrets.clear();
  open.clear();
  reread = null;
  groups.value = [];
  groupsLoaded.value = false;
});
