/** What all chains share: reading a statement, continuity with the one before, known signers. */
import { type Bytes, fromBase64, toBase64 } from './bytes.ts';
import {
  ChainEmpty,
  PreviousHashWrong,
  SequenceBroken,
  SignerUnknown,
  StatementTypeWrong,
} from './errors.ts';
import { type Payloads, readPayload, type StatementType } from './payloads.ts';
import {
  parsePayload,
  type Statement,
  statementPayload,
  statementSigners,
  verifyStatement,
} from './statement.ts';

/** Account id → every signing key it ever had, taken from verified chains. */
export type SignKeys = ReadonlyMap<string, readonly Bytes[]>;

/** One statement of a chain, read and not yet verified. */
interface Link<T extends StatementType> {
  payload: Payloads[T];
  statement: Statement;
  signers: ReadonlySet<string>;
}

/** Each payload as typed, before its signature is checked: it names the keys to check with. */
export function* readLinks<T extends StatementType>(
  type: T,
  statements: readonly Statement[],
): Generator<Link<T>> {
  if (statements.length === 0) throw new ChainEmpty('a chain has at least one statement');
  for (const statement of statements) {
    const bytes = statementPayload(statement);
    if (statement.t !== type) {
      throw new StatementTypeWrong(`expected ${type}, got ${statement.t}`);
    }
    const payload = readPayload(type, parsePayload(bytes));
    yield { payload, statement, signers: new Set(statementSigners(statement).keys()) };
  }
}

export async function verifyLink<T extends StatementType>(
  type: T,
  statement: Statement,
  keys: Iterable<string>,
) {
  await verifyStatement(type, statement, ...[...keys].map((key) => fromBase64(key, 32)));
}

/** Number and `prev` continue from the statement before; the first has number 0 and no `prev`. */
export function requireFollows(
  number: number,
  prev: string | null,
  last: number | undefined,
  lastHash: Bytes | undefined,
): void {
  if (number !== (last === undefined ? 0 : last + 1)) {
    throw new SequenceBroken(`number ${number} does not follow ${last}`);
  }
  if (prev !== (lastHash ? toBase64(lastHash) : null)) {
    throw new PreviousHashWrong('prev is not the hash of the statement before');
  }
}

export const union = (...sets: ReadonlySet<string>[]): Set<string> =>
  new Set(sets.flatMap((set) => [...set]));

export const isWithin = (subset: ReadonlySet<string>, set: ReadonlySet<string>): boolean =>
  [...subset].every((key) => set.has(key));

export function requireKnown(signers: ReadonlySet<string>, known: ReadonlySet<string>): void {
  if (!isWithin(signers, known)) {
    throw new SignerUnknown('signed by a key that has no standing here');
  }
}

export function keysOf(accounts: SignKeys, ids: readonly string[]): Set<string> {
  return new Set(ids.flatMap((id) => (accounts.get(id) ?? []).map((key) => toBase64(key))));
}
