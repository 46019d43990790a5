/**
 * Other people, as their signed statements name them. The directory is the server's word; a name or
 * a key is believed only when the chain from the pinned network root down to it holds.
 */

import { type Signal, signal } from '@preact/signals';
import { type Bytes, sameBytes } from '../crypto/bytes.ts';
import { type Policy, verifyAccountChain, verifyPolicyChain } from '../crypto/chain.ts';
import {
  NotCertified,
  PolicyWithheld,
  ProtocolError,
  SequenceBroken,
  StatementWithheld,
  SubjectChanged,
} from '../crypto/errors.ts';
import { api, NetworkDown, type Page, Problem } from '../transport/http.ts';
import { on } from '../transport/socket.ts';
import { recall, recallPerson, remember, rememberPerson } from './device.ts';
import { type Asking, followLog, onLater, requireLogged } from './key-log.ts';
import { myKeys, onLock } from './keys.ts';
import { reportSeal } from './seal-reports.ts';
import { loadNetwork, me, network, online } from './session.ts';
import type { DirectoryEntry, Named } from './types.ts';

export interface VerifiedPerson {
  id: string;
  /** As signed, not as the directory says. */
  name: string;
  rpps: string | null;
  signKey: Bytes;
  /** Every signing key they ever had, to verify what was signed long ago. */
  signKeys: readonly Bytes[];
  kemKey: Bytes;
  seq: number;
  certified: boolean;
  /** Keys in place of earlier ones: since when and who vouched, in the server's words. */
  renewed: { at: string; by: Named | null } | null;
  profession: string;
  specialty: string | null;
  organisation: Named | null;
}

let trusted: { of: unknown; policy: Promise<Policy> } | null = null;

/**
 * Today's rules of the network, checked against the root that our own keys pin.
 *
 * @throws ProtocolError when the server's policy is not the root's, or older than one seen before.
 */
export async function policy(): Promise<Policy> {
  const of = network.value?.policy;
  if (!of) throw new NetworkDown();
  if (trusted?.of !== of) {
    const made = { of, policy: checkTwice(of, verifyPolicy, policyAnew).then(([, last]) => last) };
    made.policy.catch((error) => {
      if (trusted === made) trusted = null;
      reportSeal('policy', network.value?.net ?? '', error);
    });
    trusted = made;
  }
  return trusted.policy;
}

/** The rules as the server has them now: another tab or the log may know more than this page. */
async function policyAnew(): Promise<NonNullable<typeof network.value>['policy']> {
  const before = network.value?.policy;
  await loadNetwork();
  const now = network.value?.policy;
  if (!now || now === before) throw new NetworkDown();
  return now;
}

const ASK_POLICY_AGAIN = 10_000;
let askedPolicy: { at: number; done: Promise<void> } | null = null;

/** Fetch the rules again, not too often: who asks meanwhile waits for the same answer. */
function askPolicyAgain(): Promise<void> {
  if (!askedPolicy || Date.now() - askedPolicy.at >= ASK_POLICY_AGAIN) {
    askedPolicy = { at: Date.now(), done: loadNetwork() };
  }
  return askedPolicy.done;
}

/**
 * Check something against today's rules. What does not hold may have been signed by a registrar
 * appointed since this page was opened: then, and only then, it is checked once more.
 */
export async function underPolicy<T>(check: (rules: Policy) => Promise<T>): Promise<T> {
  const used = network.value?.policy.length;
  try {
    return await check(await policy());
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error;
    await askPolicyAgain();
    if (network.value?.policy.length === used) throw error;
    return check(await policy());
  }
}

async function verifyPolicy(
  statements: NonNullable<typeof network.value>['policy'],
): Promise<Policy> {
  const { root } = await myKeys();
  const verified = await verifyPolicyChain(statements, root);
  const seen = (await recall('policySeq')) ?? 0;
  if (verified.payload.seq < seen) {
    throw new PolicyWithheld('the server serves older rules than this device has seen');
  }
  await followLog(verified, statements, { remembered: !online.value });
  await remember('policySeq', verified.payload.seq);
  return verified;
}

/**
 * Check what the server just said; when the log already holds more than that, ask once again, since
 * a statement may have come between the two answers.
 */
export async function checkTwice<E, T>(
  said: E,
  check: (said: E) => Promise<T>,
  again: () => Promise<E>,
): Promise<[E, T]> {
  try {
    return [said, await check(said)];
  } catch (error) {
    if (!(error instanceof StatementWithheld)) throw error;
    const later = await again();
    return [later, await check(later)];
  }
}

/** Check a directory entry. An uncertified person verifies too, and says so. */
export async function verifyPerson(
  entry: DirectoryEntry,
  asking?: Asking,
): Promise<VerifiedPerson> {
  const chain = await underPolicy((rules) =>
    verifyAccountChain(entry.statements, rules, { certified: false }),
  );
  if (chain.payload.account !== entry.id) {
    throw new SubjectChanged('the keys of another account');
  }
  await requireLogged('account', entry.id, entry.statements, asking);
  return {
    id: entry.id,
    name: chain.payload.name,
    rpps: chain.payload.rpps,
    signKey: chain.signKey,
    signKeys: chain.signKeys,
    kemKey: chain.kemKey,
    seq: chain.payload.seq,
    certified: chain.certified,
    renewed: entry.keys_changed_at
      ? { at: entry.keys_changed_at, by: entry.keys_vouched_by ?? null }
      : null,
    profession: entry.profession,
    specialty: entry.specialty,
    organisation: entry.organisation,
  };
}

