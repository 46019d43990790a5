import type { JSX } from 'preact';
import { t } from '../../i18n.ts';
import { navigate } from '../../router.ts';
import { changePassword } from '../../state/new-keys.ts';
import { Page, toast } from '../../ui/index.ts';
import { PasswordForm } from './password-form.tsx';

export default function Password(): JSX.Element {
  return (
    <Page title={t('Change the password')} back="/settings" width="narrow">
      <PasswordForm
        action={t('Change the password')}
        run={async (current, next, code) => {
          await changePassword(current, next, code);
          toast(t('Password changed. Your other devices were signed out.'));
          navigate('/settings', { replace: true });
        }}
      />
    </Page>
  );
}
