import type { JSX } from 'preact';
import { useEffect } from 'preact/hooks';
import { t, tn } from '../../i18n.ts';
import { Link } from '../../router.ts';
import { amRegistrar } from '../../state/administration.ts';
import type { DirectoryEntry } from '../../state/types.ts';
import { api, type Page as Listed } from '../../transport/http.ts';
import { Banner, Icon, Page, Problems, Tag } from '../../ui/index.ts';
import { useLoaded } from '../../ui/use-loaded.ts';
import { adminPlaces } from './layout.tsx';
import { followReports } from './seal-count.ts';

interface Overview {
  registrar: boolean;
  waiting: number;
  dead: number;
}

async function fetchOverview(): Promise<Overview> {
  const [registrar, waiting, dead] = await Promise.all([
    amRegistrar(),
    api<Listed<DirectoryEntry>>('GET', '/accounts?waiting=1&limit=100'),
    api<Listed<unknown>>('GET', '/notifications/dead?limit=100'),
  ]);
  return {
    registrar,
    waiting: waiting.items.filter(({ certified, archived }) => !certified && !archived).length,
    dead: dead.items.length,
  };
}

export default function Administration(): JSX.Element {
  const { value, error } = useLoaded('overview', fetchOverview);
  useEffect(followReports, []);
  const overview = value.value;
  const notes: Record<string, string | undefined> = {
    '/admin/people': overview?.waiting
      ? tn('{n} person waits', '{n} people wait', overview.waiting)
      : undefined,
    '/admin/notifications': overview?.dead
      ? tn('{n} undelivered', '{n} undelivered', overview.dead)
      : undefined,
  };
  return (
    <Page
      title={t('Administration')}
      lead={t(
        'People, structures and the trace. Never clinical content: it is sealed for you too.',
      )}
    >
      <div class="stack">
        <Problems error={error.value} />
        {overview && !overview.registrar && (
          <Banner tone="warning" title={t('You cannot certify or create groups yet')}>
            {t('The operator must first appoint you with the network’s root key.')}
          </Banner>
        )}
        <ul class="tiles">
          {adminPlaces().map(({ to, icon, words, hint, note }) => (
            <li key={to}>
              <Link to={to} class="tile">
                <Icon name={icon} />
                <span class="tile-text">
                  <span>{words}</span>
                  <span class="quiet small">{hint}</span>
                  {(note ?? notes[to]) && (
                    <span>
                      <Tag tone={note ? 'urgent' : 'wait'}>{note ?? notes[to]}</Tag>
                    </span>
                  )}
                </span>
              </Link>
            </li>
          ))}
        </ul>
      </div>
    </Page>
  );
}
