/** Keys of cases as groups change: what opens, what must not, and what is planted. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  type Bytes,
  caseContext,
  casePrevContext,
  fromBase64,
  groupKemSeed,
  keyCommitment,
  randomBytes,
  seal,
  signStatement,
  statementHash,
  toBase64,
  unwrap,
} from '../../static/src/crypto/index.ts';
import type { CasePayload } from '../../static/src/crypto/payloads.ts';
import type { Job } from '../../static/src/outbox/jobs.ts';
import { fetchCase } from '../../static/src/state/case-fetching.ts';
import { heal } from '../../static/src/state/case-heal.ts';
import { caseKey } from '../../static/src/state/case-keys.ts';
import { openMessage, openCase as readCase } from '../../static/src/state/case-opening.ts';
import { forgetOpened, keepRows, rows } from '../../static/src/state/case-rows.ts';
import type { CaseRow } from '../../static/src/state/case-types.ts';
import { changeMembers } from '../../static/src/state/group-roll.ts';
import { groupSecret } from '../../static/src/state/groups.ts';
import { tryAgain } from '../../static/src/state/outbox.ts';
import { postMessage, sealStaleAgain } from '../../static/src/state/posting.ts';
import {
  askSecondOpinion,
  forwardCase,
  grantsTo,
  keysToday,
  rekey,
  takeOff,
} from '../../static/src/state/sharing.ts';
import { Clinic, type Person, Refusal, said } from './support/clinic.ts';
import { broken, deskOf, until, WHOLE, wrote } from './support/desk.ts';

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

const { opened, read, say, waiting } = deskOf(() => ({ clinic, favre, pool }));

const backupPool = async (kind?: 'care_team') =>
  clinic.makeGroup(
    'Dermatologie, Genève',
    [await clinic.makePerson('Dr Anne Roch')],
    [clinic.admin],
    kind,
  );

/** To whom its opening says it was wrapped. */
const readersOf = (id: string) => said<CasePayload>(clinic.cases.get(id)?.events[0] as never).to;

describe('words the server did not accept', () => {
  it('stay, and leave when one tries again and the cause is gone', async () => {
    const id = await opened();
    clinic.before = async (request) => {
      if (request.includes('/messages/')) throw new Refusal(422, 'seal_refused');
    };
    const words = { id: crypto.randomUUID(), kind: 'text', body: { text: 'encore' } } as const;
    await postMessage(await fetchCase(id), { ...words, attachments: [], seen: [] });
    await until(async () => (await waiting(favre))[0]?.state === 'refused');
    expect(clinic.cases.get(id)?.messages).toEqual([]);
    clinic.before = null;
    const [job] = await waiting(favre);
    await tryAgain(job as Job);
    await until(() => clinic.cases.get(id)?.messages.length === 1);
    expect(await read(id)).toMatchObject({ seal: WHOLE, texts: ['encore'] });
  });
});

