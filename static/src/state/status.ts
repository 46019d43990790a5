import { type Signal, signal } from '@preact/signals';

/** How many things this device has still to send. The outbox keeps it; the status line shows it. */
export const pending: Signal<number> = signal(0);
