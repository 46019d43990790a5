/**
 * Who can read a case. The case's signed events say who holds its key; what the server adds (the
 * role, since when) is only words beside it. A holder of whom the server says nothing is shown all
 * the same, so nobody can sit in the circle unseen.
 */
import { fromBase64, fromUtf8 } from '../../crypto/bytes.ts';
import { parseRecipient } from '../../crypto/contexts.ts';
import { t } from '../../i18n.ts';
import type { CaseRow, Party, PartyRole } from '../../state/case-types.ts';
import { findGroup, fullName } from '../../state/groups.ts';
import { nameOf } from './people.ts';

export interface Seat {
  kind: 'group' | 'account' | 'custodian';
  id: string;
  /** As the server calls it; empty when only the events know of this holder. */
  name: string;
  /** Null when the server did not say why this holder has the key. */
  role: PartyRole | null;
  since: string | null;
}

/** Holders of today's key: those of the last opening or rotation and of the grants since. */
function holders(row: CaseRow): Pick<Seat, 'kind' | 'id'>[] {
  let found = new Map<string, Pick<Seat, 'kind' | 'id'>>();
  for (const statement of row.events) {
    const { event, to = [] } = JSON.parse(fromUtf8(fromBase64(statement.p))) as {
      event: string;
      to?: string[];
    };
    if (event === 'open' || event === 'rotate') found = new Map();
    for (const recipient of to.map(parseRecipient)) {
      const { kind } = recipient;
      const id = recipient.kind === 'custodian' ? '0' : recipient.id;
      found.set(`${kind} ${id}`, { kind, id });
    }
  }
  return [...found.values()];
}

/** Everyone who can read the case today. Before the events are fetched, whom the server names. */
export function seatsOf(row: CaseRow): Seat[] {
  const said = row.circle;
  if (row.events.length === 0) return said.filter(({ left }) => !left);
  return holders(row).map(({ kind, id }) => {
    const party = said.find((one) => one.kind === kind && one.id === id && !one.left);
    const role = kind === 'custodian' ? 'custodian' : (party?.role ?? null);
    return { kind, id, role, name: party?.name ?? '', since: party?.since ?? null };
  });
}

/** Those who could once, and were taken off. */
export function leftOf(row: CaseRow): Party[] {
  return row.circle.filter(({ left }) => left);
}

/** Why somebody can read this case. */
export function roleWords(role: PartyRole | null): string {
  if (!role) return t('Has the key');
  const words: Record<PartyRole, string> = {
    pool: t('Answers this case'),
    former_pool: t('Was asked before'),
    care_team: t('The requester’s care team'),
    opener: t('Asks the question'),
    second_opinion: t('Second opinion'),
    expert: t('Expert brought in'),
    doctor: t('The patient’s doctor'),
    overflow: t('Takes over if nobody answers'),
    custodian: t('Twenty-year archive'),
  };
  return words[role];
}

/** Name of a holder: signed wherever it can be. */
export function seatName(
  row: CaseRow,
  { kind, id, name }: Pick<Seat, 'kind' | 'id' | 'name'>,
): string {
  if (kind === 'custodian') return t('The archive of the network (sealed key kept offline)');
  if (kind === 'account') return name || nameOf(row, id);
  const group = findGroup(id);
  return (group && fullName(group)) || name || t('Another group');
}