describe('a member removed', () => {
  it('reads nothing written afterwards, and those who stay read all of it', async () => {
    const id = await opened();
    await say(id, 'avant');
    await clinic.use(clinic.admin);
    await changeMembers(pool, { remove: [benali.id] });

    await clinic.use(favre);
    await say(id, 'après');
    expect(clinic.cases.get(id)?.messages.map((one) => one.generation)).toEqual([0, 1]);

    await clinic.use(blanc);
    const found = await read(id);
    expect(found).toMatchObject({ seal: WHOLE, texts: ['avant', 'après'] });
    expect(found.row.generation).toBe(1);
    // All that the server has and all the keys they ever held: nothing of the new generation opens.
    await clinic.use(benali);
    const seeds = [benali.kemSeed, await groupKemSeed(await groupSecret(pool, 0))];
    const later = clinic.cases.get(id)?.grants.filter(({ generation }) => generation === 1) ?? [];
    expect(later).toHaveLength(2);
    for (const { recipient, wrapped } of later) {
      for (const seed of seeds) {
        const context = caseContext(clinic.net, id, 1, recipient);
        const opening = unwrap(seed, context, fromBase64(wrapped));
        await expect(opening).rejects.toMatchObject({ name: 'WrapBroken' });
      }
    }
  });

  it('costs the words nothing when the page closes before they are sealed again', async () => {
    const id = await opened();
    await clinic.use(clinic.admin);
    await changeMembers(pool, { remove: [benali.id] });
    await clinic.use(favre);
    const words = { id: crypto.randomUUID(), kind: 'text', body: { text: 'deux' } } as const;
    const row = { ...(await fetchCase(id)), rekey_due: false, events: [] };
    await postMessage(row, { ...words, attachments: [], seen: [] });
    await until(async () => (await waiting(favre))[0]?.state === 'stale');
    // Another visit: nothing is in memory but what the device kept.
    await clinic.use(favre);
    await sealStaleAgain();
    await until(() => clinic.cases.get(id)?.messages.length === 1);
    await clinic.use(blanc);
    expect(await read(id)).toMatchObject({ texts: ['deux'], row: { generation: 1 } });
  });

  it('is outrun when two devices rotate at once: one event wins and nothing is lost', async () => {
    const id = await opened();
    await clinic.use(clinic.admin);
    await changeMembers(pool, { remove: [benali.id] });
    await clinic.use(favre);
    let raced = false;
    clinic.before = async (request) => {
      if (raced || !request.endsWith('/events')) return;
      raced = true;
      const found = clinic.cases.get(id);
      await plant(id, randomBytes(32), blanc);
      if (found) found.rekeyDue = false;
    };
    await rekey(id);
    expect(raced).toBe(true);
    expect(clinic.cases.get(id)?.events).toHaveLength(2);
    expect(await read(id)).toMatchObject({ seal: WHOLE, row: { generation: 1 } });
  });
});

/** A rotation as another device makes it, or as somebody without standing would. */
async function plant(id: string, key: Bytes, by: Person, real = key): Promise<void> {
  const found = clinic.cases.get(id);
  if (!found) throw new Error('no such case');
  const row = clinic.row(found) as CaseRow;
  const generation = row.generation + 1;
  const publics = await keysToday([`account:${favre.id}`, `group:${pool}`]);
  const grants = await grantsTo(id, generation, key, publics);
  const last = row.events.at(-1);
  const payload: CasePayload = {
    v: 1,
    net: clinic.net,
    case: id,
    n: row.events.length,
    event: 'rotate',
    generation,
    kc: toBase64(await keyCommitment(real)),
    to: Object.keys(grants),
    by: by.id,
    prev: last ? toBase64(await statementHash(last)) : null,
  };
  found.events.push(await signStatement('cordee1.case', payload, by.signer));
  for (const [recipient, wrapped] of Object.entries(grants)) {
    found.grants.push({ generation, recipient, wrapped });
  }
  const before = await caseKey(row, generation - 1);
  const sealed = await seal(key, casePrevContext(clinic.net, id, generation), before);
  found.previous.push({ generation, sealed: toBase64(sealed) });
}

describe('a planted key', () => {
  it('of a case does not fit what was signed', async () => {
    const id = await opened();
    await plant(id, randomBytes(32), favre, randomBytes(32));
    expect((await read(id)).seal).toEqual(broken('KeyCommitmentWrong'));
    await until(() => clinic.reports.length > 0);
    expect(clinic.reports).toMatchObject([
      { subject_kind: 'case', subject_id: id, verdict: 'key_commitment_wrong' },
    ]);
  });

  it('of an earlier generation is not taken from the link that carries it', async () => {
    const id = await opened();
    await say(id, 'un');
    await plant(id, randomBytes(32), favre);
    const found = clinic.cases.get(id);
    const row = await fetchCase(id);
    const context = casePrevContext(clinic.net, id, 1);
    const planted = await seal(await caseKey(row, 1), context, randomBytes(32));
    if (found) {
      found.previous = [{ generation: 1, sealed: toBase64(planted) }];
      found.grants = found.grants.filter(({ generation }) => generation === 1);
    }
    await clinic.use(blanc);
    expect((await read(id)).seal).toEqual(broken('KeyCommitmentWrong'));
  });

  it('chosen by somebody removed is refused, though they had part in the case', async () => {
    const id = await opened();
    await clinic.use(clinic.admin);
    await changeMembers(pool, { remove: [benali.id] });
    await clinic.use(favre);
    await plant(id, randomBytes(32), benali);
    expect((await read(id)).seal).toEqual(broken('OutsideCareCircle'));
  });
});

