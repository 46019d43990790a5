import { useSignal } from '@preact/signals';
import type { ButtonHTMLAttributes, ComponentChildren, JSX } from 'preact';
import { Link } from '../router.ts';
import { Icon, type IconName } from './icon.tsx';

export type ButtonKind = 'default' | 'primary' | 'danger' | 'danger-primary' | 'plain';

interface Look {
  kind?: ButtonKind | undefined;
  size?: 'large' | undefined;
  /** As wide as its column: the one thing to do on a phone page. */
  wide?: boolean | undefined;
  icon?: IconName | undefined;
}

export type ButtonProps = Omit<
  ButtonHTMLAttributes<HTMLButtonElement>,
  'size' | 'icon' | 'onClick' | 'type' | 'disabled' | 'label'
> &
  Look & {
    /** Words for a button that shows only its icon. */
    label?: string;
    type?: 'button' | 'submit';
    disabled?: boolean;
    /** While true the button keeps its focus, says `busyLabel` and ignores clicks. */
    busy?: boolean;
    busyLabel?: string;
    /** A promise makes the button busy until it settles. */
    onClick?: (event: MouseEvent) => unknown;
    children?: ComponentChildren;
  };

export function Button({
  kind = 'default',
  size,
  wide,
  icon,
  label,
  busy = false,
  busyLabel,
  disabled,
  type = 'button',
  onClick,
  children,
  ...rest
}: ButtonProps): JSX.Element {
  const running = useSignal(false);
  const still = busy || running.value;
  const blocked = still || Boolean(disabled);
  const press = (event: MouseEvent) => {
    if (blocked) {
      event.preventDefault();
      return;
    }
    const result = onClick?.(event);
    if (!(result instanceof Promise)) return;
    running.value = true;
    result.finally(() => {
      running.value = false;
    });
  };
  return (
    <button
      {...rest}
      type={type}
      class="button"
      data-kind={kind}
      data-size={size}
      data-wide={wide || undefined}
      data-square={(label && !children) || undefined}
      aria-label={label ?? rest['aria-label']}
      title={label && !children ? label : undefined}
      aria-disabled={blocked ? 'true' : undefined}
      aria-busy={still ? 'true' : undefined}
      onClick={press}
    >
      {icon && <Icon name={icon} />}
      {still && busyLabel ? busyLabel : children}
    </button>
  );
}

/** A link that looks like a button: it goes somewhere, it does nothing. */
export function ButtonLink({
  to,
  kind = 'default',
  size,
  wide,
  icon,
  children,
  ...rest
}: Look & { to: string; children?: ComponentChildren; 'aria-label'?: string }): JSX.Element {
  return (
    <Link
      {...rest}
      to={to}
      class="button"
      data-kind={kind}
      data-size={size}
      data-wide={wide || undefined}
    >
      {icon && <Icon name={icon} />}
      {children}
    </Link>
  );
}
