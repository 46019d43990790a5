/**
 * The application lock: after a while without a touch, keys leave memory until the password is
 * typed again. The delay is this device's own; a phone left on a desk counts the time it slept.
 */
import { type Signal, signal } from '@preact/signals';
import { heldKeys, lock, locked } from './keys.ts';

export const LOCK_DELAYS = [1, 5, 15, 30, 60] as const;
export type LockDelay = (typeof LOCK_DELAYS)[number];

const DELAY_KEY = 'cordee.lock-after';
const TOUCHED_KEY = 'cordee.touched';
const DEFAULT_DELAY: LockDelay = 5;
const CHECK_EVERY = 5_000;
const NOTE_EVERY = 2_000;

/** What of `localStorage` is needed: tests and browsers that refuse it bring their own. */
export interface Notebook {
  getItem(key: string): string | null;
  setItem(key: string, value: string): void;
}

export function readDelay(notebook: Notebook): LockDelay {
  const minutes = Number(notebook.getItem(DELAY_KEY));
  return LOCK_DELAYS.find((delay) => delay === minutes) ?? DEFAULT_DELAY;
}

/** Whether the last touch, by any tab, is longer ago than the delay. A clock set back does not lock. */
export function isIdle(notebook: Notebook, now: number): boolean {
  const touched = Number(notebook.getItem(TOUCHED_KEY) ?? Number.NaN);
  if (!Number.isFinite(touched)) return false;
  return now - touched >= readDelay(notebook) * 60_000;
}

export function noteTouch(notebook: Notebook, now: number): void {
  notebook.setItem(TOUCHED_KEY, String(now));
}

export const lockDelay: Signal<LockDelay> = signal(DEFAULT_DELAY);

export function chooseLockDelay(minutes: LockDelay): void {
  localStorage.setItem(DELAY_KEY, String(minutes));
  lockDelay.value = minutes;
}

function lockIfIdle(): void {
  if (heldKeys() && isIdle(localStorage, Date.now())) void lock();
}

/** Call before keys are taken back after a reload: time away counts. */
export function wasIdle(): boolean {
  return isIdle(localStorage, Date.now());
}

/** Start the clock over, as after sign-in and unlocking. */
export function touch(): void {
  noteTouch(localStorage, Date.now());
}

/** Nobody is here any more. */
export function forgetTouch(): void {
  localStorage.removeItem(TOUCHED_KEY);
}

/** Watch hands and clock. Called once, at start. */
export function watchIdle(): void {
  lockDelay.value = readDelay(localStorage);
  let noted = 0;
  const touched = () => {
    const now = Date.now();
    if (now - noted < NOTE_EVERY || locked.value) return;
    // A device that slept through the delay must lock before the waking touch counts.
    lockIfIdle();
    if (!heldKeys()) return;
    noted = now;
    noteTouch(localStorage, now);
  };
  for (const event of ['pointerdown', 'keydown', 'wheel', 'touchmove'] as const) {
    addEventListener(event, touched, { passive: true, capture: true });
  }
  addEventListener('visibilitychange', lockIfIdle);
  setInterval(lockIfIdle, CHECK_EVERY);
}