describe('a case that travels', () => {
  it('opens for the pool it is forwarded to, asked for a second opinion, and no longer once taken off', async () => {
    const morel = await clinic.makePerson('Dr Inès Morel');
    const jacquier = await clinic.makePerson('Dr Paul Jacquier');
    const rheumatology = await clinic.makeGroup('Rhumatologie', [morel]);
    const orthopaedics = await clinic.makeGroup('Orthopédie', [jacquier]);
    const id = await opened();
    await say(id, 'un');
    const row = await fetchCase(id);
    await askSecondOpinion(row, rheumatology.id);
    await forwardCase(row, orthopaedics.id);
    for (const reader of [morel, jacquier, blanc]) {
      await clinic.use(reader);
      expect(await read(id)).toMatchObject({ seal: WHOLE, texts: ['un'] });
    }
    await clinic.use(favre);
    await takeOff(row, rheumatology.id);
    await say(id, 'deux');
    const last = said<CasePayload>(clinic.cases.get(id)?.events.at(-1) as never);
    expect(last.to.some((to) => to.includes(rheumatology.id))).toBe(false);
    await clinic.use(jacquier);
    expect(await read(id)).toMatchObject({ seal: WHOLE, texts: ['un', 'deux'] });
    await clinic.use(morel);
    await expect(fetchCase(id)).rejects.toMatchObject({ code: 'case_not_found' });
  });

  it('is wrapped to overflow pools and every custodian of the rules from its opening on', async () => {
    const backup = await backupPool();
    await clinic.use(clinic.admin);
    await changeMembers(pool, { overflow: [backup.id] });
    clinic.custodians = [randomBytes(32)];
    await clinic.rule();
    const id = await opened();
    expect(readersOf(id)).toEqual(
      [`account:${favre.id}@0`, 'custodian:0', `group:${backup.id}@0`, `group:${pool}@0`].sort(),
    );
  });

  it('is not wrapped to an overflow pool that the server names and nobody signed', async () => {
    const { id: backup, name } = await backupPool();
    const named = (group: object) => ({ ...group, overflow: [{ id: backup, name }] });
    clinic.lie = (path, honest) => {
      if (path.startsWith('/groups?')) return { ...honest, items: honest.items.map(named) };
      return path === `/groups/${pool}` ? named(honest) : honest;
    };
    expect(readersOf(await opened())).toEqual([`account:${favre.id}@0`, `group:${pool}@0`]);
    expect(clinic.groups.get(pool)?.statements).toHaveLength(1);
  });

  it('is not wrapped to a signed overflow pool once that is archived, nor to a care team', async () => {
    const closed = await backupPool();
    const team = await backupPool('care_team');
    await clinic.use(clinic.admin);
    await changeMembers(pool, { overflow: [closed.id, team.id] });
    const lie = (group: { id: string }) => ({
      ...group,
      kind: 'pool',
      archived: group.id === closed.id,
    });
    clinic.lie = (path, honest) =>
      path.startsWith('/groups?') ? { ...honest, items: honest.items.map(lie) } : honest;
    expect(readersOf(await opened())).toEqual([`account:${favre.id}@0`, `group:${pool}@0`]);
  });

  it('gets a key of today before anything is written once the rules name a custodian', async () => {
    const id = await opened();
    clinic.custodians = [randomBytes(32)];
    await clinic.rule();
    await clinic.use(favre);
    await say(id, 'deux');
    expect(said<CasePayload>(clinic.cases.get(id)?.events.at(-1) as never)).toMatchObject({
      event: 'rotate',
      to: expect.arrayContaining(['custodian:0']),
    });
  });

  it('is taken off by a device that has not heard yet of the custodian it must name', async () => {
    const id = await opened();
    const other = (await backupPool()).id;
    await askSecondOpinion(await fetchCase(id), other);
    clinic.custodians.push(randomBytes(32));
    await clinic.rule();
    await takeOff(await fetchCase(id), other);
    const { row, seal: found } = await read(id);
    expect(found).toEqual(WHOLE);
    expect(row.circle.map(({ kind, left }) => [kind, left])).toContainEqual(['custodian', false]);
    expect(clinic.reports).toEqual([]);
  });

  it('does not hide a reader, nor show one who holds no key', async () => {
    const id = await opened();
    for (const lie of [
      (row: CaseRow) => ({ ...row, circle: row.circle.slice(1) }),
      (row: CaseRow) => ({
        ...row,
        circle: [
          ...row.circle,
          { ...row.circle[0], id: favre.id },
          { kind: 'group', id: crypto.randomUUID(), left: false },
        ],
      }),
    ]) {
      clinic.lie = (path, honest) => (path === `/cases/${id}` ? lie(honest) : honest);
      expect((await readCase(await fetchCase(id))).seal).toEqual(broken('CircleFalsified'));
    }
  });
});

