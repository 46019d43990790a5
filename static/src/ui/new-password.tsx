import { useSignal } from '@preact/signals';
import type { JSX } from 'preact';
import { useEffect } from 'preact/hooks';
import { t } from '../i18n.ts';
import { LEAST_LENGTH, passwordStrength, type Strength } from '../state/strength.ts';
import { PasswordField } from './field.tsx';

function verdict(strength: Strength, length: number): string {
  if (strength.enough) return strength.score > 3 ? t('Very strong') : t('Strong enough');
  if (length < LEAST_LENGTH) return t('Too short: at least {n} characters', { n: LEAST_LENGTH });
  return t('Too easy to guess');
}

/** A password being chosen: how strong it is in words, and what would help. */
export function NewPassword({
  label,
  value,
  onInput,
  about,
  onJudged,
}: {
  label: string;
  value: string;
  onInput: (value: string) => void;
  /** The person's own words, which others would try first. */
  about: string[];
  onJudged: (enough: boolean) => void;
}): JSX.Element {
  const strength = useSignal<Strength | null>(null);
  const told = about.join(' ');
  useEffect(() => {
    let current = true;
    if (value === '') {
      strength.value = null;
      onJudged(false);
      return;
    }
    passwordStrength(value, [told]).then(
      (judged) => {
        if (!current) return;
        strength.value = judged;
        onJudged(judged.enough);
      },
      // Without the dictionaries length alone decides.
      () => current && onJudged(value.length >= 16),
    );
    return () => {
      current = false;
    };
  }, [value, told, strength, onJudged]);
  const judged = strength.value;
  return (
    <div class="stack" data-gap="small">
      <PasswordField
        label={label}
        hint={t('A sentence of four or five unrelated words is strong and easy to keep.')}
        name="new-password"
        autocomplete="new-password"
        minLength={LEAST_LENGTH}
        value={value}
        onInput={onInput}
      />
      {judged && (
        <div class="strength" data-score={judged.score} data-enough={judged.enough || undefined}>
          <meter
            min={0}
            max={4}
            low={2}
            high={3}
            optimum={4}
            value={judged.score}
            aria-label={t('Strength of the password')}
          />
          <p role="status">{verdict(judged, value.length)}</p>
          {!judged.enough &&
            judged.advice.map((sentence) => (
              <p key={sentence} class="quiet small">
                {sentence}
              </p>
            ))}
        </div>
      )}
    </div>
  );
}
