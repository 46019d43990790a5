import { type Signal, useSignal } from '@preact/signals';
import type { JSX } from 'preact';
import { t, tn } from '../../i18n.ts';
import type { DirectoryEntry } from '../../state/types.ts';
import { typed } from '../../ui/form.ts';
import { Checkbox, Field } from '../../ui/index.ts';
import { professionOf } from '../../ui/words.ts';
import { plain } from './people.tsx';

/** Certified health professionals to choose from; those chosen stay in sight while searching. */
export function MemberPicker({
  people,
  chosen,
  legend,
}: {
  people: readonly DirectoryEntry[];
  chosen: Signal<ReadonlySet<string>>;
  legend: string;
}): JSX.Element {
  const search = useSignal('');
  const wanted = plain(search.value);
  const shown = people
    .filter(
      (person) =>
        chosen.value.has(person.id) ||
        plain(`${person.name} ${professionOf(person)} ${person.organisation?.name ?? ''}`).includes(
          wanted,
        ),
    )
    .toSorted((a, b) => a.name.localeCompare(b.name));
  return (
    <fieldset class="field">
      <legend class="label">
        {legend} <span class="optional">{tn('{n} chosen', '{n} chosen', chosen.value.size)}</span>
      </legend>
      <Field
        label={t('Filter by name, specialty or organisation')}
        name="member-search"
        type="search"
        optional="unmarked"
        {...typed(search)}
      />
      <div class="list members">
        {shown.map((person) => (
          <Checkbox
            key={person.id}
            name={`member-${person.id}`}
            label={person.name}
            hint={[professionOf(person), person.organisation?.name].filter(Boolean).join(', ')}
            checked={chosen.value.has(person.id)}
            onChange={(on) => {
              const next = new Set(chosen.value);
              if (on) next.add(person.id);
              else next.delete(person.id);
              chosen.value = next;
            }}
          />
        ))}
        {shown.length === 0 && <p class="list-item quiet">{t('Nobody found')}</p>}
      </div>
    </fieldset>
  );
}

/** People one can put into a group: certified, active, and not administrators. */
export function eligible(people: readonly DirectoryEntry[]): DirectoryEntry[] {
  return people.filter(
    ({ kind, certified, archived }) => kind === 'clinician' && certified && !archived,
  );
}
