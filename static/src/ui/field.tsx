import { useSignal } from '@preact/signals';
import type {
  ComponentChildren,
  JSX,
  PartialInputHTMLAttributes,
  PartialSelectHTMLAttributes,
  TextareaHTMLAttributes,
} from 'preact';
import { useId } from 'preact/hooks';
import { t } from '../i18n.ts';
import { Icon } from './icon.tsx';

interface Common {
  label: string;
  /** Says beforehand what is wanted, so that fewer errors need saying afterwards. */
  hint?: ComponentChildren;
  error?: string | null | undefined;
  /** Fields are required unless said otherwise; the optional ones are marked, in words. */
  optional?: boolean | 'unmarked';
}

interface Described {
  id: string;
  'aria-describedby': string | undefined;
  'aria-invalid': 'true' | undefined;
  required: boolean;
}

/** Label, hint and error around one control, tied together for those who do not see them. */
function Wrapped({
  label,
  hint,
  error,
  optional,
  children,
}: Common & { children: (described: Described) => ComponentChildren }): JSX.Element {
  const id = useId();
  const describedBy =
    [hint ? `${id}-hint` : '', error ? `${id}-error` : ''].filter(Boolean).join(' ') || undefined;
  return (
    <div class="field">
      <label class="label" for={id}>
        {label}
        {optional === true && <span class="optional"> {t('(optional)')}</span>}
      </label>
      {hint && (
        <div class="hint" id={`${id}-hint`}>
          {hint}
        </div>
      )}
      {children({
        id,
        'aria-describedby': describedBy,
        'aria-invalid': error ? 'true' : undefined,
        required: !optional,
      })}
      {error && (
        <p class="error" id={`${id}-error`}>
          <Icon name="warning" />
          {error}
        </p>
      )}
    </div>
  );
}

/** Attributes that pass through to the control itself. */
type Passed<Attributes> = Omit<
  Attributes,
  'label' | 'onInput' | 'onChange' | 'value' | 'checked' | 'required' | 'name' | 'type' | 'role'
>;

type InputProps = Passed<PartialInputHTMLAttributes<HTMLInputElement>> & {
  type?: 'text' | 'email' | 'tel' | 'search' | 'date' | 'time' | 'number' | 'datetime-local';
  'data-code'?: boolean;
};

export type FieldProps = Common &
  InputProps & {
    name: string;
    value: string;
    onInput: (value: string) => void;
  };

export function Field({
  label,
  hint,
  error,
  optional = false,
  value,
  onInput,
  type = 'text',
  ...rest
}: FieldProps): JSX.Element {
  const wrap: Common = { label, optional, ...(hint ? { hint } : {}), error };
  return (
    <Wrapped {...wrap}>
      {(described) => (
        <input
          {...rest}
          {...described}
          class="input"
          type={type as 'text'}
          value={value}
          onInput={(event) => onInput(event.currentTarget.value)}
        />
      )}
    </Wrapped>
  );
}

/** A password that can be looked at: hidden typing on a phone is where long ones go to die. */
export function PasswordField({
  label,
  hint,
  error,
  value,
  onInput,
  ...rest
}: Omit<FieldProps, 'type' | 'optional'>): JSX.Element {
  const shown = useSignal(false);
  const wrap: Common = { label, ...(hint ? { hint } : {}), error };
  return (
    <Wrapped {...wrap}>
      {(described) => (
        <div class="with-action">
          <input
            autocapitalize="off"
            autocorrect="off"
            spellcheck={false}
            {...rest}
            {...described}
            class="input"
            type={(shown.value ? 'text' : 'password') as 'text'}
            value={value}
            onInput={(event) => onInput(event.currentTarget.value)}
          />
          <button
            type="button"
            aria-pressed={shown.value}
            aria-label={t('Show the password')}
            onClick={() => {
              shown.value = !shown.value;
            }}
          >
            <Icon name={shown.value ? 'eye-off' : 'eye'} />
          </button>
        </div>
      )}
    </Wrapped>
  );
}

