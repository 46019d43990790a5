/** What a step of the wizard is given, what must be mended in a draft, and the header it becomes. */
import { t } from '../../i18n.ts';
import { ageAt } from '../../state/bodies.ts';
import type { HeaderBody, Patient } from '../../state/case-types.ts';
import type { CaseDraft } from '../../state/drafts.ts';
import { findGroup } from '../../state/groups.ts';

/** Field → what is wrong with it, in words. */
export type Wrong = Readonly<Record<string, string>>;

export interface StepProps {
  draft: CaseDraft;
  wrong: Wrong;
  onChange: (part: Partial<CaseDraft>) => void;
  onGo: (step: number) => void;
  onNext: () => void;
}

/** What must be mended before leaving a step. The last step repeats all of them. */
export function problemsOf(draft: CaseDraft, step: number): Wrong {
  const wrong: Record<string, string> = {};
  const last = step === 4;
  if ((step === 0 || last) && (!draft.pool || !findGroup(draft.pool))) {
    wrong['pool'] = t('Choose whom to ask.');
  }
  if (step === 1 || last) Object.assign(wrong, patientProblems(draft));
  if (step === 2 || last) {
    if (!draft.urgency) wrong['urgency'] = t('Choose one of the three.');
    if (draft.urgency && draft.urgency !== 'routine' && !draft.urgencyReason.trim()) {
      wrong['urgencyReason'] = t('Say in a few words why it cannot wait.');
    }
  }
  if ((step === 3 || last) && !draft.question.trim()) {
    wrong['question'] = t('Write your question: one sentence is enough.');
  }
  return wrong;
}

function patientProblems({ patient, consent }: CaseDraft): Wrong {
  const wrong: Record<string, string> = {};
  if (!patient.birth_name.trim()) wrong['birth_name'] = t('Write the name given at birth.');
  if (!patient.given_names.trim()) wrong['given_names'] = t('Write at least one given name.');
  if (ageAt(patient.birth_date, new Date()) === null) {
    wrong['birth_date'] = t('Give a birth date that has already been.');
  }
  if (patient.ins && !/^\d{13}(\d\d)?$/.test(patient.ins)) {
    wrong['ins'] = t('An INS has 13 digits, or 15 with its key.');
  }
  if (consent.by === 'representative' && !consent.representative_name?.trim()) {
    wrong['representative'] = t('Write the representative’s name.');
  }
  if (!consent.informed) {
    wrong['consent'] = t('Without consent no request leaves: inform the patient first.');
  }
  return wrong;
}

/** The sealed header a draft becomes. */
export function headerOf(draft: CaseDraft): HeaderBody {
  const { patient, consent } = draft;
  const trimmed = Object.fromEntries(
    Object.entries(patient).map(([name, value]) => [
      name,
      typeof value === 'string' ? value.trim() : value,
    ]),
  ) as unknown as Patient;
  return {
    patient: { ...trimmed, ins_status: trimmed.ins ? (trimmed.ins_status ?? 'provisoire') : null },
    consent: {
      informed: true,
      by: consent.by,
      representative_name:
        consent.by === 'representative' ? (consent.representative_name?.trim() ?? null) : null,
      how: consent.how,
      at: consent.at || new Date().toISOString(),
    },
    urgency_reason: draft.urgencyReason.trim(),
    question: draft.question.trim(),
    reason: draft.reason.trim() || null,
    wanted_delay: draft.wantedDelay.trim() || null,
    attachments: draft.files,
    answers: {},
  };
}
