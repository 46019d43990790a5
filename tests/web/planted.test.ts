/** What a server may write beside honest events and words: nothing of it is believed. */
import { beforeEach, describe, expect, it } from 'vitest';
import {
  caseContext,
  fromBase64,
  messageContext,
  randomBytes,
  toBase64,
  unseal,
  wrap,
} from '../../static/src/crypto/index.ts';
import { fetchCase } from '../../static/src/state/case-fetching.ts';
import { caseKey, forgetCaseKeys } from '../../static/src/state/case-keys.ts';
import { openCase as readCase } from '../../static/src/state/case-opening.ts';
import { caseRow, forgetOpened, rows } from '../../static/src/state/case-rows.ts';
import type { CaseRow, MessageRow } from '../../static/src/state/case-types.ts';
import { postOffice, refreshOutbox, tryAgain } from '../../static/src/state/outbox.ts';
import { postMessage, sealStaleAgain, takeStep } from '../../static/src/state/posting.ts';
import { keysToday } from '../../static/src/state/sharing.ts';
import { Refusal } from './support/clinic.ts';
import { broken, deskOf, until, usualClinic, WHOLE } from './support/desk.ts';

const place = usualClinic();
const { opened, queued, read, waiting } = deskOf(() => place);

let planted: Uint8Array<ArrayBuffer>;
beforeEach(() => {
  planted = randomBytes(32);
});

const words = (text: string) => ({
  id: crypto.randomUUID(),
  kind: 'text' as const,
  body: { text },
  attachments: [],
  seen: [],
});

/** The row with a key of the server's own, wrapped to who is at the device. */
async function withPlanted(row: CaseRow, generation: number): Promise<CaseRow> {
  const { clinic } = place;
  const to = `account:${clinic.user.id}`;
  const [recipient, publicKey] = [...(await keysToday([to]))][0] as [string, typeof planted];
  const context = caseContext(clinic.net, row.id, generation, recipient);
  const wrapped = toBase64(await wrap(publicKey, context, planted));
  const grants = [{ generation, recipient, wrapped }, ...row.grants];
  return { ...row, generation, grants };
}

/** Whether words queued here or sent open under the planted key. */
async function readBy(key: typeof planted, id: string): Promise<boolean> {
  const queued = (await waiting(place.clinic.user)).flatMap((job) =>
    job.kind === 'upload' || job.state !== 'waiting' ? [] : [{ ...job.body, id: job.id }],
  );
  const sent = [...queued, ...(place.clinic.cases.get(id)?.messages ?? [])] as MessageRow[];
  const tries = sent.map(async (one) => {
    const context = messageContext(place.clinic.net, id, one.generation, one.id);
    return unseal(key, context, fromBase64(one.sealed));
  });
  return (await Promise.allSettled(tries)).some(({ status }) => status === 'fulfilled');
}

describe('a key that the server plants', () => {
  it('in a generation nobody announced is not written under, even after an honest look', async () => {
    const id = await opened();
    const first = await fetchCase(id);
    expect((await readCase(first)).seal).toEqual(WHOLE);
    const lie = await withPlanted(first, 1);
    place.clinic.lie = (path, honest) => (path === `/cases/${id}` ? lie : honest);
    const row = await fetchCase(id);
    expect(row.events).toEqual(first.events);
    expect((await readCase(row)).seal).toEqual(broken('SealBroken'));
    for (const write of [
      () => postMessage(row, words('SECRET')),
      () => takeStep(row, 'refuse', words('SECRET')),
    ]) {
      await expect(write()).rejects.toMatchObject({ name: 'SealBroken' });
    }
    expect(await waiting(place.favre)).toEqual([]);
    await until(() => place.clinic.reports.length > 0);
    await expect(caseKey(row, 1)).rejects.toMatchObject({ name: 'SealBroken' });
  });

  it('of another opener or case beside the same events is seen each time', async () => {
    const id = await opened();
    const row = await fetchCase(id);
    expect((await readCase(row)).seal).toEqual(WHOLE);
    const { id: other, name } = place.blanc;
    const lie = { ...row, opened_by: { id: other, name } };
    expect((await readCase(lie)).seal).toEqual(broken('SealBroken'));
    await expect(postMessage(lie, words('SECRET'))).rejects.toMatchObject({ name: 'SealBroken' });
    expect((await readCase(row)).seal).toEqual(WHOLE);
  });

  it('in a list is written under on this device alone, and never leaves', async () => {
    const id = await opened();
    const { events: _, ...honest } = await fetchCase(id);
    forgetOpened();
    const row = await withPlanted({ ...honest, events: [] }, 0);
    await postMessage(row, words('SECRET'));
    expect(await waiting(place.favre)).toMatchObject([{ state: 'stale', unproved: true }]);
    // The server says no to whoever asks for the proof, and the person touches "Try again".
    forgetCaseKeys();
    place.clinic.before = async (request) => {
      if (request === `GET /cases/${id}`) throw new Refusal(422, 'no');
    };
    await sealStaleAgain();
    const [job] = await waiting(place.favre);
    expect(job).toMatchObject({ state: 'refused' });
    await tryAgain(job as NonNullable<typeof job>);
    expect(await waiting(place.favre)).toMatchObject([{ state: 'stale' }]);
    expect(await readBy(planted, id)).toBe(false);
    expect(place.clinic.cases.get(id)?.messages).toEqual([]);
  });

  it('for a case the server pretends not to know is not taken for one made here', async () => {
    const id = await opened();
    const row = await withPlanted({ ...(await fetchCase(id)), events: [] }, 0);
    forgetOpened();
    rows.value = new Map();
    await postMessage(row, words('SECRET'));
    expect(await waiting(place.favre)).toMatchObject([{ state: 'stale' }]);
    expect(await readBy(planted, id)).toBe(false);
  });
});

describe('a case that waits on this device', () => {
  it('is written in at once, under the key of its own signed opening and no other', async () => {
    place.clinic.before = async (request) => {
      if (request.startsWith('PUT /cases/')) throw new Refusal(503, 'later');
    };
    await place.clinic.use(place.favre);
    const id = await queued();
    await refreshOutbox();
    forgetOpened();
    const row = caseRow(id) as CaseRow;
    const lie = await withPlanted(row, 0);
    const writing = postMessage(lie, words('SECRET'));
    await expect(writing).rejects.toMatchObject({ name: 'KeyCommitmentWrong' });
    forgetOpened();
    await postMessage(row, words('un'));
    expect((await waiting(place.favre)).map(({ state }) => state)).toEqual(['waiting', 'waiting']);
    place.clinic.before = null;
    await postOffice().kick(true);
    await until(() => place.clinic.cases.get(id)?.messages.length === 1);
    expect(await read(id)).toMatchObject({ seal: WHOLE, texts: ['un'] });
  });
});
