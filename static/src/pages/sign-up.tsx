import { useSignal } from '@preact/signals';
import type { JSX } from 'preact';
import { useEffect } from 'preact/hooks';
import { language, t } from '../i18n.ts';
import { type Invitation, readInvitation } from '../invitation.ts';
import { navigate, route } from '../router.ts';
import { keepKeys } from '../state/keys.ts';
import { MAKING_STEPS, makeAccount, type NewAccount, type NextOf } from '../state/new-keys.ts';
import { adopt, deviceName, me, network, signOut } from '../state/session.ts';
import type { SignedIn } from '../state/types.ts';
import { api, Problem } from '../transport/http.ts';
import { useForm } from '../ui/form.ts';
import { DemoStrip } from '../ui/frame.tsx';
import { Button, Gate, Problems, Progress, Steps, Waiting } from '../ui/index.ts';
import { LanguageSwitch } from '../ui/language-switch.tsx';
import { TotpEnrolment } from '../ui/totp.tsx';
import { ChoosePassword } from './sign-up/choose-password.tsx';
import { type Draft, Identity, type Opening } from './sign-up/identity.tsx';
import { noteRecoveryShown, RecoveryStep } from './sign-up/recovery-step.tsx';

/** What the link of a return is answered: the account goes on, under the next keys. */
interface ReturnOpening extends Omit<Opening, 'kind'>, NextOf {
  kind: 'return';
  name: string;
  rpps: string | null;
}

type Step = 'identity' | 'password' | 'keys' | 'totp' | 'recovery';
const STEPS: readonly Step[] = ['identity', 'password', 'keys', 'totp', 'recovery'];

