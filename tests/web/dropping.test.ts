/** What was opened here goes with the right to read it: from memory and from the device. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { fetchCase, missing } from '../../static/src/state/case-fetching.ts';
import { caseKey } from '../../static/src/state/case-keys.ts';
import { dropRows, opened as headers, onDropped, rows } from '../../static/src/state/case-rows.ts';
import { loadCases } from '../../static/src/state/cases.ts';
import { changeMembers } from '../../static/src/state/group-roll.ts';
import { findGroup, groupSecret, loadGroups } from '../../static/src/state/groups.ts';
import { postOffice } from '../../static/src/state/outbox.ts';
import { Clinic, type Person } from './support/clinic.ts';
import { deskOf, until } from './support/desk.ts';

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

const { opened } = deskOf(() => ({ clinic, favre, pool }));
const kept = async () => (await postOffice().outbox.rows<{ id: string }>()).map(({ id }) => id);

describe('a case that is no longer ours', () => {
  it('is forgotten when it is asked for and refused: words, key, row and the kept row', async () => {
    const id = await opened();
    await clinic.use(benali);
    const row = await fetchCase(id);
    await caseKey(row);
    await until(() => headers.value.has(id));
    await until(async () => (await kept()).includes(id));
    const told: string[] = [];
    const stop = onDropped((ids) => told.push(...ids));

    clinic.cases.get(id)?.left.add(pool);
    await expect(fetchCase(id)).rejects.toMatchObject({ code: 'case_not_found' });
    stop();
    expect(told).toEqual([id]);
    expect(missing.value.has(id)).toBe(true);
    expect(rows.value.has(id)).toBe(false);
    expect(headers.value.has(id)).toBe(false);
    expect(await kept()).not.toContain(id);
    await expect(caseKey({ ...row, grants: [] })).rejects.toMatchObject({ name: 'NoKey' });
  });

  it('is forgotten at the next sign-in when the lists no longer name it', async () => {
    const [lost, stays] = [await opened(), await opened()];
    await clinic.use(benali);
    await fetchCase(lost);
    await fetchCase(stays);
    await until(async () => (await kept()).length >= 2);
    // The device is closed, and its person taken off one case meanwhile.
    await dropRows([]);
    await clinic.use(benali);
    clinic.cases.get(lost)?.left.add(pool);
    await loadCases();
    expect(await kept()).toContain(stays);
    expect(await kept()).not.toContain(lost);
    expect(rows.value.has(stays)).toBe(true);
    expect(rows.value.has(lost)).toBe(false);
  });

  it('goes with the secrets of the group that was left while this device was away', async () => {
    await opened();
    await clinic.use(benali);
    await groupSecret(pool, 0);
    const { admin } = clinic;
    const device = clinic.user;
    await clinic.use(admin);
    await changeMembers(pool, { remove: [benali.id] });
    await clinic.use(device);
    await loadGroups();
    expect(findGroup(pool)?.mine).toBe(false);
    await expect(groupSecret(pool, 1)).rejects.toMatchObject({ code: 'no_grant' });
  });
});
