import type { JSX } from 'preact';
import { t, tn } from '../../i18n.ts';
import type { Named } from '../../state/types.ts';
import { api, fetchAll } from '../../transport/http.ts';
import { Button, Empty, Icon, Problems, toast, Waiting } from '../../ui/index.ts';
import { useLoaded } from '../../ui/use-loaded.ts';
import { dateTimeWord } from '../../ui/words.ts';
import { AdminPage } from './layout.tsx';

interface DeadDelivery {
  id: string;
  channel: string;
  kind: string;
  account: Named | null;
  attempts: number;
  fault: string | null;
  created_at: string;
  settled_at: string | null;
}

/** What could not be delivered and was given up; each can be tried again. */
export default function DeadNotifications(): JSX.Element {
  const { value, error, reload } = useLoaded('dead', () =>
    fetchAll<DeadDelivery>('/notifications/dead'),
  );
  const dead = value.value;
  const retry = async (delivery: DeadDelivery) => {
    try {
      await api('POST', `/notifications/dead/${delivery.id}/retry`);
      toast(t('It will be tried again within a minute.'));
    } catch (caught) {
      error.value = caught;
    }
    await reload();
  };
  return (
    <AdminPage
      title={t('Undelivered notifications')}
      lead={t('Somebody was not told that a case waits. Correct the cause, then try again.')}
    >
      <div class="stack">
        <Problems error={error.value} />
        {!dead && !error.value && <Waiting />}
        {dead?.length === 0 && (
          <Empty icon="bell" title={t('Everything was delivered')}>
            {t('Mails and notifications that cannot be delivered will show here.')}
          </Empty>
        )}
        {dead && dead.length > 0 && (
          <ul class="list">
            {dead.map((delivery) => (
              <li key={delivery.id} class="list-item">
                <Icon name={delivery.channel === 'push' ? 'bell' : 'mail'} />
                <div class="main">
                  <p class="strong">{delivery.account?.name ?? t('Invited person')}</p>
                  <p class="quiet small">
                    {[
                      delivery.kind,
                      dateTimeWord(delivery.created_at),
                      tn('{n} attempt', '{n} attempts', delivery.attempts),
                      delivery.fault,
                    ]
                      .filter(Boolean)
                      .join(' · ')}
                  </p>
                </div>
                <Button icon="refresh" onClick={() => retry(delivery)}>
                  {t('Try again')}
                </Button>
              </li>
            ))}
          </ul>
        )}
      </div>
    </AdminPage>
  );
}
