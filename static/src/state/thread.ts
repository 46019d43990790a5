/**
 * One case's thread as a value, and what each announcement makes of it. Pure.
 *
 * The server numbers messages from 1 without a hole, so a hole here means that something was missed
 * and must be fetched: sockets are a hint, HTTP is the truth.
 */
import type { MessageRow, StoredAttachment } from './case-types.ts';

export interface Thread {
  case: string;
  /** By sequence, ascending, each once. */
  rows: readonly MessageRow[];
  /** Highest sequence the server is known to have given. */
  last: number;
  /** True once the first message of all is here. */
  whole: boolean;
  /** Account → last sequence read. */
  read: Readonly<Record<string, number>>;
  /** Account → last sequence that reached one of their devices. */
  delivered: Readonly<Record<string, number>>;
  /** Account → when they last read, as far as the server said. */
  readAt: Readonly<Record<string, string>>;
  /** Account → when to stop believing that they are typing. */
  typing: Readonly<Record<string, number>>;
  present: readonly string[];
}

/** A typing sign that is not repeated fades after this many milliseconds. */
export const TYPING_FADES = 6_000;

export function emptyThread(caseId: string): Thread {
  return {
    case: caseId,
    rows: [],
    last: 0,
    whole: false,
    read: {},
    delivered: {},
    readAt: {},
    typing: {},
    present: [],
  };
}

const place = (row: MessageRow): number => row.sequence ?? Number.POSITIVE_INFINITY;

/** A file that arrived stays so, whatever an answer says that was written before. */
export function stillStored(
  files: StoredAttachment[],
  known: readonly StoredAttachment[] = [],
): StoredAttachment[] {
  const here = new Set(known.flatMap(({ id, stored }) => (stored ? [id] : [])));
  return files.map((file) => (here.has(file.id) ? { ...file, stored: true } : file));
}

/** Take in messages in any order, each once; a row seen again replaces the one before. */
export function withRows(thread: Thread, incoming: readonly MessageRow[]): Thread {
  const bySequence = new Map(thread.rows.map((row) => [place(row), row]));
  for (const row of incoming) {
    if (row.case !== thread.case || row.sequence === null) continue;
    const known = bySequence.get(row.sequence)?.attachments;
    const attachments = stillStored(row.attachments, known);
    bySequence.set(row.sequence, { ...row, attachments });
  }
  const rows = [...bySequence.values()].sort((a, b) => place(a) - place(b));
  const first = rows[0];
  const typing = { ...thread.typing };
  for (const row of incoming) delete typing[row.author.id];
  return {
    ...thread,
    rows,
    typing,
    last: Math.max(thread.last, rows.at(-1)?.sequence ?? 0),
    whole: thread.whole || first?.sequence === 1,
  };
}

export function withLast(thread: Thread, last: number): Thread {
  return { ...thread, last: Math.max(thread.last, last), whole: thread.whole || last === 0 };
}

/**
 * The sequence after which something is missing, or null: a hole between two messages, or an end
 * that the server is known to have passed.
 */
export function missingAfter(thread: Thread): number | null {
  let before = thread.rows[0]?.sequence ?? thread.last;
  for (const row of thread.rows.slice(1)) {
    if (row.sequence !== before + 1) return before;
    before = row.sequence;
  }
  if (thread.rows.length === 0) return thread.last > 0 ? 0 : null;
  return before < thread.last ? before : null;
}

/** The sequence after which the first message stands whose files are still on their way, or null. */
export function filesAwaitedAfter(thread: Thread): number | null {
  const row = thread.rows.find(({ attachments }) => attachments.some(({ stored }) => !stored));
  return row?.sequence ? row.sequence - 1 : null;
}

/** What does not fit in a thread, by message id. */
export type Faults = ReadonlyMap<string, 'withheld' | 'misplaced'>;

/**
 * Compare the order shown with what authors had before their eyes: a message seen by one of them
 * must be here and stand before theirs; none stands twice, or under a key given up before it. The
 * server numbers without a hole and never lets an old key back, so no honest thread has any.
 *
 * @param seenBy gives what the author of an opened message had seen.
 */
export function threadFaults(
  thread: Thread,
  seenBy: (message: string) => readonly string[],
): Faults {
  const faults = new Map<string, 'withheld' | 'misplaced'>();
  const all = new Set(thread.rows.map(({ id }) => id));
  const passed = new Set<string>();
  const complete = thread.whole && missingAfter(thread) === null;
  let generation = 0;
  for (const row of thread.rows) {
    const seen = seenBy(row.id).filter((id) => !passed.has(id));
    if (passed.has(row.id) || row.generation < generation || seen.some((id) => all.has(id))) {
      faults.set(row.id, 'misplaced');
    } else if (complete && seen.length > 0) faults.set(row.id, 'withheld');
    passed.add(row.id);
    generation = Math.max(generation, row.generation);
  }
  return faults;
}

/** The sequence before which older messages can be fetched, or null at the beginning. */
export function olderThan(thread: Thread): number | null {
  const first = thread.rows[0]?.sequence;
  return thread.whole || first === undefined || first === null || first <= 1 ? null : first;
}

export interface Receipt {
  account: string;
  read: number;
  delivered?: number;
  /** When it was read (RFC 3339). */
  at?: string;
}

/** Receipts only grow: an old one arriving late changes nothing. */
export function withReceipt(thread: Thread, receipt: Receipt): Thread {
  const { account, read, delivered = read, at } = receipt;
  const grown = (known: Readonly<Record<string, number>>, value: number) => ({
    ...known,
    [account]: Math.max(known[account] ?? 0, value),
  });
  const further = read > (thread.read[account] ?? -1);
  return {
    ...thread,
    read: grown(thread.read, read),
    delivered: grown(thread.delivered, Math.max(read, delivered)),
    readAt: at && further ? { ...thread.readAt, [account]: at } : thread.readAt,
  };
}

export function withTyping(thread: Thread, account: string, on: boolean, now: number): Thread {
  const typing = { ...thread.typing };
  if (on) typing[account] = now + TYPING_FADES;
  else delete typing[account];
  return { ...thread, typing };
}

export function typingNow(thread: Thread, now: number): string[] {
  return Object.keys(thread.typing).filter((account) => (thread.typing[account] ?? 0) > now);
}

export function withPresence(thread: Thread, account: string, present: boolean): Thread {
  const others = thread.present.filter((id) => id !== account);
  const typing = { ...thread.typing };
  if (!present) delete typing[account];
  return { ...thread, typing, present: present ? [...others, account] : others };
}
