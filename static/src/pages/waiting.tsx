import { useSignal } from '@preact/signals';
import type { JSX } from 'preact';
import { useEffect } from 'preact/hooks';
import { t } from '../i18n.ts';
import { fingerprint } from '../state/fingerprint.ts';
import { myKeys } from '../state/keys.ts';
import { me, refreshSession } from '../state/session.ts';
import { Banner, Button, ButtonLink, Page } from '../ui/index.ts';
import { kemPublic } from '../worker/sealing.ts';
import { recoveryUnconfirmed } from './sign-up/recovery-step.tsx';

const ASK_AGAIN = 20_000;

/** Words that the administrator sees too: the telephone compares what the server cannot fake. */
function MyFingerprint(): JSX.Element | null {
  const words = useSignal('');
  useEffect(() => {
    myKeys()
      .then(async ({ signPublic, kemSeed }) => fingerprint(signPublic, await kemPublic(kemSeed)))
      .then((found) => {
        words.value = found;
      })
      .catch(() => undefined);
  }, [words]);
  if (!words.value) return null;
  return (
    <section class="card stack" data-gap="small">
      <h2>{t('Words of your keys')}</h2>
      <p class="fingerprint" translate={false}>
        {words.value}
      </p>
      <p class="quiet">
        {t(
          'When the administrator calls, read these words out. They must be the same on both screens.',
        )}
      </p>
    </section>
  );
}

/** Signed up and not yet certified. Opens by itself the moment somebody vouches for the person. */
export default function WaitingForCertification(): JSX.Element {
  useEffect(() => {
    // The live event is enough; asking again covers a line that missed it.
    const timer = setInterval(() => void refreshSession().catch(() => undefined), ASK_AGAIN);
    return () => clearInterval(timer);
  }, []);
  const pending = Boolean(me.value?.pending);
  return (
    <Page
      title={
        pending
          ? t('New keys to confirm')
          : t('Almost there, {name}', { name: me.value?.name ?? '' })
      }
      lead={
        <p>
          {pending
            ? t(
                'You have new keys, so an administrator must confirm again who you are. Until then nothing new opens; nothing is lost, and what was sent before comes back by itself.',
              )
            : t(
                'An administrator of your network must confirm who you are. This page then opens by itself.',
              )}
        </p>
      }
      width="narrow"
    >
      <div class="stack">
        {recoveryUnconfirmed() && (
          <Banner tone="warning" title={t('Your recovery code was not confirmed')}>
            <p>{t('Without it, a forgotten password cannot be undone.')}</p>
            <ButtonLink to="/settings/recovery-code">{t('Make a new one')}</ButtonLink>
          </Banner>
        )}
        <MyFingerprint />
        <Button icon="refresh" onClick={() => refreshSession().catch(() => undefined)}>
          {t('Check now')}
        </Button>
      </div>
    </Page>
  );
}
