/** Which box a case lies in and in which order, by the server's own rules. Pure. */
import type { Box, CaseRow, CaseState, Urgency } from './case-types.ts';

export type Role = 'requester' | 'expert';

const SETTLED: ReadonlySet<CaseState> = new Set(['acknowledged', 'closed', 'refused', 'cancelled']);
const RANK: Record<Urgency, number> = { urgent: 0, priority: 1, routine: 2 };

/** Who looks: their id, pools and care teams. */
export interface Viewer {
  id: string;
  groups: ReadonlySet<string>;
}

export function isRequester(row: CaseRow, viewer: Viewer): boolean {
  return (
    row.opened_by.id === viewer.id ||
    (row.care_team !== null && viewer.groups.has(row.care_team.id))
  );
}

/** The box of a case for a person in one role, or null when it is none of their affair in it. */
export function boxOf(row: CaseRow, viewer: Viewer, role: Role): Box | null {
  const settled = SETTLED.has(row.state);
  const asked = row.state === 'information_requested' || row.state === 'opinion_given';
  if (role === 'requester') {
    if (!isRequester(row, viewer)) return null;
    if (settled) return 'done';
    return asked ? 'waiting' : 'mine';
  }
  if (row.state === 'submitted') {
    const open = viewer.groups.has(row.pool.id) && row.opened_by.id !== viewer.id;
    return open ? 'unclaimed' : null;
  }
  if (row.expert?.id !== viewer.id) return null;
  if (settled) return 'done';
  return asked ? 'waiting' : 'mine';
}

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
