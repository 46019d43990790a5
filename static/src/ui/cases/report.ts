/** The written report of a case: what print and PDF both show, as plain values. */
import { t } from '../../i18n.ts';
import type { Manifest } from '../../photos/manifest.ts';
import { isOpinion, patientName } from '../../state/bodies.ts';
import { openedAs } from '../../state/case-opening.ts';
import type { CaseRow, HeaderBody, MessageRow, OpinionBody } from '../../state/case-types.ts';
import type { LiveThread } from '../../state/messages.ts';
import type { Named } from '../../state/types.ts';
import { birthDateWords, dateAndTime, urgencyWord } from '../../state/words.ts';
import { sexWord } from './cards.tsx';
import { inForce, opinionTitle } from './opinions.ts';
import { parted } from './picture.tsx';

export interface SignedOpinion {
  message: MessageRow;
  body: OpinionBody;
  /** Seal and author were checked. */
  checked: boolean;
}

export interface Section {
  title: string;
  text: string;
}

export interface Report {
  number: string;
  title: string;
  facts: [name: string, value: string][];
  question: string;
  opinions: { title: string; signature: string; sections: Section[]; replaced: boolean }[];
  pictures: Manifest[];
}

/** Opinions in the thread whose seal holds, newest version first. */
export function signedOpinions(live: LiveThread): SignedOpinion[] {
  return live.thread.value.rows
    .flatMap((message) => {
      const found = openedAs(live.opened.value, message);
      const body = found?.body ?? null;
      if (message.kind !== 'opinion' || !found || !isOpinion(body)) return [];
      return [{ message, body, checked: found.seal.state === 'whole' }];
    })
    .reverse();
}

export function sectionsOf(body: OpinionBody): Section[] {
  return [
    { title: t('Conclusion'), text: body.conclusion },
    { title: t('Recommendations and prescriptions'), text: body.recommendations },
    { title: t('Follow-up'), text: body.follow_up },
    { title: t('Technical incidents'), text: body.incidents },
  ].filter((section) => section.text.trim());
}

/** That the patient agreed: by whom, how and when. */
export function consentWords(header: HeaderBody): string {
  const { by, representative_name: name, how, at } = header.consent;
  const when = at ? dateAndTime(at) : '';
  if (by === 'representative') {
    return how === 'written'
      ? t('{name}, representative, was informed and agreed in writing, {when}.', {
          name: name ?? '',
          when,
        })
      : t('{name}, representative, was informed and does not object, {when}.', {
          name: name ?? '',
          when,
        });
  }
  return how === 'written'
    ? t('The patient was informed and agreed in writing, {when}.', { when })
    : t('The patient was informed and does not object, {when}.', { when });
}

/** `numbers`: account → RPPS number, as signed with the person's keys. */
export function reportOf(
  row: CaseRow,
  header: HeaderBody,
  opinions: SignedOpinion[],
  numbers: ReadonlyMap<string, string> = new Map(),
): Report {
  const { patient } = header;
  const identified = (person: Named | null) => {
    const number = person && numbers.get(person.id);
    return number ? `${person.name} (RPPS ${number})` : (person?.name ?? '');
  };
  const facts: [string, string][] = [
    [t('Patient'), patientName(patient)],
    [t('Birth name'), patient.birth_name],
    [t('Sex'), sexWord(patient)],
    [t('Birth date'), birthDateWords(patient.birth_date)],
    [t('INS'), patient.ins],
    [t('Local identifier'), patient.local_id],
    [t('Asked by'), identified(row.opened_by)],
    [t('On behalf of'), row.organisation?.name ?? ''],
    [t('Pool'), row.pool.name],
    [t('Expert'), identified(row.expert)],
    [t('Urgency'), urgencyWord(row.urgency)],
    [t('Sent'), dateAndTime(row.opened_at)],
    [t('Consent'), consentWords(header)],
  ];
  const current = inForce(row, opinions.map(({ message }) => message).reverse());
  return {
    number: row.number,
    title: t('Teleexpertise report'),
    facts: facts.filter(([, value]) => value),
    question: header.question,
    opinions: opinions.map(({ message, body }) => ({
      title: opinionTitle(row, message.author.id, body.version),
      signature: t('Signed by {name} on {when}', {
        name: message.author.name,
        when: dateAndTime(message.posted_at),
      }),
      sections: sectionsOf(body),
      replaced: !current.has(message.id),
    })),
    pictures: parted(header.attachments).pictures,
  };
}
