/** Words are shown beside the name they were checked with, and beside no other. */
import { describe, expect, it } from 'vitest';
import { fetchCase } from '../../static/src/state/case-fetching.ts';
import {
  openedAs,
  openMessage,
  openCase as readCase,
} from '../../static/src/state/case-opening.ts';
import type { MessageRow } from '../../static/src/state/case-types.ts';
import { followThread } from '../../static/src/state/messages.ts';
import { deskOf, until, usualClinic, WHOLE, wrote } from './support/desk.ts';

const place = usualClinic();
const { opened, read, say } = deskOf(() => place);

/** Somebody else of the same case. */
const other = () => ({ id: place.favre.id, name: place.favre.name });

describe('an opened message', () => {
  it.each([
    ['author', (row: MessageRow) => ({ ...row, author: other() })],
    ['name', (row: MessageRow) => ({ ...row, author: { ...row.author, name: 'Dr Karim Benali' } })],
    ['kind', (row: MessageRow) => ({ ...row, kind: 'refusal' as const })],
    ['end', (row: MessageRow) => ({ ...row, sealed: `${row.sealed.slice(0, -8)}AAAAAAA=` })],
  ])('is not shown as checked once the server gives it another %s', async (_, change) => {
    const { clinic, blanc } = place;
    const id = await opened();
    await wrote(clinic, id, blanc, 'Arrêtez la corticothérapie');
    const live = followThread(id);
    const shown = () => {
      const [row] = live.thread.value.rows;
      return row && openedAs(live.opened.value, row);
    };
    await until(() => shown()?.seal.state === 'whole');
    const [honest] = (clinic.cases.get(id)?.messages ?? []) as [MessageRow];
    const lie = change(honest);
    // Not even while its check is held up, nor from what another page had opened before.
    expect(openedAs(live.opened.value, lie)).toBeUndefined();
    live.stop();
    clinic.cases.get(id)?.messages.splice(0, 1, lie);
    expect((await openMessage(await fetchCase(id), lie)).seal.state).toBe('broken');
    expect((await read(id)).texts).toEqual([expect.objectContaining({ state: 'broken' })]);
    const next = followThread(id);
    await until(() => next.opened.value.size === 1);
    expect([...next.opened.value.values()][0]).toMatchObject({ body: null, of: lie });
    next.stop();
    await until(() => clinic.reports.length > 0);
    // The words themselves were never lost.
    expect((await openMessage(await fetchCase(id), honest)).seal).toEqual(WHOLE);
  });

  it('is opened anew in a page where the row came a second time under another author', async () => {
    const { clinic, blanc } = place;
    const id = await opened();
    await wrote(clinic, id, blanc, 'Arrêtez la corticothérapie');
    const live = followThread(id);
    await until(() => live.opened.value.size === 1);
    const [honest] = (clinic.cases.get(id)?.messages ?? []) as [MessageRow];
    const lie = { ...honest, author: other() };
    live.thread.value = { ...live.thread.value, rows: [lie] };
    expect(openedAs(live.opened.value, lie)).toBeUndefined();
    await until(() => openedAs(live.opened.value, lie)?.seal.state === 'broken');
    live.stop();
  });
});

describe('the header of a case', () => {
  it('is said to be by who was checked, not by who is named later', async () => {
    const id = await opened();
    await say(id, 'un');
    const row = await fetchCase(id);
    const found = await readCase(row);
    expect(found).toMatchObject({
      seal: WHOLE,
      by: { id: place.favre.id, name: place.favre.name },
    });
    const { id: author, name } = place.blanc;
    const lie = { ...row, events: [], opened_by: { id: author, name } };
    expect(await readCase(lie)).toMatchObject({ header: null, seal: { state: 'broken' } });
  });
});