describe('somebody whose keys are new', () => {
  it('reads what was sealed to the old ones, and is handed the case under the new', async () => {
    const id = await opened();
    await say(id, 'un');
    await clinic.renew(favre);
    await clinic.use(favre);
    expect(await read(id)).toMatchObject({ seal: WHOLE, texts: ['un'] });
    clinic.pending.regrants = [{ case: id, account: favre.id, seq: 1 }];
    await clinic.use(blanc);
    await heal();
    favre.former = [];
    await clinic.use(favre);
    expect(await read(id)).toMatchObject({ seal: WHOLE, texts: ['un'] });
  });

  it.each([
    ['at once', false],
    ['after a colleague handed them the key of before', true],
  ])('is written to under a key that the old ones never open, %s', async (_, handed) => {
    const id = await opened();
    const former = favre.kemSeed;
    await clinic.renew(favre);
    await clinic.use(blanc);
    if (handed) {
      clinic.pending.regrants = [{ case: id, account: favre.id, seq: 1 }];
      await heal();
      expect(clinic.cases.get(id)?.events).toHaveLength(2);
    }
    await say(id, 'pour elle seule');
    const found = clinic.cases.get(id);
    expect(found?.messages.map((one) => one.generation)).toEqual([1]);
    const today = found?.grants.filter(({ generation }) => generation === 1) ?? [];
    expect(today.map(({ recipient }) => recipient)).toContain(`account:${favre.id}@1`);
    for (const { recipient, wrapped } of today) {
      const context = caseContext(clinic.net, id, 1, recipient);
      const opening = unwrap(former, context, fromBase64(wrapped));
      await expect(opening).rejects.toMatchObject({ name: 'WrapBroken' });
    }
    // Once is enough: nobody makes a key again for what is as it should be.
    await say(id, 'encore');
    expect(found?.messages.map((one) => one.generation)).toEqual([1, 1]);
    favre.former = [];
    await clinic.use(favre);
    expect(await read(id)).toMatchObject({ seal: WHOLE, texts: ['pour elle seule', 'encore'] });
  });

  it('is believed in all they signed with them, opened at once by who knew only the old', async () => {
    const id = await opened();
    await wrote(clinic, id, blanc, 'avant');
    expect(await read(id)).toMatchObject({ texts: ['avant'] });
    await clinic.renew(blanc);
    for (const text of ['un', 'deux', 'trois']) await wrote(clinic, id, blanc, text);
    const row = await fetchCase(id);
    const written = clinic.cases.get(id)?.messages ?? [];
    const found = await Promise.all(written.map((message) => openMessage(row, message)));
    expect(found.map(({ seal: one }) => one)).toEqual([WHOLE, WHOLE, WHOLE, WHOLE]);
    expect(clinic.reports).toEqual([]);
  });
});

