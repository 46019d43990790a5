import { type Signal, useSignal } from '@preact/signals';
import type { JSX } from 'preact';
import { useEffect } from 'preact/hooks';
import type { Bytes } from '../crypto/bytes.ts';
import { language, t } from '../i18n.ts';
import { readInvitation } from '../invitation.ts';
import { navigate, route } from '../router.ts';
import { keepKeys } from '../state/keys.ts';
import { MAKING_STEPS, makeAccount, type NewAccount } from '../state/new-keys.ts';
import { isRpps } from '../state/rpps.ts';
import { adopt, deviceName, me, network, signOut } from '../state/session.ts';
import type { AccountKind, Named, SignedIn } from '../state/types.ts';
import { api, Problem } from '../transport/http.ts';
import { picked, typed, useForm } from '../ui/form.ts';
import { DemoStrip } from '../ui/frame.tsx';
import {
  Banner,
  Button,
  Field,
  Gate,
  Problems,
  Progress,
  Select,
  Steps,
  Waiting,
} from '../ui/index.ts';
import { LanguageSwitch } from '../ui/language-switch.tsx';
import { NewPassword } from '../ui/new-password.tsx';
import { TotpEnrolment } from '../ui/totp.tsx';
import { professions, specialties } from '../ui/words.ts';
import { noteRecoveryShown, RecoveryStep } from './sign-up/recovery-step.tsx';

interface Opening {
  mail: string;
  kind: AccountKind;
  organisation: Named | null;
  net: string;
  totp_secret: string;
  totp_uri: string;
}

type Step = 'identity' | 'password' | 'keys' | 'totp' | 'recovery';
const STEPS: readonly Step[] = ['identity', 'password', 'keys', 'totp', 'recovery'];

interface Draft {
  name: Signal<string>;
  profession: Signal<string>;
  specialty: Signal<string>;
  rpps: Signal<string>;
  password: Signal<string>;
}

function Identity({
  draft,
  opening,
  onNext,
}: {
  draft: Draft;
  opening: Opening;
  onNext: () => void;
}): JSX.Element {
  const clinician = opening.kind === 'clinician';
  const rppsWrong = useSignal(false);
  const digits = draft.rpps.value.replace(/\s/g, '');
  return (
    <form
      class="stack"
      onSubmit={(event) => {
        event.preventDefault();
        rppsWrong.value = clinician ? !isRpps(digits) : digits !== '' && !isRpps(digits);
        if (!rppsWrong.value) onNext();
      }}
    >
      <p class="quiet">
        {opening.organisation
          ? t('Invitation for {mail}, on behalf of {organisation}.', {
              mail: opening.mail,
              organisation: opening.organisation.name,
            })
          : t('Invitation for {mail}.', { mail: opening.mail })}
      </p>
      <Field
        label={t('First and last name')}
        hint={t('As your colleagues know you. It is signed with everything you write.')}
        name="name"
        autocomplete="name"
        maxLength={200}
        {...typed(draft.name)}
      />
      {clinician && (
        <>
          <Select
            label={t('Profession')}
            name="profession"
            options={professions().filter(({ value }) => value !== 'administrator')}
            {...picked(draft.profession)}
          />
          {draft.profession.value === 'physician' && (
            <Select
              label={t('Specialty')}
              name="specialty"
              options={specialties()}
              {...picked(draft.specialty)}
            />
          )}
        </>
      )}
      <Field
        label={t('RPPS number')}
        hint={t('Eleven digits, on your professional card.')}
        name="rpps"
        inputMode="numeric"
        autocomplete="off"
        maxLength={16}
        optional={!clinician}
        error={
          rppsWrong.value
            ? t(
                'This is not an RPPS number: a digit is missing or mistyped. Check it against your card.',
              )
            : null
        }
        {...typed(draft.rpps)}
      />
      <Button type="submit" kind="primary" size="large" wide>
        {t('Continue')}
      </Button>
    </form>
  );
}

function ChoosePassword({
  draft,
  mail,
  onNext,
}: {
  draft: Draft;
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
        about={[mail, draft.name.value]}
        {...typed(draft.password)}
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

export default function SignUp(): JSX.Element {
  const invitation = readInvitation(route.value.hash);
  const opening = useSignal<Opening | null>(null);
  const failed = useSignal<unknown>(null);
  const step = useSignal<Step>('identity');
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
    api<Opening>('POST', '/sign-up/opening', { token }).then(
      (answer) => {
        opening.value = answer;
      },
      (error: unknown) => {
        failed.value = error;
      },
    );
  }, [token, opening, failed]);

  const makeKeys = async () => {
    const { net } = opening.value as Opening;
    step.value = 'keys';
    try {
      account.value = await makeAccount(
        net,
        (invitation as { root: Bytes }).root,
        { name: draft.name.value.trim(), rpps: rpps(), password: draft.password.value },
        (done) => {
          made.value = done;
        },
      );
      step.value = 'totp';
    } catch (error) {
      failed.value = error;
    }
  };

  const form = useForm(async () => {
    const { kind } = opening.value as Opening;
    const { fields, account: id, secrets } = account.value as NewAccount;
    const reply = await api<SignedIn>('POST', '/sign-up', {
      token,
      account: id,
      name: draft.name.value.trim(),
      rpps: rpps(),
      profession: kind === 'administrator' ? 'administrator' : draft.profession.value,
      specialty: draft.specialty.value || null,
      language: language(),
      ...fields,
      totp_code: code.value,
      device: deviceName(),
    });
    noteRecoveryShown();
    await keepKeys(id, 0, secrets);
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
      <Steps current={STEPS.indexOf(step.value) + 1} total={STEPS.length} />
      {step.value === 'identity' && (
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
        <ChoosePassword draft={draft} mail={opening.value.mail} onNext={() => void makeKeys()} />
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
          {form.error.value instanceof Problem && form.error.value.status === 409 && (
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
