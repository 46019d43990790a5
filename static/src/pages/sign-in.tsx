import { useSignal } from '@preact/signals';
import type { JSX } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { t, tn } from '../i18n.ts';
import { Link } from '../router.ts';
import { ended, network, signIn } from '../state/session.ts';
import { api } from '../transport/http.ts';
import { typed, useForm } from '../ui/form.ts';
import { DemoStrip } from '../ui/frame.tsx';
import {
  Avatar,
  Banner,
  Button,
  CodeField,
  Field,
  Gate,
  PasswordField,
  Problems,
} from '../ui/index.ts';
import { LanguageSwitch } from '../ui/language-switch.tsx';

interface DemoPerson {
  mail: string;
  password: string;
  name: string;
  role: string;
}

/** The fictional people, each one tap away. */
function DemoPeople({
  onChoose,
}: {
  onChoose: (person: DemoPerson) => Promise<void>;
}): JSX.Element | null {
  const people = useSignal<DemoPerson[]>([]);
  useEffect(() => {
    api<{ items: DemoPerson[] }>('GET', '/demo/people').then(
      ({ items }) => {
        people.value = items;
      },
      () => undefined,
    );
  }, [people]);
  if (people.value.length === 0) return null;
  return (
    <section class="demo stack" data-gap="small" aria-labelledby="demo-people">
      <h2 id="demo-people">{t('Try it as')}</h2>
      <p class="quiet small">
        {t('One tap fills in mail, password and the current code. Then sign in.')}
      </p>
      <ul class="list demo-people">
        {people.value.map((person) => (
          <li key={person.mail}>
            <button type="button" class="list-item" onClick={() => void onChoose(person)}>
              <Avatar name={person.name} />
              <span class="main">
                <span class="strong">{person.name}</span>
                <br />
                <span class="quiet small">{person.role}</span>
              </span>
            </button>
          </li>
        ))}
      </ul>
    </section>
  );
}

export default function SignIn(): JSX.Element {
  const mail = useSignal('');
  const password = useSignal('');
  const code = useSignal('');
  const wait = useSignal(0);
  const form = useForm(() => signIn(mail.value.trim(), password.value, code.value));
  useEffect(() => {
    if (wait.value <= 0) return;
    const timer = setTimeout(() => {
      wait.value -= 1;
    }, 1000);
    return () => clearTimeout(timer);
  }, [wait.value, wait]);
  const button = useRef<HTMLDivElement>(null);

  const fill = async (person: DemoPerson) => {
    mail.value = person.mail;
    password.value = person.password;
    const path = `/demo/people/${encodeURIComponent(person.mail)}/code`;
    try {
      const found = await api<{ code: string; wait: number }>('GET', path);
      code.value = found.code;
      wait.value = found.wait;
      button.current?.querySelector('button')?.focus();
      button.current?.scrollIntoView({ block: 'center' });
    } catch (error) {
      form.error.value = error;
    }
  };

  return (
    <Gate
      title={t('Sign in')}
      top={<DemoStrip />}
      foot={
        <>
          <Link to="/recovery">{t('Forgotten password or lost phone')}</Link>
          <LanguageSwitch />
        </>
      }
    >
      {ended.value === 'revoked' && (
        <Banner tone="warning">
          {t('This device was signed out from another one. Sign in again if that was not meant.')}
        </Banner>
      )}
      {ended.value === 'expired' && (
        <Banner>
          {t('Your session has ended. Sign in again: what waits to be sent is still here.')}
        </Banner>
      )}
      <div class="sign-in stack" data-gap="large">
        <form class="stack" onSubmit={form.submit}>
          <Field
            label={t('Mail address')}
            name="mail"
            type="email"
            autocomplete="username"
            inputMode="email"
            autocapitalize="off"
            spellcheck={false}
            {...typed(mail)}
          />
          <PasswordField
            label={t('Password')}
            name="password"
            autocomplete="current-password"
            {...typed(password)}
          />
          <CodeField
            label={t('Six-digit code')}
            hint={t('From your authenticator application.')}
            name="code"
            {...typed(code)}
          />
          {wait.value > 0 && (
            <Banner tone="warning">
              {tn(
                'The last code was just used. This one works in {n} second.',
                'The last code was just used. This one works in {n} seconds.',
                wait.value,
              )}
            </Banner>
          )}
          <Problems error={form.error.value} />
          <div ref={button}>
            <Button
              type="submit"
              kind="primary"
              size="large"
              wide
              busy={form.busy.value}
              busyLabel={t('Opening your keys…')}
            >
              {t('Sign in')}
            </Button>
          </div>
        </form>
        {network.value?.demo && <DemoPeople onChoose={fill} />}
      </div>
    </Gate>
  );
}
