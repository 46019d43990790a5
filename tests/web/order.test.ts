import { describe, expect, it } from 'vitest';
import type { CaseRow, CaseState, Urgency } from '../../static/src/state/case-types.ts';
import { boxOf, inOrder, matches, type Viewer } from '../../static/src/state/order.ts';

const FAVRE = 'favre';
const BLANC = 'blanc';
const POOL = 'dermatology';
const TEAM = 'gentianes';

const row = (state: CaseState, part: Partial<CaseRow> = {}): CaseRow =>
  ({
    id: state,
    state,
    urgency: 'routine' as Urgency,
    pool: { id: POOL, name: 'Dermatology', specialty: 'dermatology' },
    care_team: null,
    opened_by: { id: FAVRE, name: 'Dr Favre' },
    steps: [],
    expert: state === 'submitted' ? null : { id: BLANC, name: 'Dr Blanc' },
    due_at: '2026-11-22T10:00:00.000Z',
    last_activity_at: '2026-11-21T10:00:00.000Z',
    ...part,
  }) as CaseRow;

const favre: Viewer = { id: FAVRE, groups: new Set(), serves: false };
const blanc: Viewer = { id: BLANC, groups: new Set([POOL]), serves: true };
const nurse: Viewer = { id: 'rey', groups: new Set([TEAM]), serves: false };
const colleague: Viewer = { id: 'benali', groups: new Set([POOL]), serves: true };

describe('boxes', () => {
  it.each<[CaseState, string, string | null]>([
    ['submitted', 'mine', 'unclaimed'],
    ['claimed', 'mine', 'mine'],
    ['answered', 'mine', 'mine'],
    ['information_requested', 'waiting', 'waiting'],
    ['opinion_given', 'waiting', 'waiting'],
    ['acknowledged', 'done', 'done'],
    ['closed', 'done', 'done'],
    ['refused', 'done', 'done'],
  ])('%s lies in %s for who asked and in %s for who answers', (state, asking, answering) => {
    expect(boxOf(row(state), favre, 'requester')).toBe(asking);
    expect(boxOf(row(state), blanc, 'expert')).toBe(answering);
  });

  it('shows a colleague’s case to the care team it was shared with, and to no other', () => {
    const shared = row('submitted', { care_team: { id: TEAM, name: 'EHPAD Les Gentianes' } });
    expect(boxOf(shared, nurse, 'requester')).toBe('mine');
    expect(boxOf(row('submitted'), nurse, 'requester')).toBeNull();
  });

  it('hides from the pool what one of them took', () => {
    expect(boxOf(row('claimed'), colleague, 'expert')).toBeNull();
  });

  it.each<[CaseState, string | null]>([
    ['claimed', 'unclaimed'],
    ['answered', 'unclaimed'],
    ['information_requested', null],
    ['opinion_given', null],
  ])('shows the pool what an absent expert has %s in %s', (state, box) => {
    expect(boxOf(row(state, { steps: ['take_over'] }), colleague, 'expert')).toBe(box);
  });

  it('never offers to answer one’s own question', () => {
    const own = row('submitted', { opened_by: { id: BLANC, name: 'Dr Blanc' } });
    expect(boxOf(own, blanc, 'expert')).toBeNull();
  });
});

describe('order', () => {
  it('is urgency, then deadline', () => {
    const rows = [
      row('submitted', { id: 'routine', due_at: '2026-01-01T00:00:00.000Z' }),
      row('submitted', { id: 'later', urgency: 'urgent', due_at: '2026-03-01T00:00:00.000Z' }),
      row('submitted', { id: 'sooner', urgency: 'urgent', due_at: '2026-02-01T00:00:00.000Z' }),
      row('submitted', { id: 'priority', urgency: 'priority' }),
    ];
    expect(rows.sort(inOrder('unclaimed')).map(({ id }) => id)).toEqual([
      'sooner',
      'later',
      'priority',
      'routine',
    ]);
  });

  it('of what is done is by the last sign of life', () => {
    const rows = [
      row('closed', { id: 'old', last_activity_at: '2026-01-01T00:00:00.000Z' }),
      row('closed', { id: 'new', last_activity_at: '2026-02-01T00:00:00.000Z' }),
    ];
    expect(rows.sort(inOrder('done')).map(({ id }) => id)).toEqual(['new', 'old']);
  });
});

describe('search', () => {
  it('needs every word, without caring for accents or case', () => {
    expect(matches('DUPONT Marie-Noëlle lésion du bras', 'lesion noelle')).toBe(true);
    expect(matches('DUPONT Marie', 'dupont paul')).toBe(false);
  });
});
