import { useSignal } from '@preact/signals';
import type { JSX } from 'preact';
import { t } from '../../i18n.ts';
import { isFiness } from '../../state/rpps.ts';
import { api, fetchAll } from '../../transport/http.ts';
import { picked, typed, useForm } from '../../ui/form.ts';
import { Button, Empty, Field, Icon, Problems, Select, Send, Tag, toast } from '../../ui/index.ts';
import { useLoaded } from '../../ui/use-loaded.ts';
import { organisationKinds, organisationKindWord } from '../../ui/words.ts';
import { AdminPage } from './layout.tsx';
import { type Archivable, Archivables, NameField, TerritoryField } from './shared.tsx';

interface Organisation extends Archivable {
  kind: string;
  finess: string | null;
  territory: string;
}

function NewOrganisation({ onDone }: { onDone: () => Promise<void> }): JSX.Element {
  const name = useSignal('');
  const kind = useSignal('');
  const finess = useSignal('');
  const territory = useSignal('');
  const finessError = useSignal<string | null>(null);
  const form = useForm(async () => {
    const number = finess.value.replace(/\s/g, '').toUpperCase();
    finessError.value =
      number === '' || isFiness(number)
        ? null
        : t('This is not a FINESS number: a digit is missing or mistyped.');
    if (finessError.value) return;
    const id = crypto.randomUUID();
    await api('PUT', `/organisations/${id}`, {
      id,
      name: name.value.trim(),
      kind: kind.value,
      finess: number || null,
      territory: territory.value.trim(),
    });
    toast(t('{name} was added.', { name: name.value.trim() }));
    for (const field of [name, kind, finess, territory]) field.value = '';
    await onDone();
  });
  return (
    <form class="card stack" onSubmit={form.submit}>
      <h2>{t('Add an organisation')}</h2>
      <NameField name={name} />
      <Select label={t('Kind')} name="kind" options={organisationKinds()} {...picked(kind)} />
      <div class="two">
        <Field
          label={t('FINESS number')}
          name="finess"
          optional
          inputMode="numeric"
          autocomplete="off"
          maxLength={12}
          error={finessError.value}
          {...typed(finess)}
        />
        <TerritoryField territory={territory} />
      </div>
      <Send form={form} icon="plus">
        {t('Add')}
      </Send>
    </form>
  );
}

function Row({
  organisation,
  onChange,
}: {
  organisation: Organisation;
  onChange: (fields: Partial<Organisation>) => Promise<void>;
}): JSX.Element {
  const editing = useSignal(false);
  const name = useSignal(organisation.name);
  const territory = useSignal(organisation.territory);
  if (editing.value) {
    return (
      <li class="list-item">
        <form
          class="main stack"
          onSubmit={async (event) => {
            event.preventDefault();
            await onChange({ name: name.value.trim(), territory: territory.value.trim() });
            editing.value = false;
          }}
        >
          <NameField name={name} />
          <TerritoryField territory={territory} />
          <div class="row">
            <Button type="submit" kind="primary">
              {t('Save')}
            </Button>
            <Button
              onClick={() => {
                editing.value = false;
              }}
            >
              {t('Cancel')}
            </Button>
          </div>
        </form>
      </li>
    );
  }
  return (
    <li class="list-item">
      <Icon name="building" />
      <div class="main">
        <p class="strong">{organisation.name}</p>
        <p class="quiet small">
          {[
            organisationKindWord(organisation.kind),
            organisation.territory,
            organisation.finess && `FINESS ${organisation.finess}`,
          ]
            .filter(Boolean)
            .join(' · ')}
        </p>
      </div>
      {organisation.archived && <Tag>{t('Archived')}</Tag>}
      <Button
        icon="edit"
        label={t('Rename {name}', { name: organisation.name })}
        onClick={() => {
          editing.value = true;
        }}
      />
      <Button
        icon={organisation.archived ? 'refresh' : 'archive'}
        label={
          organisation.archived
            ? t('Take {name} back into use', { name: organisation.name })
            : t('Archive {name}', { name: organisation.name })
        }
        onClick={() => onChange({ archived: !organisation.archived })}
      />
    </li>
  );
}

export default function Organisations(): JSX.Element {
  const { value, error, reload } = useLoaded('organisations', () =>
    fetchAll<Organisation>('/organisations'),
  );
  const change = async (organisation: Organisation, fields: Partial<Organisation>) => {
    const path = `/organisations/${organisation.id}`;
    try {
      await api('PATCH', path, fields);
      error.value = null;
      if (fields.archived) {
        toast(t('{name} was archived.', { name: organisation.name }), {
          undo: () => api('PATCH', path, { archived: false }).then(reload),
        });
      }
    } catch (caught) {
      error.value = caught;
    }
    await reload();
  };
  return (
    <AdminPage title={t('Organisations')}>
      <div class="stack" data-gap="large">
        <Problems error={error.value} />
        {(value.value || !error.value) && (
          <Archivables
            all={value.value}
            row={(organisation) => (
              <Row
                key={organisation.id}
                organisation={organisation}
                onChange={(fields) => change(organisation, fields)}
              />
            )}
            empty={
              <Empty icon="building" title={t('No organisation yet')}>
                {t('Add the hospitals, practices and nursing homes whose people you will invite.')}
              </Empty>
            }
          />
        )}
        <NewOrganisation onDone={reload} />
      </div>
    </AdminPage>
  );
}
