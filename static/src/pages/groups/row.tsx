import type { JSX } from 'preact';
import { SuiteUnsupported } from '../../crypto/errors.ts';
import { t, tn } from '../../i18n.ts';
import { Link } from '../../router.ts';
import type { Group } from '../../state/group-types.ts';
import { Icon, Tag } from '../../ui/index.ts';
import { specialtyWord } from '../../ui/words.ts';

export function GroupRow({ group, to }: { group: Group; to: string }): JSX.Element {
  const waiting = group.members.filter((member) => member.waiting).length;
  return (
    <li>
      <Link to={to} class="list-item">
        <Icon name={group.kind === 'pool' ? 'pool' : 'team'} />
        <span class="main">
          <span class="strong">{group.name}</span>
          <br />
          <span class="quiet small">
            {[
              group.kind === 'pool' ? specialtyWord(group.specialty) : group.organisation?.name,
              group.territory,
              tn('{n} member', '{n} members', group.members.length),
            ]
              .filter(Boolean)
              .join(' · ')}
          </span>
        </span>
        {group.broken && <GroupSeal group={group} />}
        {waiting > 0 && <Tag tone="wait">{t('Key on its way')}</Tag>}
        {group.archived && <Tag>{t('Archived')}</Tag>}
        <Icon name="forward" />
      </Link>
    </li>
  );
}

/** Whether the group's signatures hold, in two words. */
export function GroupSeal({ group }: { group: Group }): JSX.Element {
  if (group.broken instanceof SuiteUnsupported) return <Tag tone="wait">{t('Newer keys')}</Tag>;
  return group.broken ? (
    <Tag tone="urgent" icon="broken-seal">
      {t('Broken seal')}
    </Tag>
  ) : (
    <Tag tone="done" icon="seal">
      {t('Signatures verified')}
    </Tag>
  );
}
