import { useSignal } from '@preact/signals';
import type { JSX } from 'preact';
import { useEffect } from 'preact/hooks';
import { t } from '../../i18n.ts';
import { type Params, route } from '../../router.ts';
import type { Group } from '../../state/group-types.ts';
import { findGroup, groupsLoaded, loadGroups } from '../../state/groups.ts';
import { api } from '../../transport/http.ts';
import { useForm } from '../../ui/form.ts';
import { Banner, Button, Empty, Problems, Send, toast, Waiting } from '../../ui/index.ts';
import { explain } from '../../ui/problems.tsx';
import { Overflow } from '../groups/overflow.tsx';
import { Roll } from '../groups/roll.tsx';
import { GroupSeal } from '../groups/row.tsx';
import { DEFAULT_DEADLINES, DeadlineFields, type Deadlines } from './deadlines.tsx';
import { AdminPage } from './layout.tsx';
import { NameField, TerritoryField } from './shared.tsx';

function Facts({ group }: { group: Group }): JSX.Element {
  const name = useSignal(group.name);
  const territory = useSignal(group.territory);
  const deadlines = useSignal<Deadlines>(group.deadlines ?? DEFAULT_DEADLINES);
  const form = useForm(async () => {
    await api('PATCH', `/groups/${group.id}`, {
      name: name.value.trim(),
      territory: territory.value.trim(),
      ...(group.kind === 'pool' ? { deadlines: deadlines.value } : {}),
    });
    await loadGroups();
    toast(t('Changes saved.'));
  });
  return (
    <form class="card stack" onSubmit={form.submit}>
      <NameField name={name} />
      <TerritoryField territory={territory} />
      {group.kind === 'pool' && <DeadlineFields deadlines={deadlines} />}
      <Send form={form}>{t('Save')}</Send>
    </form>
  );
}

export default function GroupPage({ params }: { params: Params }): JSX.Element {
  const back = route.value.path.startsWith('/admin/pools') ? '/admin/pools' : '/admin/care-teams';
  const problem = useSignal<unknown>(null);
  const group = findGroup(params['id'] as string);
  useEffect(() => {
    loadGroups().catch((caught: unknown) => {
      problem.value = caught;
    });
  }, [problem]);
  if (!group) {
    return (
      <AdminPage title={t('Group')} back={back}>
        <Problems error={problem.value} />
        {groupsLoaded.value ? <Empty title={t('There is nothing at this address')} /> : <Waiting />}
      </AdminPage>
    );
  }
  const archive = async (archived: boolean) => {
    try {
      await api('PATCH', `/groups/${group.id}`, { archived });
      await loadGroups();
      if (archived) {
        toast(t('{name} was archived.', { name: group.name }), { undo: () => archive(false) });
      }
    } catch (caught) {
      problem.value = caught;
    }
  };
  return (
    <AdminPage title={group.name} back={back} actions={<GroupSeal group={group} />}>
      <div class="stack" data-gap="large">
        <Problems error={problem.value} />
        {group.broken && <Banner tone="problem">{explain(group.broken)}</Banner>}
        <Facts key={group.id} group={group} />
        <Roll group={group} />
        {group.kind === 'pool' && <Overflow group={group} />}
        <section class="stack" data-gap="small">
          <h2>{t('Archive')}</h2>
          <p class="quiet">
            {group.archived
              ? t('Nobody can send it new cases. Those it has stay readable.')
              : t('New cases can no longer be sent to it. Those it has stay readable.')}
          </p>
          <div>
            <Button
              icon={group.archived ? 'refresh' : 'archive'}
              onClick={() => archive(!group.archived)}
            >
              {group.archived ? t('Take back into use') : t('Archive')}
            </Button>
          </div>
        </section>
      </div>
    </AdminPage>
  );
}
