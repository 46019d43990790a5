import { useSignal } from '@preact/signals';
import type { ComponentType, JSX } from 'preact';
import { useEffect } from 'preact/hooks';
import { t } from '../i18n.ts';
import type { Params } from '../router.ts';
import { Button } from './button.tsx';
import { Empty, Waiting } from './feedback.tsx';

export type PageComponent = ComponentType<{ params: Params }>;
export type PageModule = { default: PageComponent };

const loaded = new Map<string, PageComponent>();

/** A page whose code comes when it is first visited. */
export function LazyPage({
  name,
  load,
  params,
}: {
  name: string;
  load: () => Promise<PageModule>;
  params: Params;
}): JSX.Element {
  const ready = useSignal<string | null>(loaded.has(name) ? name : null);
  const failed = useSignal<string | null>(null);
  useEffect(() => {
    if (loaded.has(name)) {
      ready.value = name;
      return;
    }
    load().then(
      (module) => {
        loaded.set(name, module.default);
        ready.value = name;
      },
      () => {
        failed.value = name;
      },
    );
  }, [name, load, ready, failed]);
  // Reading the signal is what makes the arrival redraw this.
  const Shown = ready.value === name ? loaded.get(name) : undefined;
  if (Shown) return <Shown params={params} />;
  if (failed.value === name) {
    return (
      <Empty
        alone
        icon="offline"
        title={t('This page could not be fetched')}
        action={
          <Button kind="primary" icon="refresh" onClick={() => location.reload()}>
            {t('Try again')}
          </Button>
        }
      >
        {t(
          'It was not on this device yet and the network does not answer, or the application has just been updated.',
        )}
      </Empty>
    );
  }
  return <Waiting />;
}
