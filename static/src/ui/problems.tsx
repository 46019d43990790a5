import type { JSX } from 'preact';
import { ProtocolError } from '../crypto/errors.ts';
import { t, tn } from '../i18n.ts';
import { Locked } from '../state/keys.ts';
import { verdictWords } from '../state/verdicts.ts';
import { NetworkDown, Problem } from '../transport/http.ts';
import { Button, type ButtonProps } from './button.tsx';
import { Banner } from './feedback.tsx';
import type { Form } from './form.ts';

/**
 * What to tell the person about a failure: the server's own sentence when it gave one, and always
 * what to do next. Nothing technical: the code goes to the trace, not to the doctor.
 */
export function explain(error: unknown): string {
  if (error instanceof NetworkDown) {
    return t('The network does not answer. Nothing was lost; try again when it is back.');
  }
  if (error instanceof Problem) {
    const wait = error.retryAfter;
    if (error.code === 'rate_limited' && wait !== null) return tooMany(wait);
    if (error.detail) return error.detail;
    return t('The server could not do this. Try again in a moment.');
  }
  if (error instanceof Locked) {
    return t('Cordée is locked. Unlock it with your password, then try again.');
  }
  if (error instanceof ProtocolError) {
    return `${verdictWords(error)} ${t('This was stopped; the rest stays usable.')}`;
  }
  return t('Something went wrong on this device. Reload the page and try again.');
}

/** A wait in the unit a person counts in. */
export function tooMany(seconds: number): string {
  if (seconds < 90) {
    return tn(
      'Too many attempts. Try again in {n} second.',
      'Too many attempts. Try again in {n} seconds.',
      Math.ceil(seconds),
    );
  }
  return tn(
    'Too many attempts. Try again in {n} minute.',
    'Too many attempts. Try again in {n} minutes.',
    Math.ceil(seconds / 60),
  );
}

/** The failure of a form or page, if any. */
export function Problems({ error }: { error: unknown }): JSX.Element | null {
  if (!error) return null;
  return (
    <Banner tone={error instanceof NetworkDown ? 'warning' : 'problem'} live>
      {explain(error)}
    </Banner>
  );
}

/** The end of a form: what went wrong at the last try, and the button that sends it. */
export function Send({ form, ...button }: Omit<ButtonProps, 'form'> & { form: Form }): JSX.Element {
  return (
    <>
      <Problems error={form.error.value} />
      <div>
        <Button type="submit" kind="primary" busy={form.busy.value} {...button} />
      </div>
    </>
  );
}
