/** Secrets of groups as they change hands: what is linked, granted, refused and mended. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  groupChainKey,
  groupKemPublic,
  groupPrevContext,
  randomBytes,
  type Statement,
  seal,
  signStatement,
  statementHash,
  toBase64,
} from '../../static/src/crypto/index.ts';
import type { GroupPayload } from '../../static/src/crypto/payloads.ts';
import { heal } from '../../static/src/state/case-heal.ts';
import { changeMembers } from '../../static/src/state/group-roll.ts';
import { groupSecret } from '../../static/src/state/groups.ts';
import { policy } from '../../static/src/state/people.ts';
import { refusedDeed } from '../../static/src/state/seal-reports.ts';
import { network } from '../../static/src/state/session.ts';
import { Clinic, type Person, said } from './support/clinic.ts';
import { deskOf, until, WHOLE, wrote } from './support/desk.ts';

let clinic: Clinic;
let favre: Person;
let blanc: Person;
let benali: Person;
let pool: string;

beforeEach(async () => {
  clinic = await Clinic.start();
  favre = await clinic.makePerson('Dr Claire Favre');
  blanc = await clinic.makePerson('Dr Sophie Blanc');
  benali = await clinic.makePerson('Dr Karim Benali');
  pool = (await clinic.makeGroup('Dermatologie', [blanc, benali])).id;
});

afterEach(() => clinic.stop());

const { opened, read, say } = deskOf(() => ({ clinic, favre, pool }));

/** Somebody whom a manager has added on another device. */
async function joined(): Promise<Person> {
  const morel = await clinic.makePerson('Dr Inès Morel');
  const statements = clinic.groups.get(pool)?.statements as Statement[];
  const last = said<GroupPayload>(statements[0] as Statement);
  const members = [...last.members, morel.id];
  const prev = toBase64(await statementHash(statements[0] as Statement));
  const next = { ...last, seq: 1, members, prev };
  statements.push(await signStatement('cordee1.group', next, clinic.admin.signer));
  return morel;
}

describe('the secret of a group', () => {
  it('reaches a newcomer, and with it the past', async () => {
    const id = await opened();
    await say(id, 'avant');
    await clinic.use(blanc);
    const group = clinic.groups.get(pool);
    await clinic.use(clinic.admin);
    await changeMembers(pool, { remove: [benali.id] });
    const morel = await clinic.makePerson('Dr Inès Morel');
    await changeMembers(pool, { add: [morel.id] });
    expect(group?.previous).toEqual([]);

    // A manager who is no member knows no secret: a member links the epochs and hands over the key.
    clinic.pending.links = [{ group: pool, epoch: 1 }];
    await clinic.use(blanc);
    await heal();
    clinic.pending.links = [];
    expect(group?.grants[1]?.has(morel.id)).toBe(true);

    await clinic.use(morel);
    expect(await read(id)).toMatchObject({ seal: WHOLE, texts: ['avant'] });
  });

  it('of an epoch begun since the group was read opens at once', async () => {
    await clinic.use(blanc);
    await groupSecret(pool, 0);
    const group = clinic.groups.get(pool);
    const first = group?.statements[0] as Statement;
    const secret = randomBytes(32);
    const next = {
      ...said<GroupPayload>(first),
      seq: 1,
      epoch: 1,
      kem_key: toBase64(await groupKemPublic(secret)),
      prev: toBase64(await statementHash(first)),
    };
    group?.statements.push(await signStatement('cordee1.group', next, clinic.admin.signer));
    group?.grants.push(new Map([[blanc.id, await clinic.grant(pool, 1, secret, blanc)]]));
    expect(await groupSecret(pool, 1)).toEqual(secret);
  });

  it('is taken from the link that holds, whatever was planted beside it', async () => {
    const group = clinic.groups.get(pool);
    await clinic.use(blanc);
    const before = await groupSecret(pool, 0);
    // A manager who is a member links at once.
    await clinic.use(clinic.admin);
    await changeMembers(pool, { managers: [clinic.admin.id, blanc.id] });
    await clinic.use(blanc);
    await changeMembers(pool, { remove: [benali.id] });
    expect(group?.previous).toHaveLength(1);
    const secret = await groupSecret(pool, 1);
    const context = groupPrevContext(clinic.net, pool, 1);
    const planted = await seal(await groupChainKey(secret), context, randomBytes(32));
    const other = await seal(randomBytes(32), context, before);
    for (const sealed of [planted, other]) {
      group?.previous.unshift({ epoch: 1, sealed: toBase64(sealed), by: benali.id });
    }
    group?.grants[0]?.delete(blanc.id);
    await clinic.use(blanc);
    expect(await groupSecret(pool, 0)).toEqual(before);
    await until(() => clinic.reports.length === 2);
    expect(clinic.reports.map(({ verdict }) => verdict).sort()).toEqual([
      'key_swapped',
      'seal_broken',
    ]);
  });

  it('that was granted wrongly is refused, and waits for somebody else to hand it over', async () => {
    const group = clinic.groups.get(pool);
    group?.grants[0]?.set(blanc.id, await clinic.grant(pool, 0, randomBytes(32), blanc));
    await clinic.use(blanc);
    await expect(groupSecret(pool, 0)).rejects.toMatchObject({ name: 'KeySwapped' });
    expect(clinic.requests).toContain(`DELETE /groups/${pool}/grants/0/me`);
    await clinic.use(benali);
    await heal();
    await clinic.use(blanc);
    expect(await groupSecret(pool, 0)).toHaveLength(32);
  });

  it('is not asked for when the server lists nobody who was signed in', async () => {
    const stranger = await clinic.makePerson('Dr Nobody');
    clinic.pending.items = [{ group: pool, epoch: 0, member: stranger.id, member_seq: 0 }];
    await clinic.use(blanc);
    await heal();
    expect(clinic.groups.get(pool)?.grants[0]?.has(stranger.id)).toBe(false);
    const refused = { error: { name: 'GhostMember' }, group: 'Dermatologie' };
    expect(refusedDeed.value).toMatchObject(refused);
    await until(() => clinic.reports.length > 0);
    expect(clinic.reports).toMatchObject([{ subject_kind: 'group', verdict: 'ghost_member' }]);
    await clinic.use(benali);
    expect(refusedDeed.value).toBe(null);
  });

  it('is handed to who joined since this page knew the group, and that is no alarm', async () => {
    await clinic.use(blanc);
    await groupSecret(pool, 0);
    const morel = await joined();
    await heal();
    expect(clinic.groups.get(pool)?.grants[0]?.has(morel.id)).toBe(true);
    expect([refusedDeed.value, clinic.reports]).toEqual([null, []]);
  });
});

