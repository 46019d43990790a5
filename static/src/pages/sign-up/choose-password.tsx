import { type Signal, useSignal } from '@preact/signals';
import type { JSX } from 'preact';
import { t } from '../../i18n.ts';
import { typed } from '../../ui/form.ts';
import { Banner, Button } from '../../ui/index.ts';
import { NewPassword } from '../../ui/new-password.tsx';

/** A new password, judged before it is taken. */
export function ChoosePassword({
  password,
  name,
  mail,
  onNext,
}: {
  password: Signal<string>;
  name: string;
  mail: string;
  onNext: () => void;
}): JSX.Element {
  const enough = useSignal(false);
  const tried = useSignal(false);
  return (
    <form
      class="stack"
      onSubmit={(event) => {
        event.preventDefault();
        tried.value = true;
        if (enough.value) onNext();
      }}
    >
      <p>
        {t(
          'Your password opens your keys on this device. It never leaves it, and nobody can reset it for you.',
        )}
      </p>
      <input type="text" name="username" autocomplete="username" value={mail} readOnly hidden />
      <NewPassword
        label={t('Password')}
        about={[mail, name]}
        {...typed(password)}
        onJudged={(judged) => {
          enough.value = judged;
        }}
      />
      {tried.value && !enough.value && (
        <Banner tone="warning" live>
          {t('Choose a stronger password to continue.')}
        </Banner>
      )}
      <Button type="submit" kind="primary" size="large" wide>
        {t('Continue')}
      </Button>
    </form>
  );
}
