/**
 * Contexts bind a sealed blob to its place: opening it anywhere else fails, so the server can
 * neither move nor exchange blobs. Every id is checked, because a `|` inside one would let two
 * places share a context.
 */
import { ContextRefused, NotLowerCaseUuid } from './errors.ts';

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
/** A WebAuthn credential id is at most 1023 bytes (Level 3 section 4), in base64url here. */
const CREDENTIAL = /^[A-Za-z0-9_-]{1,1364}$/;

export function isUuid(value: unknown): value is string {
  return typeof value === 'string' && UUID.test(value);
}

/** A number of the protocol: a plain integer that JavaScript holds exactly. */
export function isNumber(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function id(value: string): string {
  if (!isUuid(value)) throw new NotLowerCaseUuid('not a lower-case UUID');
  return value;
}

function number(value: number): string {
  if (!isNumber(value)) throw new ContextRefused(`not a number of a context: ${value}`);
  return String(value);
}

function context(purpose: string, ...place: string[]): string {
  return ['cordee1', purpose, ...place].join('|');
}

export const groupRecipient = (group: string, epoch: number) =>
  `group:${id(group)}@${number(epoch)}`;
export const accountRecipient = (account: string, seq: number) =>
  `account:${id(account)}@${number(seq)}`;
export const custodianRecipient = (n: number) => `custodian:${number(n)}`;

/** What a recipient of a case key is, once its text is taken apart. */
export type Recipient =
  | { kind: 'group'; id: string; epoch: number }
  | { kind: 'account'; id: string; seq: number }
  | { kind: 'custodian'; n: number };

const RECIPIENT = /^(?:(group|account):([0-9a-f-]{36})@|(custodian):)(0|[1-9][0-9]{0,15})$/;

export function parseRecipient(text: string): Recipient {
  const [, kind, subject, custodian, digits] = RECIPIENT.exec(text) ?? [];
  const n = Number(digits);
  if (!isNumber(n)) throw new ContextRefused('not a recipient');
  if (custodian) return { kind: 'custodian', n };
  if (!isUuid(subject)) throw new ContextRefused('not a recipient');
  return kind === 'group'
    ? { kind, id: subject, epoch: n }
    : { kind: 'account', id: subject, seq: n };
}

function recipient(text: string): string {
  parseRecipient(text);
  return text;
}

/** What seals a copy of the account key, passkeys apart. */
export type Way = 'password' | 'recovery';

export const accountKeyContext = (net: string, account: string, way: Way) => {
  if (way !== 'password' && way !== 'recovery') {
    throw new ContextRefused('an account key opens by password, recovery or passkey');
  }
  return context('ak', id(net), id(account), way);
};

/** `credential` is the passkey's id in base64url. */
export const passkeyContext = (net: string, account: string, credential: string) => {
  if (!CREDENTIAL.test(credential)) {
    throw new ContextRefused('a credential id is written in base64url without padding');
  }
  return context('ak', id(net), id(account), `passkey:${credential}`);
};

export const keysContext = (net: string, account: string, seq: number) =>
  context('keys', id(net), id(account), number(seq));

export const groupContext = (
  net: string,
  group: string,
  epoch: number,
  member: string,
  memberSeq: number,
) => context('group', id(net), id(group), number(epoch), id(member), number(memberSeq));

export const groupPrevContext = (net: string, group: string, epoch: number) =>
  context('group-prev', id(net), id(group), number(epoch));

export const caseContext = (net: string, caseId: string, generation: number, to: string) =>
  context('case', id(net), id(caseId), number(generation), recipient(to));

export const casePrevContext = (net: string, caseId: string, generation: number) =>
  context('case-prev', id(net), id(caseId), number(generation));

export const headerContext = (net: string, caseId: string, generation: number, version: number) =>
  context('header', id(net), id(caseId), number(generation), number(version));

export const messageContext = (net: string, caseId: string, generation: number, message: string) =>
  context('message', id(net), id(caseId), number(generation), id(message));

/** Part `i` of the `n` parts of an attachment. */
export const attachmentContext = (
  net: string,
  caseId: string,
  attachment: string,
  i: number,
  n: number,
) => {
  if (i >= n) throw new ContextRefused(`no part ${i} among ${n}`);
  return context('att', id(net), id(caseId), id(attachment), number(i), number(n));
};
