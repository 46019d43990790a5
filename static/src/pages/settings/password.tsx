import { useSignal } from '@preact/signals';
import type { JSX } from 'preact';
import { t } from '../../i18n.ts';
import { navigate } from '../../router.ts';
import { WrongPassword } from '../../state/keys.ts';
import { changePassword } from '../../state/new-keys.ts';
import { me } from '../../state/session.ts';
import { typed, useForm } from '../../ui/form.ts';
import { Button, CodeField, Page, PasswordField, Problems, toast } from '../../ui/index.ts';
import { NewPassword } from '../../ui/new-password.tsx';

export default function Password(): JSX.Element {
  const current = useSignal('');
  const next = useSignal('');
  const enough = useSignal(false);
  const code = useSignal('');
  const form = useForm(async () => {
    if (!enough.value) return;
    await changePassword(current.value, next.value, code.value);
    toast(t('Password changed. Your other devices were signed out.'));
    navigate('/settings', { replace: true });
  });
  const wrong = form.error.value instanceof WrongPassword;
  return (
    <Page title={t('Change the password')} back="/settings" width="narrow">
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
          label={t('Current password')}
          name="password"
          autocomplete="current-password"
          error={wrong ? t('This is not the password of this account.') : null}
          {...typed(current)}
        />
        <NewPassword
          label={t('New password')}
          about={[me.value?.name ?? '', me.value?.mail ?? '']}
          {...typed(next)}
          onJudged={(judged) => {
            enough.value = judged;
          }}
        />
        <CodeField
          label={t('Six-digit code')}
          hint={t('From your authenticator application.')}
          name="code"
          {...typed(code)}
        />
        {!wrong && <Problems error={form.error.value} />}
        <Button
          type="submit"
          kind="primary"
          size="large"
          wide
          busy={form.busy.value}
          disabled={!enough.value}
        >
          {t('Change the password')}
        </Button>
      </form>
    </Page>
  );
}
