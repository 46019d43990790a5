/**
 * What did not hold, told to the administrators: which thing and which check, never its content.
 *
 * Once a visit for each thing; a report that cannot leave now is made again at the next occasion.
 */
import { type Signal, signal } from '@preact/signals';
import { type DeedRefused, ProtocolError, SuiteUnsupported } from '../crypto/errors.ts';
import { api } from '../transport/http.ts';

export type SealSubject =
  | 'message'
  | 'case'
  | 'group'
  | 'account'
  | 'policy'
  | 'log'
  | 'attachment';

const reported = new Set<string>();

/** `KeyCommitmentWrong` → `key_commitment_wrong`; letters only. */
export function verdictCode(name: string): string {
  return name
    .replace(/\d/g, '')
    .replace(/(?<=[a-z])(?=[A-Z])/g, '_')
    .toLowerCase();
}

/** The last deed that the server asked for and no signature allows: it was not done. */
export const refusedDeed: Signal<{ error: DeedRefused; group: string } | null> = signal(null);

/** Report a seal that did not hold. Anything but a broken seal, and any repetition, is left out. */
export function reportSeal(
  kind: SealSubject,
  subject: string,
  error: unknown,
  caseId?: string,
): void {
  // A key that this client is too old for is a true one.
  if (!(error instanceof ProtocolError) || error instanceof SuiteUnsupported) return;
  const verdict = verdictCode(error.name);
  const name = `${kind} ${subject} ${verdict}`;
  if (reported.has(name)) return;
  reported.add(name);
  const report = {
    id: crypto.randomUUID(),
    subject_kind: kind,
    subject_id: subject,
    case: caseId,
    verdict,
  };
  api('POST', '/seal-reports', report).catch(() => reported.delete(name));
}
