import type { JSX } from 'preact';
import { SuiteUnsupported } from '../../crypto/errors.ts';
import { t } from '../../i18n.ts';
import type { CaseRow, MessageRow, Seal, Urgency } from '../../state/case-types.ts';
import { minute } from '../../state/cases.ts';
import type { Role } from '../../state/order.ts';
import { verdictWords } from '../../state/verdicts.ts';
import { clockTime, delayWords, stateTone, stateWords, urgencyWord } from '../../state/words.ts';
import { Banner } from '../feedback.tsx';
import { Knot } from '../knot.tsx';

const SHAPES: Record<Urgency, string> = {
  urgent: 'M8 1.5 15 14H1z',
  priority: 'M8 1 15 8l-7 7-7-7z',
  routine: 'M8 14.5a6.5 6.5 0 1 0 0-13 6.5 6.5 0 0 0 0 13z',
};

/** Word, shape and colour: any one of them is enough. */
export function UrgencyMark({ urgency }: { urgency: Urgency }): JSX.Element {
  return (
    <span class="urgency" data-urgency={urgency}>
      <svg viewBox="0 0 16 16" aria-hidden="true">
        <path d={SHAPES[urgency]} />
      </svg>
      {urgencyWord(urgency)}
    </span>
  );
}

const SETTLED = new Set(['opinion_given', 'acknowledged', 'closed', 'refused', 'cancelled']);

/** How long is left to answer, in words; nothing once nobody is waiting. */
export function Delay({ row }: { row: CaseRow }): JSX.Element | null {
  if (SETTLED.has(row.state)) return null;
  const { words, late } = delayWords(row.due_at, minute.value);
  return (
    <span class="delay tabular" data-late={late || undefined}>
      {words}
    </span>
  );
}

export function StateMark({
  row,
  role,
  waits,
}: {
  row: CaseRow;
  role: Role;
  waits: boolean;
}): JSX.Element {
  return (
    <span class="state" data-tone={waits ? 'waits' : stateTone(row.state)}>
      {stateWords(row, role, waits)}
    </span>
  );
}

/** A closed rope when all was checked; nothing while it is not yet known. Silent otherwise. */
export function SealSign({ seal, label }: { seal: Seal; label: string }): JSX.Element | null {
  if (seal.state !== 'whole') return null;
  return (
    <span class="sealed" title={label}>
      <Knot label={label} />
    </span>
  );
}

/** What a broken or missing seal means, in plain words. Null when there is nothing to say. */
export function sealSentence(
  seal: Seal | undefined,
  row: CaseRow,
  message?: MessageRow,
): string | null {
  if (!seal || seal.state === 'whole' || seal.state === 'unchecked') return null;
  if (seal.state === 'closed') {
    return t(
      'You cannot open this yet: a colleague of the group must first come online, then it opens by itself.',
    );
  }
  const name = message
    ? t('The message of {name}, {time}', {
        name: message.author.name,
        time: clockTime(message.posted_at),
      })
    : t('Case {number}', { number: row.number });
  // Nothing is wrong with it, and nobody was told.
  if (seal.error instanceof SuiteUnsupported) return verdictWords(seal.error, { name });
  const advice = message
    ? t('Do not act on it; ask for it again. Your administrator is told, without its content.')
    : t('Do not act on it; call the author. Your administrator is told, without its content.');
  return `${verdictWords(seal.error, { name })} ${advice}`;
}

export function SealProblem({
  seal,
  row,
  message,
}: {
  seal: Seal | undefined;
  row: CaseRow;
  message?: MessageRow;
}): JSX.Element | null {
  const sentence = sealSentence(seal, row, message);
  if (!sentence) return null;
  return <Banner tone={seal?.state === 'broken' ? 'problem' : 'info'}>{sentence}</Banner>;
}
