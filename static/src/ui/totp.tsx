import { useSignal } from '@preact/signals';
import type { JSX } from 'preact';
import { useEffect } from 'preact/hooks';
import { t } from '../i18n.ts';
import { Button } from './button.tsx';
import { CodeField } from './field.tsx';
import { toast } from './toast.tsx';

/** A QR code as one SVG path, always dark on white: cameras do not read inverted ones well. */
function QrCode({ text, label }: { text: string; label: string }): JSX.Element | null {
  const drawn = useSignal<{ size: number; path: string } | null>(null);
  useEffect(() => {
    let current = true;
    import('lean-qr/nano').then(({ generate }) => {
      if (!current) return;
      const code = generate(text);
      let path = '';
      for (let y = 0; y < code.size; y++) {
        for (let x = 0; x < code.size; x++) if (code.get(x, y)) path += `M${x} ${y}h1v1h-1z`;
      }
      drawn.value = { size: code.size, path };
    });
    return () => {
      current = false;
    };
  }, [text, drawn]);
  if (!drawn.value) return <div class="qr" />;
  const { size, path } = drawn.value;
  return (
    <svg class="qr" viewBox={`-3 -3 ${size + 6} ${size + 6}`} role="img" aria-label={label}>
      <path d={path} />
    </svg>
  );
}

/** Enrol an authenticator: by camera, by link on the same phone, or by typing; then a first code. */
export function TotpEnrolment({
  secret,
  uri,
  code,
  onInput,
  error,
}: {
  secret: string;
  uri: string;
  code: string;
  onInput: (code: string) => void;
  error?: string | null;
}): JSX.Element {
  const spaced = secret.replace(/(.{4})(?=.)/g, '$1 ');
  return (
    <div class="stack">
      <p>
        {t(
          'Add this account to an authenticator application, such as FreeOTP, Aegis, 2FAS or Google Authenticator.',
        )}
      </p>
      <QrCode text={uri} label={t('QR code to scan with the authenticator')} />
      <p>
        <a class="button" href={uri}>
          {t('Open in an application on this phone')}
        </a>
      </p>
      <div class="field">
        <p class="label">{t('Or type this key')}</p>
        <p class="secret" translate={false}>
          {spaced}
        </p>
        <div>
          <Button
            icon="copy"
            onClick={async () => {
              await navigator.clipboard.writeText(secret);
              toast(t('Key copied'));
            }}
          >
            {t('Copy the key')}
          </Button>
        </div>
      </div>
      <CodeField
        label={t('Six-digit code')}
        hint={t('The code the application shows now, to check that it works.')}
        name="code"
        value={code}
        onInput={onInput}
        error={error}
      />
    </div>
  );
}
