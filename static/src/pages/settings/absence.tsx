import { useSignal } from '@preact/signals';
import type { JSX } from 'preact';
import { t } from '../../i18n.ts';
import { navigate } from '../../router.ts';
import { groups } from '../../state/groups.ts';
import { me, refreshSession } from '../../state/session.ts';
import { api } from '../../transport/http.ts';
import { dayOf, endOf, startOf } from '../../ui/days.ts';
import { picked, typed, useForm } from '../../ui/form.ts';
import { Banner, Button, Field, Page, Problems, Select, toast } from '../../ui/index.ts';
import { dateWord, lastDay } from '../../ui/words.ts';

/** Colleagues of the same groups: only they can read what comes in meanwhile. */
function colleagues(): { value: string; label: string }[] {
  const found = new Map<string, string>();
  for (const group of groups.value) {
    if (!group.mine) continue;
    for (const { id, name } of group.members) if (id !== me.value?.id) found.set(id, name);
  }
  return [...found]
    .map(([value, label]) => ({ value, label }))
    .toSorted((a, b) => a.label.localeCompare(b.label));
}

/** Away from, until, and who is told instead. */
export default function Absence(): JSX.Element {
  const leave = me.value?.leave ?? null;
  const from = useSignal(dayOf(leave?.from ?? new Date(), 'start'));
  const until = useSignal(dayOf(leave?.until, 'end'));
  const delegate = useSignal(leave?.delegate?.id ?? '');
  const save = async (deed: () => Promise<unknown>, said: string) => {
    await deed();
    await refreshSession();
    toast(said);
    navigate('/settings', { replace: true });
  };
  const form = useForm(() =>
    save(
      () =>
        api('PUT', '/account/leave', {
          from: startOf(from.value),
          until: endOf(until.value),
          delegate: delegate.value || null,
        }),
      t('Your absence is announced.'),
    ),
  );
  return (
    <Page
      title={t('Absence')}
      back="/settings"
      width="narrow"
      lead={t(
        'Colleagues see that you are away. What would reach you reaches your replacement, who can take over your cases.',
      )}
    >
      <form class="stack" onSubmit={form.submit}>
        {leave && (
          <Banner>
            {leave.delegate
              ? t('Announced from {from} to {until}, replaced by {name}.', {
                  from: dateWord(leave.from),
                  until: lastDay(leave.until),
                  name: leave.delegate.name,
                })
              : t('Announced from {from} to {until}.', {
                  from: dateWord(leave.from),
                  until: lastDay(leave.until),
                })}
          </Banner>
        )}
        <div class="two">
          <Field label={t('First day')} name="from" type="date" {...typed(from)} />
          <Field
            label={t('Last day')}
            name="until"
            type="date"
            min={from.value}
            {...typed(until)}
          />
        </div>
        <Select
          label={t('Replaced by')}
          hint={t('A colleague of one of your groups.')}
          name="delegate"
          optional
          options={colleagues()}
          {...picked(delegate)}
        />
        <Problems error={form.error.value} />
        <div class="row">
          <Button type="submit" kind="primary" busy={form.busy.value}>
            {t('Announce')}
          </Button>
          {leave && (
            <Button
              onClick={() =>
                save(() => api('DELETE', '/account/leave'), t('Welcome back.')).catch(
                  (error: unknown) => {
                    form.error.value = error;
                  },
                )
              }
            >
              {t('I am back')}
            </Button>
          )}
        </div>
      </form>
    </Page>
  );
}
