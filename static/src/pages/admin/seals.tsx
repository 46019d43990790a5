import { useSignal } from '@preact/signals';
import type { JSX } from 'preact';
import { useEffect } from 'preact/hooks';
import { t } from '../../i18n.ts';
import { api, type Page } from '../../transport/http.ts';
import { Button, Empty, Problems, Tag, toast, Waiting } from '../../ui/index.ts';
import { useLoaded } from '../../ui/use-loaded.ts';
import { dateTimeWord } from '../../ui/words.ts';
import { AdminPage } from './layout.tsx';
import { fetchReports, openReports, type SealReport } from './seal-count.ts';

function subjectWords(kind: SealReport['subject_kind']): string {
  const words: Record<SealReport['subject_kind'], string> = {
    message: t('A message is not what its author sealed'),
    case: t('A case is not what its author sealed'),
    group: t('The signatures or the key of a group do not hold'),
    account: t('The keys of a person do not hold'),
    policy: t('The rules of the network are not those its operator signed'),
    log: t('The log of keys is not the one seen before'),
    attachment: t('A file is not what its author sealed'),
  };
  return words[kind];
}

function Report({
  report,
  onSettle,
}: {
  report: SealReport;
  onSettle: () => Promise<void>;
}): JSX.Element {
  return (
    <li class="list-item">
      <div class="main">
        <p class="strong">{subjectWords(report.subject_kind)}</p>
        <p class="quiet small">
          {t('Seen by {name}, {when}', { name: report.by.name, when: dateTimeWord(report.at) })}
        </p>
        <p class="quiet small seal-codes">
          <code>{report.verdict}</code> <code>{report.subject_id}</code>
        </p>
      </div>
      {report.settled_at ? (
        <Tag tone="done">{t('Settled')}</Tag>
      ) : (
        <Button onClick={onSettle}>{t('Settle')}</Button>
      )}
    </li>
  );
}

/** Seals that did not hold on somebody's device. */
export default function Seals(): JSX.Element {
  const { value, error, reload } = useLoaded(`seals ${openReports.value}`, () => fetchReports());
  const more = useSignal<Page<SealReport> | null>(null);
  useEffect(() => {
    more.value = null;
  }, [value.value, more]);
  const settle = async ({ id }: SealReport) => {
    try {
      await api('POST', `/seal-reports/${id}/settlement`);
      toast(t('Settled.'));
      await reload();
    } catch (caught) {
      error.value = caught;
    }
  };
  const reports = [...(value.value?.items ?? []), ...(more.value?.items ?? [])];
  const next = more.value ? more.value.next : (value.value?.next ?? null);
  return (
    <AdminPage
      title={t('Broken seals')}
      lead={t(
        'What people’s devices refused to open, without its content. One alone may be a fault of the line or the disk; several, or of different people, mean that somebody alters what the server keeps: call your operator.',
      )}
    >
      <div class="stack">
        <Problems error={error.value} />
        {!value.value && !error.value && <Waiting />}
        {value.value && reports.length === 0 && (
          <Empty icon="seal" title={t('Every seal has held')}>
            {t('If one breaks, it appears here by itself.')}
          </Empty>
        )}
        {reports.length > 0 && (
          <ul class="list">
            {reports.map((report) => (
              <Report key={report.id} report={report} onSettle={() => settle(report)} />
            ))}
          </ul>
        )}
        {next && (
          <Button
            onClick={async () => {
              const page = await fetchReports(next);
              more.value = { ...page, items: [...(more.value?.items ?? []), ...page.items] };
            }}
          >
            {t('Show more')}
          </Button>
        )}
      </div>
    </AdminPage>
  );
}
