import { type Signal, useSignal } from '@preact/signals';
import type { JSX } from 'preact';
import { useEffect } from 'preact/hooks';
import { fromBase64, fromUtf8 } from '../../crypto/bytes.ts';
import { parseRecipient } from '../../crypto/contexts.ts';
import type { AttachmentManifest } from '../../crypto/payloads.ts';
import { t, tn } from '../../i18n.ts';
import type { Place } from '../../photos/sealing.ts';
import { patientName } from '../../state/bodies.ts';
import type { CaseRow, HeaderBody, OpenedCase } from '../../state/case-types.ts';
import { findGroup, type Group } from '../../state/groups.ts';
import type { LiveThread } from '../../state/messages.ts';
import { person } from '../../state/people.ts';
import { me } from '../../state/session.ts';
import { birthDateWords, dateAndTime, urgencyWord } from '../../state/words.ts';
import { sexWord } from './cards.tsx';
import { SealProblem, SealSign } from './marks.tsx';
import { nameOf } from './people.ts';
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
      <SealProblem seal={found?.seal} what="case" />
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
            [t('Asked by'), row.opened_by.name],
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
    (message) => live.opened.value.get(message.id)?.attachments ?? [],
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

/** Whom the case's key is wrapped to, as its signed events say. */
function recipientsOf(row: CaseRow): string[] {
  const found = new Set<string>();
  for (const event of row.events) {
    const { to } = JSON.parse(fromUtf8(fromBase64(event.p))) as { to?: string[] };
    for (const recipient of to ?? []) found.add(recipient);
  }
  return [...found];
}

/** A group whose members this person does not see. */
function groupName(row: CaseRow, id: string): string {
  if (row.care_team?.id === id) return t('The care team {name}', { name: row.care_team.name });
  return row.pool.id === id ? row.pool.name : t('Another group');
}

/** Names as their owners signed them; whoever cannot be verified is not in the map. */
function useSignedNames(ids: readonly string[]): Signal<ReadonlyMap<string, string>> {
  const names = useSignal<ReadonlyMap<string, string>>(new Map());
  const wanted = ids.join(' ');
  useEffect(() => {
    let current = true;
    const known = new Map<string, string>();
    const asked = ids.map((id) =>
      person(id).then(
        ({ name }) => known.set(id, name),
        () => undefined,
      ),
    );
    void Promise.all(asked).then(() => {
      if (current) names.value = known;
    });
    return () => {
      current = false;
    };
  }, [wanted, names]);
  return names;
}

/** Those whom the group's signed statements name, whatever list the server shows. */
function Members({
  group,
  named,
}: {
  group: Group;
  named: (member: string) => JSX.Element;
}): JSX.Element {
  const members = group.chain?.payload.members ?? [];
  return (
    <li>
      <details>
        <summary>
          {t('{name}: {people}', {
            name: group.name,
            people: tn('{n} person', '{n} people', members.length),
          })}
        </summary>
        <ul class="plain">
          {members.map((member) => (
            <li key={member}>{named(member)}</li>
          ))}
        </ul>
      </details>
    </li>
  );
}

/** Who can read this case, in words. */
function Circle({
  row,
  found,
  live,
}: {
  row: CaseRow;
  found: OpenedCase | undefined;
  live: LiveThread;
}): JSX.Element | null {
  const recipients = recipientsOf(row).map(parseRecipient);
  const signed = useSignedNames(
    recipients.flatMap((recipient) => {
      if (recipient.kind === 'account') return [recipient.id];
      if (recipient.kind !== 'group') return [];
      return findGroup(recipient.id)?.chain?.payload.members ?? [];
    }),
  );
  if (recipients.length === 0) return null;
  const present = new Set(live.thread.value.present);
  const named = (id: string) => (
    <span>
      {id === me.value?.id ? t('You') : (signed.value.get(id) ?? nameOf(row, id))}
      {present.has(id) && id !== me.value?.id && (
        <span class="here"> · {t('looking at it now')}</span>
      )}
    </span>
  );
  return (
    <section aria-labelledby="circle-title">
      <div class="row" data-spread>
        <h2 id="circle-title">{t('Who can read this case')}</h2>
        {found && <SealSign seal={found.seal} label={t('Seal checked: nobody else has the key')} />}
      </div>
      <ul class="circle">
        {recipients.map((recipient) => {
          if (recipient.kind === 'account') {
            return <li key={`account ${recipient.id}`}>{named(recipient.id)}</li>;
          }
          if (recipient.kind === 'custodian') {
            return (
              <li key={`custodian ${recipient.n}`}>{t('The organisation’s sealed archive')}</li>
            );
          }
          const group = findGroup(recipient.id);
          if (!group) return <li key={recipient.id}>{groupName(row, recipient.id)}</li>;
          return <Members key={recipient.id} group={group} named={named} />;
        })}
      </ul>
      <p class="small quiet">{t('The server stores the case and cannot read it.')}</p>
    </section>
  );
}
