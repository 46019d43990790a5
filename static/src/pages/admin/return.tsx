import { useSignal } from '@preact/signals';
import type { JSX } from 'preact';
import { t } from '../../i18n.ts';
import type { DirectoryEntry } from '../../state/types.ts';
import { api } from '../../transport/http.ts';
import { picked, ticked, useForm } from '../../ui/form.ts';
import { Banner, Checkbox, Choice, Send } from '../../ui/index.ts';
import { dateTimeWord } from '../../ui/words.ts';

type Check = 'in_person' | 'video' | 'document';

/** Phone, password and recovery code gone: back in by a link, once somebody looked who asks. */
export function LostEverything({ entry }: { entry: DirectoryEntry }): JSX.Element {
  const checked = useSignal<Check>('in_person');
  const sure = useSignal(false);
  const expires = useSignal<string | null>(null);
  const { name } = entry;
  const form = useForm(async () => {
    const reply = await api<{ expires_at: string }>('POST', `/accounts/${entry.id}/return`, {
      checked: checked.value,
    });
    expires.value = reply.expires_at;
    sure.value = false;
  });
  return (
    <section class="stack" data-gap="small">
      <h2>{t('Lost everything')}</h2>
      {expires.value && (
        <Banner tone="done" live>
          {t('The link is on its way to {mail}, good once and until {when}.', {
            mail: entry.mail ?? '',
            when: dateTimeWord(expires.value),
          })}
        </Banner>
      )}
      <details class="card fold">
        <summary>{t('Identity checked: send a link')}</summary>
        <form class="stack" onSubmit={form.submit}>
          <p>
            {t(
              'For who has neither password nor recovery code left. {name} makes new keys, you certify them again, and colleagues are told and hand over theirs. What was sent before becomes readable again.',
              { name },
            )}
          </p>
          <Choice
            legend={t('How was the identity checked?')}
            name="checked"
            options={[
              { value: 'in_person', label: t('Face to face') },
              { value: 'video', label: t('By video, with an identity document') },
              { value: 'document', label: t('By a certified document') },
            ]}
            {...picked(checked)}
          />
          <Checkbox
            name="sure"
            label={t('It is {name} who asks, and nobody in their name.', { name })}
            {...ticked(sure)}
          />
          <Send form={form} icon="mail" disabled={!sure.value}>
            {t('Send the link')}
          </Send>
        </form>
      </details>
    </section>
  );
}