describe('a message', () => {
  it('by somebody outside the circle is not shown, though a key was leaked to them', async () => {
    const id = await opened();
    await say(id, 'un');
    const stranger = await clinic.makePerson('Dr Nobody');
    await wrote(clinic, id, stranger, 'non');
    expect((await read(id)).texts).toEqual(['un', broken('OutsideCareCircle')]);
  });
});

describe('a photo that arrived', () => {
  it('stays when a list written before it comes late', async () => {
    const row = await fetchCase(await opened());
    const shown = (stored: boolean) => {
      const attachments = [{ id: 'f0000000-0000-4000-8000-000000000001', size: 9, stored }];
      keepRows([{ ...row, header: { ...row.header, attachments } }]);
      return rows.value.get(row.id)?.header.attachments[0]?.stored;
    };
    expect([shown(false), shown(true), shown(false)]).toEqual([false, true, true]);
  });
});

describe('what the server once showed signed', () => {
  it('is not taken back by showing fewer events', async () => {
    const id = await opened();
    const row = await fetchCase(id);
    await askSecondOpinion(row, (await clinic.makeGroup('Rhumatologie', [benali])).id);
    await readCase(await fetchCase(id));
    keepRows([row]);
    expect(rows.value.get(id)?.events).toHaveLength(2);
    clinic.lie = (path, honest) => (path === `/cases/${id}` ? row : honest);
    for (const shown of [await fetchCase(id), row]) {
      expect((await readCase(shown)).seal).toEqual(broken('SequenceBroken'));
    }
    await until(() => clinic.reports.length > 0);
  });

  it('may come late, after a newer answer, and is no lie then', async () => {
    const id = await opened();
    await clinic.use(blanc);
    const late = [await fetchCase(id)];
    for (const name of ['Rhumatologie', 'Orthopédie']) {
      await askSecondOpinion(await fetchCase(id), (await clinic.makeGroup(name, [benali])).id);
      late.push(await fetchCase(id));
    }
    forgetOpened();
    const [first, second, last] = late as [CaseRow, CaseRow, CaseRow];
    const seals = [last, first, second, last].map(async (row) => (await readCase(row)).seal);
    expect(await Promise.all(seals)).toEqual([WHOLE, WHOLE, WHOLE, WHOLE]);
    // Taken off meanwhile: the server no longer tells, and that is no lie either.
    clinic.cases.get(id)?.left.add(pool);
    expect((await readCase(first)).seal).toEqual({ state: 'closed' });
    expect(clinic.reports).toEqual([]);
  });

  it('holds whole cases through random honest changes', async () => {
    const id = await opened();
    const people = [blanc, benali, await clinic.makePerson('Dr Inès Morel')];
    for (let turn = 0; turn < 6; turn++) {
      await clinic.use(clinic.admin);
      const one = people[turn % people.length] as Person;
      const { members } = said<{ members: string[] }>(
        clinic.groups.get(pool)?.statements.at(-1) as never,
      );
      const leaves = members.includes(one.id) && members.length > 1;
      await changeMembers(pool, leaves ? { remove: [one.id] } : { add: [one.id] });
      await clinic.use(favre);
      await say(id, String(turn));
      expect(await read(id)).toMatchObject({ seal: WHOLE });
    }
    expect((await read(id)).texts).toEqual(['0', '1', '2', '3', '4', '5']);
    expect(clinic.reports).toEqual([]);
  });
});
