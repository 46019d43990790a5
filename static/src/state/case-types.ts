/** Cases and messages as the server sends them, and what their sealed bodies say. */
import type { AttachmentManifest, JsonObject } from '../crypto/payloads.ts';
import type { Statement } from '../crypto/statement.ts';

export type Urgency = 'urgent' | 'priority' | 'routine';
export type CaseState =
  | 'submitted'
  | 'claimed'
  | 'information_requested'
  | 'answered'
  | 'opinion_given'
  | 'acknowledged'
  | 'closed'
  | 'refused'
  | 'cancelled';
export type Step =
  | 'claim'
  | 'release'
  | 'request_information'
  | 'answer_information'
  | 'give_opinion'
  | 'amend_opinion'
  | 'acknowledge'
  | 'close'
  | 'refuse'
  | 'cancel'
  | 'ask_again'
  | 'give_second_opinion'
  | 'take_over';
export type MessageKind =
  | 'text'
  | 'opinion'
  | 'information_request'
  | 'information_answer'
  | 'refusal'
  | 'cancellation'
  | 'question';
export type Box = 'unclaimed' | 'mine' | 'waiting' | 'done';
export type Counts = Record<Box, number>;

export interface Named {
  id: string;
  name: string;
}

export type PartyRole =
  | 'pool'
  | 'former_pool'
  | 'care_team'
  | 'opener'
  | 'second_opinion'
  | 'expert'
  | 'doctor'
  | 'overflow'
  | 'custodian';

/** One of those who can read a case; `left` once taken off. The custodian has id "0". */
export interface Party extends Named {
  kind: 'group' | 'account' | 'custodian';
  role: PartyRole;
  since: string;
  left: boolean;
}

export interface StoredAttachment {
  id: string;
  /** Sealed bytes. */
  size: number;
  stored: boolean;
}

export interface CaseRow {
  id: string;
  number: string;
  pool: Named & { specialty: string | null };
  care_team: Named | null;
  organisation: Named | null;
  urgency: Urgency;
  state: CaseState;
  opened_by: Named;
  expert: Named | null;
  opened_at: string;
  due_at: string;
  claimed_at: string | null;
  answered_at: string | null;
  closed_at: string | null;
  last_sequence: number;
  last_activity_at: string;
  generation: number;
  /** Empty in lists: a single case carries them. */
  events: Statement[];
  /** Those this person can open. */
  grants: { generation: number; recipient: string; wrapped: string }[];
  previous: { generation: number; sealed: string }[];
  header: {
    version: number;
    generation: number;
    sealed: string;
    at: string;
    attachments: StoredAttachment[];
  };
  /** Account → last sequence read; 0 for who opened the case before any message. */
  read: Record<string, number>;
  /** Account → when they last read on. */
  read_at?: Record<string, string>;
  unread: number;
  steps: Step[];
  circle: Party[];
  /** A holder's key has moved on: the next words need a new key of the case. */
  rekey_due: boolean;
}

export interface MessageRow {
  id: string;
  case: string;
  /** Place in the thread; null while the message waits on this device. */
  sequence: number | null;
  author: Named;
  kind: MessageKind;
  generation: number;
  sealed: string;
  attachments: StoredAttachment[];
  posted_at: string;
}

export interface Patient {
  birth_name: string;
  used_name: string;
  given_names: string;
  sex: 'F' | 'M' | 'U';
  /** YYYY-MM-DD */
  birth_date: string;
  birthplace_code: string;
  ins: string;
  ins_status: 'provisoire' | 'recuperee' | 'validee' | 'qualifiee' | null;
  local_id: string;
}

export interface Consent {
  informed: true;
  by: 'patient' | 'representative';
  representative_name: string | null;
  how: 'oral' | 'written';
  at: string;
}

export interface HeaderBody {
  patient: Patient;
  consent: Consent;
  urgency_reason: string;
  question: string;
  reason: string | null;
  wanted_delay: string | null;
  attachments: AttachmentManifest[];
  answers: JsonObject;
}

export interface TextBody {
  text: string;
  reply_to?: string;
}

export interface OpinionBody {
  conclusion: string;
  recommendations: string;
  follow_up: string;
  incidents: string;
  version: number;
  amends?: string;
  status: 'signed' | 'amended';
}

/**
 * What the checks of a sealed thing found.
 *
 * - `whole`: opened, and signed by the person it names;
 * - `unchecked`: opened, its author's keys could not be fetched yet;
 * - `closed`: this person has no key to it yet;
 * - `broken`: someone changed, moved or replaced it. `why` is for the log and never for doctors.
 */
export type Seal =
  | { state: 'whole' }
  | { state: 'unchecked' }
  | { state: 'closed' }
  | { state: 'broken'; why: string; error: Error };

export interface OpenedCase {
  /** Who is said to have written the header, and was checked. */
  by: Named;
  header: HeaderBody | null;
  seal: Seal;
}

export interface OpenedMessage {
  /** What was opened: said of another author, kind or place, it is another message. */
  of: MessageRow;
  body: TextBody | OpinionBody | null;
  attachments: AttachmentManifest[];
  /** When the author's device says it was written. */
  at: string | null;
  /** Ids of the messages the author had before their eyes. */
  seen: readonly string[];
  seal: Seal;
}
