import { type Signal, useSignal } from '@preact/signals';
import type { JSX } from 'preact';
import { t } from '../i18n.ts';
import { matches } from '../state/order.ts';
import type { DirectoryEntry } from '../state/types.ts';
import { fetchAll } from '../transport/http.ts';
import { Waiting } from './feedback.tsx';
import { Field } from './field.tsx';
import { typed } from './form.ts';
import { Problems } from './problems.tsx';
import { useLoaded } from './use-loaded.ts';
import { professionOf } from './words.ts';

export interface Choosable {
  id: string;
  name: string;
  hint?: string;
}

/** More than these are worth a search field. */
const FEW = 6;

/** One or several of many; those chosen stay in sight while searching. */
export function Picker({
  legend,
  search,
  name,
  among,
  chosen,
  single = false,
}: {
  legend: string;
  /** Label of the search field. */
  search: string;
  name: string;
  among: readonly Choosable[];
  /** Id → name. */
  chosen: Signal<ReadonlyMap<string, string>>;
  single?: boolean;
}): JSX.Element {
  const sought = useSignal('');
  const shown = among
    .filter(
      ({ id, name: words, hint = '' }) =>
        chosen.value.has(id) || matches(`${words} ${hint}`, sought.value.trim()),
    )
    .toSorted((a, b) => a.name.localeCompare(b.name));
  const choose = (id: string, words: string, on: boolean) => {
    const next = new Map(single ? [] : chosen.value);
    if (on) next.set(id, words);
    else next.delete(id);
    chosen.value = next;
  };
  return (
    <fieldset class="field">
      <legend class="label">{legend}</legend>
      {among.length > FEW && (
        <Field
          label={search}
          name={`${name}-search`}
          type="search"
          optional="unmarked"
          {...typed(sought)}
        />
      )}
      <div class="list members">
        {shown.map(({ id, name: words, hint }) => (
          <label key={id} class="check">
            <input
              type={single ? 'radio' : 'checkbox'}
              name={single ? name : `${name}-${id}`}
              checked={chosen.value.has(id)}
              onChange={(event) => choose(id, words, event.currentTarget.checked)}
            />
            <span>
              {words}
              {hint && <span class="hint">{hint}</span>}
            </span>
          </label>
        ))}
        {shown.length === 0 && <p class="list-item quiet">{t('Nobody found')}</p>}
      </div>
    </fieldset>
  );
}

const fetchPeople = () => fetchAll<DirectoryEntry>('/accounts');

/** Certified, active health professionals to choose from, but those whom `except` names. */
export function PeoplePicker({
  except,
  ...rest
}: Omit<Parameters<typeof Picker>[0], 'among' | 'search'> & {
  except?: (id: string) => boolean;
}): JSX.Element {
  const { value, error } = useLoaded('people to choose', fetchPeople);
  if (error.value) return <Problems error={error.value} />;
  if (!value.value) return <Waiting />;
  const among = value.value
    .filter(
      ({ id, kind, certified, archived }) =>
        kind === 'clinician' && certified && !archived && !except?.(id),
    )
    .map((person) => ({
      id: person.id,
      name: person.name,
      hint: [professionOf(person), person.organisation?.name].filter(Boolean).join(', '),
    }));
  return <Picker {...rest} search={t('Filter by name, specialty or organisation')} among={among} />;
}
