/**
 * The two suites of the protocol, told apart by the length of a key. This client reads statements
 * that name either, and wraps and opens with the first alone: the second would cost every phone
 * another curve and another lattice before the first page.
 */
import type { Bytes } from './bytes.ts';
import { SuiteUnsupported } from './errors.ts';
import { KEM2_PUBLIC } from './shapes.ts';

/** False for a true key that this client cannot wrap to. */
export const isSupported = (publicKey: Bytes): boolean => publicKey.length !== KEM2_PUBLIC;

/** @throws SuiteUnsupported naming whose key it is. */
export function requireSupported(publicKey: Bytes, whose = ''): void {
  if (!isSupported(publicKey)) throw new SuiteUnsupported('a key of the second suite', whose);
}
