/**
 * cordee/1 in the browser: pure, no DOM, no network.
 *
 * Read: `bytes` → `errors` → `contexts` → `stream` → `parts` → `suites` → `hpke` → `password` → `recovery` →
 * `group` → `commitment` → `merkle` → `log-tree` → `payloads` → `signing` → `log-note` → `statement` → `links` → `chain` →
 * `case-chain` → `vault`.
 * Keys are bytes of the caller's; contexts come from `contexts` and nowhere else.
 */
export * from './bytes.ts';
export * from './case-chain.ts';
export * from './chain.ts';
export * from './commitment.ts';
export * from './contexts.ts';
export * from './errors.ts';
export * from './features.ts';
export * from './group.ts';
export * from './hpke.ts';
export type { SignKeys } from './links.ts';
export * from './log-note.ts';
export * from './log-tree.ts';
export * from './merkle.ts';
export * from './parts.ts';
export * from './password.ts';
export type * from './payloads.ts';
export { isStatementType, isTime, readPayload } from './payloads.ts';
export * from './recovery.ts';
export * from './safety.ts';
export { KEM_PUBLIC, KEM_SEED, KEM2_PUBLIC, WRAPPED, WRAPPED2 } from './shapes.ts';
export * from './signing.ts';
export * from './statement.ts';
export {
  blobSource,
  memorySource,
  PART,
  type Progress,
  partCount,
  partSizes,
  plainSize,
  type Source,
  seal,
  sealedSize,
  sealSegments,
  sealSource,
  unseal,
  unsealSegments,
  unsealSource,
} from './stream.ts';
export * from './suites.ts';
export * from './vault.ts';
