import type { Signal } from '@preact/signals';
import type { JSX } from 'preact';
import { t } from '../../i18n.ts';
import type { Urgency } from '../../state/group-types.ts';
import { Select } from '../../ui/index.ts';
import { durationWord } from '../../ui/words.ts';

export type Deadlines = Record<Urgency, number>;

export const DEFAULT_DEADLINES: Deadlines = { urgent: 240, priority: 2880, routine: 10_080 };

/** Minutes. Seven days is the longest the field's rules allow before a case escalates. */
const CHOICES: Record<Urgency, readonly number[]> = {
  urgent: [30, 60, 120, 240, 480, 720],
  priority: [720, 1440, 2880, 4320],
  routine: [2880, 4320, 7200, 10_080],
};

/** How long an answer may take, by urgency. */
export function DeadlineFields({ deadlines }: { deadlines: Signal<Deadlines> }): JSX.Element {
  const labels: Record<Urgency, string> = {
    urgent: t('Urgent: answer within'),
    priority: t('Priority: answer within'),
    routine: t('Routine: answer within'),
  };
  return (
    <div class="filter-grid">
      {(Object.keys(CHOICES) as Urgency[]).map((urgency) => {
        const chosen = deadlines.value[urgency];
        const minutes = [...new Set([...CHOICES[urgency], chosen])].sort((a, b) => a - b);
        return (
          <Select
            key={urgency}
            label={labels[urgency]}
            name={`deadline-${urgency}`}
            value={String(chosen)}
            options={minutes.map((value) => ({ value: String(value), label: durationWord(value) }))}
            onChange={(value) => {
              deadlines.value = { ...deadlines.value, [urgency]: Number(value) };
            }}
          />
        );
      })}
    </div>
  );
}
