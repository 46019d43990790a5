import type { JSX } from 'preact';
import { t } from '../../i18n.ts';
import { api } from '../../transport/http.ts';
import { Button, Icon, Page, Problems, Tag, toast, Waiting } from '../../ui/index.ts';
import { useLoaded } from '../../ui/use-loaded.ts';
import { agoWord, dateTimeWord } from '../../ui/words.ts';

interface Session {
  id: string;
  device: string;
  address: string;
  created_at: string;
  last_seen_at: string;
  current: boolean;
}

async function fetchSessions(): Promise<Session[]> {
  const { items } = await api<{ items: Session[] }>('GET', '/sessions');
  return items.toSorted((a, b) => Number(b.current) - Number(a.current));
}

/** Where one is signed in; a stranger is out with one tap, sockets and all. */
export default function Sessions(): JSX.Element {
  const { value, error, reload } = useLoaded('sessions', fetchSessions);
  const sessions = value.value;
  const end = async (path: string, done: string) => {
    try {
      await api('DELETE', path);
      toast(done);
    } catch (caught) {
      error.value = caught;
    }
    await reload();
  };
  return (
    <Page
      title={t('Devices')}
      back="/settings"
      lead={t('A device you do not know? Sign it out, then change your password.')}
    >
      <div class="stack">
        <Problems error={error.value} />
        {!sessions && !error.value && <Waiting />}
        {sessions && (
          <ul class="list">
            {sessions.map(({ id, device, address, created_at, last_seen_at, current }) => (
              <li key={id} class="list-item">
                <Icon name="phone" />
                <div class="main">
                  <p class="strong">{device}</p>
                  <p class="quiet small">
                    {t('Signed in {when} from {address}', {
                      when: dateTimeWord(created_at),
                      address,
                    })}
                    {' · '}
                    {t('seen {when}', { when: agoWord(last_seen_at) })}
                  </p>
                </div>
                {current ? (
                  <Tag tone="done">{t('This device')}</Tag>
                ) : (
                  <Button
                    kind="danger"
                    aria-label={t('Sign out {device}', { device })}
                    onClick={() =>
                      end(`/sessions/${id}`, t('{device} was signed out.', { device }))
                    }
                  >
                    {t('Sign out')}
                  </Button>
                )}
              </li>
            ))}
          </ul>
        )}
        {sessions && sessions.length > 1 && (
          <div>
            <Button
              kind="danger"
              onClick={() => end('/sessions', t('All other devices were signed out.'))}
            >
              {t('Sign out all other devices')}
            </Button>
          </div>
        )}
      </div>
    </Page>
  );
}
