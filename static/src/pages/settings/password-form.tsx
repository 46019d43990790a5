import { useSignal } from '@preact/signals';
import type { ComponentChildren, JSX } from 'preact';
import { t } from '../../i18n.ts';
import { WrongPassword } from '../../state/keys.ts';
import { me } from '../../state/session.ts';
import { typed, useForm } from '../../ui/form.ts';
import { Button, type ButtonKind, CodeField, PasswordField, Problems } from '../../ui/index.ts';
import { NewPassword } from '../../ui/new-password.tsx';

/** The present password, the next one and a code: what every change of one's keys asks for. */
export function PasswordForm({
  action,
  kind = 'primary',
  run,
  children,
}: {
  action: string;
  kind?: ButtonKind;
  run: (current: string, next: string, code: string) => Promise<void>;
  children?: ComponentChildren;
}): JSX.Element {
  const current = useSignal('');
  const next = useSignal('');
  const enough = useSignal(false);
  const code = useSignal('');
  const form = useForm(async () => {
    if (enough.value) await run(current.value, next.value, code.value);
  });
  const wrong = form.error.value instanceof WrongPassword;
  return (
    <form class="stack" onSubmit={form.submit}>
      {children}
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
        kind={kind}
        size="large"
        wide
        busy={form.busy.value}
        disabled={!enough.value}
      >
        {action}
      </Button>
    </form>
  );
}
