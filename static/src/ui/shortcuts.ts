import { type Signal, signal } from '@preact/signals';
import { useEffect } from 'preact/hooks';

export interface Shortcut {
  /** What it does, for the help page. */
  words: string;
  run: () => void;
}

/** What the page shown offers. */
const offered: Signal<ReadonlyMap<string, Shortcut>> = signal(new Map());

/** What the page offered on which help was asked for, by key. */
export const explained: Signal<readonly [key: string, words: string][]> = signal([]);

/** Keep what this page offers, for the help page that replaces it. */
export function explainPage(): void {
  explained.value = [...offered.peek()].map(([key, { words }]) => [key, words]);
}

/** Letters typed into a field are text. */
function isTyping(target: EventTarget | null): boolean {
  return (
    target instanceof HTMLElement &&
    (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName))
  );
}

/**
 * Single-key shortcuts while a component is shown: `{ j: { words: t('Next case'), run } }`. Keys are
 * as `KeyboardEvent.key` says, `Ctrl+Enter` for that one combination, which also works in a field.
 */
export function useShortcuts(shortcuts: Readonly<Record<string, Shortcut>>): void {
  useEffect(() => {
    const mine = new Map(Object.entries(shortcuts));
    offered.value = new Map([...offered.value, ...mine]);
    const press = (event: KeyboardEvent) => {
      if (event.defaultPrevented || event.altKey) return;
      const held = event.ctrlKey || event.metaKey;
      const shortcut = mine.get(held ? `Ctrl+${event.key}` : event.key);
      if (!shortcut || (!held && isTyping(event.target))) return;
      event.preventDefault();
      shortcut.run();
    };
    addEventListener('keydown', press);
    return () => {
      removeEventListener('keydown', press);
      const rest = new Map(offered.value);
      for (const [key, shortcut] of mine) if (rest.get(key) === shortcut) rest.delete(key);
      offered.value = rest;
    };
  });
}
