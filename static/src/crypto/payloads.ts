/**
 * The payload of each type of statement. A signature proves who said it; these readers prove that
 * it says exactly what its type says: no field missing, none too many, each written in the one
 * accepted way. They accept what `protocol/statements.py` accepts.
 */
import { fromBase64 } from './bytes.ts';
import { isNumber, isUuid, parseRecipient } from './contexts.ts';
import { PayloadFieldsWrong, ProtocolError } from './errors.ts';
import { KEM_PUBLIC, KEM2_PUBLIC } from './shapes.ts';
import { partCount, partSizes, sealedSize } from './stream.ts';

export type Json = null | boolean | number | string | Json[] | { [name: string]: Json };
export type JsonObject = { [name: string]: Json };

export interface AccountPayload {
  v: 1;
  net: string;
  account: string;
  seq: number;
  sign_key: string;
  kem_key: string;
  name: string;
  rpps: string | null;
  prev: string | null;
}

export interface GroupPayload {
  v: 1;
  net: string;
  group: string;
  kind: 'pool' | 'care_team';
  seq: number;
  epoch: number;
  kem_key: string;
  members: string[];
  /** Need not be members: an administrator may create a pool it cannot read. */
  managers: string[];
  name: string;
  prev: string | null;
  /** When a member leaves, agreed beforehand, by account id. Absent when nobody does. */
  until?: { [account: string]: string };
  /** Pools that take over what nobody here answers, nearest first. Absent when there is none. */
  overflow?: string[];
}

export interface PolicyPayload {
  v: 1;
  net: string;
  seq: number;
  registrars: { account: string; sign_key: string }[];
  custodians: string[];
  log_key: string | null;
  witnesses: string[];
  /** How many witnesses must have cosigned a checkpoint. */
  k: number;
  minimum_client: string;
  prev: string | null;
}

export interface CasePayload {
  v: 1;
  net: string;
  case: string;
  n: number;
  event: 'open' | 'grant' | 'rotate' | 'close';
  generation: number;
  /** Commitment to the generation's key, see commitment.ts. */
  kc: string;
  to: string[];
  by: string;
  prev: string | null;
}

/** One part as the server stores it: bytes and SHA-256 of the ciphertext. */
export interface SealedPart {
  size: number;
  sha256: string;
}

/** A small picture of an attachment, itself an attachment with its own id and key. */
export interface Preview {
  id: string;
  type: string;
  /** Plaintext bytes. */
  size: number;
  key: string;
  parts: SealedPart[];
  width?: number | null;
  height?: number | null;
}

/** What a reader needs to fetch, check, open and show one attachment. */
export interface AttachmentManifest extends Preview {
  name: string;
  caption?: string | null;
  preview?: Preview | null;
}

export interface MessagePayload {
  v: 1;
  net: string;
  case: string;
  id: string;
  g: number;
  by: string;
  kind: string;
  at: string;
  seen: string[];
  body: JsonObject;
  attachments: AttachmentManifest[];
  log: { size: number; root: string } | null;
}

export interface HeaderPayload {
  v: 1;
  net: string;
  case: string;
  version: number;
  g: number;
  by: string;
  at: string;
  body: JsonObject;
}

export interface Payloads {
  'cordee1.account': AccountPayload;
  'cordee1.group': GroupPayload;
  'cordee1.case': CasePayload;
  'cordee1.header': HeaderPayload;
  'cordee1.message': MessagePayload;
  'cordee1.policy': PolicyPayload;
}

export type StatementType = keyof Payloads;

/** Throws nothing: tells whether a value is written as its field wants. */
type Field = (value: unknown) => boolean;

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const accepts = (check: () => unknown): boolean => {
  try {
    check();
    return true;
  } catch (error) {
    if (error instanceof ProtocolError) return false;
    throw error;
  }
};

const base64Of =
  (size: number): Field =>
  (value) =>
    accepts(() => fromBase64(value, size));

