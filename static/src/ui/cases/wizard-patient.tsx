import type { JSX } from 'preact';
import { t } from '../../i18n.ts';
import type { Patient } from '../../state/case-types.ts';
import type { CaseDraft } from '../../state/drafts.ts';
import { Checkbox, Choice, Field, Select } from '../field.tsx';
import { Icon } from '../icon.tsx';
import type { StepProps } from './wizard-draft.ts';

export function PatientStep({ draft, wrong, onChange }: StepProps): JSX.Element {
  const { patient, consent } = draft;
  const set = (part: Partial<Patient>) => onChange({ patient: { ...patient, ...part } });
  const agree = (part: Partial<CaseDraft['consent']>) =>
    onChange({ consent: { ...consent, ...part } });
  const field = (name: keyof Patient, label: string) => ({
    name,
    label,
    value: (patient[name] as string | null) ?? '',
    onInput: (value: string) => set({ [name]: value }),
    error: wrong[name],
    autocomplete: 'off',
  });
  return (
    <>
      <p class="quiet">{t('Sealed before it leaves: the server never reads a name.')}</p>
      <Field {...field('birth_name', t('Birth name'))} autocapitalize="characters" />
      <Field {...field('given_names', t('Given names'))} autocapitalize="words" />
      <div class="compact">
        <Choice
          legend={t('Sex')}
          name="sex"
          value={patient.sex}
          options={[
            { value: 'F', label: t('Woman') },
            { value: 'M', label: t('Man') },
            { value: 'U', label: t('Not stated') },
          ]}
          onChange={(sex) => set({ sex })}
        />
      </div>
      <Field {...field('birth_date', t('Birth date'))} type="date" max={today()} min="1900-01-01" />
      <details class="more">
        <summary>{t('Used name, INS, local identifier')}</summary>
        <div class="stack">
          <Field {...field('used_name', t('Used name'))} optional />
          <Field
            {...field('ins', t('INS'))}
            optional
            inputMode="numeric"
            hint={t('National health identity, when you know it')}
          />
          {patient.ins && (
            <Select
              name="ins_status"
              label={t('Status of the INS')}
              value={patient.ins_status ?? 'provisoire'}
              options={[
                { value: 'provisoire', label: t('provisional') },
                { value: 'recuperee', label: t('retrieved') },
                { value: 'validee', label: t('validated') },
                { value: 'qualifiee', label: t('qualified') },
              ]}
              onChange={(ins_status) => set({ ins_status })}
            />
          )}
          <Field {...field('local_id', t('Local identifier'))} optional />
          <Field
            {...field('birthplace_code', t('Birthplace code'))}
            optional
            hint={t('INSEE code of the town, or of the country')}
          />
        </div>
      </details>
      <fieldset class="card stack" data-gap="small">
        <legend class="label">{t('Consent')}</legend>
        {wrong['consent'] && (
          <p class="error">
            <Icon name="warning" />
            {wrong['consent']}
          </p>
        )}
        <Checkbox
          label={
            consent.by === 'patient'
              ? t('The patient was informed and does not object')
              : t('The representative was informed and does not object')
          }
          checked={consent.informed}
          aria-invalid={wrong['consent'] ? 'true' : undefined}
          onChange={(informed) => agree({ informed, at: informed ? new Date().toISOString() : '' })}
        />
        <details class="more">
          <summary>{t('Someone else, or in writing')}</summary>
          <div class="stack">
            <Choice
              legend={t('Who was informed')}
              name="consent-by"
              value={consent.by}
              options={[
                { value: 'patient', label: t('The patient') },
                { value: 'representative', label: t('A representative') },
              ]}
              onChange={(by) => agree({ by })}
            />
            {consent.by === 'representative' && (
              <Field
                name="representative"
                label={t('Name of the representative')}
                value={consent.representative_name ?? ''}
                error={wrong['representative']}
                autocomplete="off"
                onInput={(representative_name) => agree({ representative_name })}
              />
            )}
            <Choice
              legend={t('How')}
              name="consent-how"
              value={consent.how}
              options={[
                { value: 'oral', label: t('Spoken') },
                { value: 'written', label: t('In writing') },
              ]}
              onChange={(how) => agree({ how })}
            />
          </div>
        </details>
      </fieldset>
    </>
  );
}

function today(): string {
  const now = new Date();
  const pad = (n: number) => String(n).padStart(2, '0');
  return `${now.getFullYear()}-${pad(now.getMonth() + 1)}-${pad(now.getDate())}`;
}
