import { type Signal, useSignal } from '@preact/signals';
import type { TargetedEvent } from 'preact';
import { Problem } from '../transport/http.ts';

export interface Form {
  error: Signal<unknown>;
  busy: Signal<boolean>;
  /** What the server said of one field. */
  field(name: string): string | null;
  submit(event: TargetedEvent<HTMLFormElement, Event>): Promise<void>;
}

/**
 * One submission at a time; its failure stays on the page until the next try. The browser's own
 * checks come first, so `noValidate` is never set.
 */
export function useForm(send: () => Promise<void>): Form {
  const error = useSignal<unknown>(null);
  const busy = useSignal(false);
  return {
    error,
    busy,
    field: (name) => (error.value instanceof Problem ? (error.value.fields[name] ?? null) : null),
    async submit(event) {
      event.preventDefault();
      if (busy.value) return;
      busy.value = true;
      error.value = null;
      try {
        await send();
      } catch (caught) {
        error.value = caught;
      } finally {
        busy.value = false;
      }
    },
  };
}