const known = new Map<string, Promise<VerifiedPerson>>();

/** Somebody waiting for a directory entry. */
interface Awaited {
  promise: Promise<DirectoryEntry>;
  resolve(entry: DirectoryEntry): void;
  reject(reason: unknown): void;
}

function awaited(): Awaited {
  const made = {} as Awaited;
  made.promise = new Promise((resolve, reject) => {
    made.resolve = resolve;
    made.reject = reject;
  });
  return made;
}

let asked: Map<string, Awaited> | null = null;

/** Questions of one turn of the event loop leave as one request. */
function fetchEntry(id: string): Promise<DirectoryEntry> {
  if (!asked) {
    asked = new Map();
    queueMicrotask(() => {
      const batch = asked as Map<string, Awaited>;
      asked = null;
      void fetchBatch(batch);
    });
  }
  let waiting = asked.get(id);
  if (!waiting) {
    waiting = awaited();
    asked.set(id, waiting);
  }
  return waiting.promise;
}

const BATCH = 50;

async function fetchBatch(batch: Map<string, Awaited>): Promise<void> {
  const ids = [...batch.keys()];
  for (let i = 0; i < ids.length; i += BATCH) {
    const some = ids.slice(i, i + BATCH);
    try {
      const query = new URLSearchParams({ ids: some.join(','), limit: '100' });
      const { items } = await api<Page<DirectoryEntry>>('GET', `/accounts?${query}`);
      const found = new Map(items.map((entry) => [entry.id, entry]));
      for (const id of some) {
        const entry = found.get(id);
        if (entry) batch.get(id)?.resolve(entry);
        else batch.get(id)?.reject(new Problem(404, 'account_not_found', ''));
      }
    } catch (error) {
      for (const id of some) batch.get(id)?.reject(error);
    }
  }
}

async function load(id: string): Promise<VerifiedPerson> {
  const remembered = await recallPerson(id);
  let entry: DirectoryEntry;
  try {
    entry = await fetchEntry(id);
  } catch (error) {
    if (!(error instanceof NetworkDown) || !remembered) throw error;
    return verifyPerson(remembered, { remembered: true });
  }
  const [latest, person] = await checkTwice(
    entry,
    (said) => verifyPerson(said),
    () => fetchEntry(id),
  );
  if (remembered && person.seq < remembered.seq) {
    throw new SequenceBroken('the server serves older keys than this device has seen');
  }
  await rememberPerson({ ...latest, seq: person.seq });
  return person;
}

/**
 * A verified person. Asked once; a failure is not remembered.
 *
 * @throws Locked, NetworkDown, or the ProtocolError that says why the chain does not hold.
 */
export function person(id: string): Promise<VerifiedPerson> {
  let found = known.get(id);
  if (!found) {
    found = load(id);
    known.set(id, found);
    found.catch((error) => {
      known.delete(id);
      reportSeal('account', id, error);
    });
  }
  return found;
}

const ASK_PERSON_AGAIN = 10_000;
const askedAgain = new Map<string, { at: number; found: Promise<VerifiedPerson> }>();

/** Somebody asked for anew, not too often: who asks meanwhile is given the same answer. */
function askAgain(id: string): Promise<VerifiedPerson> {
  const last = askedAgain.get(id);
  if (last && Date.now() - last.at < ASK_PERSON_AGAIN) return last.found;
  forgetPerson(id);
  const found = person(id);
  askedAgain.set(id, { at: Date.now(), found });
  return found;
}

/**
 * Check something that these people signed. What does not hold may have been signed with keys newer
 * than those this page knows: then, and only then, it is checked once more.
 */
export async function underPeople<T>(
  ids: Iterable<string>,
  check: (people: VerifiedPerson[]) => Promise<T>,
): Promise<T> {
  const all = [...new Set(ids)];
  /** Which keys of theirs were checked with. */
  const used = new Map<string, number>();
  const known = async () => {
    const people = await Promise.all(all.map((id) => person(id)));
    for (const { id, seq } of people) used.set(id, seq);
    if (people.some(({ certified }) => !certified))
      throw new NotCertified('nobody vouches for them');
    return people;
  };
  try {
    return await check(await known());
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error;
    const again = await Promise.all(all.map(askAgain));
    if (!again.some(({ id, seq }) => seq > (used.get(id) ?? seq))) throw error;
    return check(await known());
  }
}

/** What is wrong with our own keys as everybody is shown them, for the interface to say. */
export const ownFault: Signal<Error | null> = signal(null);

/** Compare what the directory and the log say of us with the keys in our hands. */
export async function checkOwnKeys(): Promise<void> {
  try {
    const mine = await myKeys();
    const shown = await person(mine.account);
    const same = shown.seq === mine.seq && sameBytes(shown.signKey, mine.signPublic);
    if (!same) throw new SubjectChanged('others are shown other keys under our name');
    ownFault.value = null;
  } catch (error) {
    if (!(error instanceof ProtocolError)) return;
    ownFault.value = error;
    reportSeal('account', me.value?.id ?? '', error);
  }
}

/** Forget what is known of somebody, or of everybody: keys or certifications changed. */
export function forgetPerson(id?: string): void {
  if (id === undefined) known.clear();
  else known.delete(id);
}

onLock(() => {
  known.clear();
  askedAgain.clear();
  trusted = null;
  ownFault.value = null;
});

on<{ account: string }>('account:changed', ({ account }) => forgetPerson(account));
onLater((kind, subject) => {
  if (kind === 'account') forgetPerson(subject);
  if (kind === 'policy') void loadNetwork();
});