export default function SignUp(): JSX.Element {
  const invitation = readInvitation(route.value.hash);
  const opening = useSignal<Opening | ReturnOpening | null>(null);
  const failed = useSignal<unknown>(null);
  const returning = invitation?.returning ?? false;
  const steps = returning ? STEPS.slice(1) : STEPS;
  const step = useSignal<Step>(returning ? 'password' : 'identity');
  const made = useSignal(0);
  const code = useSignal('');
  const account = useSignal<NewAccount | null>(null);
  const draft: Draft = {
    name: useSignal(''),
    profession: useSignal(''),
    specialty: useSignal(''),
    rpps: useSignal(''),
    password: useSignal(''),
  };
  const rpps = () => draft.rpps.value.replace(/\s/g, '') || null;
  const token = invitation?.token;

  useEffect(() => {
    if (!token || me.value) return;
    const path = returning ? '/return/opening' : '/sign-up/opening';
    api<Opening | ReturnOpening>('POST', path, { token }).then(
      (answer) => {
        opening.value = answer;
        if (answer.kind !== 'return') return;
        draft.name.value = answer.name;
        draft.rpps.value = answer.rpps ?? '';
      },
      (error: unknown) => {
        failed.value = error;
      },
    );
  }, [token, opening, failed]);

  const makeKeys = async () => {
    const opened = opening.value as Opening | ReturnOpening;
    step.value = 'keys';
    try {
      account.value = await makeAccount(
        opened.net,
        (invitation as Invitation).root,
        { name: draft.name.value.trim(), rpps: rpps(), password: draft.password.value },
        (done) => {
          made.value = done;
        },
        opened.kind === 'return' ? opened : undefined,
      );
      step.value = 'totp';
    } catch (error) {
      failed.value = error;
    }
  };

  const form = useForm(async () => {
    const { kind } = opening.value as Opening | ReturnOpening;
    const { fields, account: id, seq, secrets } = account.value as NewAccount;
    const common = { token, account: id, ...fields, totp_code: code.value, device: deviceName() };
    const reply =
      kind === 'return'
        ? await api<SignedIn>('POST', '/return', common)
        : await api<SignedIn>('POST', '/sign-up', {
            ...common,
            name: draft.name.value.trim(),
            rpps: rpps(),
            profession: kind === 'administrator' ? 'administrator' : draft.profession.value,
            specialty: draft.specialty.value || null,
            language: language(),
          });
    noteRecoveryShown();
    await keepKeys(id, seq, secrets);
    draft.password.value = '';
    step.value = 'recovery';
    await adopt(reply);
  });

  if (!invitation) {
    return (
      <Gate title={t('This link is not whole')} top={<DemoStrip />}>
        <p>
          {t(
            'Open the link of your invitation mail again, from its first to its last character, or ask for a new one.',
          )}
        </p>
      </Gate>
    );
  }
  if (me.value && step.value !== 'recovery') {
    return (
      <Gate title={t('Somebody is signed in here')} top={<DemoStrip />}>
        <p>
          {t('{name} is signed in on this device. Sign out first, then open the link again.', {
            name: me.value.name,
          })}
        </p>
        <Button kind="primary" onClick={signOut}>
          {t('Sign out')}
        </Button>
      </Gate>
    );
  }
  if (failed.value && step.value !== 'totp') {
    return (
      <Gate title={t('This invitation cannot be used')} top={<DemoStrip />}>
        <Problems error={failed.value} />
        <p>{t('Ask the person who invited you for a new link.')}</p>
      </Gate>
    );
  }
  if (!opening.value) {
    return (
      <Gate title={t('Your invitation')} top={<DemoStrip />}>
        <Waiting />
      </Gate>
    );
  }
  const titles: Record<Step, string> = {
    identity: t('Who are you?'),
    password: t('Choose a password'),
    keys: t('Making your keys'),
    totp: t('A second lock'),
    recovery: t('Your recovery code'),
  };
  return (
    <Gate
      key={step.value}
      title={titles[step.value]}
      top={<DemoStrip />}
      wide
      foot={step.value === 'identity' ? <LanguageSwitch /> : undefined}
    >
      <Steps current={steps.indexOf(step.value) + 1} total={steps.length} />
      {step.value === 'identity' && opening.value.kind !== 'return' && (
        <>
          <p class="quiet">
            {t('You are joining {network}.', { network: network.value?.name ?? 'Cordée' })}
          </p>
          <Identity
            draft={draft}
            opening={opening.value}
            onNext={() => {
              step.value = 'password';
            }}
          />
        </>
      )}
      {step.value === 'password' && (
        <>
          {returning && (
            <p>
              {t(
                'Welcome back, {name}. You make new keys here; the old password, code and devices stop working.',
                { name: draft.name.value },
              )}
            </p>
          )}
          <ChoosePassword
            password={draft.password}
            name={draft.name.value}
            mail={opening.value.mail}
            onNext={() => void makeKeys()}
          />
        </>
      )}
      {step.value === 'keys' && (
        <>
          <p>{t('They are made on this device and only you can open them.')}</p>
          <Progress label={t('Making your keys')} value={made.value} max={MAKING_STEPS} />
        </>
      )}
      {step.value === 'totp' && (
        <form class="stack" onSubmit={form.submit}>
          <TotpEnrolment
            secret={opening.value.totp_secret}
            uri={opening.value.totp_uri}
            code={code.value}
            error={form.field('totp_code')}
            onInput={(value) => {
              code.value = value;
            }}
          />
          <Problems error={form.error.value} />
          <Button type="submit" kind="primary" size="large" wide busy={form.busy.value}>
            {t('Check the code')}
          </Button>
          {form.error.value instanceof Problem && form.error.value.status === 409 && !returning && (
            <Button
              wide
              onClick={() => {
                form.error.value = null;
                step.value = 'identity';
              }}
            >
              {t('Correct my answers')}
            </Button>
          )}
        </form>
      )}
      {step.value === 'recovery' && account.value && (
        <RecoveryStep
          code={account.value.recoveryCode}
          name={draft.name.value}
          onDone={() => navigate('/', { replace: true })}
        />
      )}
    </Gate>
  );
}
