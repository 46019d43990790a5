import { useSignal } from '@preact/signals';
import type { JSX } from 'preact';
import { t } from '../../i18n.ts';
import { changeMembers } from '../../state/group-roll.ts';
import type { Group } from '../../state/group-types.ts';
import { fullName, openPools, overflowOf } from '../../state/groups.ts';
import { useForm } from '../../ui/form.ts';
import { Send, toast } from '../../ui/index.ts';
import { Picker } from '../../ui/picker.tsx';
import { specialtyWord } from '../../ui/words.ts';

const MOST = 4;

/** Pools that take over when nobody answers, in the order in which they are asked. */
export function Overflow({ group }: { group: Group }): JSX.Element {
  const names = overflowOf(group)
    .map(({ name }) => name)
    .join(', ');
  return (
    <section class="stack" data-gap="small">
      <h2>{t('If nobody answers')}</h2>
      <p class="quiet">
        {names
          ? t('New cases can be passed on to {names}: they get the key when the case is opened.', {
              names,
            })
          : t('No other pool takes over.')}
      </p>
      {group.managed && !group.broken && <Declare key={group.id} group={group} />}
    </section>
  );
}

function Declare({ group }: { group: Group }): JSX.Element {
  const chosen = useSignal<ReadonlyMap<string, string>>(
    new Map(overflowOf(group).map(({ id, name }) => [id, name])),
  );
  const form = useForm(async () => {
    await changeMembers(group.id, { overflow: [...chosen.value.keys()] });
    toast(t('Changes saved.'));
  });
  return (
    <form class="card stack" onSubmit={form.submit}>
      <Picker
        legend={t('Overflow pools, four at most, in the order you choose them')}
        search={t('Filter by name, specialty or territory')}
        name="overflow"
        chosen={chosen}
        among={openPools()
          .filter(({ id, chain }) => id !== group.id && chain?.payload.kind === 'pool')
          .map((pool) => ({
            id: pool.id,
            name: fullName(pool),
            hint: [specialtyWord(pool.specialty), pool.territory].filter(Boolean).join(' · '),
          }))}
      />
      <Send form={form} disabled={chosen.value.size > MOST}>
        {t('Save')}
      </Send>
    </form>
  );
}
