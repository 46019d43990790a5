import type { JSX } from 'preact';
import { t } from '../../i18n.ts';
import type { Params } from '../../router.ts';
import { findGroup, groups, groupsLoaded } from '../../state/groups.ts';
import { Banner, Empty, Page, Waiting } from '../../ui/index.ts';
import { explain } from '../../ui/problems.tsx';
import { Overflow } from './overflow.tsx';
import { Roll } from './roll.tsx';
import { GroupRow, GroupSeal } from './row.tsx';

/** The pools and care teams one belongs to or manages. */
export function MyGroups(): JSX.Element {
  const mine = groups.value
    .filter(({ mine: member, managed, archived }) => (member || managed) && !archived)
    .toSorted((a, b) => a.name.localeCompare(b.name));
  return (
    <Page title={t('My groups')} back="/settings">
      {!groupsLoaded.value ? (
        <Waiting />
      ) : mine.length > 0 ? (
        <ul class="list">
          {mine.map((group) => (
            <GroupRow key={group.id} group={group} to={`/settings/groups/${group.id}`} />
          ))}
        </ul>
      ) : (
        <Empty icon="team" title={t('You belong to no group yet')}>
          {t('Your administrator puts you into the pools and care teams of your colleagues.')}
        </Empty>
      )}
    </Page>
  );
}

/** One of them: who is in it; for whoever manages it, who comes and goes. */
export function MyGroup({ params }: { params: Params }): JSX.Element {
  const group = findGroup(params['id'] as string);
  const back = '/settings/groups';
  if (!group) {
    return (
      <Page title={t('Group')} back={back}>
        {groupsLoaded.value ? <Empty title={t('There is nothing at this address')} /> : <Waiting />}
      </Page>
    );
  }
  return (
    <Page title={group.name} back={back} actions={<GroupSeal group={group} />}>
      <div class="stack" data-gap="large">
        {group.broken && <Banner tone="problem">{explain(group.broken)}</Banner>}
        <Roll group={group} />
        {group.kind === 'pool' && <Overflow group={group} />}
      </div>
    </Page>
  );
}
