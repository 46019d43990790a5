import { describe, expect, it } from 'vitest';
import { FAVRE, freshShelf, MORZINE, putJob, uploadJob } from './support/jobs.ts';

const part = (attachment: string, index: number, at = 0) => ({
  attachment,
  index,
  at,
  sealed: new Blob([`${attachment} ${index}`]),
});

describe('the shelf of a device', () => {
  it('gives jobs back in the order they were queued', async () => {
    const shelf = freshShelf();
    await shelf.add([putJob('one'), putJob('two')]);
    await shelf.add([putJob('three')]);
    expect((await shelf.jobs(FAVRE)).map((job) => job.id)).toEqual(['one', 'two', 'three']);
  });

  it('shows nobody what another account queued', async () => {
    const shelf = freshShelf();
    await shelf.add([putJob('hers', { account: MORZINE })]);
    expect(await shelf.jobs(FAVRE)).toEqual([]);
  });

  it('queues a job once, however often it is given', async () => {
    const shelf = freshShelf();
    await shelf.add([putJob('one')]);
    await shelf.add([putJob('one')]);
    expect(await shelf.jobs(FAVRE)).toHaveLength(1);
  });

  it('drops the draft in the stroke that queues what it became', async () => {
    const shelf = freshShelf();
    const sealed = new Uint8Array([1]);
    await shelf.putDraft({ id: 'd', account: FAVRE, kind: 'case', sealed, savedAt: 1 });
    await shelf.add([putJob('one')], 'd');
    expect(await shelf.draft('d')).toBeUndefined();
    expect(await shelf.drafts(FAVRE)).toEqual([]);
  });

  it('does not write back what was cancelled meanwhile', async () => {
    const shelf = freshShelf();
    await shelf.add([putJob('one')]);
    const job = await shelf.find('one');
    if (!job) throw new Error('lost');
    await shelf.remove(job);
    await shelf.keep({ ...job, attempts: 3 });
    expect(await shelf.jobs(FAVRE)).toEqual([]);
  });

  it('removes the parts of a file with its job', async () => {
    const shelf = freshShelf();
    await shelf.add([uploadJob('photo', 'words')]);
    await shelf.putPart(part('photo', 0));
    await shelf.putPart(part('photo', 1));
    await shelf.putPart(part('other', 0));
    const job = await shelf.find('photo');
    if (job) await shelf.remove(job);
    expect(await shelf.partOwners()).toEqual(new Set(['other']));
  });

  it('after a crash nothing is under way', async () => {
    const shelf = freshShelf();
    await shelf.add([putJob('one', { sending: true })]);
    await shelf.settle();
    expect((await shelf.find('one'))?.sending).toBe(false);
  });

  it('hurries what waits for time, but not what the server put off', async () => {
    const shelf = freshShelf();
    const limited = { code: 'rate_limited', detail: '' };
    await shelf.add([
      putJob('one', { notBefore: 99 }),
      putJob('two', { notBefore: 99, problem: limited }),
    ]);
    await shelf.hurry(FAVRE);
    expect((await shelf.jobs(FAVRE)).map((job) => job.notBefore)).toEqual([0, 99]);
  });

  it('sweeps orphaned parts, sparing those just made', async () => {
    const shelf = freshShelf();
    await shelf.putPart(part('old', 0, 10));
    await shelf.putPart(part('fresh', 0, 1000));
    await shelf.dropPartsBefore(['old', 'fresh'], 500);
    expect(await shelf.partOwners()).toEqual(new Set(['fresh']));
  });
});
