/** What was written before one's keys were renewed, and had not left this device. */
import { expect, it } from 'vitest';
import { randomBytes, utf8 } from '../../static/src/crypto/bytes.ts';
import { lockOnDevice, openOnDevice } from '../../static/src/crypto/vault.ts';
import type { HeaderBody } from '../../static/src/state/case-types.ts';
import {
  caseDrafts,
  loadCaseDrafts,
  loadDraft,
  messageDraftId,
  newCaseDraft,
  saveCaseDraft,
  saveDraft,
} from '../../static/src/state/drafts.ts';
import { draftSealingKey, keepKeys, myKeys } from '../../static/src/state/keys.ts';
import { postOffice } from '../../static/src/state/outbox.ts';
import { openCase, sealStaleAgain } from '../../static/src/state/posting.ts';
import { Refusal } from './support/clinic.ts';
import { deskOf, until, usualClinic, WHOLE } from './support/desk.ts';
import { ABONDANCE } from './support/jobs.ts';

const place = usualClinic();
const { read, waiting } = deskOf(() => place);

it('drafts still open, also after a second renewal', async () => {
  const { clinic, favre } = place;
  await clinic.use(favre);
  const draft = { ...newCaseDraft(null), question: 'Que faire ?' };
  await saveCaseDraft(draft);
  await clinic.renew(favre);
  await clinic.use(favre);
  await saveDraft(messageDraftId(ABONDANCE), { text: 'Depuis hier' });
  await clinic.renew(favre);
  await clinic.use(favre);
  await loadCaseDrafts();
  expect(caseDrafts.value.find(({ id }) => id === draft.id)?.question).toBe('Que faire ?');
  expect(await loadDraft(messageDraftId(ABONDANCE))).toEqual({ text: 'Depuis hier' });
});

it('from the renewal on, drafts lie under the new keys alone', async () => {
  const { clinic, favre } = place;
  await clinic.use(favre);
  const { seq, kemSeed, root } = await myKeys();
  const before = await draftSealingKey();
  const former = [{ seq, kemSeed: kemSeed.slice() }];
  const renewed = { signSeed: randomBytes(32), kemSeed: randomBytes(32), root, former };
  await keepKeys(favre.id, seq + 1, renewed);
  const sealed = await lockOnDevice(await draftSealingKey(), 'a draft', utf8('words'));
  await expect(openOnDevice(before, 'a draft', sealed)).rejects.toThrow();
});

it('a case that waited is sealed again and leaves', async () => {
  const { clinic, favre, blanc, pool } = place;
  await clinic.use(favre);
  clinic.before = (request) => {
    if (request.startsWith('PUT /cases/')) throw new Refusal(503, 'unavailable');
  };
  const id = crypto.randomUUID();
  const patient = { birth_name: 'PERRIN', sex: 'F', birth_date: '1951-04-09' };
  const header = { patient, question: 'Que faire ?', attachments: [] } as unknown as HeaderBody;
  const wanted = { id, pool, careTeam: null, urgency: 'routine', header } as const;
  await openCase(wanted, 'no draft');
  await until(async () => (await postOffice().outbox.find(id))?.attempts);
  clinic.before = null;
  await clinic.renew(favre);
  await clinic.use(favre);
  const states: string[] = [];
  await until(async () => {
    const [job] = await waiting(favre);
    if (job) states.push(job.state);
    if (job?.state === 'stale') await sealStaleAgain();
    return clinic.cases.has(id) || job?.state === 'refused';
  });
  expect(states).not.toContain('refused');
  await clinic.use(blanc);
  expect((await read(id)).seal).toEqual(WHOLE);
});
