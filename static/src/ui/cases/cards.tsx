import type { ComponentChildren, JSX } from 'preact';
import type { AttachmentManifest } from '../../crypto/payloads.ts';
import { t, tn } from '../../i18n.ts';
import type { Place } from '../../photos/sealing.ts';
import { Link } from '../../router.ts';
import { ageAt, patientName } from '../../state/bodies.ts';
import type {
  CaseRow,
  HeaderBody,
  MessageRow,
  OpenedCase,
  OpinionBody,
  Patient,
  Seal,
} from '../../state/case-types.ts';
import { minute } from '../../state/cases.ts';
import { birthDateWords, dateAndTime } from '../../state/words.ts';
import { Icon } from '../icon.tsx';
import { SealSign } from './marks.tsx';
import { opinionTitle } from './opinions.ts';
import { FileLine, Pictures, parted } from './picture.tsx';

export function sexWord(patient: Patient): string {
  if (patient.sex === 'F') return t('Woman');
  return patient.sex === 'M' ? t('Man') : t('Sex not stated');
}

/** "Woman, 83 years, born on 4 May 1942". */
export function patientLine(patient: Patient): string {
  const age = ageAt(patient.birth_date, new Date(minute.value));
  return [
    sexWord(patient),
    age === null ? '' : tn('{n} year', '{n} years', age),
    patient.birth_date ? t('born on {date}', { date: birthDateWords(patient.birth_date) }) : '',
  ]
    .filter(Boolean)
    .join(', ');
}

/** Paragraphs as typed. */
export function Prose({ text }: { text: string }): JSX.Element {
  return <p class="prose">{text}</p>;
}

interface FilesProps {
  place: Place;
  files: readonly AttachmentManifest[];
  stored: (id: string) => boolean;
  onOpen: (files: AttachmentManifest[], index: number) => void;
}

export function Files({ place, files, stored, onOpen }: FilesProps): JSX.Element {
  const { pictures, others } = parted(files);
  return (
    <>
      <Pictures
        place={place}
        files={pictures}
        stored={stored}
        onOpen={(index) => onOpen(pictures, index)}
      />
      {others.map((file) => (
        <FileLine key={file.id} place={place} file={file} />
      ))}
    </>
  );
}

/** The request itself, first in the thread: who, what is asked, the photos. */
export function RequestCard({
  row,
  found: { by, seal },
  header,
  place,
  onOpen,
}: {
  row: CaseRow;
  found: OpenedCase;
  header: HeaderBody;
  place: Place;
  onOpen: FilesProps['onOpen'];
}): JSX.Element {
  const stored = (id: string) =>
    row.header.attachments.find((file) => file.id === id)?.stored ?? false;
  return (
    <article class="card request" aria-label={t('The request')}>
      <header class="card-head">
        <p class="strong">
          {by.name} → {row.pool.name}
        </p>
        <SealSign seal={seal} label={t('Seal checked: written by {name}', { name: by.name })} />
      </header>
      <p class="small quiet">
        {patientName(header.patient)} · {patientLine(header.patient)}
      </p>
      <Prose text={header.question} />
      {header.urgency_reason && (
        <p class="small">
          <span class="quiet">{t('Why this urgency:')}</span> {header.urgency_reason}
        </p>
      )}
      <Files place={place} files={header.attachments} stored={stored} onOpen={onOpen} />
      <p class="small quiet">{dateAndTime(row.opened_at)}</p>
    </article>
  );
}

/** The parts of an opinion, those left empty omitted. */
export function OpinionText({
  opinion,
}: {
  opinion: Pick<OpinionBody, 'conclusion' | 'recommendations' | 'follow_up' | 'incidents'>;
}): JSX.Element {
  const parts: [string, string][] = [
    [t('Conclusion'), opinion.conclusion],
    [t('Recommendations and prescriptions'), opinion.recommendations],
    [t('Follow-up'), opinion.follow_up],
    [t('Technical incidents'), opinion.incidents],
  ];
  return (
    <dl class="opinion-text">
      {parts
        .filter(([, text]) => text.trim())
        .map(([title, text]) => (
          <div key={title}>
            <dt>{title}</dt>
            <dd class="prose">{text}</dd>
          </div>
        ))}
    </dl>
  );
}

/** A signed opinion. An earlier version stays readable below the one that replaced it. */
export function OpinionCard({
  row,
  message,
  opinion,
  seal,
  replaced,
  children,
}: {
  row: CaseRow;
  message: MessageRow;
  opinion: OpinionBody;
  seal: Seal;
  replaced: boolean;
  children?: ComponentChildren;
}): JSX.Element {
  const title = opinionTitle(row, message.author.id, opinion.version);
  const signed = t('Signed by {name} on {when}', {
    name: message.author.name,
    when: dateAndTime(message.posted_at),
  });
  const body = (
    <>
      <OpinionText opinion={opinion} />
      {children}
      <footer class="row" data-spread>
        <p class="small signature">
          <SealSign
            seal={seal}
            label={t('Seal checked: written by {name}', { name: message.author.name })}
          />
          {signed}
        </p>
        {!replaced && message.sequence !== null && (
          <Link class="small print-link" to={`/cases/${row.id}/print`}>
            <Icon name="print" />
            {t('Print or save')}
          </Link>
        )}
      </footer>
    </>
  );
  if (replaced) {
    return (
      <details class="card opinion" data-replaced>
        <summary>{t('{title}, replaced since', { title })}</summary>
        {body}
      </details>
    );
  }
  return (
    <article class="card opinion" aria-label={title}>
      <h2>
        <Icon name="seal" />
        {title}
      </h2>
      {body}
    </article>
  );
}
