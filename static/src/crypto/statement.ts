/**
 * Signed statements: `{t, p, s: [{k, sig}]}`, Ed25519 over DSSE's pre-authentication encoding.
 *
 * The signature covers the payload's bytes as received; nothing is serialised again before
 * checking, so no canonical JSON is needed
 * (https://github.com/secure-systems-lab/dsse/blob/master/protocol.md). `s` is a list: a registrar
 * adds a signature to a person's statement without changing its hash.
 */
import { type Bytes, concat, fromBase64, fromUtf8, sha256, toBase64, utf8 } from './bytes.ts';
import {
  EncodingRefused,
  PayloadKeyRepeated,
  PayloadMalformed,
  SignatureInvalid,
  SignatureMissing,
  SignerRepeated,
  SignerUnknown,
  StatementMalformed,
  StatementTooLarge,
  StatementTypeWrong,
} from './errors.ts';
import {
  isStatementType,
  type JsonObject,
  type Payloads,
  readPayload,
  type StatementType,
} from './payloads.ts';
import { type SigningKey, verifySignature } from './signing.ts';

/** Bytes: a group of six thousand members fits; a payload meant to exhaust a phone does not. */
const MAX_PAYLOAD = 256 * 1024;
const MAX_DEPTH = 32;
const MAX_SIGNATURES = 8;

export interface Signature {
  /** Public key, base64. */
  k: string;
  sig: string;
}

export interface Statement {
  t: string;
  p: string;
  s: Signature[];
}

/** DSSE v1: lengths first, so that type and payload cannot blend. */
export function pae(type: string, payload: Bytes): Bytes {
  const kind = utf8(type);
  return concat(utf8(`DSSEv1 ${kind.length} ${type} ${payload.length} `), payload);
}

const hasExactly = (value: unknown, ...names: string[]): value is Record<string, unknown> =>
  typeof value === 'object' &&
  value !== null &&
  !Array.isArray(value) &&
  Object.keys(value).length === names.length &&
  names.every((name) => Object.hasOwn(value, name));

/** Base64 found inside a statement. */
function decode(text: unknown, size?: number): Bytes {
  try {
    return fromBase64(text, size);
  } catch (error) {
    if (error instanceof EncodingRefused) throw new StatementMalformed(error.message);
    throw error;
  }
}

/** The payload's bytes of a well-formed statement, not yet verified. */
export function statementPayload(statement: Statement): Bytes {
  if (!hasExactly(statement, 't', 'p', 's')) {
    throw new StatementMalformed('a statement has exactly the fields t, p and s');
  }
  if (!isStatementType(statement.t) || typeof statement.p !== 'string') {
    throw new StatementMalformed('unknown statement type, or payload not base64 text');
  }
  if (statement.p.length > Math.ceil(MAX_PAYLOAD / 3) * 4) {
    throw new StatementTooLarge(`a payload has at most ${MAX_PAYLOAD} bytes`);
  }
  const payload = decode(statement.p);
  if (payload.length > MAX_PAYLOAD) {
    throw new StatementTooLarge(`a payload has at most ${MAX_PAYLOAD} bytes`);
  }
  return payload;
}

/** SHA-256 of the encoding that was signed; signatures added later do not change it. */
export async function statementHash(statement: Statement): Promise<Bytes> {
  return sha256(pae(statement.t, statementPayload(statement)));
}

/** Public key (base64) → signature, in order, not yet verified; a repeated key is refused. */
export function statementSigners(statement: Statement): Map<string, Bytes> {
  const signatures: unknown = statement.s;
  if (!Array.isArray(signatures) || signatures.length === 0) {
    throw new StatementMalformed('a statement carries at least one signature');
  }
  if (signatures.length > MAX_SIGNATURES) {
    throw new StatementTooLarge(`a statement carries at most ${MAX_SIGNATURES} signatures`);
  }
  const signers = new Map<string, Bytes>();
  for (const entry of signatures as unknown[]) {
    if (!hasExactly(entry, 'k', 'sig')) {
      throw new StatementMalformed('a signature has exactly the fields k and sig');
    }
    const key = toBase64(decode(entry['k'], 32));
    if (signers.has(key)) throw new SignerRepeated('one key signs a statement once');
    signers.set(key, decode(entry['sig'], 64));
  }
  return signers;
}

/**
 * Check a statement and return its payload, read with the fields of its type.
 *
 * Every one of `publicKeys` must have signed, nobody else may have, and every signature must fit
 * the received bytes. The caller's duty: take the keys from a verified chain, never from the
 * statement itself, and compare the payload's ids with the place it was found in.
 */
export async function verifyStatement<T extends StatementType>(
  type: T,
  statement: Statement,
  ...publicKeys: Bytes[]
): Promise<Payloads[T]> {
  return readPayload(type, await verifyStatementBytes(type, statement, ...publicKeys));
}

