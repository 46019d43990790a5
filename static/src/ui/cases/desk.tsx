import type { JSX } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { t } from '../../i18n.ts';
import { navigate, type Params } from '../../router.ts';
import { startCases } from '../../state/cases.ts';
import { neighbour } from '../../state/desk.ts';
import { Empty } from '../feedback.tsx';
import { useShortcuts } from '../shortcuts.ts';
import { CaseView } from './case-view.tsx';
import { threePanes } from './hooks.ts';
import { Queue } from './queue.tsx';

/**
 * Home and case are one place: on a wide screen queue, conversation and facts lie side by side, on a
 * phone one follows the other.
 */
export function Desk({ params }: { params: Params }): JSX.Element {
  const id = params['id'] ?? null;
  useEffect(startCases, []);
  useShortcuts({
    j: { words: t('Next case'), run: () => step(id, 1) },
    k: { words: t('Previous case'), run: () => step(id, -1) },
    n: { words: t('New case'), run: () => navigate('/new') },
    '/': {
      words: t('Search'),
      run: () => document.querySelector<HTMLElement>('.search input')?.focus(),
    },
  });
  if (threePanes.value) {
    return (
      <div class="desk">
        <nav class="desk-queue" aria-label={t('My cases')}>
          {!id && <Title />}
          <Queue selected={id} />
        </nav>
        {id ? (
          <CaseView key={id} id={id} />
        ) : (
          <div class="desk-empty">
            <Empty title={t('No case is open')}>
              {t('Choose one on the left, or press j to begin with the first.')}
            </Empty>
          </div>
        )}
      </div>
    );
  }
  if (id) {
    return (
      <div class="case-screen">
        <CaseView key={id} id={id} />
      </div>
    );
  }
  return (
    <div class="page">
      <Title shown />
      <Queue selected={null} />
    </div>
  );
}

function step(id: string | null, by: 1 | -1): void {
  const focused = document.activeElement?.closest<HTMLElement>('[data-case]')?.dataset['case'];
  const next = neighbour(id ?? focused ?? null, by);
  if (!next) return;
  if (threePanes.value) navigate(`/cases/${next}`, { replace: id !== null });
  else document.querySelector<HTMLElement>(`[data-case="${next}"]`)?.focus();
}

function Title({ shown = false }: { shown?: boolean }): JSX.Element {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    document.title = `${t('My cases')} · Cordée`;
    if (shown) heading.current?.focus({ preventScroll: true });
  }, [shown]);
  return (
    <h1 ref={heading} tabIndex={-1} class={shown ? 'page-title' : 'visually-hidden'}>
      {t('My cases')}
    </h1>
  );
}
