import type { JSX } from 'preact';
import type { AttachmentManifest } from '../../crypto/payloads.ts';
import { t, tn } from '../../i18n.ts';
import type { Place } from '../../photos/sealing.ts';
import { patientName } from '../../state/bodies.ts';
import { openedAs } from '../../state/case-opening.ts';
import type { CaseRow, HeaderBody, OpenedCase } from '../../state/case-types.ts';
import type { LiveThread } from '../../state/messages.ts';
import { birthDateWords, dateAndTime, urgencyWord } from '../../state/words.ts';
import { sexWord } from './cards.tsx';
import { Circle } from './circle.tsx';
import { SealProblem } from './marks.tsx';
import { Pictures, parted } from './picture.tsx';
import { consentWords } from './report.ts';

function insWord(header: HeaderBody): string {
  const words = {
    provisoire: t('provisional'),
    recuperee: t('retrieved'),
    validee: t('validated'),
    qualifiee: t('qualified'),
  };
  const { ins, ins_status: status } = header.patient;
  return status ? `${ins} (${words[status]})` : ins;
}

function Facts({ facts }: { facts: [string, string | null | undefined][] }): JSX.Element {
  return (
    <dl class="facts">
      {facts
        .filter((fact): fact is [string, string] => Boolean(fact[1]))
        .map(([name, value]) => (
          <div class="fact" key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
    </dl>
  );
}

/** Everything known of the case beside the conversation. */
export function CaseFacts({
  row,
  found,
  live,
  place,
  onOpen,
}: {
  row: CaseRow;
  found: OpenedCase | undefined;
  live: LiveThread;
  place: Place;
  onOpen: (files: AttachmentManifest[], index: number) => void;
}): JSX.Element {
  const header = found?.header;
  return (
    <div class="stack facts-pane">
      <SealProblem seal={found?.seal} row={row} />
      {header && (
        <>
          <section aria-labelledby="patient-title">
            <h2 id="patient-title">{t('Patient')}</h2>
            <Facts
              facts={[
                [t('Name'), patientName(header.patient)],
                [t('Birth name'), header.patient.birth_name],
                [t('Sex'), sexWord(header.patient)],
                [t('Birth date'), birthDateWords(header.patient.birth_date)],
                [t('Birthplace code'), header.patient.birthplace_code],
                [t('INS'), insWord(header)],
                [t('Local identifier'), header.patient.local_id],
              ]}
            />
          </section>
          <section aria-labelledby="consent-title">
            <h2 id="consent-title">{t('Consent')}</h2>
            <p>{consentWords(header)}</p>
          </section>
          <AllPictures row={row} header={header} live={live} place={place} onOpen={onOpen} />
        </>
      )}
      <section aria-labelledby="request-title">
        <h2 id="request-title">{t('Request')}</h2>
        <Facts
          facts={[
            [t('Number'), row.number],
            [t('Asked by'), found?.by.name ?? row.opened_by.name],
            [t('On behalf of'), row.organisation?.name],
            [t('Pool'), row.pool.name],
            [t('Expert'), row.expert?.name],
            [t('Urgency'), urgencyWord(row.urgency)],
            [t('Reason of the urgency'), header?.urgency_reason],
            [t('Sent'), dateAndTime(row.opened_at)],
            [t('Answer due'), dateAndTime(row.due_at)],
            [t('Wanted delay'), header?.wanted_delay],
          ]}
        />
      </section>
      <Circle row={row} found={found} live={live} />
    </div>
  );
}

/** Every picture of the case, those of the conversation included. */
function AllPictures({
  row,
  header,
  live,
  place,
  onOpen,
}: {
  row: CaseRow;
  header: HeaderBody;
  live: LiveThread;
  place: Place;
  onOpen: (files: AttachmentManifest[], index: number) => void;
}): JSX.Element | null {
  const said = live.thread.value.rows.flatMap(
    (message) => openedAs(live.opened.value, message)?.attachments ?? [],
  );
  const { pictures } = parted([...header.attachments, ...said]);
  if (pictures.length === 0) return null;
  const known = [
    ...row.header.attachments,
    ...live.thread.value.rows.flatMap((message) => message.attachments),
  ];
  return (
    <section aria-labelledby="pictures-title">
      <h2 id="pictures-title">{tn('{n} photo', '{n} photos', pictures.length)}</h2>
      <Pictures
        place={place}
        files={pictures}
        stored={(id) => known.find((file) => file.id === id)?.stored ?? false}
        onOpen={(index) => onOpen(pictures, index)}
      />
    </section>
  );
}
