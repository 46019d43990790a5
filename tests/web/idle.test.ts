import { describe, expect, it } from 'vitest';
import { isIdle, type Notebook, noteTouch, readDelay } from '../../static/src/state/idle.ts';

class Pocket implements Notebook {
  readonly #pages = new Map<string, string>();

  getItem(key: string): string | null {
    return this.#pages.get(key) ?? null;
  }

  setItem(key: string, value: string): void {
    this.#pages.set(key, value);
  }
}

const MINUTE = 60_000;
const NOW = Date.UTC(2026, 10, 22, 3);

describe('the application lock', () => {
  it('waits five minutes unless told otherwise', () => {
    const notebook = new Pocket();
    expect(readDelay(notebook)).toBe(5);
    notebook.setItem('cordee.lock-after', '15');
    expect(readDelay(notebook)).toBe(15);
  });

  it.each(['0', '-1', '7', 'never', ''])('takes no delay of %s minutes', (written) => {
    const notebook = new Pocket();
    notebook.setItem('cordee.lock-after', written);
    expect(readDelay(notebook)).toBe(5);
  });

  it('closes once nobody has touched the device for that long', () => {
    const notebook = new Pocket();
    noteTouch(notebook, NOW);
    expect(isIdle(notebook, NOW + 5 * MINUTE - 1)).toBe(false);
    expect(isIdle(notebook, NOW + 5 * MINUTE)).toBe(true);
  });

  it('counts the time a phone slept, and a touch in any tab', () => {
    const notebook = new Pocket();
    noteTouch(notebook, NOW);
    noteTouch(notebook, NOW + 4 * MINUTE);
    expect(isIdle(notebook, NOW + 8 * MINUTE)).toBe(false);
    expect(isIdle(notebook, NOW + 8 * 60 * MINUTE)).toBe(true);
  });

  it('stays open when it was never touched or the clock went back', () => {
    const notebook = new Pocket();
    expect(isIdle(notebook, NOW)).toBe(false);
    noteTouch(notebook, NOW);
    expect(isIdle(notebook, NOW - 60 * MINUTE)).toBe(false);
  });
});
