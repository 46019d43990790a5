/**
 * One case fetched whole, and kept fresh while somebody looks at it; what is refused is forgotten.
 */
import { type Signal, signal } from '@preact/signals';
import { api, Problem } from '../transport/http.ts';
import { dropRows, keepRows } from './case-rows.ts';
import type { CaseRow } from './case-types.ts';

/** A case that this person cannot see, or that does not exist: the server does not tell which. */
export const missing: Signal<ReadonlySet<string>> = signal(new Set());

/** The whole case, with the events that prove its key. @throws NetworkDown, Problem */
export async function fetchCase(id: string): Promise<CaseRow> {
  try {
    // Whatever the answer calls itself, it must hold for the case that was asked for.
    const row = { ...(await api<CaseRow>('GET', `/cases/${id}`)), id };
    keepRows([row]);
    return row;
  } catch (error) {
    if (error instanceof Problem && error.status === 404) await loseCases([id]);
    throw error;
  }
}

/** Cases that are no longer ours. */
export async function loseCases(ids: readonly string[]): Promise<void> {
  missing.value = new Set([...missing.value, ...ids]);
  await dropRows(ids);
}

const refetching = new Map<string, Promise<CaseRow>>();

/** `fetchCase`, once however many announcements come together; failures are left to the next one. */
export function refreshCase(id: string): void {
  if (refetching.has(id)) return;
  const fetching = new Promise((done) => setTimeout(done, 60))
    .then(() => fetchCase(id))
    .finally(() => refetching.delete(id));
  refetching.set(id, fetching);
  fetching.catch(() => undefined);
}

/** Cases shown right now: their steps and events must be as fresh as the server's. */
const followed = new Map<string, number>();

export const isFollowed = (id: string): boolean => followed.has(id);

/** Keep a case whole and fresh until the returned function is called. */
export function follow(id: string): () => void {
  followed.set(id, (followed.get(id) ?? 0) + 1);
  return () => {
    const left = (followed.get(id) ?? 1) - 1;
    if (left > 0) followed.set(id, left);
    else followed.delete(id);
  };
}
