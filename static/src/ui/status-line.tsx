import type { JSX } from 'preact';
import { t, tn } from '../i18n.ts';
import { online } from '../state/session.ts';
import { pending } from '../state/status.ts';
import { connected } from '../transport/socket.ts';

/** Permanent and quiet: what the network is doing, and whether anything still waits to leave. */
export function StatusLine(): JSX.Element {
  const waiting = pending.value;
  const [tone, words] = describe(online.value, connected.value, waiting);
  return (
    <p class="status" role="status" data-tone={tone}>
      {words}
    </p>
  );
}

export type StatusTone = 'calm' | 'busy' | 'offline';

export function describe(reached: boolean, live: boolean, waiting: number): [StatusTone, string] {
  if (!reached) {
    if (waiting === 0) return ['offline', t('Offline')];
    return [
      'offline',
      tn('Offline, {n} item waits safely', 'Offline, {n} items wait safely', waiting),
    ];
  }
  if (waiting > 0) return ['busy', tn('Sending {n} item', 'Sending {n} items', waiting)];
  return live ? ['calm', t('Up to date')] : ['busy', t('Connecting…')];
}
