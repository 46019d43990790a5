import { useSignal } from '@preact/signals';
import type { JSX } from 'preact';
import { fromBase64, toBase64 } from '../crypto/bytes.ts';
import { readRecoveryCode } from '../crypto/recovery.ts';
import type { Statement } from '../crypto/statement.ts';
import { type AccountSecrets, openAccountKey, openAccountSecrets } from '../crypto/vault.ts';
import { t } from '../i18n.ts';
import { Link, navigate } from '../router.ts';
import { keepKeys, requireOwn } from '../state/keys.ts';
import { passwordFields } from '../state/new-keys.ts';
import { adopt, deviceName } from '../state/session.ts';
import type { SignedIn } from '../state/types.ts';
import { api } from '../transport/http.ts';
import { typed, useForm } from '../ui/form.ts';
import { DemoStrip } from '../ui/frame.tsx';
import { Banner, Button, CodeField, Field, Gate, Problems, Steps, TextArea } from '../ui/index.ts';
import { NewPassword } from '../ui/new-password.tsx';
import { TotpEnrolment } from '../ui/totp.tsx';
import { recoveryKeys } from '../worker/sealing.ts';

interface Opened {
  account: string;
  net: string;
  ak_recovery: string;
  keys: string;
  statements: Statement[];
  totp_secret: string;
  totp_uri: string;
}

interface Found extends Opened {
  seq: number;
  accountKey: ReturnType<typeof fromBase64>;
  secrets: AccountSecrets;
}

type Step = 'code' | 'mail' | 'password' | 'totp';
const STEPS: readonly Step[] = ['code', 'mail', 'password', 'totp'];

/** Back in with the recovery code: code, mailed digits, new password, new authenticator. */
export default function Recovery(): JSX.Element {
  const step = useSignal<Step>('code');
  const mail = useSignal('');
  const recoveryCode = useSignal('');
  const codeError = useSignal<string | null>(null);
  const recovery = useSignal('');
  const digits = useSignal('');
  const found = useSignal<Found | null>(null);
  const password = useSignal('');
  const enough = useSignal(false);
  const totp = useSignal('');

  const open = useForm(async () => {
    codeError.value = null;
    let code: ReturnType<typeof readRecoveryCode>;
    try {
      code = readRecoveryCode(recoveryCode.value);
    } catch {
      codeError.value = t(
        'A recovery code has eight groups of four letters and digits. One is missing or mistyped.',
      );
      return;
    }
    const { auth } = await recoveryKeys(code);
    const answer = await api<{ recovery: string }>('POST', '/recovery/opening', {
      mail: mail.value.trim(),
      recovery_auth: toBase64(auth),
    });
    recovery.value = answer.recovery;
    step.value = 'mail';
  });

  const confirm = useForm(async () => {
    const answer = await api<Opened>('POST', '/recovery/code', {
      recovery: recovery.value,
      code: digits.value,
    });
    const { kek } = await recoveryKeys(readRecoveryCode(recoveryCode.value));
    const { net, account } = answer;
    const seq = Math.max(0, answer.statements.length - 1);
    const sealed = fromBase64(answer.ak_recovery);
    const accountKey = await openAccountKey(kek, net, account, 'recovery', sealed);
    const keys = fromBase64(answer.keys);
    const secrets = await openAccountSecrets(accountKey, net, account, seq, keys);
    await requireOwn(answer.statements, account, secrets);
    found.value = { ...answer, seq, accountKey, secrets };
    step.value = 'password';
  });

  const complete = useForm(async () => {
    const { net, account, seq, accountKey, secrets } = found.value as Found;
    const reply = await api<SignedIn>('POST', '/recovery/completion', {
      recovery: recovery.value,
      code: digits.value,
      ...(await passwordFields(net, account, accountKey, password.value)),
      totp_code: totp.value,
      device: deviceName(),
    });
    await keepKeys(account, seq, secrets);
    await adopt(reply);
    navigate('/', { replace: true });
  });

  const titles: Record<Step, string> = {
    code: t('Recover your account'),
    mail: t('Look at your mail'),
    password: t('Choose a new password'),
    totp: t('A new second lock'),
  };
  return (
    <Gate
      key={step.value}
      title={titles[step.value]}
      top={<DemoStrip />}
      wide
      foot={<Link to="/sign-in">{t('Back to sign in')}</Link>}
    >
      <Steps current={STEPS.indexOf(step.value) + 1} total={STEPS.length} />
      {step.value === 'code' && (
        <form class="stack" onSubmit={open.submit}>
          <p>
            {t('You need the recovery code you kept when you signed up, and access to your mail.')}
          </p>
          <Field
            label={t('Mail address')}
            name="mail"
            type="email"
            autocomplete="username"
            {...typed(mail)}
          />
          <TextArea
            label={t('Recovery code')}
            hint={t('Capital or small letters, with or without dashes.')}
            name="recovery-code"
            rows={2}
            autocapitalize="characters"
            autocomplete="off"
            spellcheck={false}
            error={codeError.value}
            {...typed(recoveryCode)}
          />
          <Problems error={open.error.value} />
          <Button type="submit" kind="primary" size="large" wide busy={open.busy.value}>
            {t('Continue')}
          </Button>
          <p class="quiet small">
            {t(
              'No recovery code either? Nobody else can open your keys. Tell your administrator, and let a colleague of your care team follow your cases.',
            )}
          </p>
        </form>
      )}
      {step.value === 'mail' && (
        <form class="stack" onSubmit={confirm.submit}>
          <Banner>
            {t('If the code belongs to this address, a mail with eight digits is on its way.')}
          </Banner>
          <CodeField
            label={t('Eight digits from the mail')}
            name="mailed-code"
            digits={8}
            {...typed(digits)}
          />
          <Problems error={confirm.error.value} />
          <Button type="submit" kind="primary" size="large" wide busy={confirm.busy.value}>
            {t('Continue')}
          </Button>
        </form>
      )}
      {step.value === 'password' && (
        <form
          class="stack"
          onSubmit={(event) => {
            event.preventDefault();
            if (enough.value) step.value = 'totp';
          }}
        >
          <NewPassword
            label={t('New password')}
            about={[mail.value]}
            {...typed(password)}
            onJudged={(judged) => {
              enough.value = judged;
            }}
          />
          <Button type="submit" kind="primary" size="large" wide disabled={!enough.value}>
            {t('Continue')}
          </Button>
        </form>
      )}
      {step.value === 'totp' && found.value && (
        <form class="stack" onSubmit={complete.submit}>
          <TotpEnrolment
            secret={found.value.totp_secret}
            uri={found.value.totp_uri}
            code={totp.value}
            onInput={(value) => {
              totp.value = value;
            }}
          />
          <Problems error={complete.error.value} />
          <Button type="submit" kind="primary" size="large" wide busy={complete.busy.value}>
            {t('Open my account')}
          </Button>
        </form>
      )}
    </Gate>
  );
}
