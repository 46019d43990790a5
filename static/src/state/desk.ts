/** Where one is on the desk: the chosen box, and the case before and after. */
import { computed, signal } from '@preact/signals';
import type { Box, CaseRow } from './case-types.ts';
import { casesOf, role } from './cases.ts';
import type { Role } from './order.ts';

const chosen = signal<Record<Role, Box>>({ expert: 'unclaimed', requester: 'mine' });

export const box = computed<Box>(() => chosen.value[role.value]);

export function chooseBox(wanted: Box): void {
  chosen.value = { ...chosen.value, [role.value]: wanted };
}

/** What the queue shows, in its order. */
export const shown = computed<CaseRow[]>(() => {
  if (role.value === 'requester' && box.value !== 'done') {
    return [...casesOf('waiting', 'requester'), ...casesOf('mine', 'requester')];
  }
  return casesOf(box.value, role.value);
});

/** The case `step` places further, or the first one. */
export function neighbour(id: string | null, step: 1 | -1): string | null {
  const rows = shown.value;
  const at = rows.findIndex((row) => row.id === id);
  if (at < 0) return rows[0]?.id ?? null;
  return rows[at + step]?.id ?? null;
}
