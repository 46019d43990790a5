/** What a group is: as the server describes it, and with its chain checked. */
import type { Bytes } from '../crypto/bytes.ts';
import type { Group as GroupChain } from '../crypto/chain.ts';
import type { Statement } from '../crypto/statement.ts';
import type { Named } from './types.ts';

export type GroupKind = 'pool' | 'care_team';
export type Urgency = 'urgent' | 'priority' | 'routine';

export interface GroupMember {
  id: string;
  name: string;
  specialty: string | null;
  present: boolean;
  /** On the signed roll, and nobody has handed over the key yet. */
  waiting: boolean;
  /** When they leave, as a manager signed. */
  until: string | null;
}

/** A group as the server describes it. */
export interface GroupEntry {
  id: string;
  kind: GroupKind;
  name: string;
  specialty: string | null;
  territory: string;
  organisation: Named | null;
  /** Minutes to an answer; pools only. */
  deadlines: Record<Urgency, number> | null;
  archived: boolean;
  frozen: boolean;
  statements: Statement[];
  members: GroupMember[];
  served_by: number;
  median_answer_minutes: number | null;
  mine: boolean;
  managed: boolean;
  /** An end date has passed and no manager's device has signed the departure yet. */
  departures_due: boolean;
  /** Members on leave today. */
  away: { id: string; until: string; delegate: Named | null }[];
}

/** The same with its chain checked. `broken` says why it is not to be written to, though its chain may hold. */
export interface Group extends GroupEntry {
  chain: GroupChain | null;
  epoch: number;
  broken: Error | null;
}

export interface GroupDetail extends GroupEntry {
  grants: { epoch: number; member_seq: number; wrapped: string }[];
  /** Each as one member made it: the first that holds is taken. */
  previous: { epoch: number; sealed: string; by: string }[];
}

/** A group as fetched alone, with our keys, and its chain that holds. */
export interface OpenGroup {
  detail: GroupDetail;
  chain: GroupChain;
}

/** A group whose chain holds, with the key to wrap to. */
export type VerifiedGroup = Group & { chain: GroupChain; kemKey: Bytes };