const matching =
  (pattern: RegExp): Field =>
  (value) =>
    typeof value === 'string' && pattern.test(value);

const textOf =
  (least: number, most: number): Field =>
  (value) =>
    typeof value === 'string' && [...value].length >= least && [...value].length <= most;

const oneOf =
  (...values: unknown[]): Field =>
  (value) =>
    values.includes(value);

const nullable =
  (field: Field): Field =>
  (value) =>
    value === null || field(value);

const absentOr =
  (field: Field): Field =>
  (value) =>
    value === undefined || field(value);

const mapOf =
  (key: Field, field: Field): Field =>
  (value) =>
    isObject(value) && Object.entries(value).every(([name, held]) => key(name) && field(held));

const listOf =
  (field: Field, least = 0): Field =>
  (value) =>
    Array.isArray(value) && value.length >= least && value.every(field);

const setOf =
  (field: Field, least = 0, most = Number.POSITIVE_INFINITY): Field =>
  (value) => {
    if (!listOf(field, least)(value)) return false;
    const { length } = value as unknown[];
    return length <= most && new Set(value as unknown[]).size === length;
  };

/** An object with exactly these fields; those of `optional` may be absent or null. */
const exactly =
  (fields: Record<string, Field>, optional: Record<string, Field> = {}): Field =>
  (value) => {
    if (!isObject(value)) return false;
    if (
      !Object.keys(value).every(
        (name) => Object.hasOwn(fields, name) || Object.hasOwn(optional, name),
      )
    )
      return false;
    if (!Object.entries(fields).every(([name, field]) => field(value[name]))) return false;
    return Object.entries(optional).every(
      ([name, field]) => value[name] === undefined || nullable(field)(value[name]),
    );
  };

const both =
  (first: Field, second: Field): Field =>
  (value) =>
    first(value) && second(value);

const TIME = /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:\.\d{1,6})?Z$/;

