import type { JSX } from 'preact';
import { t } from '../i18n.ts';
import { Button } from './button.tsx';
import { CodeField } from './field.tsx';
import { QrCode } from './qr.tsx';
import { toast } from './toast.tsx';

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
