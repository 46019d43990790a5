import { useSignal } from '@preact/signals';
import type { JSX } from 'preact';
import { useEffect } from 'preact/hooks';
import { t } from '../../i18n.ts';
import { navigate, route } from '../../router.ts';
import { createGroup } from '../../state/administration.ts';
import type { GroupKind } from '../../state/group-types.ts';
import { groups, groupsLoaded, loadGroups } from '../../state/groups.ts';
import { picked, useForm } from '../../ui/form.ts';
import { Empty, Problems, Select, Send, toast } from '../../ui/index.ts';
import { PeoplePicker } from '../../ui/picker.tsx';
import { useLoaded } from '../../ui/use-loaded.ts';
import { specialties } from '../../ui/words.ts';
import { GroupRow } from '../groups/row.tsx';
import { DEFAULT_DEADLINES, DeadlineFields, type Deadlines } from './deadlines.tsx';
import { AdminPage } from './layout.tsx';
import {
  type Archivable,
  Archivables,
  fetchOrganisations,
  NameField,
  organisationOptions,
  TerritoryField,
} from './shared.tsx';

function NewGroup({
  kind,
  organisations,
}: {
  kind: GroupKind;
  organisations: readonly Archivable[];
}): JSX.Element {
  const pool = kind === 'pool';
  const name = useSignal('');
  const specialty = useSignal('');
  const territory = useSignal('');
  const organisation = useSignal('');
  const members = useSignal<ReadonlyMap<string, string>>(new Map());
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
      [...members.value.keys()],
    );
    toast(t('{name} was created.', { name: made }));
    navigate(`/admin/${pool ? 'pools' : 'care-teams'}/${id}`);
  });
  return (
    <form class="card stack" onSubmit={form.submit}>
      <h2>{pool ? t('Create a pool') : t('Create a care team')}</h2>
      <NameField name={name} />
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
            options={organisationOptions(organisations)}
            {...picked(organisation)}
          />
        )}
        <TerritoryField territory={territory} />
      </div>
      {pool && <DeadlineFields deadlines={deadlines} />}
      <PeoplePicker legend={t('Members')} name="member" chosen={members} />
      <p class="quiet small">
        {t(
          'The key of the group is made on this device, sealed to each member and then forgotten: you will not be able to read their cases.',
        )}
      </p>
      <Send form={form} icon="plus" disabled={members.value.size === 0}>
        {t('Create')}
      </Send>
    </form>
  );
}

/** Pools at one address, care teams at the other. */
export default function Groups(): JSX.Element {
  const base = route.value.path;
  const kind: GroupKind = base === '/admin/pools' ? 'pool' : 'care_team';
  const { value, error } = useLoaded('organisations', fetchOrganisations);
  useEffect(() => {
    loadGroups().catch((caught: unknown) => {
      error.value = caught;
    });
  }, [error]);
  return (
    <AdminPage title={kind === 'pool' ? t('Pools') : t('Care teams')}>
      <div class="stack" data-gap="large">
        <Problems error={error.value} />
        {(groupsLoaded.value || !error.value) && (
          <Archivables
            key={kind}
            all={groupsLoaded.value ? groups.value.filter((group) => group.kind === kind) : null}
            row={(group) => <GroupRow key={group.id} group={group} to={`${base}/${group.id}`} />}
            empty={
              <Empty
                icon={kind === 'pool' ? 'pool' : 'team'}
                title={kind === 'pool' ? t('No pool yet') : t('No care team yet')}
              >
                {kind === 'pool'
                  ? t('Create one for each specialty and territory. Requesters choose among them.')
                  : t('Create one for each structure whose people share their cases.')}
              </Empty>
            }
          />
        )}
        {value.value && <NewGroup key={kind} kind={kind} organisations={value.value} />}
      </div>
    </AdminPage>
  );
}
