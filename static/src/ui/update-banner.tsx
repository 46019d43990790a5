import type { JSX } from 'preact';
import { t } from '../i18n.ts';
import { applyUpdate, updateReady } from '../state/updates.ts';
import { Button } from './button.tsx';

/** A newer version waits. It never comes by itself: nobody loses a sentence to an update. */
export function UpdateBanner(): JSX.Element | null {
  if (!updateReady.value) return null;
  return (
    <div class="toasts" role="status">
      <div class="toast">
        <span>{t('A new version of Cordée is ready. Drafts are kept.')}</span>
        <Button onClick={applyUpdate}>{t('Update now')}</Button>
      </div>
    </div>
  );
}
