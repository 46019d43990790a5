import { describe, expect, it } from 'vitest';
import { toBase64, utf8 } from '../../static/src/crypto/bytes.ts';
import type { CaseRow, Party } from '../../static/src/state/case-types.ts';
import type { Group } from '../../static/src/state/group-types.ts';
import { groups } from '../../static/src/state/groups.ts';
import { inForce, isSecond } from '../../static/src/ui/cases/opinions.ts';
import { leftOf, seatName, seatsOf } from '../../static/src/ui/cases/seats.ts';
import { dayOf, endOf, startOf } from '../../static/src/ui/days.ts';

const POOL = '11111111-1111-4111-8111-111111111111';
const OTHER = '22222222-2222-4222-8222-222222222222';
const FAVRE = '33333333-3333-4333-8333-333333333333';
const GHOST = '44444444-4444-4444-8444-444444444444';

const event = (kind: string, ...to: string[]) => ({
  t: 'cordee1.case',
  p: toBase64(utf8(JSON.stringify({ event: kind, to }))),
  s: [],
});

function party(kind: Party['kind'], id: string, role: Party['role'], left = false): Party {
  return { kind, id, name: role, role, since: '2026-11-22T03:00:00.000Z', left };
}

function caseWith(events: CaseRow['events'], circle: Party[]): CaseRow {
  return { events, circle, pool: { id: POOL }, expert: null } as unknown as CaseRow;
}

describe('who can read a case', () => {
  const opening = event('open', `group:${POOL}@0`, `account:${FAVRE}@0`, 'custodian:0');
  const circle = [party('group', POOL, 'pool'), party('account', FAVRE, 'opener')];

  it('is whom the signed events name, in the roles that the server gives', () => {
    const seats = seatsOf(caseWith([opening], circle));
    expect(seats.map(({ role }) => role)).toEqual(['pool', 'opener', 'custodian']);
  });

  it.each([
    ['Dermatologie', 'Dermatologie'],
    ['Cardiologie', 'Cardiologie, signed as Dermatologie'],
  ])('names a pool as signed where the server says another name, such as %s', (name, shown) => {
    const chain = { payload: { name: 'Dermatologie' } };
    const seat = { kind: 'group', id: POOL, name } as const;
    groups.value = [{ id: POOL, name, chain } as unknown as Group];
    expect(seatName(caseWith([opening], circle), seat)).toBe(shown);
    groups.value = [];
  });

  it('shows a holder of whom the server says nothing', () => {
    const seats = seatsOf(caseWith([opening, event('grant', `account:${GHOST}@0`)], circle));
    expect(seats.at(-1)).toMatchObject({ kind: 'account', id: GHOST, role: null });
  });

  it('forgets at a rotation whoever is not named again', () => {
    const events = [
      opening,
      event('grant', `group:${OTHER}@3`),
      event('rotate', `group:${POOL}@1`, `account:${FAVRE}@0`),
    ];
    const row = caseWith(events, [...circle, party('group', OTHER, 'second_opinion', true)]);
    expect(seatsOf(row).map(({ id }) => id)).toEqual([POOL, FAVRE]);
    expect(leftOf(row).map(({ id }) => id)).toEqual([OTHER]);
  });

  it('is the server’s list until the events are fetched', () => {
    expect(seatsOf(caseWith([], circle)).map(({ id }) => id)).toEqual([POOL, FAVRE]);
  });
});

describe('opinions', () => {
  const row = {
    ...caseWith([], [party('account', GHOST, 'expert')]),
    expert: { id: FAVRE, name: 'Dr Favre' },
  } as CaseRow;
  const opinion = (id: string, author: string) =>
    ({ id, author: { id: author } }) as Parameters<typeof inForce>[1][number];

  it('of whoever was brought in is a second one', () => {
    expect(isSecond(row, FAVRE)).toBe(false);
    expect(isSecond(row, GHOST)).toBe(true);
  });

  it('replace each other within their own line alone', () => {
    const all = [opinion('1', FAVRE), opinion('2', GHOST), opinion('3', FAVRE)];
    expect([...inForce(row, all)].sort()).toEqual(['2', '3']);
  });
});

describe('days', () => {
  it('keep both edges, when the clocks change too', () => {
    for (const day of ['2026-03-29', '2026-10-25', '2026-12-31']) {
      expect(dayOf(startOf(day), 'start')).toBe(day);
      expect(dayOf(endOf(day), 'end')).toBe(day);
    }
    expect(dayOf(null, 'end')).toBe('');
  });
});
