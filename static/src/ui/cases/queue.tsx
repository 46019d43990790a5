import { useSignal } from '@preact/signals';
import type { JSX } from 'preact';
import { t, tn } from '../../i18n.ts';
import { Link, navigate } from '../../router.ts';
import { ageAt, patientName } from '../../state/bodies.ts';
import type { Box, CaseRow, Urgency } from '../../state/case-types.ts';
import {
  casesOf,
  chooseRole,
  countOf,
  filter,
  inPool,
  listing,
  loadCases,
  loadOlder,
  minute,
  opened,
  role,
} from '../../state/cases.ts';
import { chooseBox, box as currentBox } from '../../state/desk.ts';
import {
  type CaseDraft,
  caseDrafts,
  dropCaseDraft,
  hideCaseDraft,
  loadCaseDrafts,
} from '../../state/drafts.ts';
import { findGroup, openPools } from '../../state/groups.ts';
import type { Role } from '../../state/order.ts';
import { waitingOf } from '../../state/outbox.ts';
import { shortWhen, urgencyWord } from '../../state/words.ts';
import { NetworkDown } from '../../transport/http.ts';
import { Button, ButtonLink } from '../button.tsx';
import { Empty, Waiting } from '../feedback.tsx';
import { Icon } from '../icon.tsx';
import { Problems } from '../problems.tsx';
import { undoable } from '../toast.tsx';
import { Delay, StateMark, UrgencyMark } from './marks.tsx';

const URGENCIES: Urgency[] = ['urgent', 'priority', 'routine'];

/** The cases this person should look at, in the order they should be looked at. */
export function Queue({ selected }: { selected: string | null }): JSX.Element {
  const wanted = role.value;
  return (
    <div class="queue">
      {inPool.value && <Roles />}
      {wanted === 'requester' && (
        <ButtonLink to="/new" kind="primary" size="large" wide icon="plus">
          {t('New case')}
        </ButtonLink>
      )}
      {wanted === 'requester' && <Drafts />}
      <Problems
        error={listing.value.problem instanceof NetworkDown ? null : listing.value.problem}
      />
      {wanted === 'expert' ? (
        <ExpertBoxes selected={selected} />
      ) : (
        <RequesterBoxes selected={selected} />
      )}
    </div>
  );
}

function Roles(): JSX.Element {
  const sides: [Role, string][] = [
    ['expert', t('Asked of us')],
    ['requester', t('My requests')],
  ];
  return (
    <fieldset class="segments">
      <legend class="visually-hidden">{t('Which cases')}</legend>
      {sides.map(([side, words]) => (
        <button
          key={side}
          type="button"
          aria-pressed={role.value === side}
          onClick={() => chooseRole(side)}
        >
          {words}
        </button>
      ))}
    </fieldset>
  );
}

function ExpertBoxes({ selected }: { selected: string | null }): JSX.Element {
  const boxes: [Box, string][] = [
    ['unclaimed', t('Unclaimed')],
    ['mine', t('Mine')],
    ['waiting', t('Waiting')],
    ['done', t('Done')],
  ];
  return (
    <>
      <Tabs boxes={boxes} wanted="expert" />
      <Filters />
      <CaseList box={currentBox.value} wanted="expert" selected={selected} />
    </>
  );
}

function RequesterBoxes({ selected }: { selected: string | null }): JSX.Element {
  const done = currentBox.value === 'done';
  const asked = countOf('waiting', 'requester');
  const open = countOf('mine', 'requester') + asked;
  return (
    <>
      <div class="tabs" role="tablist" aria-label={t('My cases')}>
        <Tab words={t('Open')} count={open} chosen={!done} onChoose={() => chooseBox('mine')} />
        <Tab
          words={t('Done')}
          count={countOf('done', 'requester')}
          chosen={done}
          onChoose={() => chooseBox('done')}
        />
      </div>
      {(open > 5 || done || filter.value.search) && <Filters />}
      {done ? (
        <CaseList box="done" wanted="requester" selected={selected} />
      ) : (
        <>
          {casesOf('waiting', 'requester').length > 0 && (
            <section aria-label={t('Waiting for you')}>
              <h2 class="queue-title">{t('Waiting for you')}</h2>
              <Items
                rows={casesOf('waiting', 'requester')}
                wanted="requester"
                selected={selected}
              />
            </section>
          )}
          {asked > 0 && casesOf('mine', 'requester').length > 0 && (
            <h2 class="queue-title">{t('In progress')}</h2>
          )}
          {(asked === 0 || casesOf('mine', 'requester').length > 0) && (
            <CaseList box="mine" wanted="requester" selected={selected} />
          )}
        </>
      )}
    </>
  );
}