/** `verifyStatement` for a payload whose fields are the caller's affair, as the frozen vectors'. */
export async function verifyStatementBytes(
  type: StatementType,
  statement: Statement,
  ...publicKeys: Bytes[]
): Promise<JsonObject> {
  if (publicKeys.length === 0) {
    throw new SignatureMissing('name at least one key that must have signed');
  }
  const payload = statementPayload(statement);
  if (statement.t !== type) {
    throw new StatementTypeWrong(`expected ${type}, got ${statement.t}`);
  }
  const signers = statementSigners(statement);
  const expected = new Set(publicKeys.map((key) => toBase64(key)));
  for (const key of signers.keys()) {
    if (!expected.has(key)) throw new SignerUnknown('signed by a key that has no standing here');
  }
  for (const key of expected) {
    if (!signers.has(key)) throw new SignatureMissing('a key that had to sign did not');
  }
  const encoded = pae(type, payload);
  for (const [key, signature] of signers) {
    if (!(await verifySignature(fromBase64(key), signature, encoded))) {
      throw new SignatureInvalid('a signature does not fit the bytes received');
    }
  }
  return parsePayload(payload);
}

/** Sign a payload, read first with the fields of its type: nothing wrong leaves this device. */
export async function signStatement<T extends StatementType>(
  type: T,
  payload: Payloads[T],
  ...keys: SigningKey[]
): Promise<Statement> {
  const bytes = utf8(JSON.stringify(payload));
  readPayload(type, parsePayload(bytes));
  return signBytes(type, bytes, ...keys);
}

/** Sign bytes that already are a payload's JSON. */
export async function signBytes(
  type: StatementType,
  payload: Bytes,
  ...keys: SigningKey[]
): Promise<Statement> {
  if (keys.length === 0) throw new SignatureMissing('a statement is signed by somebody');
  const encoded = pae(type, payload);
  const signatures = keys.map(async (key) => ({
    k: toBase64(key.publicKey),
    sig: toBase64(await key.sign(encoded)),
  }));
  return { t: type, p: toBase64(payload), s: await Promise.all(signatures) };
}

/** The same statement with one more signature, over the bytes the others signed. */
export async function cosignStatement(statement: Statement, key: SigningKey): Promise<Statement> {
  const encoded = pae(statement.t, statementPayload(statement));
  const signature = { k: toBase64(key.publicKey), sig: toBase64(await key.sign(encoded)) };
  const cosigned = { ...statement, s: [...statement.s, signature] };
  statementSigners(cosigned);
  return cosigned;
}

/** Strings, numbers and colons of a JSON text; strings first, so that nothing inside one counts. */
const TOKEN = /"[^"\\]*(?:\\.[^"\\]*)*"|-?\d[\d.eE+-]*|:/g;

/**
 * Read one JSON object that Python and JavaScript cannot read differently. Refused: repeated
 * names, numbers that would be rounded, lone surrogates, a byte-order mark, and nesting beyond what
 * any statement has.
 */
export function parsePayload(payload: Bytes): JsonObject {
  let text: string;
  let value: unknown;
  try {
    text = fromUtf8(payload);
    value = JSON.parse(text);
  } catch {
    throw new PayloadMalformed('the payload is not UTF-8 JSON');
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new PayloadMalformed('the payload is not a JSON object');
  }
  let members = 0;
  for (const [token] of text.matchAll(TOKEN)) {
    if (token === ':') members += 1;
    else if (!token.startsWith('"')) requireExactNumber(token);
  }
  // Each member has one colon: fewer names than colons means that one was repeated.
  if (countMembers(value, MAX_DEPTH) !== members) {
    throw new PayloadKeyRepeated('a JSON object names a field twice');
  }
  return value as JsonObject;
}

function requireExactNumber(token: string): void {
  const value = Number(token);
  if (!Number.isFinite(value)) throw new PayloadMalformed('a number is too large');
  if (/^-?\d+$/.test(token) && !Number.isSafeInteger(value)) {
    throw new PayloadMalformed('an integer is beyond what JavaScript holds exactly');
  }
}

function countMembers(value: unknown, depth: number): number {
  if (typeof value === 'string') {
    if (!value.isWellFormed()) throw new PayloadMalformed('a lone surrogate is not text');
    return 0;
  }
  if (typeof value !== 'object' || value === null) return 0;
  if (depth === 0) throw new PayloadMalformed('the payload is nested too deeply');
  if (Array.isArray(value)) {
    return value.reduce((sum: number, inner) => sum + countMembers(inner, depth - 1), 0);
  }
  return Object.entries(value).reduce(
    (sum, [name, inner]) => sum + 1 + countMembers(name, depth) + countMembers(inner, depth - 1),
    0,
  );
}
