import { describe, expect, it } from 'vitest';
import {
  choose,
  dependents,
  type Job,
  judge,
  LONGEST_PAUSE,
  type Outcome,
  pause,
} from '../../static/src/outbox/jobs.ts';
import { ABONDANCE, MORZINE, putJob, uploadJob } from './support/jobs.ts';

const answer = (status: number, code = '', retryAfter: number | null = null): Outcome => ({
  type: 'answer',
  status,
  code,
  detail: 'why',
  retryAfter,
});

const queued = (...jobs: Job[]): Job[] => jobs.map((job, order) => ({ ...job, order }));

describe('what an answer makes of a job', () => {
  it.each([200, 201, 204])('%i is done', (status) => {
    expect(judge(putJob('m'), answer(status), 0, 0)).toEqual({ type: 'done' });
  });

  it.each([
    ['no answer', { type: 'down' } as Outcome],
    ['a fault of the server', answer(503)],
    ['an upload in other hands', answer(423)],
    ['a stale token', answer(403, 'csrf_failed')],
  ])('%s: kept, to be tried later', (_, outcome) => {
    const verdict = judge(putJob('m', { sending: true }), outcome, 1000, 0.5);
    expect(verdict).toMatchObject({
      type: 'keep',
      job: { state: 'waiting', attempts: 1, sending: false },
    });
    expect(verdict.type === 'keep' && verdict.job.notBefore).toBeGreaterThan(1000);
  });

  it('waits as long as the server asks', () => {
    const verdict = judge(putJob('m'), answer(429, 'rate_limited', 60), 1000, 0);
    expect(verdict).toMatchObject({ type: 'keep', job: { notBefore: 61_000 } });
  });

  it.each(['stale_epoch', 'stale_generation'])('%s must be sealed again', (code) => {
    expect(judge(putJob('m'), answer(409, code), 0, 0)).toMatchObject({
      type: 'keep',
      job: { state: 'stale', problem: { code } },
    });
  });

  it('a final no is kept with its reason', () => {
    expect(judge(putJob('m'), answer(409, 'step_not_allowed'), 0, 0)).toMatchObject({
      type: 'keep',
      job: { state: 'refused', problem: { code: 'step_not_allowed', detail: 'why' } },
    });
  });

  it('an ended session stops everything and loses nothing', () => {
    expect(judge(putJob('m'), answer(401, 'not_signed_in'), 0, 0)).toEqual({ type: 'signed-out' });
  });
});

describe('pauses', () => {
  it('grow, jitter, and never exceed the longest', () => {
    expect(pause(0, 0)).toBe(250);
    expect(pause(0, 1)).toBe(500);
    for (let attempt = 0; attempt < 40; attempt++) {
      expect(pause(attempt, 1)).toBeLessThanOrEqual(LONGEST_PAUSE);
      expect(pause(attempt + 1, 0.3)).toBeGreaterThanOrEqual(pause(attempt, 0.3));
    }
  });
});

describe('what goes next', () => {
  it('keeps the order of a case', () => {
    const jobs = queued(putJob('first'), putJob('second'));
    expect(choose(jobs, 0).put?.id).toBe('first');
    expect(choose(jobs.slice(1), 0).put?.id).toBe('second');
  });

  it('a waiting job holds its own case and no other', () => {
    const jobs = queued(
      putJob('late', { notBefore: 500 }),
      putJob('behind'),
      putJob('elsewhere', { case: MORZINE }),
    );
    const choice = choose(jobs, 0);
    expect(choice.put?.id).toBe('elsewhere');
    expect(choice.wakeAt).toBe(500);
  });

  it('a job to seal again holds its case', () => {
    const choice = choose(queued(putJob('stale', { state: 'stale' }), putJob('next')), 0);
    expect(choice).toEqual({ put: null, upload: null, wakeAt: null });
  });

  it('a refused message lets the next pass, a refused case does not', () => {
    const refused = { state: 'refused' } as const;
    expect(choose(queued(putJob('no', refused), putJob('yes')), 0).put?.id).toBe('yes');
    const opening = putJob(ABONDANCE, { kind: 'case', ...refused });
    expect(choose(queued(opening, putJob('never')), 0).put).toBeNull();
  });

  it('sends no file before the words that announce it', () => {
    const jobs = queued(putJob('words', { notBefore: 900 }), uploadJob('photo', 'words'));
    expect(choose(jobs, 0).upload).toBeNull();
    expect(choose(jobs.slice(1), 0).upload?.id).toBe('photo');
  });

  it('sends previews of every case before any full photo', () => {
    const jobs = queued(
      uploadJob('full', 'sent'),
      uploadJob('preview', 'sent', { rank: 'preview', case: MORZINE }),
    );
    expect(choose(jobs, 0).upload?.id).toBe('preview');
  });

  it('does not choose what is under way', () => {
    const jobs = queued(
      putJob('words', { sending: true }),
      uploadJob('photo', 'sent', { sending: true }),
    );
    expect(choose(jobs, 0)).toEqual({ put: null, upload: null, wakeAt: null });
  });
});

describe('taking back', () => {
  it('takes the files of a message along, and everything of a case', () => {
    const opening = putJob(ABONDANCE, { kind: 'case' });
    const words = putJob('words');
    const photo = uploadJob('photo', 'words');
    const other = putJob('other', { case: MORZINE });
    const jobs = queued(opening, words, photo, other);
    expect(dependents(jobs, words).map((job) => job.id)).toEqual(['photo']);
    expect(dependents(jobs, opening).map((job) => job.id)).toEqual(['words', 'photo']);
  });
});
