import { useSignal } from '@preact/signals';
import type { JSX } from 'preact';
import { t } from '../../i18n.ts';
import { navigate } from '../../router.ts';
import { renewKeys } from '../../state/new-keys.ts';
import { me, refreshSession } from '../../state/session.ts';
import { Banner, Page } from '../../ui/index.ts';
import { noteRecoveryShown, RecoveryStep } from '../sign-up/recovery-step.tsx';
import { PasswordForm } from './password-form.tsx';

/** Somebody else may hold one's keys: new ones, new password, new code, other devices out. */
export default function NewKeys(): JSX.Element {
  const recovery = useSignal('');
  if (recovery.value) {
    return (
      <Page title={t('Your recovery code')} width="narrow">
        <RecoveryStep
          code={recovery.value}
          name={me.value?.name ?? ''}
          onDone={async () => {
            await refreshSession().catch(() => undefined);
            navigate('/', { replace: true });
          }}
        />
      </Page>
    );
  }
  return (
    <Page title={t('I think someone else used my account')} back="/settings" width="narrow">
      <PasswordForm
        action={t('Make new keys')}
        kind="danger-primary"
        run={async (current, next, code) => {
          recovery.value = await renewKeys(current, next, code);
          noteRecoveryShown();
        }}
      >
        <p>
          {t(
            'New keys are made on this device and your other devices are signed out. The old keys open nothing that is sent from then on.',
          )}
        </p>
        <Banner tone="warning">
          {t('Until an administrator has confirmed who you are, you cannot go on working.')}
        </Banner>
      </PasswordForm>
    </Page>
  );
}
