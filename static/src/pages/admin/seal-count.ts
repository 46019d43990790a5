import { signal } from '@preact/signals';
import type { Named } from '../../state/types.ts';
import { api, type Page } from '../../transport/http.ts';
import { on } from '../../transport/socket.ts';

/** What a person's device found that did not hold. Never its content. */
export interface SealReport {
  id: string;
  at: string;
  by: Named;
  subject_kind: 'message' | 'case' | 'group' | 'account' | 'policy' | 'log' | 'attachment';
  subject_id: string;
  case: string | null;
  /** Which check failed, such as `key_swapped`. */
  verdict: string;
  settled_at: string | null;
}

/** Reports that nobody has settled yet, of the newest page. */
export const openReports = signal(0);

export async function fetchReports(cursor?: string): Promise<Page<SealReport>> {
  const query = cursor ? `?cursor=${encodeURIComponent(cursor)}` : '';
  const page = await api<Page<SealReport>>('GET', `/seal-reports${query}`);
  if (!cursor) openReports.value = page.items.filter(({ settled_at: at }) => !at).length;
  return page;
}

let following = false;

/** Keep the count current while the console is open. */
export function followReports(): void {
  if (following) return;
  following = true;
  const look = () => void fetchReports().catch(() => undefined);
  on('seal:reported', look);
  look();
}
