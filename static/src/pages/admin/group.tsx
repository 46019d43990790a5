import { useSignal } from '@preact/signals';
import type { JSX } from 'preact';
import { useEffect } from 'preact/hooks';
import { t, tn } from '../../i18n.ts';
import { type Params, route } from '../../router.ts';
import { addMembers } from '../../state/administration.ts';
import { findGroup, type Group, groupsLoaded, loadGroups } from '../../state/groups.ts';
import type { DirectoryEntry } from '../../state/types.ts';
import { api, fetchAll } from '../../transport/http.ts';
import { typed, useForm } from '../../ui/form.ts';
import {
  Avatar,
  Banner,
  Button,
  Empty,
  Field,
  Problems,
  Tag,
  toast,
  Waiting,
} from '../../ui/index.ts';
import { explain } from '../../ui/problems.tsx';
import { useLoaded } from '../../ui/use-loaded.ts';
import { specialtyWord } from '../../ui/words.ts';
import { DEFAULT_DEADLINES, DeadlineFields, type Deadlines } from './deadlines.tsx';
import { AdminPage } from './layout.tsx';
import { eligible, MemberPicker } from './member-picker.tsx';

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
      <Field label={t('Name')} name="name" maxLength={200} {...typed(name)} />
      <Field
        label={t('Territory')}
        name="territory"
        optional
        maxLength={200}
        {...typed(territory)}
      />
      {group.kind === 'pool' && <DeadlineFields deadlines={deadlines} />}
      <Problems error={form.error.value} />
      <div>
        <Button type="submit" kind="primary" busy={form.busy.value}>
          {t('Save')}
        </Button>
      </div>
    </form>
  );
}

function Members({ group }: { group: Group }): JSX.Element {
  const chosen = useSignal<ReadonlySet<string>>(new Set());
  const { value, error } = useLoaded(`members ${group.id}`, () =>
    fetchAll<DirectoryEntry>('/accounts'),
  );
  const signed = group.chain?.payload.members ?? [];
  const others = eligible(value.value ?? []).filter(({ id }) => !signed.includes(id));
  const form = useForm(async () => {
    const added = [...chosen.value];
    await addMembers(group.id, added);
    chosen.value = new Set();
    toast(tn('{n} member added.', '{n} members added.', added.length));
  });
  return (
    <section class="stack">
      <h2>{t('Members')}</h2>
      <ul class="list">
        {group.members.map((member) => (
          <li key={member.id} class="list-item">
            <Avatar name={member.name} />
            <div class="main">
              <p class="strong">{member.name}</p>
              <p class="quiet small">{specialtyWord(member.specialty)}</p>
            </div>
            {member.waiting && (
              <Tag tone="wait" icon="key">
                {t('Key on its way')}
              </Tag>
            )}
            {!signed.includes(member.id) && (
              <Tag tone="urgent" icon="broken-seal">
                {t('Not signed')}
              </Tag>
            )}
          </li>
        ))}
      </ul>
      <p class="quiet small">
        {t(
          'A new member reads the group’s cases as soon as a colleague’s device has handed over the key: by itself, at their next connection.',
        )}
      </p>
      <Problems error={error.value} />
      {group.managed && others.length > 0 && (
        <form class="card stack" onSubmit={form.submit}>
          <MemberPicker people={others} chosen={chosen} legend={t('Add members')} />
          <Problems error={form.error.value} />
          <div>
            <Button
              type="submit"
              kind="primary"
              icon="plus"
              busy={form.busy.value}
              disabled={chosen.value.size === 0}
            >
              {t('Add')}
            </Button>
          </div>
        </form>
      )}
    </section>
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
    <AdminPage
      title={group.name}
      back={back}
      actions={
        group.broken ? (
          <Tag tone="urgent" icon="broken-seal">
            {t('Broken seal')}
          </Tag>
        ) : (
          <Tag tone="done" icon="seal">
            {t('Signatures verified')}
          </Tag>
        )
      }
    >
      <div class="stack" data-gap="large">
        <Problems error={problem.value} />
        {group.broken && <Banner tone="problem">{explain(group.broken)}</Banner>}
        <Facts key={group.id} group={group} />
        <Members group={group} />
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
