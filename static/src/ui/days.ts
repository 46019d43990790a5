/** Days of a person's own calendar, as date fields write them, and the instants at their edges. */

/** Midnight at which a day begins. */
export function startOf(day: string): string {
  return new Date(`${day}T00:00:00`).toISOString();
}

/** Midnight at which it is over. */
export function endOf(day: string): string {
  const date = new Date(`${day}T00:00:00`);
  date.setDate(date.getDate() + 1);
  return date.toISOString();
}

/** The day that an instant begins, or that it ends: midnight then belongs to the day before. */
export function dayOf(instant: string | Date | null | undefined, edge: 'start' | 'end'): string {
  if (!instant) return '';
  const date = new Date(new Date(instant).getTime() - (edge === 'end' ? 1 : 0));
  const two = (part: number) => String(part).padStart(2, '0');
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
}
