/** What is being written, and the photos that join it, over a lock and between pages. */
import { describe, expect, it } from 'vitest';
import type { Manifest } from '../../static/src/photos/manifest.ts';
import {
  dropCaseDraft,
  findCaseDraft,
  loadDraft,
  type MessageDraft,
  messageDraftId,
  newCaseDraft,
  putInDraft,
  saveCaseDraft,
  saveDraft,
  takeFilesOf,
} from '../../static/src/state/drafts.ts';
import { lock } from '../../static/src/state/keys.ts';
import { postOffice } from '../../static/src/state/outbox.ts';
import { usualClinic } from './support/desk.ts';

const place = usualClinic();

const photo = (): Manifest => ({
  id: crypto.randomUUID(),
  name: 'forearm.jpg',
  type: 'image/jpeg',
  size: 1,
  key: '',
  parts: [],
});

async function begun(question: string) {
  await place.clinic.use(place.favre);
  const draft = { ...newCaseDraft(null), question };
  await saveCaseDraft(draft);
  return draft;
}

describe('a photo that is ready', () => {
  it('is taken by the page that shows its draft', async () => {
    const draft = await begun('Que faire ?');
    const file = photo();
    const taken: unknown[] = [];
    const stop = takeFilesOf(draft.id, (...given) => taken.push(given));
    await putInDraft(draft.id, file, 'the one before');
    stop();
    expect(taken).toEqual([[file, 'the one before']]);
    expect((await findCaseDraft(draft.id))?.files).toEqual([]);
  });

  it('joins the words as they were kept last when its page is gone', async () => {
    const draft = await begun('Que faire ?');
    const [first, second] = [photo(), photo()];
    const kept = saveCaseDraft({ ...draft, question: 'Que faire ce soir ?', files: [first] });
    await putInDraft(draft.id, second);
    await kept;
    expect(await findCaseDraft(draft.id)).toMatchObject({
      question: 'Que faire ce soir ?',
      files: [first, second],
    });
  });

  it('waits for the password at a lock, also when a page still shows its draft', async () => {
    const draft = await begun('Que faire ?');
    const file = photo();
    const stop = takeFilesOf(draft.id, () => expect.unreachable());
    await lock();
    await putInDraft(draft.id, file);
    stop();
    await place.clinic.use(place.favre);
    expect((await findCaseDraft(draft.id))?.files).toEqual([file]);
    expect((await findCaseDraft(draft.id))?.files).toEqual([file]);
  });

  it('begins an answer that has no words yet', async () => {
    await place.clinic.use(place.favre);
    const id = messageDraftId(crypto.randomUUID());
    const [first, second] = [photo(), photo()];
    await lock();
    await putInDraft(id, first);
    await putInDraft(id, second);
    await place.clinic.use(place.favre);
    const draft = await loadDraft<MessageDraft>(id);
    expect(draft).toEqual({ text: '', quoted: null, files: [first, second] });
    await saveDraft(id, { ...draft, text: 'Voici.' });
    expect(await loadDraft(id)).toMatchObject({ text: 'Voici.', files: [first, second] });
  });

  it('is in the draft and on the page when another tab put it there, unless removed here', async () => {
    const draft = await begun('Que faire ?');
    const [first, second] = [photo(), photo()];
    await putInDraft(draft.id, first);
    const shown = await findCaseDraft(draft.id);
    // No page of this tab: as another tab writes.
    await putInDraft(draft.id, second);
    const taken: Manifest[] = [];
    const stop = takeFilesOf(draft.id, (file) => taken.push(file));
    await saveCaseDraft({ ...draft, ...shown, question: 'Que faire ce soir ?' });
    expect(taken).toEqual([second]);
    expect(await findCaseDraft(draft.id)).toMatchObject({
      question: 'Que faire ce soir ?',
      files: [first, second],
    });
    await saveCaseDraft({ ...draft, files: [second] });
    stop();
    expect(taken).toEqual([second]);
    expect((await findCaseDraft(draft.id))?.files).toEqual([second]);
  });

  it('never meets the draft of whoever unlocks next, nor one that was deleted', async () => {
    const draft = await begun('Que faire ?');
    const answer = messageDraftId(crypto.randomUUID());
    await lock();
    await putInDraft(answer, photo());
    await place.clinic.use(place.blanc);
    expect(await loadDraft(answer)).toBeNull();
    await place.clinic.use(place.favre);
    expect(await loadDraft(answer)).toBeNull();
    await dropCaseDraft(draft);
    await putInDraft(draft.id, photo());
    expect(await postOffice().outbox.draft(draft.id)).toBeUndefined();
  });
});
