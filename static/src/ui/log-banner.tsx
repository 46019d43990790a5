import type { JSX } from 'preact';
import { logFault } from '../state/key-log.ts';
import { Banner } from './feedback.tsx';
import { explain } from './problems.tsx';

/** The log of keys itself does not hold: what was verified stays in use, nothing new is believed. */
export function LogBanner(): JSX.Element | null {
  if (!logFault.value) return null;
  return (
    <div class="log-banner">
      <Banner tone="problem">{explain(logFault.value)}</Banner>
    </div>
  );
}
