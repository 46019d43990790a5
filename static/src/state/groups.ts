/**
 * Pools and care teams: who is in them by signed statement, and their secrets for those who are.
 *
 * Also does in the background what the protocol asks of any online member: wrap the group's secret
 * to somebody a manager has just added. Nobody is asked anything.
 */
import { type Signal, signal } from '@preact/signals';
import { type Bytes, fromBase64, toBase64 } from '../crypto/bytes.ts';
import { type Group as GroupChain, verifyGroupChain } from '../crypto/chain.ts';
import { groupContext } from '../crypto/contexts.ts';
import { SubjectChanged } from '../crypto/errors.ts';
import { groupKemSeed, openPreviousGroupSecret } from '../crypto/group.ts';
import type { GroupPayload } from '../crypto/payloads.ts';
import { parsePayload, type Statement, statementPayload } from '../crypto/statement.ts';
import { api, fetchAll, NetworkDown, Problem } from '../transport/http.ts';
import { on, onReconnect } from '../transport/socket.ts';
import { requireGroupSecret, unwrap, wrap } from '../worker/sealing.ts';
import { recallGroups, rememberGroups } from './device.ts';
import { heldKeys, myKeys, onLock } from './keys.ts';
import { forgetPerson, person, underPolicy } from './people.ts';
import { network } from './session.ts';
import type { Named } from './types.ts';

export type GroupKind = 'pool' | 'care_team';
export type Urgency = 'urgent' | 'priority' | 'routine';

export interface GroupMember {
  id: string;
  name: string;
  specialty: string | null;
  present: boolean;
  /** On the signed roll, and nobody has handed over the key yet. */
  waiting: boolean;
}

/** A group as the server describes it. */
export interface GroupEntry {
  id: string;
  kind: GroupKind;
  name: string;
  specialty: string | null;
  territory: string;
  organisation: Named | null;
  /** Minutes to an answer; pools only. */
  deadlines: Record<Urgency, number> | null;
  archived: boolean;
  frozen: boolean;
  statements: Statement[];
  members: GroupMember[];
  served_by: number;
  median_answer_minutes: number | null;
  mine: boolean;
  managed: boolean;
}

/** The same with its chain checked. `broken` says why it is not to be written to. */
export interface Group extends GroupEntry {
  chain: GroupChain | null;
  epoch: number;
  broken: Error | null;
}

interface GroupDetail extends GroupEntry {
  grants: { epoch: number; member_seq: number; wrapped: string }[];
  previous: { epoch: number; sealed: string }[];
}

export const groups: Signal<Group[]> = signal([]);
/** Whether the list was loaded at least once, from the server or from memory. */
export const groupsLoaded: Signal<boolean> = signal(false);

const secrets = new Map<string, Promise<Bytes>>();

/**
 * Follow a group's chain with the verified keys of everyone who may have signed it.
 *
 * @throws ProtocolError
 */
export async function verifyGroup(
  entry: Pick<GroupEntry, 'id' | 'statements'>,
): Promise<GroupChain> {
  const managers = new Set<string>();
  for (const statement of entry.statements.slice(0, -1)) {
    const payload = parsePayload(statementPayload(statement)) as unknown as GroupPayload;
    for (const id of payload.managers ?? []) managers.add(id);
  }
  const people = await Promise.all([...managers].map((id) => person(id)));
  const keys = new Map(people.map(({ id, signKeys }) => [id, signKeys]));
  const chain = await underPolicy((rules) => verifyGroupChain(entry.statements, rules, keys));
  if (chain.payload.group !== entry.id) throw new SubjectChanged('the keys of another group');
  return chain;
}