/** Six digits from the authenticator, or eight from a mail. */
export function CodeField({
  digits = 6,
  onInput,
  ...rest
}: Omit<FieldProps, 'type' | 'optional'> & { digits?: number }): JSX.Element {
  return (
    <Field
      autocomplete="one-time-code"
      {...rest}
      inputMode="numeric"
      pattern="[0-9 ]*"
      maxLength={digits + 2}
      data-code
      onInput={(value) => onInput(value.replace(/\D/g, '').slice(0, digits))}
    />
  );
}

export function TextArea({
  label,
  hint,
  error,
  optional = false,
  value,
  onInput,
  ...rest
}: Common &
  Passed<TextareaHTMLAttributes<HTMLTextAreaElement>> & {
    name: string;
    value: string;
    onInput: (value: string) => void;
  }): JSX.Element {
  const wrap: Common = { label, optional, ...(hint ? { hint } : {}), error };
  return (
    <Wrapped {...wrap}>
      {(described) => (
        <textarea
          {...rest}
          {...described}
          class="input"
          value={value}
          onInput={(event) => onInput(event.currentTarget.value)}
        />
      )}
    </Wrapped>
  );
}

export interface Option<T extends string = string> {
  value: T;
  label: string;
  hint?: string;
}

export function Select<T extends string>({
  label,
  hint,
  error,
  optional = false,
  value,
  options,
  onChange,
  ...rest
}: Common &
  Omit<Passed<PartialSelectHTMLAttributes<HTMLSelectElement>>, 'size'> & {
    name: string;
    value: T | '';
    options: readonly Option<T>[];
    onChange: (value: T) => void;
  }): JSX.Element {
  const wrap: Common = { label, optional, ...(hint ? { hint } : {}), error };
  return (
    <Wrapped {...wrap}>
      {(described) => (
        <select
          {...rest}
          {...described}
          class="input"
          value={value}
          onChange={(event) => onChange(event.currentTarget.value as T)}
        >
          {(value === '' || optional) && <option value="">{optional ? '—' : t('Choose')}</option>}
          {options.map((option) => (
            <option key={option.value} value={option.value}>
              {option.label}
            </option>
          ))}
        </select>
      )}
    </Wrapped>
  );
}

export function Checkbox({
  label,
  hint,
  checked,
  onChange,
  ...rest
}: Passed<PartialInputHTMLAttributes<HTMLInputElement>> & {
  name?: string;
  label: ComponentChildren;
  hint?: string;
  checked: boolean;
  onChange: (checked: boolean) => void;
}): JSX.Element {
  return (
    <label class="check">
      <input
        {...rest}
        type="checkbox"
        checked={checked}
        onChange={(event) => onChange(event.currentTarget.checked)}
      />
      <span>
        {label}
        {hint && <span class="hint">{hint}</span>}
      </span>
    </label>
  );
}

/** One of a few, as tiles: the whole surface answers to the thumb. */
export function Choice<T extends string>({
  legend,
  name,
  value,
  options,
  onChange,
  hideLegend = false,
}: {
  legend: string;
  name: string;
  value: T | '';
  options: readonly Option<T>[];
  onChange: (value: T) => void;
  hideLegend?: boolean;
}): JSX.Element {
  return (
    <fieldset class="field">
      <legend class={hideLegend ? 'visually-hidden' : 'label'}>{legend}</legend>
      <div class="tiles">
        {options.map((option) => (
          <label key={option.value} class="tile">
            <input
              type="radio"
              name={name}
              value={option.value}
              checked={value === option.value}
              onChange={() => onChange(option.value)}
            />
            <span class="tile-text">
              <span>{option.label}</span>
              {option.hint && <span class="hint">{option.hint}</span>}
            </span>
          </label>
        ))}
      </div>
    </fieldset>
  );
}
