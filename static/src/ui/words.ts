/** Words for the codes that the server keeps, and times as people say them. */
import { language, t, tn } from '../i18n.ts';
import type { Option } from './field.tsx';

export function professions(): Option[] {
  return [
    { value: 'physician', label: t('Physician') },
    { value: 'nurse', label: t('Nurse') },
    { value: 'midwife', label: t('Midwife') },
    { value: 'pharmacist', label: t('Pharmacist') },
    { value: 'dentist', label: t('Dentist') },
    { value: 'physiotherapist', label: t('Physiotherapist') },
    { value: 'administrator', label: t('Administrator') },
    { value: 'other', label: t('Other') },
  ];
}

export function specialties(): Option[] {
  return [
    { value: 'general_practice', label: t('General practice') },
    { value: 'dermatology', label: t('Dermatology') },
    { value: 'orthopaedics', label: t('Orthopaedics') },
    { value: 'rheumatology', label: t('Rheumatology') },
    { value: 'radiology', label: t('Radiology') },
    { value: 'geriatrics', label: t('Geriatrics') },
    { value: 'emergency', label: t('Emergency medicine') },
    { value: 'other', label: t('Other') },
  ];
}

export function organisationKinds(): Option[] {
  return [
    { value: 'hospital', label: t('Hospital') },
    { value: 'practice', label: t('Practice') },
    { value: 'imaging', label: t('Imaging centre') },
    { value: 'ehpad', label: t('Nursing home') },
    { value: 'maison_de_sante', label: t('Health centre') },
  ];
}

function wordOf(options: readonly Option[], value: string | null | undefined): string {
  return options.find((option) => option.value === value)?.label ?? value ?? '';
}

export const specialtyWord = (value: string | null | undefined) => wordOf(specialties(), value);
export const professionWord = (value: string | null | undefined) => wordOf(professions(), value);
export const organisationKindWord = (value: string) => wordOf(organisationKinds(), value);

/** What somebody is, in one phrase: the specialty says more than the profession. */
export function professionOf(person: {
  kind: string;
  profession: string;
  specialty: string | null;
}): string {
  if (person.kind === 'administrator') return t('Administrator');
  return specialtyWord(person.specialty) || professionWord(person.profession);
}

/** Minutes in the largest unit that stays exact enough to plan by. */
export function durationWord(minutes: number): string {
  if (minutes < 60) return tn('{n} minute', '{n} minutes', minutes);
  if (minutes < 48 * 60) return tn('{n} hour', '{n} hours', Math.round(minutes / 60));
  return tn('{n} day', '{n} days', Math.round(minutes / (24 * 60)));
}

/** English here is European: day before month, 24 hours. */
const locale = () => (language() === 'en' ? 'en-GB' : language());

export function dateTimeWord(instant: string | number | Date): string {
  return new Intl.DateTimeFormat(locale(), { dateStyle: 'medium', timeStyle: 'short' }).format(
    new Date(instant),
  );
}

/** “22 November 2026”. */
export function dateWord(instant: string | number | Date): string {
  return new Intl.DateTimeFormat(locale(), { dateStyle: 'long' }).format(new Date(instant));
}

/** The day that ends at an instant: midnight belongs to the day before. */
export function lastDay(end: string): string {
  return dateWord(new Date(end).getTime() - 1);
}

const UNITS: [Intl.RelativeTimeFormatUnit, number][] = [
  ['day', 86_400],
  ['hour', 3_600],
  ['minute', 60],
];

/** “3 minutes ago”, “in 2 days”. */
export function agoWord(instant: string | number | Date, now = Date.now()): string {
  const seconds = (new Date(instant).getTime() - now) / 1000;
  const format = new Intl.RelativeTimeFormat(locale(), { numeric: 'auto' });
  for (const [unit, size] of UNITS) {
    if (Math.abs(seconds) >= size) return format.format(Math.round(seconds / size), unit);
  }
  return t('just now');
}
