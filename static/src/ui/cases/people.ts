import { t } from '../../i18n.ts';
import type { CaseRow } from '../../state/case-types.ts';
import { groups } from '../../state/groups.ts';
import { me } from '../../state/session.ts';

/** Name of someone of the care circle, from the case and the verified groups. */
export function nameOf(row: CaseRow | null, account: string): string {
  if (account === me.value?.id) return t('You');
  if (row?.opened_by.id === account) return row.opened_by.name;
  if (row?.expert?.id === account) return row.expert.name;
  for (const group of groups.value) {
    const member = group.members.find((one) => one.id === account);
    if (member) return member.name;
  }
  return t('Someone of the care circle');
}
