import { useSignal } from '@preact/signals';
import type { JSX } from 'preact';
import { t } from '../../i18n.ts';
import { navigate } from '../../router.ts';
import { WrongPassword } from '../../state/keys.ts';
import { renewRecoveryCode } from '../../state/new-keys.ts';
import { me } from '../../state/session.ts';
import { typed, useForm } from '../../ui/form.ts';
import { Button, Page, PasswordField, Problems, toast } from '../../ui/index.ts';
import { noteRecoveryShown, RecoveryStep } from '../sign-up/recovery-step.tsx';

export default function RecoveryCode(): JSX.Element {
  const password = useSignal('');
  const code = useSignal('');
  const form = useForm(async () => {
    code.value = await renewRecoveryCode(password.value);
    password.value = '';
    noteRecoveryShown();
  });
  const wrong = form.error.value instanceof WrongPassword;
  if (code.value) {
    return (
      <Page title={t('Your recovery code')} width="narrow">
        <RecoveryStep
          code={code.value}
          name={me.value?.name ?? ''}
          onDone={() => {
            toast(t('The new recovery code is in force.'));
            navigate('/settings', { replace: true });
          }}
        />
      </Page>
    );
  }
  return (
    <Page title={t('New recovery code')} back="/settings" width="narrow">
      <form class="stack" onSubmit={form.submit}>
        <p>{t('The code you kept until now will open nothing any more.')}</p>
        <PasswordField
          label={t('Password')}
          name="password"
          autocomplete="current-password"
          error={wrong ? t('This is not the password of this account.') : null}
          {...typed(password)}
        />
        {!wrong && <Problems error={form.error.value} />}
        <Button type="submit" kind="primary" size="large" wide busy={form.busy.value}>
          {t('Make a new code')}
        </Button>
      </form>
    </Page>
  );
}