function Tab({
  words,
  count,
  chosen,
  onChoose,
}: {
  words: string;
  count: number;
  chosen: boolean;
  onChoose: () => void;
}): JSX.Element {
  return (
    <button type="button" role="tab" aria-selected={chosen} onClick={onChoose}>
      {words}
      <span class="count tabular">{count}</span>
    </button>
  );
}

function Tabs({ boxes, wanted }: { boxes: [Box, string][]; wanted: Role }): JSX.Element {
  return (
    <div class="tabs" role="tablist" aria-label={t('Boxes')}>
      {boxes.map(([box, words]) => (
        <Tab
          key={box}
          words={words}
          count={countOf(box, wanted)}
          chosen={currentBox.value === box}
          onChoose={() => chooseBox(box)}
        />
      ))}
    </div>
  );
}

/** Search and filters work on what is decrypted here; nothing of it is sent. */
function Filters(): JSX.Element {
  const open = useSignal(false);
  const { pool, urgency, search } = filter.value;
  const pools = openPools().filter((one) => one.mine);
  const narrowed = Boolean(pool || urgency);
  return (
    <div class="filters">
      <div class="search">
        <Icon name="search" />
        <input
          class="input"
          type="search"
          aria-label={t('Search in my cases')}
          placeholder={t('Name, question, number')}
          value={search}
          onInput={(event) => {
            filter.value = { ...filter.value, search: event.currentTarget.value };
          }}
        />
        <button
          type="button"
          class="filter-toggle"
          aria-expanded={open.value}
          aria-label={narrowed ? t('Filters, some are set') : t('Filters')}
          data-set={narrowed || undefined}
          onClick={() => {
            open.value = !open.value;
          }}
        >
          <Icon name="filter" />
        </button>
      </div>
      {open.value && (
        <div class="filter-fields">
          {pools.length > 1 && (
            <select
              class="input"
              aria-label={t('Pool')}
              value={pool}
              onChange={(event) => {
                filter.value = { ...filter.value, pool: event.currentTarget.value };
              }}
            >
              <option value="">{t('All pools')}</option>
              {pools.map((one) => (
                <option key={one.id} value={one.id}>
                  {one.name}
                </option>
              ))}
            </select>
          )}
          <select
            class="input"
            aria-label={t('Urgency')}
            value={urgency}
            onChange={(event) => {
              filter.value = {
                ...filter.value,
                urgency: event.currentTarget.value as Urgency | '',
              };
            }}
          >
            <option value="">{t('Every urgency')}</option>
            {URGENCIES.map((one) => (
              <option key={one} value={one}>
                {urgencyWord(one)}
              </option>
            ))}
          </select>
        </div>
      )}
    </div>
  );
}

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

function CaseList({
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
      <Items rows={rows} wanted={wanted} selected={selected} />
      {box === 'done' && older[wanted] && (
        <Button wide onClick={() => loadOlder(wanted)}>
          {t('Show older cases')}
        </Button>
      )}
    </>
  );
}

function Items({
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

function Drafts(): JSX.Element | null {
  const drafts = caseDrafts.value;
  if (drafts.length === 0) return null;
  const remove = (draft: CaseDraft) => {
    hideCaseDraft(draft.id);
    undoable(t('Draft deleted'), () => dropCaseDraft(draft), { back: loadCaseDrafts });
  };
  return (
    <section aria-label={t('Drafts')}>
      <h2 class="queue-title">{t('Drafts')}</h2>
      <ul class="case-list">
        {drafts.map((draft) => (
          <li key={draft.id} class="draft-item">
            <a
              class="case-item"
              href={`/new/${draft.id}`}
              onClick={(event) => {
                event.preventDefault();
                navigate(`/new/${draft.id}`);
              }}
            >
              <span class="case-item-name">{draftName(draft)}</span>
              <span class="case-item-foot">
                <span class="state" data-tone="waits">
                  {t('Not sent')}
                </span>
                <span class="quiet">
                  {shortWhen(new Date(draft.savedAt).toISOString(), minute.value)}
                </span>
              </span>
            </a>
            <Button
              kind="plain"
              icon="trash"
              label={t('Delete the draft {name}', { name: draftName(draft) })}
              onClick={() => remove(draft)}
            />
          </li>
        ))}
      </ul>
    </section>
  );
}

function draftName(draft: CaseDraft): string {
  const name = patientName(draft.patient);
  const pool = draft.pool ? findGroup(draft.pool)?.name : undefined;
  const named = name === '—' ? t('Unnamed patient') : name;
  return pool ? `${named} · ${pool}` : named;
}
