import { useSignal } from '@preact/signals';
import type { JSX } from 'preact';
import { useMemo } from 'preact/hooks';
import { t } from '../../i18n.ts';
import { Banner, Button, Field, toast } from '../../ui/index.ts';

const UNCONFIRMED = 'cordee.recovery-unconfirmed';

/** Whether the last code made on this device was shown and never confirmed. */
export function recoveryUnconfirmed(): boolean {
  return localStorage.getItem(UNCONFIRMED) !== null;
}

export function noteRecoveryShown(): void {
  localStorage.setItem(UNCONFIRMED, '1');
}

function save(code: string, name: string): void {
  const text = `${t('Cordée: recovery code of {name}', { name })}\n\n${code}\n\n${t(
    'Keep this page where you keep your diplomas: not in a mail, not on this phone.',
  )}\n`;
  const link = document.createElement('a');
  link.href = URL.createObjectURL(new Blob([text], { type: 'text/plain' }));
  link.download = 'cordee-code.txt';
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

/** Same letter and digit rules as when the code is typed for good. */
function normal(text: string): string {
  return text.toUpperCase().replace(/[\s-]/g, '').replace(/O/g, '0').replace(/[IL]/g, '1');
}

/** The code, once. Going on needs one of its groups typed back: proof that it was written down. */
export function RecoveryStep({
  code,
  name,
  onDone,
}: {
  code: string;
  name: string;
  onDone: () => void;
}): JSX.Element {
  const groups = code.split('-');
  const asked = useMemo(
    () => (crypto.getRandomValues(new Uint8Array(1))[0] as number) % groups.length,
    [groups.length],
  );
  const typed = useSignal('');
  const wrong = useSignal(false);
  return (
    <form
      class="stack"
      onSubmit={(event) => {
        event.preventDefault();
        wrong.value = normal(typed.value) !== groups[asked];
        if (wrong.value) return;
        localStorage.removeItem(UNCONFIRMED);
        onDone();
      }}
    >
      <p>
        {t(
          'If you forget your password or lose your phone, this code is the only way back. It is shown once; nobody else has it.',
        )}
      </p>
      <ol class="recovery-code" aria-label={t('Recovery code')} translate={false}>
        {groups.map((group, i) => (
          <li key={i}>{group}</li>
        ))}
      </ol>
      <div class="row">
        <Button icon="download" onClick={() => save(code, name)}>
          {t('Download')}
        </Button>
        <Button
          icon="copy"
          onClick={async () => {
            await navigator.clipboard.writeText(code);
            toast(t('Code copied'));
          }}
        >
          {t('Copy')}
        </Button>
      </div>
      <Banner>
        {t(
          'Print it or write it down, and keep it where you keep your diplomas: not in a mail, not on this phone.',
        )}
      </Banner>
      <Field
        label={t('Type group {n} of the code', { n: asked + 1 })}
        name="confirmation"
        autocomplete="off"
        autocapitalize="characters"
        spellcheck={false}
        maxLength={6}
        value={typed.value}
        error={
          wrong.value ? t('That is not group {n}. Look at the code again.', { n: asked + 1 }) : null
        }
        onInput={(value) => {
          typed.value = value;
        }}
      />
      <Button type="submit" kind="primary" size="large" wide>
        {t('I have kept my code')}
      </Button>
    </form>
  );
}
