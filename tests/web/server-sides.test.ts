/** A browser in front of a server that sides with strangers, or plants what nobody announced. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  type Bytes,
  randomBytes,
  type Statement,
  signStatement,
  statementHash,
  toBase64,
} from '../../static/src/crypto/index.ts';
import type { AccountPayload, CasePayload } from '../../static/src/crypto/payloads.ts';
import { seedSigningKey } from '../../static/src/crypto/signing.ts';
import { fetchCase } from '../../static/src/state/case-fetching.ts';
import { heal } from '../../static/src/state/case-heal.ts';
import { openCase as readCase } from '../../static/src/state/case-opening.ts';
import { keepRows, rows } from '../../static/src/state/case-rows.ts';
import type { CaseRow } from '../../static/src/state/case-types.ts';
import { groups } from '../../static/src/state/groups.ts';
import { forgetPerson } from '../../static/src/state/people.ts';
import { postMessage, sealStaleAgain } from '../../static/src/state/posting.ts';
import {
  askSecondOpinion,
  bringIn,
  grantsTo,
  keysToday,
  takeOff,
} from '../../static/src/state/sharing.ts';
import { api, type Page } from '../../static/src/transport/http.ts';
import { Clinic, type Person, said } from './support/clinic.ts';
import { broken, deskOf, until, WHOLE, wrote } from './support/desk.ts';

let clinic: Clinic;
let favre: Person;
let blanc: Person;
let pool: string;

beforeEach(async () => {
  clinic = await Clinic.start();
  favre = await clinic.makePerson('Dr Claire Favre');
  blanc = await clinic.makePerson('Dr Sophie Blanc');
  pool = (await clinic.makeGroup('Dermatologie', [blanc])).id;
});

afterEach(() => clinic.stop());

const { opened, read, waiting } = deskOf(() => ({ clinic, favre, pool }));

describe('somebody said to wait for a key', () => {
  it('must be a reader by a signed event, whatever the server says, and not taken off since', async () => {
    const stranger = await clinic.makePerson('Dr Nobody');
    const id = await opened();
    clinic.pending.regrants = [{ case: id, account: stranger.id, seq: 0 }];
    await clinic.use(blanc);
    await heal();
    expect(clinic.cases.get(id)?.events).toHaveLength(1);
    await clinic.use(favre);
    await bringIn(await fetchCase(id), stranger.id, 'doctor');
    await takeOff(await fetchCase(id), stranger.id);
    await clinic.use(blanc);
    await heal();
    expect(clinic.cases.get(id)?.events).toHaveLength(3);
    await until(() => clinic.reports.length > 0);
    expect(clinic.reports[0]).toMatchObject({ subject_id: id, verdict: 'circle_falsified' });
  });
});

describe('a generation that nobody announced', () => {
  /** A key the server knows, wrapped to whoever is at the device, as the next of the case. */
  async function announced(id: string): Promise<Bytes> {
    const key = randomBytes(32);
    const grants = await grantsTo(id, 1, key, await keysToday([`account:${favre.id}`]));
    clinic.lie = (path, honest) => {
      if (!path.startsWith('/cases') || path.endsWith('/events')) return honest;
      for (const row of honest?.items ?? [honest]) {
        if (row?.id !== id || !row.grants) continue;
        row.generation = 1;
        for (const [recipient, wrapped] of Object.entries(grants)) {
          row.grants.push({ generation: 1, recipient, wrapped });
        }
      }
      return honest;
    };
    return key;
  }
  const WORDS = { kind: 'text', body: { text: 'secret' }, attachments: [], seen: [] } as const;

  it('takes no words, and shows the case as broken', async () => {
    const id = await opened();
    await announced(id);
    const row = await fetchCase(id);
    expect((await readCase(row)).seal).toEqual(broken('SealBroken'));
    const posting = postMessage(row, { ...WORDS, id: crypto.randomUUID(), seen: [] });
    await expect(posting).rejects.toMatchObject({ name: 'SealBroken' });
    expect(await waiting(favre)).toEqual([]);
  });

  it('takes none by a list either, which proves nothing', async () => {
    const id = await opened();
    await clinic.use(favre);
    rows.value = new Map();
    await announced(id);
    const { items } = await api<Page<CaseRow>>('GET', '/cases?limit=1');
    keepRows(items);
    const row = rows.value.get(id) as CaseRow;
    expect(row).toMatchObject({ generation: 1, events: [] });
    await postMessage(row, { ...WORDS, id: crypto.randomUUID(), seen: [] });
    expect((await waiting(favre))[0]?.state).toBe('stale');
    clinic.lie = null;
    await sealStaleAgain();
    await until(() => clinic.cases.get(id)?.messages.length === 1);
    expect(clinic.cases.get(id)?.messages[0]).toMatchObject({ generation: 0 });
  });
});

describe('what two colleagues signed at the same moment', () => {
  it('is not shown now as one of them signed it and then as the other', async () => {
    const id = await opened();
    const others = (await clinic.makeGroup('Rhumatologie', [favre])).id;
    await askSecondOpinion(await fetchCase(id), others);
    const row = await fetchCase(id);
    expect((await readCase(row)).seal).toEqual(WHOLE);
    const events = row.events.slice(0, 1);
    for (const n of [1, 2]) {
      const before = events.at(-1) as Statement;
      const prev = toBase64(await statementHash(before));
      const to = [`group:${others}@0`];
      const payload = { ...said<CasePayload>(before), n, event: 'grant', to, by: blanc.id, prev };
      events.push(await signStatement('cordee1.case', payload as CasePayload, blanc.signer));
    }
    expect((await readCase({ ...row, events })).seal).toEqual(broken('SequenceBroken'));
  });
});

describe('an answer about something else than was asked', () => {
  it('is no group to wrap a key to', async () => {
    const other = await clinic.makeGroup('Rhumatologie', [favre]);
    await clinic.use(favre);
    groups.value = [];
    clinic.lie = (path, honest) =>
      path === `/groups/${pool}` ? { ...honest, ...other, grants: [] } : honest;
    await expect(keysToday([`group:${pool}`])).rejects.toMatchObject({ name: 'SubjectChanged' });
  });

  it('is no case to hand on', async () => {
    const others = (await clinic.makeGroup('Rhumatologie', [blanc])).id;
    const one = await opened();
    const two = await opened();
    const row = await fetchCase(one);
    clinic.lie = (path, honest) =>
      path === `/cases/${one}` ? clinic.row(clinic.cases.get(two) as never) : honest;
    await expect(askSecondOpinion(row, others)).rejects.toMatchObject({ name: 'SealBroken' });
  });
});

describe('keys that nobody vouches for', () => {
  it('sign nothing in the name of a colleague', async () => {
    const id = await opened();
    const signer = await seedSigningKey(randomBytes(32));
    const honest = said<AccountPayload>(blanc.statements[0] as Statement);
    const payload = { ...honest, sign_key: toBase64(signer.publicKey) };
    const forged = await signStatement('cordee1.account', payload, signer);
    clinic.lie = (path, told) => {
      if (!path.startsWith('/accounts')) return told;
      for (const one of told.items) if (one.id === blanc.id) one.statements = [forged];
      return told;
    };
    forgetPerson();
    await wrote(clinic, id, { ...blanc, signer }, 'non');
    expect((await read(id)).texts).toEqual([broken('NotCertified')]);
  });
});
