import type { JSX } from 'preact';
import { t, tn } from '../../i18n.ts';
import { Link } from '../../router.ts';
import type { CaseRow, OpenedCase } from '../../state/case-types.ts';
import { findGroup } from '../../state/groups.ts';
import type { LiveThread } from '../../state/messages.ts';
import type { VerifiedPerson } from '../../state/people.ts';
import { me } from '../../state/session.ts';
import { Icon, type IconName } from '../icon.tsx';
import { Sharing } from '../sharing.tsx';
import { useSignedPeople } from '../signed-people.ts';
import { dateTimeWord } from '../words.ts';
import { SealSign } from './marks.tsx';
import { nameOf } from './people.ts';
import { leftOf, roleWords, type Seat, seatName, seatsOf } from './seats.ts';

type Shown = (id: string) => JSX.Element;

const ICONS: Record<Seat['kind'], IconName> = {
  group: 'team',
  account: 'person',
  custodian: 'archive',
};

/** One holder of the key: who, why, since when; a group unfolds to its signed members. */
function SeatLine({ row, seat, shown }: { row: CaseRow; seat: Seat; shown: Shown }): JSX.Element {
  const { kind, id, role, since } = seat;
  const why = [roleWords(role), since && t('since {when}', { when: dateTimeWord(since) })]
    .filter(Boolean)
    .join(', ');
  const members = kind === 'group' ? (findGroup(id)?.chain?.payload.members ?? []) : [];
  return (
    <li class="seat">
      <Icon name={ICONS[kind]} />
      <div class="grow">
        {kind === 'account' ? (
          shown(id)
        ) : members.length > 0 ? (
          <details>
            <summary>
              <span>
                <span class="strong">{seatName(row, seat)}</span> ·{' '}
                <span class="small">{tn('{n} person', '{n} people', members.length)}</span>
              </span>
            </summary>
            <ul class="plain">
              {members.map((member) => (
                <li key={member}>{shown(member)}</li>
              ))}
            </ul>
          </details>
        ) : (
          <p class="strong">{seatName(row, seat)}</p>
        )}
        <p class="small quiet">{why}</p>
      </div>
    </li>
  );
}

/** Who can read this case, in plain words, and what one may do about it. Follows the case live. */
export function Circle({
  row,
  found,
  live,
}: {
  row: CaseRow;
  found: OpenedCase | undefined;
  live: LiveThread;
}): JSX.Element | null {
  const seats = seatsOf(row);
  const people = useSignedPeople(
    seats.flatMap(({ kind, id }) =>
      kind === 'account' ? [id] : (findGroup(id)?.chain?.payload.members ?? []),
    ),
  );
  if (seats.length === 0) return null;
  const present = new Set(live.thread.value.present);
  const shown: Shown = (id) => {
    const signed = people.value.get(id);
    const listed = row.circle.find((party) => party.id === id)?.name;
    const words = signed?.name ?? (listed || nameOf(row, id));
    return (
      <>
        <p class="strong">
          {id === me.value?.id ? t('You') : <Link to={`/people/${id}`}>{words}</Link>}
          {present.has(id) && id !== me.value?.id && (
            <span class="here"> · {t('looking at it now')}</span>
          )}
        </p>
        {signed && signed.seq > 0 && id !== me.value?.id && <NewKeys signed={signed} />}
      </>
    );
  };
  const left = leftOf(row);
  return (
    <section class="stack" data-gap="small" aria-labelledby="circle-title">
      <div class="row" data-spread>
        <h2 id="circle-title">{t('Who can read this case')}</h2>
        {found && <SealSign seal={found.seal} label={t('Seal checked: nobody else has the key')} />}
      </div>
      <ul class="circle">
        {seats.map((seat) => (
          <SeatLine key={`${seat.kind} ${seat.id}`} row={row} seat={seat} shown={shown} />
        ))}
      </ul>
      {left.length > 0 && (
        <details>
          <summary class="small quiet">{t('Taken off')}</summary>
          <ul class="plain">
            {left.map((party) => (
              <li key={party.id}>{seatName(row, party)}</li>
            ))}
          </ul>
        </details>
      )}
      <p class="small quiet">{t('The server stores the case and cannot read it.')}</p>
      {found?.seal.state === 'whole' && <Sharing row={row} />}
    </section>
  );
}

/** Somebody whose keys were made again: what colleagues ought to know, without alarm. */
function NewKeys({ signed: { certified, renewed } }: { signed: VerifiedPerson }): JSX.Element {
  const when = renewed && dateTimeWord(renewed.at);
  return (
    <p class="small quiet">
      <Icon name="key" />{' '}
      {!certified
        ? t('New keys, not vouched for yet')
        : renewed?.by && when
          ? t('New keys since {when}, vouched for by {name}', { when, name: renewed.by.name })
          : t('New keys, vouched for by an administrator')}
    </p>
  );
}
