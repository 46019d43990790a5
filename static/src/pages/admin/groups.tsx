import { useSignal } from '@preact/signals';
import type { JSX } from 'preact';
import { useEffect } from 'preact/hooks';
import { t, tn } from '../../i18n.ts';
import { Link, navigate, route } from '../../router.ts';
import { createGroup } from '../../state/administration.ts';
import {
  type Group,
  type GroupKind,
  groups,
  groupsLoaded,
  loadGroups,
} from '../../state/groups.ts';
import type { DirectoryEntry, Named } from '../../state/types.ts';
import { fetchAll } from '../../transport/http.ts';
import { picked, ticked, typed, useForm } from '../../ui/form.ts';
import {
  Button,
  Checkbox,
  Empty,
  Field,
  Icon,
  Problems,
  Select,
  Tag,
  toast,
  Waiting,
} from '../../ui/index.ts';
import { useLoaded } from '../../ui/use-loaded.ts';
import { specialties, specialtyWord } from '../../ui/words.ts';
import { DEFAULT_DEADLINES, DeadlineFields, type Deadlines } from './deadlines.tsx';
import { AdminPage } from './layout.tsx';
import { eligible, MemberPicker } from './member-picker.tsx';

interface Choices {
  people: DirectoryEntry[];
  organisations: (Named & { archived: boolean })[];
}

async function fetchChoices(): Promise<Choices> {
  const [people, organisations] = await Promise.all([
    fetchAll<DirectoryEntry>('/accounts'),
    fetchAll<Named & { archived: boolean }>('/organisations'),
  ]);
  return { people: eligible(people), organisations };
}

function NewGroup({ kind, choices }: { kind: GroupKind; choices: Choices }): JSX.Element {
  const pool = kind === 'pool';
  const name = useSignal('');
  const specialty = useSignal('');
  const territory = useSignal('');
  const organisation = useSignal('');
  const members = useSignal<ReadonlySet<string>>(new Set());
  const deadlines = useSignal<Deadlines>(DEFAULT_DEADLINES);
  const form = useForm(async () => {
    const made = name.value.trim();
    const id = await createGroup(
      {
        kind,
        name: made,
        specialty: pool ? specialty.value : null,
        territory: territory.value.trim(),
        organisation: organisation.value || null,
        ...(pool ? { deadlines: deadlines.value } : {}),
      },
      [...members.value],
    );
    toast(t('{name} was created.', { name: made }));
    navigate(`/admin/${pool ? 'pools' : 'care-teams'}/${id}`);
  });
  return (
    <form class="card stack" onSubmit={form.submit}>
      <h2>{pool ? t('Create a pool') : t('Create a care team')}</h2>
      <Field label={t('Name')} name="name" autocomplete="off" maxLength={200} {...typed(name)} />
      <div class="two">
        {pool ? (
          <Select
            label={t('Specialty')}
            name="specialty"
            options={specialties()}
            {...picked(specialty)}
          />
        ) : (
          <Select
            label={t('Organisation')}
            name="organisation"
            optional
            options={choices.organisations
              .filter(({ archived }) => !archived)
              .map(({ id, name: words }) => ({ value: id, label: words }))}
            {...picked(organisation)}
          />
        )}
        <Field
          label={t('Territory')}
          name="territory"
          optional
          maxLength={200}
          {...typed(territory)}
        />
      </div>
      {pool && <DeadlineFields deadlines={deadlines} />}
      <MemberPicker people={choices.people} chosen={members} legend={t('Members')} />
      <p class="quiet small">
        {t(
          'The key of the group is made on this device, sealed to each member and then forgotten: you will not be able to read their cases.',
        )}
      </p>
      <Problems error={form.error.value} />
      <div>
        <Button
          type="submit"
          kind="primary"
          icon="plus"
          busy={form.busy.value}
          disabled={members.value.size === 0}
        >
          {t('Create')}
        </Button>
      </div>
    </form>
  );
}

function Row({ group, base }: { group: Group; base: string }): JSX.Element {
  return (
    <Link to={`${base}/${group.id}`} class="list-item">
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
      {group.broken && (
        <Tag tone="urgent" icon="broken-seal">
          {t('Broken seal')}
        </Tag>
      )}
      {group.archived && <Tag>{t('Archived')}</Tag>}
      <Icon name="forward" />
    </Link>
  );
}

/** Pools at one address, care teams at the other. */
export default function Groups(): JSX.Element {
  const base = route.value.path;
  const kind: GroupKind = base === '/admin/pools' ? 'pool' : 'care_team';
  const { value, error } = useLoaded(base, fetchChoices);
  const showArchived = useSignal(false);
  useEffect(() => {
    loadGroups().catch((caught: unknown) => {
      error.value = caught;
    });
  }, [error]);
  const all = groups.value.filter((group) => group.kind === kind);
  const shown = all
    .filter(({ archived }) => showArchived.value || !archived)
    .toSorted((a, b) => a.name.localeCompare(b.name));
  return (
    <AdminPage title={kind === 'pool' ? t('Pools') : t('Care teams')}>
      <div class="stack" data-gap="large">
        <Problems error={error.value} />
        {!groupsLoaded.value && !error.value && <Waiting />}
        {groupsLoaded.value && (
          <section class="stack" data-gap="small">
            {shown.length > 0 ? (
              <div class="list">
                {shown.map((group) => (
                  <Row key={group.id} group={group} base={base} />
                ))}
              </div>
            ) : (
              <Empty
                icon={kind === 'pool' ? 'pool' : 'team'}
                title={kind === 'pool' ? t('No pool yet') : t('No care team yet')}
              >
                {kind === 'pool'
                  ? t('Create one for each specialty and territory. Requesters choose among them.')
                  : t('Create one for each structure whose people share their cases.')}
              </Empty>
            )}
            {all.some(({ archived }) => archived) && (
              <Checkbox label={t('Show archived ones')} {...ticked(showArchived)} />
            )}
          </section>
        )}
        {value.value && <NewGroup key={kind} kind={kind} choices={value.value} />}
      </div>
    </AdminPage>
  );
}
