import type { JSX } from 'preact';
import { t } from '../i18n.ts';
import { logFault } from '../state/key-log.ts';
import { ownFault } from '../state/people.ts';
import { refusedDeed } from '../state/seal-reports.ts';
import { verdictWords } from '../state/verdicts.ts';
import { Banner } from './feedback.tsx';

/**
 * The log of keys itself does not hold, or our own keys in it: what was verified stays in use,
 * nothing new is believed. Or the server asked this device, unseen, for what nobody signed.
 */
export function LogBanner(): JSX.Element | null {
  const fault = logFault.value ?? ownFault.value;
  const deed = refusedDeed.value;
  if (!fault && !deed) return null;
  return (
    <div class="log-banner">
      {fault && <Banner tone="problem">{verdictWords(fault, { name: t('Your own keys') })}</Banner>}
      {deed && <Banner tone="problem">{verdictWords(deed.error, { name: deed.group })}</Banner>}
    </div>
  );
}
