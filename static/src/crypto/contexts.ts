/**
 * Contexts bind a sealed blob to its place: opening it anywhere else fails, so the server can
 * neither move nor exchange blobs. Every id is checked, because a `|` inside one would let two
 * places share a context.
 */
import { BadInput } from './errors.ts';

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
const CREDENTIAL = /^[A-Za-z0-9_-]+$/;

export function isUuid(value: unknown): value is string {
  return typeof value === 'string' && UUID.test(value);
}

/** A counter of the protocol: an unsigned 32-bit integer, as wide as a log leaf stores it. */
export function isCounter(value: unknown): value is number {
  return Number.isInteger(value) && (value as number) >= 0 && (value as number) <= 0xffffffff;
}

function id(value: string): string {
  if (!isUuid(value)) throw new BadInput(`not an id: ${value}`);
  return value;
}

function counter(value: number): string {
  if (!isCounter(value)) throw new BadInput(`not a counter: ${value}`);
  return String(value);
}

function context(purpose: string, ...place: string[]): string {
  return ['cordee1', purpose, ...place].join('|');
}

/** Which of a person's secrets seals a copy of the account key. */
export type Opener = 'password' | 'recovery' | { passkey: string };

function opener(by: Opener): string {
  if (by === 'password' || by === 'recovery') return by;
  if (!CREDENTIAL.test(by.passkey)) throw new BadInput('not a credential id');
  return `passkey:${by.passkey}`;
}

export const groupRecipient = (group: string, epoch: number) => `group:${id(group)}@${counter(epoch)}`;
export const accountRecipient = (account: string, seq: number) =>
  `account:${id(account)}@${counter(seq)}`;
export const custodianRecipient = (n: number) => `custodian:${counter(n)}`;

/** What a recipient of a case key is, once its text is taken apart. */
export type Recipient =
  | { kind: 'group'; id: string; epoch: number }
  | { kind: 'account'; id: string; seq: number }
  | { kind: 'custodian'; n: number };

const RECIPIENT = /^(?:(group|account):([0-9a-f-]{36})@|(custodian):)(0|[1-9][0-9]{0,9})$/;

export function parseRecipient(text: string): Recipient {
  const [, kind, subject, custodian, number] = RECIPIENT.exec(text) ?? [];
  const n = Number(number);
  if (!isCounter(n)) throw new BadInput(`not a recipient: ${text}`);
  if (custodian) return { kind: 'custodian', n };
  if (!isUuid(subject)) throw new BadInput(`not a recipient: ${text}`);
  return kind === 'group' ? { kind, id: subject, epoch: n } : { kind: 'account', id: subject, seq: n };
}

function recipient(text: string): string {
  parseRecipient(text);
  return text;
}

export const akContext = (net: string, account: string, by: Opener) =>
  context('ak', id(net), id(account), opener(by));

export const keysContext = (net: string, account: string, seq: number) =>
  context('keys', id(net), id(account), counter(seq));

export const groupContext = (
  net: string,
  group: string,
  epoch: number,
  member: string,
  memberSeq: number,
) => context('group', id(net), id(group), counter(epoch), id(member), counter(memberSeq));

export const groupPreviousContext = (net: string, group: string, epoch: number) =>
  context('group-prev', id(net), id(group), counter(epoch));

export const caseContext = (net: string, caseId: string, generation: number, to: string) =>
  context('case', id(net), id(caseId), counter(generation), recipient(to));

export const casePreviousContext = (net: string, caseId: string, generation: number) =>
  context('case-prev', id(net), id(caseId), counter(generation));

export const headerContext = (net: string, caseId: string, generation: number, version: number) =>
  context('header', id(net), id(caseId), counter(generation), counter(version));

export const messageContext = (
  net: string,
  caseId: string,
  generation: number,
  message: string,
) => context('message', id(net), id(caseId), counter(generation), id(message));

/** Part `i` of the `n` parts of an attachment. */
export const attachmentContext = (
  net: string,
  caseId: string,
  attachment: string,
  i: number,
  n: number,
) => {
  if (i >= n) throw new BadInput(`no part ${i} among ${n}`);
  return context('att', id(net), id(caseId), id(attachment), counter(i), counter(n));
};
