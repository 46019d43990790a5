import { type Signal, useSignal } from '@preact/signals';
import type { JSX } from 'preact';
import { t } from '../../i18n.ts';
import { Locked } from '../../state/keys.ts';
import { Banner } from '../feedback.tsx';

export interface Keeping {
  /** Whether the device refused what was written last: it is in this page's memory alone. */
  refused: Signal<boolean>;
  /** Told of every attempt to keep a draft. Locked is none: what was kept before stands. */
  follow(saving: Promise<unknown>): Promise<void>;
}

export function useKeeping(): Keeping {
  const refused = useSignal(false);
  return {
    refused,
    async follow(saving) {
      try {
        await saving;
        refused.value = false;
      } catch (error) {
        if (!(error instanceof Locked)) refused.value = true;
      }
    },
  };
}

/** Shown where one writes for as long as the device keeps nothing of it. */
export function NotKept({ keeping }: { keeping: Keeping }): JSX.Element | null {
  if (!keeping.refused.value) return null;
  return (
    <Banner tone="problem">
      {t('This device has no room to keep what you write. Free some before you leave this page.')}
    </Banner>
  );
}
