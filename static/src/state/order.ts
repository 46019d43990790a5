/** Which box a case lies in and in which order, by the server's own rules. Pure. */
import type { Box, CaseRow, CaseState, PartyRole, Urgency } from './case-types.ts';

export type Role = 'requester' | 'expert';

const SETTLED: ReadonlySet<CaseState> = new Set(['acknowledged', 'closed', 'refused', 'cancelled']);
const RANK: Record<Urgency, number> = { urgent: 0, priority: 1, routine: 2 };

/** Who looks: their id, pools and care teams. */
export interface Viewer {
  id: string;
  groups: ReadonlySet<string>;
  /** Whether one of the groups is a pool: then there is an expert's desk. */
  serves: boolean;
}

const CONSULTED: readonly PartyRole[] = ['second_opinion', 'expert', 'former_pool'];

function hasPart(row: CaseRow, { id, groups }: Viewer, roles: readonly PartyRole[]): boolean {
  return (row.circle ?? []).some(
    (party) =>
      !party.left && roles.includes(party.role) && (party.id === id || groups.has(party.id)),
  );
}

/** Whether a case is still this person's to read, as far as what is known here tells. */
export function reads(row: CaseRow, viewer: Viewer): boolean {
  return (
    isRequester(row, viewer) ||
    viewer.groups.has(row.pool.id) ||
    hasPart(row, viewer, [...CONSULTED, 'doctor'])
  );
}

export function isRequester(row: CaseRow, viewer: Viewer): boolean {
  return (
    row.opened_by.id === viewer.id ||
    (row.care_team !== null && viewer.groups.has(row.care_team.id))
  );
}

/** The box of a case for a person in one role, or null when it is none of their affair in it. */
export function boxOf(row: CaseRow, viewer: Viewer, role: Role): Box | null {
  const settled = isPast(row);
  const asked = row.state === 'information_requested' || row.state === 'opinion_given';
  const theirs = settled ? 'done' : asked ? 'waiting' : 'mine';
  /** Brought in later: nothing waits for them alone. */
  const consulted = (...roles: PartyRole[]) =>
    hasPart(row, viewer, roles) ? (settled ? 'done' : 'mine') : null;
  if (role === 'requester') {
    if (isRequester(row, viewer)) return theirs;
    return consulted('doctor', ...(viewer.serves ? [] : CONSULTED));
  }
  const free = row.state === 'submitted' || row.steps.includes('take_over');
  if (free && theirs === 'mine' && viewer.groups.has(row.pool.id)) {
    return row.opened_by.id === viewer.id ? null : 'unclaimed';
  }
  return row.expert?.id === viewer.id ? theirs : consulted(...CONSULTED);
}

/** Whether nothing more is expected in a case. */
export const isPast = (row: CaseRow): boolean => SETTLED.has(row.state);

/** Urgency, then deadline; what is done by its last sign of life. */
export function inOrder(box: Box): (a: CaseRow, b: CaseRow) => number {
  if (box === 'done') return (a, b) => b.last_activity_at.localeCompare(a.last_activity_at);
  return (a, b) => RANK[a.urgency] - RANK[b.urgency] || a.due_at.localeCompare(b.due_at);
}

/** Lower case without accents, so that "lesion" finds "Lésion". */
export function plain(text: string): string {
  return text.normalize('NFD').replace(/\p{M}/gu, '').toLowerCase();
}

/** Every word of the search must occur somewhere. */
export function matches(haystack: string, search: string): boolean {
  const found = plain(haystack);
  return plain(search)
    .split(/\s+/)
    .every((word) => found.includes(word));
}
