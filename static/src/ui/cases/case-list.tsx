import type { JSX } from 'preact';
import { t, tn } from '../../i18n.ts';
import { Link } from '../../router.ts';
import { ageAt, patientName } from '../../state/bodies.ts';
import { opened } from '../../state/case-rows.ts';
import type { Box, CaseRow } from '../../state/case-types.ts';
import { casesOf, filter, listing, loadCases, loadOlder, minute } from '../../state/cases.ts';
import type { Role } from '../../state/order.ts';
import { waitingOf } from '../../state/outbox.ts';
import { shortWhen } from '../../state/words.ts';
import { Button } from '../button.tsx';
import { Empty, Waiting } from '../feedback.tsx';
import { Delay, StateMark, UrgencyMark } from './marks.tsx';

function nothingWords(box: Box, wanted: Role): [string, string] {
  if (filter.value.search || filter.value.pool || filter.value.urgency) {
    return [t('Nothing found'), t('Try other words, or take the filters away.')];
  }
  if (wanted === 'requester') {
    return box === 'done'
      ? [t('Nothing done yet'), t('Closed, refused and cancelled cases will be kept here.')]
      : [t('No open case'), t('Ask a specialist: choose a pool, add a photo and your question.')];
  }
  if (box === 'unclaimed') {
    return [
      t('Nothing waits for an answer'),
      t('New cases of your pools appear here by themselves.'),
    ];
  }
  if (box === 'mine') return [t('No case is yours'), t('Take one from “Unclaimed”.')];
  if (box === 'waiting') {
    return [t('Nobody has to answer you'), t('Cases wait here for information or to be read.')];
  }
  return [t('Nothing done yet'), t('Cases you have answered will be kept here.')];
}

/** One box of the queue, or what to do when it is empty. */
export function CaseList({
  box,
  wanted,
  selected,
}: {
  box: Box;
  wanted: Role;
  selected: string | null;
}): JSX.Element {
  const rows = casesOf(box, wanted);
  const { ready, loading, older } = listing.value;
  if (rows.length === 0) {
    if (!ready && loading) return <Waiting>{t('Opening your cases…')}</Waiting>;
    if (!ready) {
      return (
        <Empty
          icon="offline"
          title={t('Your cases could not be fetched')}
          action={<Button onClick={() => loadCases()}>{t('Try again')}</Button>}
        >
          {t('You can already write a new case: it leaves when the network is back.')}
        </Empty>
      );
    }
    const [title, next] = nothingWords(box, wanted);
    return <Empty title={title}>{next}</Empty>;
  }
  return (
    <>
      <CaseItems rows={rows} wanted={wanted} selected={selected} />
      {box === 'done' && older[wanted] && (
        <Button wide onClick={() => loadOlder(wanted)}>
          {t('Show older cases')}
        </Button>
      )}
    </>
  );
}

export function CaseItems({
  rows,
  wanted,
  selected,
}: {
  rows: readonly CaseRow[];
  wanted: Role;
  selected: string | null;
}): JSX.Element {
  return (
    <ul class="case-list">
      {rows.map((row) => (
        <CaseItem key={row.id} row={row} wanted={wanted} selected={row.id === selected} />
      ))}
    </ul>
  );
}

function CaseItem({
  row,
  wanted,
  selected,
}: {
  row: CaseRow;
  wanted: Role;
  selected: boolean;
}): JSX.Element {
  const found = opened.value.get(row.id);
  const header = found?.header;
  const waits = waitingOf(row.id).some((job) => job.kind === 'case');
  const age = header && ageAt(header.patient.birth_date, new Date(minute.value));
  return (
    <li>
      <Link
        to={`/cases/${row.id}`}
        class="case-item"
        aria-current={selected ? 'true' : undefined}
        data-case={row.id}
      >
        <span class="case-item-top">
          <UrgencyMark urgency={row.urgency} />
          <Delay row={row} />
          {row.unread > 0 && (
            <span class="unread">
              <span aria-hidden="true">{row.unread}</span>
              <span class="visually-hidden">
                {tn('{n} unread message', '{n} unread messages', row.unread)}
              </span>
            </span>
          )}
        </span>
        <span class="case-item-name">
          {header ? patientName(header.patient) : sealedWords(found?.seal.state)}
          {age !== null && age !== undefined && (
            <span class="quiet"> · {tn('{n} year', '{n} years', age)}</span>
          )}
        </span>
        {header && <span class="case-item-question">{header.question}</span>}
        <span class="case-item-foot">
          <StateMark row={row} role={wanted} waits={waits} />
          <span class="quiet">
            {wanted === 'expert' ? row.opened_by.name : row.pool.name}
            {' · '}
            {shortWhen(row.last_activity_at, minute.value)}
          </span>
        </span>
      </Link>
    </li>
  );
}

function sealedWords(state: string | undefined): string {
  if (state === 'broken') return t('Broken seal');
  return state === 'closed' ? t('Not open to you yet') : t('Opening…');
}
