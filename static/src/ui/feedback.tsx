import { useSignal } from '@preact/signals';
import type { ComponentChildren, JSX } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { t } from '../i18n.ts';
import { Button, type ButtonKind } from './button.tsx';
import { Icon, type IconName } from './icon.tsx';
import { Knot } from './knot.tsx';

export type Tone = 'info' | 'done' | 'warning' | 'problem';

const TONE_ICONS: Record<Tone, IconName> = {
  info: 'info',
  done: 'check',
  warning: 'warning',
  problem: 'warning',
};

/** A sentence that stays: what happened and what to do. Problems are announced at once. */
export function Banner({
  tone = 'info',
  title,
  children,
  live = tone === 'problem',
}: {
  tone?: Tone;
  title?: string;
  children?: ComponentChildren;
  live?: boolean;
}): JSX.Element {
  return (
    <div class="banner" data-tone={tone} role={live ? 'alert' : undefined}>
      <Icon name={TONE_ICONS[tone]} />
      <div class="banner-text">
        {title && <p>{title}</p>}
        {typeof children === 'string' ? <p>{children}</p> : children}
      </div>
    </div>
  );
}

/** A word with a colour. The word alone must be enough. */
export function Tag({
  tone,
  icon,
  children,
}: {
  tone?: 'action' | 'done' | 'wait' | 'urgent' | undefined;
  icon?: IconName;
  children: ComponentChildren;
}): JSX.Element {
  return (
    <span class="tag" data-tone={tone}>
      {icon && <Icon name={icon} />}
      {children}
    </span>
  );
}

/** How far something is; without `value`, only that it goes on. */
export function Progress({
  label,
  value,
  max = 1,
  note,
}: {
  label: string;
  value?: number;
  max?: number;
  note?: ComponentChildren;
}): JSX.Element {
  return (
    <div class="progress">
      <div class="row small" data-spread>
        <span>{label}</span>
        {note && <span class="quiet tabular">{note}</span>}
      </div>
      <progress aria-label={label} value={value} max={max} />
    </div>
  );
}

/** Waiting for something short. The words appear only when it turns out not to be. */
export function Waiting({ children }: { children?: ComponentChildren }): JSX.Element {
  return (
    <div class="waiting" role="status" data-late>
      <Knot class="spinner" />
      <p>{children ?? t('One moment…')}</p>
    </div>
  );
}

/** Nothing here yet, and what to do next. */
export function Empty({
  title,
  icon,
  children,
  action,
  alone = false,
}: {
  title: string;
  icon?: IconName;
  children?: ComponentChildren;
  action?: ComponentChildren;
  /** Nothing else is on the page: the title is the page's. */
  alone?: boolean;
}): JSX.Element {
  return (
    <div class="empty">
      {icon ? <Icon name={icon} /> : <Knot />}
      {alone ? <h1>{title}</h1> : <h2>{title}</h2>}
      {children && <p>{children}</p>}
      {action}
    </div>
  );
}

/** Where one is in a sequence: a bar to see and a sentence to hear. */
export function Steps({ current, total }: { current: number; total: number }): JSX.Element {
  return (
    <div>
      <p class="visually-hidden">{t('Step {current} of {total}', { current, total })}</p>
      <ol class="steps" aria-hidden="true">
        {Array.from({ length: total }, (_, i) => (
          <li key={i} data-done={i < current || undefined} />
        ))}
      </ol>
    </div>
  );
}

const HUES = 4;

/** Initials of a person; the same person always has the same colour. */
export function Avatar({ name }: { name: string }): JSX.Element {
  return (
    <span class="avatar" data-hue={hue(name)} aria-hidden="true">
      {initials(name)}
    </span>
  );
}

/** First letters of the first and last words, titles left out. */
export function initials(name: string): string {
  const words = name
    .replace(/^(dr|pr|me|mme|m)\.?\s+/i, '')
    .split(/[\s-]+/)
    .filter(Boolean);
  const first = words[0] ?? '';
  const last = words.length > 1 ? (words.at(-1) ?? '') : '';
  return ([...first][0] ?? '').concat([...last][0] ?? '').toLocaleUpperCase();
}

function hue(name: string): number {
  let sum = 0;
  for (const letter of name) sum = (sum * 31 + (letter.codePointAt(0) ?? 0)) % 9973;
  return sum % HUES;
}

/**
 * Ask in place, without a dialogue: the button opens a sentence and two buttons where it stood.
 * For what cannot be undone; anything else does it and offers to undo (`toast`).
 */
export function Confirm({
  action,
  question,
  yes,
  kind = 'danger',
  icon,
  onConfirm,
}: {
  action: string;
  question: ComponentChildren;
  yes: string;
  kind?: ButtonKind;
  icon?: IconName;
  onConfirm: () => unknown;
}): JSX.Element {
  const asked = useSignal(false);
  const sentence = useRef<HTMLParagraphElement>(null);
  useEffect(() => {
    if (asked.value) sentence.current?.focus();
  }, [asked.value]);
  if (!asked.value) {
    return (
      <Button
        kind={kind}
        icon={icon}
        onClick={() => {
          asked.value = true;
        }}
      >
        {action}
      </Button>
    );
  }
  return (
    <div class="confirm stack" data-gap="small">
      <p ref={sentence} tabIndex={-1}>
        {question}
      </p>
      <div class="row">
        <Button
          kind="danger-primary"
          onClick={async () => {
            await onConfirm();
            asked.value = false;
          }}
        >
          {yes}
        </Button>
        <Button
          onClick={() => {
            asked.value = false;
          }}
        >
          {t('Cancel')}
        </Button>
      </div>
    </div>
  );
}
