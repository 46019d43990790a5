import { type Signal, useSignal } from '@preact/signals';
import { useCallback, useEffect } from 'preact/hooks';

export interface Loaded<T> {
  value: Signal<T | null>;
  error: Signal<unknown>;
  /** Fetch again, keeping what is shown meanwhile. */
  reload: () => Promise<void>;
}

/** Fetch when shown and whenever `key` changes; an answer that comes too late is dropped. */
export function useLoaded<T>(key: string, fetch: () => Promise<T>): Loaded<T> {
  const value = useSignal<T | null>(null);
  const error = useSignal<unknown>(null);
  const wanted = useSignal(key);
  // The key says all that `fetch` depends on.
  const reload = useCallback(async () => {
    try {
      const answer = await fetch();
      if (wanted.peek() !== key) return;
      value.value = answer;
      error.value = null;
    } catch (caught) {
      if (wanted.peek() === key) error.value = caught;
    }
  }, [key]);
  useEffect(() => {
    wanted.value = key;
    void reload();
  }, [key, reload, wanted]);
  return { value, error, reload };
}
