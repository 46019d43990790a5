import type { JSX } from 'preact';
import { t } from '../../i18n.ts';
import type { Box } from '../../state/case-types.ts';
import { casesOf, chooseRole, countOf, filter, inPool, listing, role } from '../../state/cases.ts';
import { chooseBox, box as currentBox } from '../../state/desk.ts';
import type { Role } from '../../state/order.ts';
import { NetworkDown } from '../../transport/http.ts';
import { ButtonLink } from '../button.tsx';
import { Problems } from '../problems.tsx';
import { CaseItems, CaseList } from './case-list.tsx';
import { Drafts } from './draft-list.tsx';
import { Filters } from './filters.tsx';

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
  const waiting = casesOf('waiting', 'requester');
  const underway = casesOf('mine', 'requester').length > 0;
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
          {waiting.length > 0 && (
            <section aria-label={t('Waiting for you')}>
              <h2 class="queue-title">{t('Waiting for you')}</h2>
              <CaseItems rows={waiting} wanted="requester" selected={selected} />
            </section>
          )}
          {asked > 0 && underway && <h2 class="queue-title">{t('In progress')}</h2>}
          {(asked === 0 || underway) && (
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
