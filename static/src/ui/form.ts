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

/** A text field that a signal follows: `<Field {...typed(name)} />`. */
export function typed(signal: Signal<string>): {
  value: string;
  onInput: (value: string) => void;
} {
  return {
    value: signal.value,
    onInput(value) {
      signal.value = value;
    },
  };
}

/** The same for a choice among a few: `<Select {...picked(kind)} />`. */
export function picked<T extends string>(
  signal: Signal<T>,
): { value: T; onChange: (value: T) => void } {
  return {
    value: signal.value,
    onChange(value) {
      signal.value = value;
    },
  };
}

/** The same for a box to tick: `<Checkbox {...ticked(shown)} />`. */
export function ticked(signal: Signal<boolean>): {
  checked: boolean;
  onChange: (checked: boolean) => void;
} {
  return {
    checked: signal.value,
    onChange(checked) {
      signal.value = checked;
    },
  };
}
