/**
 * What sealed bodies say, read defensively: the signature proves who wrote them, not that their
 * client was careful. Missing texts become empty, never `undefined` on the page.
 */
import type { AttachmentManifest, JsonObject } from '../crypto/payloads.ts';
import type {
  Consent,
  HeaderBody,
  MessageKind,
  OpinionBody,
  Patient,
  TextBody,
} from './case-types.ts';

const text = (value: unknown): string => (typeof value === 'string' ? value : '');
const textOrNull = (value: unknown): string | null =>
  typeof value === 'string' && value !== '' ? value : null;
const record = (value: unknown): Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : {};
const oneOf = <T extends string>(value: unknown, ...known: T[]): T | undefined =>
  known.find((word) => word === value);

function readPatient(value: unknown): Patient {
  const said = record(value);
  return {
    birth_name: text(said['birth_name']),
    used_name: text(said['used_name']),
    given_names: text(said['given_names']),
    sex: oneOf(said['sex'], 'F', 'M') ?? 'U',
    birth_date: text(said['birth_date']),
    birthplace_code: text(said['birthplace_code']),
    ins: text(said['ins']),
    ins_status:
      oneOf(said['ins_status'], 'provisoire', 'recuperee', 'validee', 'qualifiee') ?? null,
    local_id: text(said['local_id']),
  };
}

function readConsent(value: unknown): Consent {
  const said = record(value);
  return {
    informed: true,
    by: oneOf(said['by'], 'representative') ?? 'patient',
    representative_name: textOrNull(said['representative_name']),
    how: oneOf(said['how'], 'written') ?? 'oral',
    at: text(said['at']),
  };
}

/** The manifests themselves were checked when they were attached and are checked when opened. */
function readAttachments(value: unknown): AttachmentManifest[] {
  if (!Array.isArray(value)) return [];
  return value.filter((file): file is AttachmentManifest => {
    const said = record(file);
    return (
      typeof said['id'] === 'string' &&
      typeof said['name'] === 'string' &&
      typeof said['type'] === 'string' &&
      typeof said['key'] === 'string' &&
      typeof said['size'] === 'number' &&
      Array.isArray(said['parts'])
    );
  });
}

export function readHeader(body: JsonObject): HeaderBody {
  return {
    patient: readPatient(body['patient']),
    consent: readConsent(body['consent']),
    urgency_reason: text(body['urgency_reason']),
    question: text(body['question']),
    reason: textOrNull(body['reason']),
    wanted_delay: textOrNull(body['wanted_delay']),
    attachments: readAttachments(body['attachments']),
    answers: record(body['answers']) as JsonObject,
  };
}

export function readMessageBody(kind: MessageKind, body: JsonObject): TextBody | OpinionBody {
  if (kind !== 'opinion') {
    const replyTo = textOrNull(body['reply_to']);
    return { text: text(body['text']), ...(replyTo === null ? {} : { reply_to: replyTo }) };
  }
  const amends = textOrNull(body['amends']);
  return {
    conclusion: text(body['conclusion']),
    recommendations: text(body['recommendations']),
    follow_up: text(body['follow_up']),
    incidents: text(body['incidents']),
    version: typeof body['version'] === 'number' ? body['version'] : 1,
    status: oneOf(body['status'], 'amended') ?? 'signed',
    ...(amends === null ? {} : { amends }),
  };
}

export function isOpinion(body: TextBody | OpinionBody | null): body is OpinionBody {
  return body !== null && 'conclusion' in body;
}

/** How a person is called: the name used in life, else the one given at birth. */
export function patientName(patient: Patient): string {
  const family = (patient.used_name || patient.birth_name).toLocaleUpperCase();
  return [family, patient.given_names].filter(Boolean).join(' ') || '—';
}

/** Whole years at `now`, or null when the birth date is not one. */
export function ageAt(birthDate: string, now: Date): number | null {
  const found = /^(\d{4})-(\d\d)-(\d\d)$/.exec(birthDate);
  if (!found) return null;
  const [year, month, day] = found.slice(1).map(Number) as [number, number, number];
  const before =
    now.getMonth() + 1 < month || (now.getMonth() + 1 === month && now.getDate() < day);
  const age = now.getFullYear() - year - (before ? 1 : 0);
  return age >= 0 && age < 150 ? age : null;
}
