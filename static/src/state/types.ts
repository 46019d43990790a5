/** What the server says about people and the network, as received. */
import type { Statement } from '../crypto/statement.ts';

export type AccountKind = 'clinician' | 'administrator';

export interface Named {
  id: string;
  name: string;
}

export interface Account {
  id: string;
  name: string;
  mail?: string | null;
  kind: AccountKind;
  profession: string;
  specialty: string | null;
  organisation: Named | null;
  certified: boolean;
  language: string;
  rpps?: string | null;
  /** When present keys took the place of older ones; null for the first. */
  keys_changed_at?: string | null;
  /** Who co-signed the present keys, in the server's words. */
  keys_vouched_by?: Named | null;
  /** New keys that wait for a registrar; to oneself and administrators only. */
  pending?: PendingKeys | null;
  /** Running or to come. */
  leave?: Leave | null;
}

export interface PendingKeys {
  statement: Statement;
  reason: 'renewal' | 'return';
  since: string;
}

export interface Leave {
  from: string;
  until: string;
  delegate: Named | null;
}

/** A person as the directory shows them; the last four fields to administrators only. */
export interface DirectoryEntry extends Omit<Account, 'language'> {
  archived: boolean;
  suspended?: boolean;
  statements: Statement[];
  created_at?: string;
  last_sign_in_at?: string | null;
}

export interface Limits {
  attachment_bytes: number;
  part_bytes: number;
  message_bytes: number;
}

export interface Network {
  net: string;
  name: string;
  /** What the server calls its root. Never trusted: the pin is in the invitation and in our keys. */
  root: string;
  demo: boolean;
  policy: Statement[];
  minimum_client: string;
  vapid_key: string | null;
  version: string;
  languages: string[];
  mail_domain_hint?: string | null;
  limits: Limits;
}

export interface SessionInfo {
  id: string;
  idle_expires_at: string;
  expires_at: string;
}

export interface Kdf {
  alg: 'argon2id';
  m: number;
  t: number;
  p: number;
}

/** The account's sealed keys as the server keeps them. */
export interface SealedKeys {
  salt: string;
  kdf: Kdf;
  ak_password: string;
  keys: string;
}

/** What sign-in, sign-up and recovery answer. */
export interface SignedIn {
  account: Account;
  csrf: string;
  session: SessionInfo;
  sealed: SealedKeys;
  statements: Statement[];
}