describe('a departure', () => {
  it('agreed beforehand is signed by the manager’s device when its time has come', async () => {
    await clinic.use(clinic.admin);
    const end = new Date(Date.now() - 1000).toISOString();
    await changeMembers(pool, { until: { [benali.id]: end } });
    clinic.pending.departures = [{ group: pool, members: [benali.id] }];
    await heal();
    const statements = clinic.groups.get(pool)?.statements ?? [];
    expect(said(statements.at(-1) as never)).toMatchObject({
      epoch: 1,
      members: [blanc.id],
      until: {},
    });
  });

  it('that nobody agreed to is not signed, and is reported', async () => {
    await clinic.use(clinic.admin);
    clinic.pending.departures = [{ group: pool, members: [blanc.id] }];
    await heal();
    expect(clinic.groups.get(pool)?.statements).toHaveLength(1);
    await until(() => clinic.reports.length > 0);
    expect(clinic.reports).toMatchObject([{ subject_kind: 'group', verdict: 'removal_not_due' }]);
  });
});

describe('the pools that take over', () => {
  it('stay as signed whatever else is signed, until they are signed anew', async () => {
    const backup = await clinic.makeGroup('Dermatologie, Genève', [benali]);
    const last = () => said(clinic.groups.get(pool)?.statements.at(-1) as never);
    await clinic.use(clinic.admin);
    await changeMembers(pool, { overflow: [backup.id] });
    expect(last()).toMatchObject({ seq: 1, epoch: 0, overflow: [backup.id] });
    await changeMembers(pool, { overflow: [backup.id] });
    expect(last()).toMatchObject({ seq: 1 });
    await changeMembers(pool, { remove: [benali.id] });
    expect(last()).toMatchObject({ seq: 2, epoch: 1, overflow: [backup.id] });
    await changeMembers(pool, { overflow: [] });
    expect(last()).toMatchObject({ seq: 3, epoch: 1, overflow: [] });
  });
});

describe('what changed while a page was open', () => {
  it('are the rules, and that is no alarm; rules that stay old are one', async () => {
    await clinic.use(favre);
    const old = { net: clinic.net, policy: [...clinic.policy] };
    await clinic.rule();
    await clinic.use(favre);
    expect((await policy()).payload.seq).toBe(1);
    // Another tab has met the new rules; this page still has those it was opened with.
    network.value = { ...old } as typeof network.value;
    expect((await policy()).payload.seq).toBe(1);
    expect(clinic.reports).toEqual([]);

    clinic.lie = (path, honest) => (path === '/network' ? old : honest);
    network.value = { ...old, policy: [...old.policy] } as typeof network.value;
    await expect(policy()).rejects.toMatchObject({ name: 'PolicyWithheld' });
    await until(() => clinic.reports.length > 0);
    expect(clinic.reports).toMatchObject([{ subject_kind: 'policy', verdict: 'policy_withheld' }]);
  });

  it('is learned before a new key or a newcomer is taken for a lie', async () => {
    const id = await opened();
    expect(await read(id)).toMatchObject({ seal: WHOLE });
    await wrote(clinic, id, blanc, 'un');
    expect(await read(id)).toMatchObject({ seal: WHOLE, texts: ['un'] });
    // This page stays as it is while a colleague renews her keys and somebody joins the pool.
    await clinic.renew(blanc);
    const morel = await joined();
    for (const author of [blanc, morel]) await wrote(clinic, id, author, 'depuis');
    expect(await read(id)).toMatchObject({ seal: WHOLE, texts: ['un', 'depuis', 'depuis'] });
    expect(clinic.reports).toEqual([]);
  });
});
