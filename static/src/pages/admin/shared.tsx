import { type Signal, useSignal } from '@preact/signals';
import type { ComponentChildren, JSX } from 'preact';
import { t } from '../../i18n.ts';
import type { Named } from '../../state/types.ts';
import { fetchAll } from '../../transport/http.ts';
import { ticked, typed } from '../../ui/form.ts';
import { Checkbox, Field, type Option, Waiting } from '../../ui/index.ts';

export type Archivable = Named & { archived: boolean };

export const fetchOrganisations = () => fetchAll<Archivable>('/organisations');

/** Organisations in use, and the chosen one whatever became of it. */
export function organisationOptions(all: readonly Archivable[], chosen = ''): Option[] {
  return all
    .filter(({ id, archived }) => !archived || id === chosen)
    .map(({ id, name }) => ({ value: id, label: name }));
}

export function NameField({ name }: { name: Signal<string> }): JSX.Element {
  return (
    <Field label={t('Name')} name="name" autocomplete="off" maxLength={200} {...typed(name)} />
  );
}

export function TerritoryField({ territory }: { territory: Signal<string> }): JSX.Element {
  return (
    <Field label={t('Territory')} name="territory" optional maxLength={200} {...typed(territory)} />
  );
}

/** What is in use, by name; what is archived on demand. */
export function Archivables<T extends Archivable>({
  all,
  row,
  empty,
}: {
  all: readonly T[] | null;
  /** A list item. */
  row: (one: T) => JSX.Element;
  empty: ComponentChildren;
}): JSX.Element {
  const archivedToo = useSignal(false);
  if (!all) return <Waiting />;
  const shown = all
    .filter(({ archived }) => archivedToo.value || !archived)
    .toSorted((a, b) => a.name.localeCompare(b.name));
  return (
    <section class="stack" data-gap="small">
      {shown.length > 0 ? <ul class="list">{shown.map(row)}</ul> : empty}
      {all.some(({ archived }) => archived) && (
        <Checkbox label={t('Show archived ones')} {...ticked(archivedToo)} />
      )}
    </section>
  );
}
