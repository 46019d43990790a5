import { useSignal } from '@preact/signals';
import type { JSX } from 'preact';
import { t } from '../i18n.ts';
import { touch } from '../state/idle.ts';
import { unlock, WrongPassword } from '../state/keys.ts';
import { me, signOut } from '../state/session.ts';
import { pending } from '../state/status.ts';
import { typed, useForm } from '../ui/form.ts';
import { SkipLink } from '../ui/frame.tsx';
import { Banner, Button, Confirm, Gate, PasswordField, Problems } from '../ui/index.ts';

/** The keys are out of memory. The password brings them back, with or without a network. */
export function Unlock(): JSX.Element {
  const password = useSignal('');
  const form = useForm(async () => {
    touch();
    await unlock(password.value);
  });
  const wrong = form.error.value instanceof WrongPassword;
  return (
    <>
      <SkipLink />
      <Gate
        title={t('Locked')}
        lead={
          <p>
            {t('{name}, your drafts and unsent messages are kept, sealed.', {
              name: me.value?.name ?? '',
            })}
          </p>
        }
        foot={
          pending.value > 0 ? (
            <Confirm
              kind="plain"
              action={t('Sign out')}
              question={t('What has not been sent yet would be lost.')}
              yes={t('Sign out anyway')}
              onConfirm={signOut}
            />
          ) : (
            <Button kind="plain" onClick={signOut}>
              {t('Sign out')}
            </Button>
          )
        }
      >
        <form class="stack" onSubmit={form.submit}>
          <input
            type="text"
            name="username"
            autocomplete="username"
            value={me.value?.mail ?? ''}
            readOnly
            hidden
          />
          <PasswordField
            label={t('Password')}
            name="password"
            autocomplete="current-password"
            autofocus
            error={wrong ? t('This is not the password of this account.') : null}
            {...typed(password)}
          />
          {!wrong && <Problems error={form.error.value} />}
          <Button
            type="submit"
            kind="primary"
            size="large"
            wide
            icon="unlock"
            busy={form.busy.value}
            busyLabel={t('Opening your keys…')}
          >
            {t('Unlock')}
          </Button>
        </form>
        {pending.value > 0 && (
          <Banner>{t('What you sent before locking goes on leaving in the background.')}</Banner>
        )}
      </Gate>
    </>
  );
}
