import { useSignal } from '@preact/signals';
import type { JSX } from 'preact';
import { useEffect } from 'preact/hooks';
import { t, tn } from '../../i18n.ts';
import { Link } from '../../router.ts';
import { fingerprint } from '../../state/fingerprint.ts';
import { chooseLockDelay, LOCK_DELAYS, lockDelay } from '../../state/idle.ts';
import { latestCheckpoint, logFault, refreshLog } from '../../state/key-log.ts';
import { lock, myKeys } from '../../state/keys.ts';
import { policy } from '../../state/people.ts';
import { me, signOut } from '../../state/session.ts';
import { pending } from '../../state/status.ts';
import { Avatar, Button, Confirm, Icon, type IconName, Page, Select } from '../../ui/index.ts';
import { LanguageSwitch } from '../../ui/language-switch.tsx';
import { useLoaded } from '../../ui/use-loaded.ts';
import { lastDay, professionOf } from '../../ui/words.ts';
import { kemPublic } from '../../worker/sealing.ts';

function Profile(): JSX.Element | null {
  const words = useSignal('');
  useEffect(() => {
    myKeys()
      .then(async ({ signPublic, kemSeed }) => fingerprint(signPublic, await kemPublic(kemSeed)))
      .then((found) => {
        words.value = found;
      })
      .catch(() => undefined);
  }, [words]);
  const account = me.value;
  if (!account) return null;
  return (
    <section class="card stack" aria-label={t('Profile')}>
      <div class="row">
        <Avatar name={account.name} />
        <div class="grow">
          <h2>{account.name}</h2>
          <p class="quiet">
            {[professionOf(account), account.organisation?.name].filter(Boolean).join(', ')}
          </p>
        </div>
      </div>
      <dl class="fact-list">
        <dt>{t('Mail address')}</dt>
        <dd>{account.mail}</dd>
        {account.rpps && (
          <>
            <dt>{t('RPPS number')}</dt>
            <dd class="tabular">{account.rpps}</dd>
          </>
        )}
        <dt>{t('Words of your keys')}</dt>
        <dd translate={false}>
          <code>{words.value}</code>
        </dd>
      </dl>
      <p class="quiet small">
        {t('A mistake here? Your administrator corrects it: these facts are signed.')}
      </p>
    </section>
  );
}

function Row({
  to,
  icon,
  words,
  hint,
}: {
  to: string;
  icon: IconName;
  words: string;
  hint: string;
}) {
  return (
    <Link to={to} class="list-item">
      <Icon name={icon} />
      <span class="main">
        <span class="strong">{words}</span>
        <br />
        <span class="quiet small">{hint}</span>
      </span>
      <Icon name="forward" />
    </Link>
  );
}

/** What the keys of others were checked against, in one line. */
function LogLine(): JSX.Element | null {
  const { value } = useLoaded('log', async () => {
    const { payload } = await policy();
    if (!payload.log_key) return null;
    await refreshLog();
    return { witnesses: payload.k, seen: latestCheckpoint() };
  });
  if (logFault.value || !value.value?.seen) return null;
  const { witnesses } = value.value;
  return (
    <p class="small quiet row">
      <Icon name="seal" />{' '}
      {witnesses > 0
        ? tn(
            'Keys checked against the log, {n} witness.',
            'Keys checked against the log, {n} witnesses.',
            witnesses,
          )
        : t('Keys checked against the log.')}
    </p>
  );
}

export default function Settings(): JSX.Element {
  return (
    <Page title={t('Settings')}>
      <div class="stack" data-gap="large">
        <Profile />
        <section class="stack" data-gap="small">
          <h2>{t('Security')}</h2>
          <div class="list settings-links">
            <Row
              to="/settings/password"
              icon="key"
              words={t('Password')}
              hint={t('Change it; other devices are signed out')}
            />
            <Row
              to="/settings/recovery-code"
              icon="download"
              words={t('Recovery code')}
              hint={t('Make a new one; the old one stops working')}
            />
            <Row
              to="/settings/sessions"
              icon="phone"
              words={t('Devices')}
              hint={t('Where you are signed in')}
            />
            <Row
              to="/settings/new-keys"
              icon="warning"
              words={t('I think someone else used my account')}
              hint={t('Make new keys; the old ones open nothing new')}
            />
          </div>
          <LogLine />
        </section>
        <section class="stack" data-gap="small">
          <h2>{t('Work')}</h2>
          <div class="list settings-links">
            {me.value?.certified && (
              <Row
                to="/settings/groups"
                icon="team"
                words={t('My groups')}
                hint={t('Who is in them, who comes and goes')}
              />
            )}
            {me.value?.certified && (
              <Row
                to="/settings/absence"
                icon="clock"
                words={t('Absence')}
                hint={
                  me.value.leave
                    ? t('Announced until {day}', {
                        day: lastDay(me.value.leave.until),
                      })
                    : t('Say that you are away and who replaces you')
                }
              />
            )}
            <Row
              to="/settings/notifications"
              icon="bell"
              words={t('Notifications')}
              hint={t('How and when to reach you')}
            />
          </div>
        </section>
        <section class="stack" data-gap="small">
          <h2>{t('This device')}</h2>
          <div class="card stack">
            <Select
              label={t('Lock by itself after')}
              hint={t('Keys then leave the memory until you type your password. Drafts are kept.')}
              name="lock-delay"
              value={String(lockDelay.value)}
              options={LOCK_DELAYS.map((minutes) => ({
                value: String(minutes),
                label: tn('{n} minute', '{n} minutes', minutes),
              }))}
              onChange={(value) => {
                const chosen = LOCK_DELAYS.find((minutes) => String(minutes) === value);
                if (chosen) chooseLockDelay(chosen);
              }}
            />
            <div class="row">
              <Button icon="lock" onClick={lock}>
                {t('Lock now')}
              </Button>
            </div>
            <p class="row">
              <Icon name="globe" />
              <span>{t('Language:')}</span>
              <LanguageSwitch />
            </p>
          </div>
        </section>
        <section class="stack" data-gap="small">
          <h2>{t('Leave')}</h2>
          {pending.value > 0 ? (
            <Confirm
              action={t('Sign out')}
              icon="sign-out"
              question={t('What has not been sent yet would be lost.')}
              yes={t('Sign out anyway')}
              onConfirm={signOut}
            />
          ) : (
            <div>
              <Button icon="sign-out" onClick={signOut}>
                {t('Sign out')}
              </Button>
            </div>
          )}
          <p class="quiet small">
            {t('Signing out removes keys, drafts and everything else of yours from this device.')}
          </p>
        </section>
      </div>
    </Page>
  );
}
