import { useSignal } from '@preact/signals';
import type { JSX } from 'preact';
import { t } from '../../i18n.ts';
import { navigate, route } from '../../router.ts';
import type { DirectoryEntry, Named } from '../../state/types.ts';
import { API, api, fetchAll, type Page as Listed } from '../../transport/http.ts';
import { Button, Empty, Field, Icon, Problems, Select, Tag, Waiting } from '../../ui/index.ts';
import { useLoaded } from '../../ui/use-loaded.ts';
import { dateTimeWord } from '../../ui/words.ts';
import { AdminPage } from './layout.tsx';

interface TraceRow {
  id: number;
  place: number | null;
  at: string;
  actor: Named | null;
  organisation: Named | null;
  action: string;
  subject_kind: string;
  subject_id: string | null;
  case_id: string | null;
  result: 'done' | 'refused' | 'denied';
  address: string | null;
  session: string | null;
}

const FILTERS = ['store', 'person', 'case', 'action', 'from', 'to'] as const;
type Filter = (typeof FILTERS)[number];

const CASE_ID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** Whole days of the person's own calendar, as instants. */
function instant(day: string, end: boolean): string {
  const date = new Date(`${day}T00:00:00`);
  if (end) date.setDate(date.getDate() + 1);
  return date.toISOString();
}

export function traceQuery(filters: Partial<Record<Filter, string>>): URLSearchParams {
  const query = new URLSearchParams();
  for (const name of FILTERS) {
    const value = filters[name]?.trim();
    if (!value) continue;
    query.set(name, name === 'from' || name === 'to' ? instant(value, name === 'to') : value);
  }
  return query;
}

function resultTag(result: TraceRow['result']): JSX.Element | null {
  if (result === 'done') return null;
  return <Tag tone="urgent">{result === 'denied' ? t('Denied') : t('Refused')}</Tag>;
}

function Row({ row, chained }: { row: TraceRow; chained: boolean }): JSX.Element {
  return (
    <li class="trace-row">
      <time class="tabular small" dateTime={row.at}>
        {dateTimeWord(row.at)}
      </time>
      <span class="strong">{row.actor?.name ?? t('Nobody signed in')}</span>
      <span>
        <code>{row.action}</code>
        <br />
        <span class="quiet small">
          {[
            row.organisation?.name,
            row.subject_id && `${row.subject_kind} ${row.subject_id}`,
            row.address,
            row.session && t('session {session}', { session: row.session }),
          ]
            .filter(Boolean)
            .join(' · ')}
        </span>
      </span>
      <span class="row">
        {resultTag(row.result)}
        {row.place === null ? (
          chained && <Tag tone="wait">{t('Not yet sealed')}</Tag>
        ) : (
          <span class="quiet small tabular">{t('no. {place}', { place: row.place })}</span>
        )}
      </span>
    </li>
  );
}

const fetchPeople = () => fetchAll<DirectoryEntry>('/accounts');

/** Who did or read what, when. Filters live in the address: a search can be kept and shared. */
export default function Trace(): JSX.Element {
  const { query } = route.value;
  const filters = Object.fromEntries(FILTERS.map((name) => [name, query.get(name) ?? '']));
  const asked = traceQuery(filters);
  const { value, error } = useLoaded(asked.toString(), () =>
    api<Listed<TraceRow>>('GET', `/trace?${asked}`),
  );
  const people = useLoaded('trace people', fetchPeople);
  const more = useSignal<{ of: string; rows: TraceRow[]; next: string | null } | null>(null);

  const choose = (name: Filter, chosen: string) => {
    const next = new URLSearchParams(query);
    if (chosen) next.set(name, chosen);
    else next.delete(name);
    navigate(`/admin/trace?${next}`, { replace: true });
  };
  // Folded on a phone until somebody filters: the newest lines are what one comes for.
  const unfolded = asked.size > 0 || matchMedia('(min-width: 60rem)').matches;
  const further = more.value?.of === asked.toString() ? more.value : null;
  const next = further ? further.next : (value.value?.next ?? null);
  const rows = [...(value.value?.items ?? []), ...(further?.rows ?? [])];
  return (
    <AdminPage
      title={t('Trace')}
      lead={t(
        'Every change and every reading, in the order it happened. Nothing can be altered or removed.',
      )}
      actions={
        <>
          {CASE_ID.test(filters['case'] ?? '') && (
            <a
              class="button"
              href={`${API}/cases/${filters['case']}/trace-export`}
              download="cordee-case-trace.json"
            >
              {t('Export with proofs')}
            </a>
          )}
          <a class="button" href={`${API}/trace.csv?${asked}`} download="cordee-trace.csv">
            {t('Export as CSV')}
          </a>
        </>
      }
    >
      <div class="stack">
        <search class="card" aria-label={t('Filters')}>
          <details class="fold" open={unfolded}>
            <summary>
              <Icon name="filter" />
              {t('Filters')}
            </summary>
            <div class="filter-grid">
              <Select
                label={t('Kept')}
                name="store"
                value={filters['store'] || 'act'}
                options={[
                  { value: 'act', label: t('Acts, with the record') },
                  { value: 'security', label: t('Sign-ins and sessions, for a year') },
                ]}
                onChange={(chosen) => choose('store', chosen === 'security' ? chosen : '')}
              />
              <Select
                label={t('Person')}
                name="person"
                optional="unmarked"
                value={filters['person'] ?? ''}
                options={(people.value.value ?? []).map(({ id, name }) => ({
                  value: id,
                  label: name,
                }))}
                onChange={(chosen) => choose('person', chosen)}
              />
              <Field
                label={t('Action')}
                hint={t('Such as case:read or message:post')}
                name="action"
                optional="unmarked"
                autocapitalize="off"
                value={filters['action'] ?? ''}
                onInput={(chosen) => choose('action', chosen)}
              />
              <Field
                label={t('Case')}
                hint={t('Its full identifier')}
                name="case"
                optional="unmarked"
                value={filters['case'] ?? ''}
                onInput={(chosen) => choose('case', chosen)}
              />
              <Field
                label={t('From day')}
                name="from"
                type="date"
                optional="unmarked"
                value={filters['from'] ?? ''}
                onInput={(chosen) => choose('from', chosen)}
              />
              <Field
                label={t('To day')}
                name="to"
                type="date"
                optional="unmarked"
                value={filters['to'] ?? ''}
                onInput={(chosen) => choose('to', chosen)}
              />
            </div>
          </details>
        </search>
        <Problems error={error.value} />
        {!value.value && !error.value && <Waiting />}
        {value.value && rows.length === 0 && (
          <Empty icon="trace" title={t('Nothing was found')}>
            {t('Widen the period or take a filter away.')}
          </Empty>
        )}
        {rows.length > 0 && (
          <ol class="list">
            {rows.map((row) => (
              <Row key={row.id} row={row} chained={!filters['store']} />
            ))}
          </ol>
        )}
        {next && (
          <div>
            <Button
              onClick={async () => {
                const onward = new URLSearchParams(asked);
                onward.set('cursor', next);
                const page = await api<Listed<TraceRow>>('GET', `/trace?${onward}`);
                more.value = {
                  of: asked.toString(),
                  rows: [...(further?.rows ?? []), ...page.items],
                  next: page.next,
                };
              }}
            >
              {t('Show more')}
            </Button>
          </div>
        )}
      </div>
    </AdminPage>
  );
}
