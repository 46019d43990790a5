import { type Signal, useSignal } from '@preact/signals';
import type { JSX } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import type { AttachmentManifest } from '../../crypto/payloads.ts';
import { t } from '../../i18n.ts';
import type { Place } from '../../photos/sealing.ts';
import { goBack } from '../../router.ts';
import { patientName } from '../../state/bodies.ts';
import { missing } from '../../state/case-fetching.ts';
import { caseRow, opened } from '../../state/case-rows.ts';
import type { CaseRow, MessageRow } from '../../state/case-types.ts';
import { viewer } from '../../state/cases.ts';
import { followThread, type LiveThread } from '../../state/messages.ts';
import { isRequester, type Role } from '../../state/order.ts';
import { waitingOf } from '../../state/outbox.ts';
import { takeStep } from '../../state/posting.ts';
import { network } from '../../state/session.ts';
import { ButtonLink } from '../button.tsx';
import { Empty, Waiting } from '../feedback.tsx';
import { Icon } from '../icon.tsx';
import { Problems } from '../problems.tsx';
import { useShortcuts } from '../shortcuts.ts';
import { Composer, type Quoted, type WordedStep } from './composer.tsx';
import { CaseFacts } from './facts.tsx';
import { threePanes } from './hooks.ts';
import { Delay, SealProblem, SealSign, StateMark, UrgencyMark } from './marks.tsx';
import { PhotoViewer } from './photo-viewer.tsx';
import { CaseSteps } from './steps.tsx';
import { ThreadView } from './thread-view.tsx';
import { CaseTrace } from './trace-view.tsx';

type Pane = 'thread' | 'facts' | 'trace';

/** One case: conversation in the middle, facts and trace beside it or one touch away. */
export function CaseView({ id }: { id: string }): JSX.Element {
  const live = useSignal<LiveThread | null>(null);
  useEffect(() => {
    const followed = followThread(id);
    live.value = followed;
    const look = () => followed.markRead();
    document.addEventListener('visibilitychange', look);
    return () => {
      document.removeEventListener('visibilitychange', look);
      followed.stop();
    };
  }, [id, live]);
  const row = caseRow(id);
  if (missing.value.has(id)) {
    return (
      <Empty
        alone
        title={t('This case cannot be found')}
        action={
          <ButtonLink kind="primary" to="/">
            {t('Go to my cases')}
          </ButtonLink>
        }
      >
        {t('It does not exist, or you are not of its care circle.')}
      </Empty>
    );
  }
  if (!row || !live.value) {
    return (
      <div class="case">
        <Problems error={live.value?.problem.value} />
        {!live.value?.problem.value && <Waiting>{t('Opening the case…')}</Waiting>}
      </div>
    );
  }
  return <OpenedCaseView key={id} row={row} live={live.value} />;
}

/** The side on which this person stands in the case. */
export function roleIn(row: CaseRow): Role {
  return isRequester(row, viewer.value) ? 'requester' : 'expert';
}

function OpenedCaseView({ row, live }: { row: CaseRow; live: LiveThread }): JSX.Element {
  const pane = useSignal<Pane>('thread');
  const viewing = useSignal<{ files: AttachmentManifest[]; index: number } | null>(null);
  const found = opened.value.get(row.id);
  const place: Place = { net: network.value?.net ?? '', case: row.id };
  const wide = threePanes.value;
  const open = (files: AttachmentManifest[], index: number) => {
    viewing.value = { files, index };
  };
  const side = wide && pane.value === 'thread' ? 'facts' : pane.value;
  return (
    <>
      <div class="case" data-pane={pane.value}>
        <CaseHead row={row} found={found} pane={pane} />
        {(wide || pane.value === 'thread') && (
          <Conversation row={row} live={live} place={place} onOpen={open} />
        )}
        {!wide && pane.value !== 'thread' && (
          // biome-ignore lint/a11y/noNoninteractiveTabindex: a pane that scrolls must be reachable by keyboard
          <section class="case-side" aria-label={t('About this case')} tabIndex={0}>
            <Side pane={pane.value} row={row} live={live} place={place} onOpen={open} />
          </section>
        )}
      </div>
      {wide && (
        <aside class="desk-facts" aria-label={t('About this case')}>
          <div class="tabs" role="tablist" aria-label={t('About this case')}>
            <PaneTab pane={pane} own="facts" chosen={side === 'facts'} words={t('Case')} />
            <PaneTab pane={pane} own="trace" chosen={side === 'trace'} words={t('Trace')} />
          </div>
          <Side pane={side} row={row} live={live} place={place} onOpen={open} />
        </aside>
      )}
      {viewing.value && (
        <PhotoViewer
          place={place}
          files={viewing.value.files}
          start={viewing.value.index}
          onClose={() => {
            viewing.value = null;
          }}
        />
      )}
    </>
  );
}

