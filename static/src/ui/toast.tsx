import { signal } from '@preact/signals';
import type { JSX } from 'preact';
import { t } from '../i18n.ts';
import { Button } from './button.tsx';

interface Toast {
  id: number;
  text: string;
  undo?: (() => unknown) | undefined;
  timer: ReturnType<typeof setTimeout>;
}

const toasts = signal<readonly Toast[]>([]);
let last = 0;

function dismiss(id: number): void {
  toasts.value = toasts.value.filter((toast) => toast.id !== id);
}

export interface ToastOptions {
  /** Takes the deed back: the toast then offers it. */
  undo?: () => unknown;
  /** Milliseconds shown. */
  stay?: number;
}

/** Say that something was done. Never for errors: those stay on the page until they are read. */
export function toast(
  text: string,
  { undo, stay = undo ? 10_000 : 5_000 }: ToastOptions = {},
): void {
  const id = ++last;
  const timer = setTimeout(() => dismiss(id), stay);
  toasts.value = [...toasts.value.slice(-2), { id, text, undo, timer }];
}

/**
 * Do something later that cannot be taken back once done, and offer to undo it until then. Leaving
 * the page does it at once: what the person asked for is never forgotten. `back` puts back what was
 * already taken from sight.
 */
export function undoable(
  text: string,
  deed: () => unknown,
  { back, delay = 6_000 }: { back?: () => unknown; delay?: number } = {},
): void {
  let over = false;
  const settle = (): boolean => {
    if (over) return false;
    over = true;
    clearTimeout(timer);
    removeEventListener('pagehide', finish);
    return true;
  };
  const finish = () => {
    if (settle()) deed();
  };
  const timer = setTimeout(finish, delay);
  addEventListener('pagehide', finish);
  toast(text, {
    stay: delay,
    undo: () => {
      return settle() ? back?.() : undefined;
    },
  });
}

export function Toasts(): JSX.Element {
  return (
    <div class="toasts" role="status" aria-live="polite">
      {toasts.value.map(({ id, text, undo, timer }) => (
        <div class="toast" key={id}>
          <span>{text}</span>
          {undo && (
            <Button
              onClick={() => {
                clearTimeout(timer);
                dismiss(id);
                return undo();
              }}
            >
              {t('Undo')}
            </Button>
          )}
        </div>
      ))}
    </div>
  );
}
