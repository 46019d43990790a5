import { useSignal } from '@preact/signals';
import type { JSX } from 'preact';
import { useEffect } from 'preact/hooks';
import { t } from '../../i18n.ts';
import { disablePush, enablePush, pushState, readPushState, testPush } from '../../push.ts';
import { api } from '../../transport/http.ts';
import { Banner, Button, Checkbox, Field, Page, Problems, toast, Waiting } from '../../ui/index.ts';
import { useLoaded } from '../../ui/use-loaded.ts';

interface Preferences {
  mail: boolean;
  push: boolean;
  quiet: { from: string; to: string } | null;
  urgent_breaks_quiet: boolean;
}

function fetchPreferences(): Promise<Preferences> {
  return api('GET', '/account/notifications');
}

/** Push on this very device. */
function ThisDevice({ onProblem }: { onProblem: (error: unknown) => void }): JSX.Element {
  useEffect(() => {
    void readPushState();
  }, []);
  const attempt = (deed: () => Promise<unknown>) => async () => {
    try {
      await deed();
    } catch (error) {
      onProblem(error);
    }
  };
  switch (pushState.value) {
    case 'on':
      return (
        <div class="row">
          <Button
            icon="bell"
            onClick={attempt(async () => {
              await testPush();
              toast(t('A test notification is on its way.'));
            })}
          >
            {t('Send a test')}
          </Button>
          <Button onClick={attempt(disablePush)}>{t('Turn off on this device')}</Button>
        </div>
      );
    case 'off':
      return (
        <div>
          <Button kind="primary" icon="bell" onClick={attempt(enablePush)}>
            {t('Turn on on this device')}
          </Button>
        </div>
      );
    case 'refused':
      return (
        <Banner tone="warning">
          {t(
            'This browser was told to refuse notifications from Cordée. Allow them in its settings, then come back.',
          )}
        </Banner>
      );
    case 'needs-install':
      return (
        <Banner>
          {t(
            'On iPhone and iPad, first add Cordée to the home screen: Share, then “Add to Home Screen”. Open it from there and come back to this page.',
          )}
        </Banner>
      );
    case 'impossible':
      return (
        <Banner>{t('This browser cannot receive notifications. Mails still reach you.')}</Banner>
      );
  }
}

export default function Notifications(): JSX.Element {
  const { value, error } = useLoaded('preferences', fetchPreferences);
  const saving = useSignal(false);
  const chosen = value.value;

  const change = async (next: Preferences) => {
    const before = value.value;
    value.value = next;
    if (next.quiet && next.quiet.from === next.quiet.to) return;
    saving.value = true;
    try {
      value.value = await api<Preferences>('PUT', '/account/notifications', next);
      error.value = null;
    } catch (caught) {
      value.value = before;
      error.value = caught;
    } finally {
      saving.value = false;
    }
  };

  return (
    <Page
      title={t('Notifications')}
      back="/settings"
      width="narrow"
      lead={t(
        'They only say that a case waits: no name and no clinical word ever leaves the application.',
      )}
    >
      <div class="stack" data-gap="large">
        <Problems error={error.value} />
        {!chosen && !error.value && <Waiting />}
        {chosen && (
          <>
            <section class="card stack">
              <h2>{t('On this device')}</h2>
              <ThisDevice
                onProblem={(caught) => {
                  error.value = caught;
                }}
              />
            </section>
            <section class="card">
              <h2>{t('Channels')}</h2>
              <Checkbox
                name="push"
                label={t('Notifications on my devices')}
                checked={chosen.push}
                onChange={(push) => void change({ ...chosen, push })}
              />
              <Checkbox
                name="mail"
                label={t('Mail')}
                checked={chosen.mail}
                onChange={(mail) => void change({ ...chosen, mail })}
              />
            </section>
            <section class="card stack" data-gap="small">
              <h2>{t('Quiet hours')}</h2>
              <Checkbox
                name="quiet"
                label={t('Hold back notifications at night')}
                checked={chosen.quiet !== null}
                onChange={(on) =>
                  void change({ ...chosen, quiet: on ? { from: '22:00', to: '07:00' } : null })
                }
              />
              {chosen.quiet && (
                <>
                  <div class="two">
                    <Field
                      label={t('From')}
                      name="quiet-from"
                      type="time"
                      value={chosen.quiet.from}
                      onInput={(from) =>
                        from &&
                        chosen.quiet &&
                        void change({ ...chosen, quiet: { ...chosen.quiet, from } })
                      }
                    />
                    <Field
                      label={t('To')}
                      name="quiet-to"
                      type="time"
                      value={chosen.quiet.to}
                      onInput={(to) =>
                        to &&
                        chosen.quiet &&
                        void change({ ...chosen, quiet: { ...chosen.quiet, to } })
                      }
                    />
                  </div>
                  <Checkbox
                    name="urgent"
                    label={t('Urgent cases come through anyway')}
                    checked={chosen.urgent_breaks_quiet}
                    onChange={(urgent_breaks_quiet) =>
                      void change({ ...chosen, urgent_breaks_quiet })
                    }
                  />
                </>
              )}
            </section>
            <p class="quiet small" role="status">
              {saving.value ? t('Saving…') : t('Changes are saved as you make them.')}
            </p>
          </>
        )}
      </div>
    </Page>
  );
}
