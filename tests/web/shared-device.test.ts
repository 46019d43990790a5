/** What is being written, on a device that colleagues share. */
import { expect, it } from 'vitest';
import {
  type CaseDraft,
  loadCaseDrafts,
  messageDraftId,
  newCaseDraft,
  saveCaseDraft,
  saveDraft,
} from '../../static/src/state/drafts.ts';
import { postOffice } from '../../static/src/state/outbox.ts';
import { usualClinic } from './support/desk.ts';
import { ABONDANCE, putJob, uploadJob } from './support/jobs.ts';

const place = usualClinic();

const DAYS_AGO = Date.now() - 3 * 24 * 3600_000;

async function keepPart(attachment: string): Promise<void> {
  const sealed = new Blob(['sealed']);
  await postOffice().outbox.putPart({ attachment, index: 0, at: DAYS_AGO, sealed });
}

const draftWith = (id: string, preview: string): CaseDraft => {
  const files = [{ id, preview: { id: preview } }] as unknown as CaseDraft['files'];
  return { ...newCaseDraft(null), files };
};

let round = 0;
/** Storage outlives a test: each names its own files. */
const own = (name: string) => `${name} ${round}`;

/** Dr Favre leaves a case, an answer and an upload behind, days old. */
async function leaveWork(): Promise<void> {
  round += 1;
  const { clinic, favre } = place;
  await clinic.use(favre);
  for (const name of ['photo', 'small', 'answer', 'queued', 'orphan']) await keepPart(own(name));
  await saveCaseDraft(draftWith(own('photo'), own('small')));
  const files = [{ id: own('answer') }];
  await saveDraft(messageDraftId(ABONDANCE), { text: '', quoted: null, files });
  const { id: account } = favre;
  await postOffice().outbox.add([
    putJob(own('words'), { account, state: 'refused' }),
    uploadJob(own('queued'), own('words'), { account }),
  ]);
}

async function kept(): Promise<string[]> {
  const mine = [...(await postOffice().outbox.partOwners())].filter(
    (id) => id === own(id.split(' ')[0] ?? ''),
  );
  return mine.map((id) => id.split(' ')[0] ?? '').toSorted();
}

it.each(['favre', 'blanc'] as const)(
  'when %s signs in, what nobody needs goes and the photos stay',
  async (who) => {
    await leaveWork();
    await place.clinic.use(place[who]);
    await loadCaseDrafts();
    expect(await kept()).toEqual(['answer', 'photo', 'queued', 'small']);
  },
);

it('nothing is swept while a draft does not tell which files are its own', async () => {
  const { clinic, favre, blanc } = place;
  await leaveWork();
  const { outbox } = postOffice();
  for (const { files: _, ...before } of await outbox.drafts(favre.id))
    await outbox.putDraft(before);
  for (const person of [blanc, favre]) {
    await clinic.use(person);
    await loadCaseDrafts();
    expect(await kept()).toEqual(['answer', 'orphan', 'photo', 'queued', 'small']);
  }
});
