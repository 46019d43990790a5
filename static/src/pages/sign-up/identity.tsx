import { type Signal, useSignal } from '@preact/signals';
import type { JSX } from 'preact';
import { t } from '../../i18n.ts';
import { isRpps } from '../../state/rpps.ts';
import type { AccountKind, Named } from '../../state/types.ts';
import { picked, typed } from '../../ui/form.ts';
import { Button, Field, Select } from '../../ui/index.ts';
import { professions, specialties } from '../../ui/words.ts';

/** What an invitation's link is answered. */
export interface Opening {
  mail: string;
  kind: AccountKind;
  organisation: Named | null;
  net: string;
  totp_secret: string;
  totp_uri: string;
}

export interface Draft {
  name: Signal<string>;
  profession: Signal<string>;
  specialty: Signal<string>;
  rpps: Signal<string>;
  password: Signal<string>;
}

/** Who one is: signed with everything written later. */
export function Identity({
  draft,
  opening,
  onNext,
}: {
  draft: Draft;
  opening: Opening;
  onNext: () => void;
}): JSX.Element {
  const clinician = opening.kind === 'clinician';
  const rppsWrong = useSignal(false);
  const digits = draft.rpps.value.replace(/\s/g, '');
  return (
    <form
      class="stack"
      onSubmit={(event) => {
        event.preventDefault();
        rppsWrong.value = clinician ? !isRpps(digits) : digits !== '' && !isRpps(digits);
        if (!rppsWrong.value) onNext();
      }}
    >
      <p class="quiet">
        {opening.organisation
          ? t('Invitation for {mail}, on behalf of {organisation}.', {
              mail: opening.mail,
              organisation: opening.organisation.name,
            })
          : t('Invitation for {mail}.', { mail: opening.mail })}
      </p>
      <Field
        label={t('First and last name')}
        hint={t('As your colleagues know you. It is signed with everything you write.')}
        name="name"
        autocomplete="name"
        maxLength={200}
        {...typed(draft.name)}
      />
      {clinician && (
        <>
          <Select
            label={t('Profession')}
            name="profession"
            options={professions().filter(({ value }) => value !== 'administrator')}
            {...picked(draft.profession)}
          />
          {draft.profession.value === 'physician' && (
            <Select
              label={t('Specialty')}
              name="specialty"
              options={specialties()}
              {...picked(draft.specialty)}
            />
          )}
        </>
      )}
      <Field
        label={t('RPPS number')}
        hint={t('Eleven digits, on your professional card.')}
        name="rpps"
        inputMode="numeric"
        autocomplete="off"
        maxLength={16}
        optional={!clinician}
        error={
          rppsWrong.value
            ? t(
                'This is not an RPPS number: a digit is missing or mistyped. Check it against your card.',
              )
            : null
        }
        {...typed(draft.rpps)}
      />
      <Button type="submit" kind="primary" size="large" wide>
        {t('Continue')}
      </Button>
    </form>
  );
}