async function checked(entry: GroupEntry): Promise<Group> {
  try {
    const chain = await verifyGroup(entry);
    return { ...entry, chain, epoch: chain.payload.epoch, broken: null };
  } catch (error) {
    if (error instanceof NetworkDown) throw error;
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
  try {
    entries = await fetchAll<GroupEntry>('/groups');
    await rememberGroups(entries);
  } catch (error) {
    if (!(error instanceof NetworkDown)) throw error;
    entries = (await recallGroups()) as GroupEntry[];
  }
  groups.value = await Promise.all(entries.map(checked));
  groupsLoaded.value = true;
}

export function findGroup(id: string): Group | undefined {
  return groups.value.find((candidate) => candidate.id === id);
}

/** A group whose chain holds, with the key to wrap to. */
export type VerifiedGroup = Group & { chain: GroupChain; kemKey: Bytes };

/**
 * A group to write to.
 *
 * @throws the ProtocolError that broke its chain; Problem when we do not know it.
 */
export function group(id: string): VerifiedGroup {
  const found = findGroup(id);
  if (!found) throw new Problem(404, 'group_not_found', '');
  if (!found.chain) throw found.broken ?? new SubjectChanged('a group without a chain');
  return { ...found, chain: found.chain, kemKey: found.chain.kemKey };
}

/** The pools one can ask, in the order of their names. */
export function openPools(): Group[] {
  return groups.value
    .filter(({ kind, archived }) => kind === 'pool' && !archived)
    .toSorted((a, b) => a.name.localeCompare(b.name));
}

/** The care teams one belongs to. */
export function myCareTeams(): Group[] {
  return groups.value.filter(
    ({ kind, archived, mine }) => kind === 'care_team' && !archived && mine,
  );
}

/**
 * The group's secret of an epoch, checked against the signed key of that epoch.
 *
 * @throws CommitmentBroken when the granted secret is not the signed one; Problem `no_grant` when
 *   nobody has wrapped it to us yet; Locked.
 */
export function groupSecret(id: string, epoch: number): Promise<Bytes> {
  const place = `${id}@${epoch}`;
  let secret = secrets.get(place);
  if (!secret) {
    secret = openSecret(id, epoch);
    secrets.set(place, secret);
    secret.catch(() => secrets.delete(place));
  }
  return secret;
}

async function openSecret(id: string, epoch: number): Promise<Bytes> {
  const { account, kemSeed } = await myKeys();
  const net = await netId();
  const detail = await groupDetail(id);
  const chain = await verifyGroup(detail);
  const signed = chain.kemKeys[epoch];
  if (!signed) throw new Problem(404, 'epoch_not_found', '');
  const grant = detail.grants.find((candidate) => candidate.epoch === epoch);
  let secret: Bytes;
  if (grant) {
    const context = groupContext(net, id, epoch, account, grant.member_seq);
    secret = await unwrap(kemSeed, context, fromBase64(grant.wrapped));
  } else {
    // Today's secret opens yesterday's, so a newcomer reads the past.
    const sealed = detail.previous.find((candidate) => candidate.epoch === epoch + 1);
    if (!sealed || epoch >= chain.payload.epoch) throw new Problem(404, 'no_grant', '');
    const next = await groupSecret(id, epoch + 1);
    secret = await openPreviousGroupSecret(net, id, epoch + 1, next, fromBase64(sealed.sealed));
  }
  await requireGroupSecret(secret, signed);
  return secret;
}

/** The group's key pair of an epoch: what a case key is wrapped to. */
export async function groupKem(id: string, epoch: number): Promise<{ public: Bytes; seed: Bytes }> {
  const secret = await groupSecret(id, epoch);
  const signed = findGroup(id)?.chain?.kemKeys[epoch] ?? (await signedKey(id, epoch));
  return { public: signed, seed: await groupKemSeed(secret) };
}

async function signedKey(id: string, epoch: number): Promise<Bytes> {
  const key = (await verifyGroup(await groupDetail(id))).kemKeys[epoch];
  if (!key) throw new Problem(404, 'epoch_not_found', '');
  return key;
}

function groupDetail(id: string): Promise<GroupDetail> {
  return api<GroupDetail>('GET', `/groups/${id}`);
}

async function netId(): Promise<string> {
  const net = network.value?.net;
  if (!net) throw new NetworkDown();
  return net;
}

interface PendingGrant {
  group: string;
  epoch: number;
  member: string;
  member_seq: number;
}

/** Wrap our groups' secrets to members who wait for them. Quiet: another member may be faster. */
export async function performPendingGrants(): Promise<void> {
  if (!heldKeys()) return;
  await navigator.locks.request('cordee-grants', { ifAvailable: true }, async (held) => {
    if (!held) return;
    const { items } = await api<{ items: PendingGrant[] }>('GET', '/pending-grants');
    for (const pending of items) await performGrant(pending).catch(ignoreLost);
  });
}

async function performGrant({ group: id, epoch, member }: PendingGrant): Promise<void> {
  const net = await netId();
  forgetPerson(member);
  const newcomer = await person(member);
  const chain = await verifyGroup(await groupDetail(id));
  // The server says who waits; only the signed chain says who belongs.
  if (!newcomer.certified || !chain.payload.members.includes(member)) return;
  if (chain.payload.epoch !== epoch) return;
  const secret = await groupSecret(id, epoch);
  const context = groupContext(net, id, epoch, member, newcomer.seq);
  const wrapped = await wrap(newcomer.kemKey, context, secret);
  await api('PUT', `/groups/${id}/grants/${epoch}/${member}`, {
    member_seq: newcomer.seq,
    wrapped: toBase64(wrapped),
  });
}

/** A grant that another member made first, or a line that fell: the next occasion will do. */
function ignoreLost(error: unknown): void {
  if (!(error instanceof Problem) && !(error instanceof NetworkDown)) throw error;
}

async function refresh(): Promise<void> {
  if (!heldKeys()) return;
  try {
    await loadGroups();
    await performPendingGrants();
  } catch (error) {
    ignoreLost(error);
  }
}

/** Load groups now and keep them current. Called once the person may work. */
export function startGroups(): void {
  if (!started) {
    started = true;
    onReconnect(() => void refresh());
    on('group:changed', () => void refresh());
  }
  void refresh();
}

let started = false;

onLock(() => {
  secrets.clear();
  groups.value = [];
  groupsLoaded.value = false;
});