/** An RFC 3339 time in UTC, written with `Z`, that exists in the calendar. */
export const isTime: Field = (value) => {
  const found = typeof value === 'string' ? TIME.exec(value) : null;
  if (!found) return false;
  const [year, month, day, hour, minute, second] = found.slice(1).map(Number) as [
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  if (year < 1 || month < 1 || month > 12 || hour > 23 || minute > 59 || second > 59) return false;
  // Day 0 of the next month is the last of this one; setUTCFullYear knows years below 100.
  const last = new Date(0);
  last.setUTCFullYear(year, month, 0);
  return day >= 1 && day <= last.getUTCDate();
};

/** Control characters, and marks that make text read in another order than it is stored. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must be found
const CONTROL = /[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]/;

const v = oneOf(1);
const uuid: Field = isUuid;
const number: Field = isNumber;
const seq: Field = (value) => isNumber(value) && value <= 0xffffffff;
const key32 = base64Of(32);
const hash = base64Of(32);
/** Of either suite: who cannot use a key still believes the statement that names it. */
const kemKey: Field = (value) => base64Of(KEM_PUBLIC)(value) || base64Of(KEM2_PUBLIC)(value);
const prev = nullable(hash);
const recipient: Field = (value) =>
  typeof value === 'string' && accepts(() => parseRecipient(value));
const name: Field = both(
  textOf(1, 200),
  (value) => !CONTROL.test(value as string) && (value as string).trim() !== '',
);

const PREVIEW = {
  id: uuid,
  type: textOf(1, 127),
  size: number,
  key: key32,
  parts: listOf(exactly({ size: number, sha256: hash }), 1),
};

/** The parts must be those that sealing a file of this size makes. */
const partsHoldSize: Field = (value) => {
  const { size, parts } = value as Preview;
  if (parts.length !== partCount(size)) return false;
  const sizes = partSizes(size);
  return parts.every((part, i) => part.size === sealedSize(sizes[i] as number));
};

const preview = both(exactly(PREVIEW, { width: number, height: number }), partsHoldSize);
const manifest = both(
  exactly(
    { ...PREVIEW, name },
    { width: number, height: number, caption: textOf(0, 500), preview },
  ),
  partsHoldSize,
);

const FIELDS: Record<StatementType, Record<string, Field>> = {
  'cordee1.account': {
    v,
    net: uuid,
    account: uuid,
    seq,
    sign_key: key32,
    kem_key: kemKey,
    name,
    rpps: nullable(matching(/^[0-9]{11}$/)),
    prev,
  },
  'cordee1.group': {
    v,
    net: uuid,
    group: uuid,
    kind: oneOf('pool', 'care_team'),
    seq,
    epoch: number,
    kem_key: kemKey,
    members: setOf(uuid),
    managers: setOf(uuid, 1),
    name,
    prev,
    until: absentOr(mapOf(uuid, isTime)),
    overflow: absentOr(setOf(uuid, 0, 4)),
  },
  'cordee1.policy': {
    v,
    net: uuid,
    seq,
    registrars: listOf(exactly({ account: uuid, sign_key: key32 })),
    custodians: setOf(kemKey),
    log_key: nullable(key32),
    witnesses: setOf(key32),
    k: number,
    minimum_client: matching(/^[0-9]{1,5}(?:\.[0-9]{1,5}){1,2}$/),
    prev,
  },
  'cordee1.case': {
    v,
    net: uuid,
    case: uuid,
    n: number,
    event: oneOf('open', 'grant', 'rotate', 'close'),
    generation: number,
    kc: hash,
    to: setOf(recipient),
    by: uuid,
    prev,
  },
  'cordee1.message': {
    v,
    net: uuid,
    case: uuid,
    id: uuid,
    g: number,
    by: uuid,
    kind: matching(/^[a-z][a-z_]{0,39}$/),
    at: isTime,
    seen: setOf(uuid),
    body: isObject,
    attachments: listOf(manifest),
    log: nullable(exactly({ size: number, root: hash })),
  },
  'cordee1.header': {
    v,
    net: uuid,
    case: uuid,
    version: number,
    g: number,
    by: uuid,
    at: isTime,
    body: isObject,
  },
};

/** Rules that no single field can tell. */
const TOGETHER: Partial<{ [T in StatementType]: (payload: Payloads[T]) => string | null }> = {
  'cordee1.group': ({ group, kind, members, until = {}, overflow = [] }) => {
    if (!Object.keys(until).every((account) => members.includes(account))) {
      return 'an end date for somebody who is no member';
    }
    return overflow.length > 0 && (kind !== 'pool' || overflow.includes(group))
      ? 'a pool overflows, and into others'
      : null;
  },
  'cordee1.policy': ({ registrars, witnesses, k }) => {
    if (new Set(registrars.map((entry) => entry.sign_key)).size !== registrars.length) {
      return 'two registrars share a key';
    }
    return k > witnesses.length ? 'k asks for more witnesses than there are' : null;
  },
};

export const isStatementType = (value: unknown): value is StatementType =>
  typeof value === 'string' && Object.hasOwn(FIELDS, value);

/** @throws PayloadFieldsWrong naming the fields at fault, never their values. */
export function readPayload<T extends StatementType>(type: T, payload: JsonObject): Payloads[T] {
  const fields = FIELDS[type];
  const wrong = [
    ...Object.keys(fields).filter((field) => !fields[field]?.(payload[field])),
    ...Object.keys(payload).filter((field) => !Object.hasOwn(fields, field)),
  ];
  if (wrong.length > 0) {
    throw new PayloadFieldsWrong(`not a ${type} payload (${wrong.slice(0, 5).join(', ')})`);
  }
  const read = payload as unknown as Payloads[T];
  const disagreement = TOGETHER[type]?.(read);
  if (disagreement) throw new PayloadFieldsWrong(`not a ${type} payload (${disagreement})`);
  return read;
}