function PaneTab({
  pane,
  own,
  chosen,
  words,
}: {
  pane: Signal<Pane>;
  own: Pane;
  chosen: boolean;
  words: string;
}): JSX.Element {
  return (
    <button
      type="button"
      role="tab"
      aria-selected={chosen}
      onClick={() => {
        pane.value = own;
      }}
    >
      {words}
    </button>
  );
}

interface SideProps {
  pane: Pane;
  row: CaseRow;
  live: LiveThread;
  place: Place;
  onOpen: (files: AttachmentManifest[], index: number) => void;
}

function Side({ pane, row, live, place, onOpen }: SideProps): JSX.Element {
  if (pane === 'trace') return <CaseTrace row={row} />;
  return (
    <CaseFacts
      row={row}
      found={opened.value.get(row.id)}
      live={live}
      place={place}
      onOpen={onOpen}
    />
  );
}

function CaseHead({
  row,
  found,
  pane,
}: {
  row: CaseRow;
  found: ReturnType<typeof opened.value.get>;
  pane: Signal<Pane>;
}): JSX.Element {
  const heading = useRef<HTMLHeadingElement>(null);
  const name = found?.header
    ? patientName(found.header.patient)
    : t('Case {number}', { number: row.number });
  useEffect(() => {
    // Never the patient's name: tabs and the browser's history are not sealed.
    document.title = `${row.number ? t('Case {number}', { number: row.number }) : t('New case')} · Cordée`;
  }, [row.number]);
  useEffect(() => {
    if (!threePanes.value) heading.current?.focus({ preventScroll: true });
  }, []);
  return (
    <header class="case-head">
      {!threePanes.value && (
        <a
          class="back"
          href="/"
          aria-label={t('Back to my cases')}
          onClick={(event) => {
            event.preventDefault();
            goBack('/');
          }}
        >
          <Icon name="back" />
        </a>
      )}
      <div class="grow">
        <h1 ref={heading} tabIndex={-1}>
          {name}
          {found && <SealSign seal={found.seal} label={t('Seals checked')} />}
        </h1>
        <p class="case-head-line">
          <UrgencyMark urgency={row.urgency} />
          <Delay row={row} />
          <StateMark
            row={row}
            role={roleIn(row)}
            waits={waitingOf(row.id).some((job) => job.kind === 'case')}
          />
        </p>
      </div>
      {!threePanes.value && (
        <div class="tabs" role="tablist" aria-label={t('Parts of the case')}>
          <PaneTab
            pane={pane}
            own="thread"
            chosen={pane.value === 'thread'}
            words={t('Conversation')}
          />
          <PaneTab pane={pane} own="facts" chosen={pane.value === 'facts'} words={t('Case')} />
          <PaneTab pane={pane} own="trace" chosen={pane.value === 'trace'} words={t('Trace')} />
        </div>
      )}
    </header>
  );
}

const SILENT = new Set(['closed', 'refused', 'cancelled']);

function Conversation({
  row,
  live,
  place,
  onOpen,
}: {
  row: CaseRow;
  live: LiveThread;
  place: Place;
  onOpen: (files: AttachmentManifest[], index: number) => void;
}): JSX.Element {
  const quoted = useSignal<Quoted | null>(null);
  const worded = useSignal<WordedStep | null>(null);
  const box = useRef<HTMLTextAreaElement>(null);
  const found = opened.value.get(row.id);
  const focus = () => requestAnimationFrame(() => box.current?.focus());
  useShortcuts({
    r: { words: t('Reply'), run: focus },
    c: {
      words: t('Take the case'),
      run: () => {
        if (row.steps.includes('claim')) void takeStep(row, 'claim').catch(() => undefined);
      },
    },
  });
  // What cannot be trusted cannot be answered either.
  const blocked = found?.seal.state === 'broken' || found?.seal.state === 'closed';
  const silent = SILENT.has(row.state) && !worded.value;
  return (
    <>
      <Problems error={live.problem.value} />
      {blocked && <SealProblem seal={found?.seal} row={row} />}
      <ThreadView
        row={row}
        found={found}
        live={live}
        place={place}
        onOpen={onOpen}
        onReply={(message: MessageRow, text: string) => {
          quoted.value = { id: message.id, name: message.author.name, text };
          focus();
        }}
      />
      {!blocked && (
        <footer class="case-foot">
          {!worded.value && <CaseSteps row={row} worded={worded} onWorded={focus} />}
          {!silent && (
            <Composer
              row={row}
              place={place}
              live={live}
              role={roleIn(row)}
              quoted={quoted}
              worded={worded}
              box={box}
            />
          )}
        </footer>
      )}
    </>
  );
}
