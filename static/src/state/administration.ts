/**
 * What an administrator signs: certifications, groups, members. Before any signature the policy is
 * checked down from the root this account pins, and so is every key that is vouched for or wrapped
 * to. The administrator makes a group's first secret and forgets it at once.
 */
import { fromBase64, randomBytes, toBase64 } from '../crypto/bytes.ts';
import { type Account as AccountChain, verifyAccountChain } from '../crypto/chain.ts';
import { RegistrarUnknown, SequenceBroken, SubjectChanged } from '../crypto/errors.ts';
import type { AccountPayload } from '../crypto/payloads.ts';
import {
  cosignStatement,
  parsePayload,
  type Statement,
  signStatement,
  statementHash,
  statementPayload,
  verifyStatement,
} from '../crypto/statement.ts';
import { api, type Page, Problem } from '../transport/http.ts';
import { groupKemPublic } from '../worker/sealing.ts';
import { fingerprint } from './fingerprint.ts';
import { certifiedPeople, groupGrants } from './group-roll.ts';
import type { GroupKind } from './group-types.ts';
import { loadGroups } from './groups.ts';
import { type MyKeys, myKeys } from './keys.ts';
import { forgetPerson, policy, underPolicy } from './people.ts';
import { netId } from './session.ts';
import type { DirectoryEntry } from './types.ts';

/** Our keys, once the root's policy names them. Anything we signed otherwise would be refused. */
async function registrarKeys(): Promise<MyKeys> {
  const [keys, rules] = await Promise.all([myKeys(), policy()]);
  if (!rules.registrars.has(toBase64(keys.signPublic))) {
    throw new RegistrarUnknown('the network policy does not name this administrator');
  }
  return keys;
}

/** Whether this administrator may sign yet: the operator appoints with the offline root. */
export async function amRegistrar(): Promise<boolean> {
  const [keys, rules] = await Promise.all([myKeys(), policy()]);
  return rules.registrars.has(toBase64(keys.signPublic));
}

export interface Candidate {
  entry: DirectoryEntry;
  /** With the keys to vouch for: those that wait, when there are some. */
  chain: AccountChain;
  /** The words to compare over the telephone. */
  words: string;
}

/**
 * A person with their keys checked as far as they vouch for themselves.
 *
 * @throws SubjectChanged when name, number or id shown are not those that were signed.
 */
export async function candidate(id: string): Promise<Candidate> {
  const { items } = await api<Page<DirectoryEntry>>('GET', `/accounts?ids=${id}`);
  const entry = items[0];
  if (!entry) throw new Problem(404, 'account_not_found', '');
  const before = await underPolicy((rules) =>
    verifyAccountChain(entry.statements, rules, { certified: false }),
  );
  const chain = entry.pending ? await waitingKeys(before, entry.pending.statement) : before;
  const signed = chain.payload;
  const shown = entry.rpps ?? null;
  if (signed.account !== id || signed.name !== entry.name || signed.rpps !== shown) {
    throw new SubjectChanged('what is shown of this person is not what they signed');
  }
  return { entry, chain, words: await fingerprint(chain.signKey, chain.kemKey) };
}

/**
 * New keys of a known person that only their own signature vouches for so far. They must go on from
 * the very chain that the directory shows.
 */
async function waitingKeys(before: AccountChain, statement: Statement): Promise<AccountChain> {
  const said = parsePayload(statementPayload(statement)) as unknown as AccountPayload;
  const signKey = fromBase64(said.sign_key, 32);
  const own = { ...statement, s: statement.s.filter(({ k }) => k === said.sign_key) };
  const payload = await verifyStatement('cordee1.account', own, signKey);
  const last = before.payload;
  if (payload.net !== last.net || payload.account !== last.account) {
    throw new SubjectChanged('the new keys are of somebody else');
  }
  if (payload.seq !== last.seq + 1 || payload.prev !== toBase64(before.hash)) {
    throw new SequenceBroken('the new keys do not go on from the ones before');
  }
  return {
    payload,
    hash: await statementHash(statement),
    certified: false,
    signKey,
    kemKey: fromBase64(payload.kem_key),
    signKeys: [...before.signKeys, signKey],
  };
}

/** Vouch for a person: sign the very statement they signed. */
export async function certify({ entry }: Candidate): Promise<void> {
  const { signer } = await registrarKeys();
  const statement = entry.pending?.statement ?? (entry.statements.at(-1) as Statement);
  await api('PUT', `/accounts/${entry.id}/certification`, {
    statement: await cosignStatement(statement, signer),
  });
  forgetPerson(entry.id);
}

export interface GroupFacts {
  kind: GroupKind;
  name: string;
  specialty: string | null;
  territory: string;
  organisation: string | null;
  deadlines?: Record<'urgent' | 'priority' | 'routine', number>;
}

/** Create a group with its members: key made here, wrapped to each, and forgotten. */
export async function createGroup(facts: GroupFacts, members: readonly string[]): Promise<string> {
  const { signer, account } = await registrarKeys();
  const people = await certifiedPeople(members);
  const group = crypto.randomUUID();
  const secret = randomBytes(32);
  try {
    const statement = await signStatement(
      'cordee1.group',
      {
        v: 1,
        net: netId(),
        group,
        kind: facts.kind,
        seq: 0,
        epoch: 0,
        kem_key: toBase64(await groupKemPublic(secret)),
        members: [...members],
        managers: [account],
        name: facts.name,
        prev: null,
      },
      signer,
    );
    const grants = await groupGrants(group, 0, secret, people);
    await api('PUT', `/groups/${group}`, { id: group, ...facts, statement, grants });
  } finally {
    secret.fill(0);
  }
  await loadGroups();
  return group;
}
