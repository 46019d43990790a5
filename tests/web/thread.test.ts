import { describe, expect, it } from 'vitest';
import type { MessageRow } from '../../static/src/state/case-types.ts';
import {
  emptyThread,
  filesAwaitedAfter,
  missingAfter,
  olderThan,
  threadFaults,
  typingNow,
  withLast,
  withPresence,
  withReceipt,
  withRows,
  withTyping,
} from '../../static/src/state/thread.ts';

const CASE = 'a0000000-0000-4000-8000-000000000001';
const BLANC = 'b0000000-0000-4000-8000-000000000001';

const row = (sequence: number, part: Partial<MessageRow> = {}): MessageRow => ({
  id: `m${sequence}`,
  case: CASE,
  sequence,
  author: { id: BLANC, name: 'Dr Blanc' },
  kind: 'text',
  generation: 0,
  sealed: '',
  attachments: [],
  posted_at: '2026-11-21T10:00:00.000Z',
  ...part,
});

const thread = (...sequences: number[]) =>
  withRows(
    emptyThread(CASE),
    sequences.map((sequence) => row(sequence)),
  );
const sequences = (value: ReturnType<typeof thread>) => value.rows.map(({ sequence }) => sequence);

describe('a thread', () => {
  it('keeps a file that arrived when an answer of before comes late', () => {
    const file = (stored: boolean) => row(1, { attachments: [{ id: 'f1', size: 9, stored }] });
    const here = withRows(withRows(emptyThread(CASE), [file(false)]), [file(true)]);
    expect(filesAwaitedAfter(here)).toBeNull();
    expect(filesAwaitedAfter(withRows(here, [file(false)]))).toBeNull();
  });

  it('knows from where to ask again for files that were on their way', () => {
    const file = (stored: boolean) => ({ attachments: [{ id: 'f', size: 1, stored }] });
    const rows = [row(4, file(true)), row(5, file(false)), row(6, file(false))];
    const before = withRows(emptyThread(CASE), rows);
    expect(filesAwaitedAfter(before)).toBe(4);
    const after = withRows(before, [row(5, file(true)), row(6, file(true))]);
    expect(filesAwaitedAfter(after)).toBe(null);
    expect(filesAwaitedAfter(emptyThread(CASE))).toBe(null);
  });

  it('orders by the server’s sequence, each once, however messages arrive', () => {
    expect(sequences(withRows(thread(3, 1), [row(2), row(3), row(1)]))).toEqual([1, 2, 3]);
  });

  it('takes nothing from another case', () => {
    expect(sequences(withRows(thread(1), [row(2, { case: 'other' })]))).toEqual([1]);
  });

  it('knows where something is missing', () => {
    expect(missingAfter(thread(1, 2, 5))).toBe(2);
    expect(missingAfter(withLast(thread(1, 2), 4))).toBe(2);
    expect(missingAfter(withLast(emptyThread(CASE), 3))).toBe(0);
    expect(missingAfter(thread(7, 8, 9))).toBeNull();
  });

  it('knows whether older messages can be fetched', () => {
    expect(olderThan(thread(7, 8))).toBe(7);
    expect(olderThan(thread(1, 2))).toBeNull();
    expect(olderThan(withLast(emptyThread(CASE), 0))).toBeNull();
  });

  it('receipts never go back', () => {
    const read = withReceipt(emptyThread(CASE), { account: BLANC, read: 5, at: 'ten' });
    const late = withReceipt(read, { account: BLANC, read: 2, delivered: 3, at: 'nine' });
    expect(late.read[BLANC]).toBe(5);
    expect(late.delivered[BLANC]).toBe(5);
    expect(late.readAt[BLANC]).toBe('ten');
  });

  it('typing fades, and ends with the words or with leaving', () => {
    const typing = withTyping(emptyThread(CASE), BLANC, true, 1000);
    expect(typingNow(typing, 2000)).toEqual([BLANC]);
    expect(typingNow(typing, 9000)).toEqual([]);
    expect(typingNow(withRows(typing, [row(1)]), 2000)).toEqual([]);
    expect(typingNow(withPresence(typing, BLANC, false), 2000)).toEqual([]);
  });
});

describe('a thread the server has tampered with', () => {
  const seen: Record<string, string[]> = { m2: ['m1'], m3: ['m1', 'm2'], m4: ['m3'] };
  const faults = (rows: MessageRow[]) =>
    Object.fromEntries(threadFaults(withRows(emptyThread(CASE), rows), (id) => seen[id] ?? []));

  it('shows no fault while it is honest, or while its beginning is not here yet', () => {
    expect(faults([row(1), row(2), row(3), row(4)])).toEqual({});
    expect(faults([row(1), row(2, { generation: 1 }), row(3, { generation: 1 })])).toEqual({});
    expect(faults([row(3), row(4)])).toEqual({});
    expect(faults([row(1), row(4)])).toEqual({});
  });

  it('names a message whose author had seen one that is held back', () => {
    expect(faults([row(1), row(2, { id: 'm3' }), row(3, { id: 'm4' })])).toEqual({
      m3: 'withheld',
    });
  });

  it('names one that was moved, shown twice, or sealed under a key given up before it', () => {
    expect(faults([row(1, { id: 'm2' }), row(2, { id: 'm1' })])).toEqual({ m2: 'misplaced' });
    expect(faults([row(1), row(2), row(3, { id: 'm1' })])).toEqual({ m1: 'misplaced' });
    expect(faults([row(1, { generation: 1 }), row(2)])).toEqual({ m2: 'misplaced' });
  });
});
