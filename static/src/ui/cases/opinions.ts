/** The opinion a case waits for, and second ones beside it. */
import { t } from '../../i18n.ts';
import type { CaseRow, MessageRow } from '../../state/case-types.ts';
import { findGroup } from '../../state/groups.ts';

/** Whether this author was asked beside the pool, rather than as the one who answers. */
export function isSecond(row: CaseRow, author: string): boolean {
  if (row.expert?.id === author) return false;
  const named = row.circle.some(({ id, role }) => id === author && role === 'expert');
  return named || !findGroup(row.pool.id)?.chain?.payload.members.includes(author);
}

/** Versions replace each other within one line: the case's own opinion, or one author's second. */
function lineOf(row: CaseRow, author: string): string {
  return isSecond(row, author) ? author : '';
}

export function opinionTitle(row: CaseRow, author: string, version: number): string {
  if (isSecond(row, author)) {
    return version > 1 ? t('Second opinion, version {n}', { n: version }) : t('Second opinion');
  }
  return version > 1 ? t('Opinion, version {n}', { n: version }) : t('Opinion');
}

/** Ids of the opinions in force, the last of each line; `opinions` oldest first. */
export function inForce(row: CaseRow, opinions: readonly MessageRow[]): ReadonlySet<string> {
  const last = new Map(opinions.map(({ id, author }) => [lineOf(row, author.id), id]));
  return new Set(last.values());
}
