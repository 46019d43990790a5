/** Threads of cases: fetched over HTTP, hinted at by the socket, joined with what waits here. */
import { effect, type Signal, signal, untracked } from '@preact/signals';
import { MessageMisplaced, MessageWithheld } from '../crypto/errors.ts';
import { api, NetworkDown, type Page, Problem } from '../transport/http.ts';
import { call, connected, on, onReconnect } from '../transport/socket.ts';
import { fetchCase, follow, refreshCase } from './case-fetching.ts';
import { openedAs, openMessage } from './case-opening.ts';
import { caseRow, onDropped, rows, updateRow } from './case-rows.ts';
import type { CaseRow, MessageRow, OpenedMessage } from './case-types.ts';
import { onLock } from './keys.ts';
import { jobs, onLanded, refreshOutbox, waitingMessage, waitingOf } from './outbox.ts';
import { reportSeal } from './seal-reports.ts';
import { locked, me } from './session.ts';
import {
  emptyThread,
  filesAwaitedAfter,
  missingAfter,
  olderThan,
  type Thread,
  TYPING_FADES,
  threadFaults,
  withLast,
  withPresence,
  withReceipt,
  withRows,
  withTyping,
} from './thread.ts';

export interface LiveThread {
  thread: Signal<Thread>;
  /** By message id; absent while it is being opened. Read with `openedAs`. */
  opened: Signal<ReadonlyMap<string, OpenedMessage>>;
  /** Why the thread could not be fetched, if so. */
  problem: Signal<unknown>;
  loading: Signal<boolean>;
  /** Fetch one page of older messages. */
  older(): Promise<void>;
  /** Say that everything up to the end was read, if the page is really being looked at. */
  markRead(): void;
  typing(on: boolean): void;
  stop(): void;
}

const PAGE = 50;

async function messagesOf(caseId: string, query: Record<string, number>): Promise<MessageRow[]> {
  const parameters = new URLSearchParams({ limit: String(PAGE) });
  for (const [name, value] of Object.entries(query)) parameters.set(name, String(value));
  const page = await api<Page<MessageRow>>('GET', `/cases/${caseId}/messages?${parameters}`);
  return page.items;
}

interface Joined {
  messages: MessageRow[];
  last_sequence: number;
  read: Record<string, number>;
  present: string[];
}

/** Follow one case's thread until `stop`. */
export function followThread(caseId: string): LiveThread {
  const thread = signal(emptyThread(caseId));
  const opened = signal<ReadonlyMap<string, OpenedMessage>>(new Map());
  const problem = signal<unknown>(null);
  const loading = signal(true);
  let stopped = false;
  // Joining an empty thread would bring its oldest messages: first its end, then what follows.
  let begun = false;
  let saidRead = -1;
  let fading: ReturnType<typeof setTimeout> | undefined;

  function takeIn(incoming: readonly MessageRow[]): void {
    if (incoming.length > 0) thread.value = withRows(thread.value, incoming);
  }

  async function show(row: CaseRow, message: MessageRow): Promise<void> {
    if (openedAs(opened.value, message)?.seal.state === 'whole') return;
    const found = await openMessage(row, message);
    if (stopped || locked.value) return;
    // Another row came in its place meanwhile: that one is shown.
    const now = thread.value.rows.filter(({ id }) => id === message.id);
    if (now.length > 0 && !now.includes(message)) return;
    opened.value = new Map(opened.value).set(message.id, found);
  }

  async function showAll(): Promise<void> {
    const row = caseRow(caseId);
    if (!row || locked.value) return;
    const waiting = waitingOf(caseId).flatMap(
      (job) => waitingMessage(job, me.value?.name ?? '') ?? [],
    );
    // A rotation this page has not heard of: its key is in the case's fresh row.
    if (thread.value.rows.some((message) => message.generation > row.generation))
      refreshCase(caseId);
    // Newest first: they are what one sees.
    for (const message of [...waiting, ...thread.value.rows.toReversed()]) {
      if (stopped) return;
      try {
        await show(row, message);
      } catch (error) {
        if (locked.value) return;
        problem.value = error;
      }
    }
    showFaults();
  }

  /** A message out of its place says so, and is not read as if nothing were. */
  function showFaults(): void {
    const faults = threadFaults(thread.value, (id) => opened.value.get(id)?.seen ?? []);
    if (stopped || faults.size === 0) return;
    const next = new Map(opened.value);
    for (const [id, fault] of faults) {
      const Fault = fault === 'withheld' ? MessageWithheld : MessageMisplaced;
      const error = new Fault('the thread shown is not the one its authors saw');
      reportSeal('message', id, error, caseId);
      const found = next.get(id);
      if (found) {
        next.set(id, { ...found, seal: { state: 'broken', why: error.name, error } });
      }
    }
    opened.value = next;
  }

  /** Fetch whatever is missing, hole after hole. */
  async function catchUp(): Promise<void> {
    for (
      let after = missingAfter(thread.value);
      after !== null;
      after = missingAfter(thread.value)
    ) {
      const found = await messagesOf(caseId, { after });
      takeIn(found);
      if (found.length === 0 || missingAfter(thread.value) === after) return;
    }
  }

  async function begin(): Promise<void> {
    try {
      await refreshOutbox();
      // Not on the server yet: there is nothing to fetch until it has landed.
      if (waitingOf(caseId).some((job) => job.kind === 'case')) return;
      const row = await fetchCase(caseId);
      thread.value = withLast(thread.value, row.last_sequence);
      for (const [account, read] of Object.entries(row.read)) {
        const at = row.read_at?.[account];
        thread.value = withReceipt(thread.value, { account, read, ...(at ? { at } : {}) });
      }
      if (thread.value.rows.length === 0 && row.last_sequence > 0) {
        takeIn(await messagesOf(caseId, { before: row.last_sequence + 1 }));
      }
      await catchUp();
      problem.value = null;
      begun = true;
      await join();
    } catch (error) {
      if (!stopped) problem.value = error;
    } finally {
      loading.value = false;
    }
  }

  /** Files that arrived before the joining, or while the line was cut, were announced to nobody here. */
  async function lookForFiles(): Promise<void> {
    const files = rows.value.get(caseId)?.header.attachments ?? [];
    if (files.some(({ stored }) => !stored)) await fetchCase(caseId);
    const after = filesAwaitedAfter(thread.value);
    if (after !== null) takeIn(await messagesOf(caseId, { after }));
  }

  async function join(): Promise<void> {
    if (!connected.value || stopped) return;
    try {
      const after = thread.value.last;
      const joined = await call<Joined>('case:join', { case: caseId, after });
      takeIn(joined.messages);
      thread.value = withLast(thread.value, joined.last_sequence);
      for (const [account, read] of Object.entries(joined.read)) {
        thread.value = withReceipt(thread.value, { account, read });
      }
      thread.value = { ...thread.value, present: joined.present };
      await catchUp();
      await lookForFiles();
    } catch (error) {
      if (!(error instanceof NetworkDown || error instanceof Problem)) throw error;
    }
  }

  const mine = (about: { case: string }) => about.case === caseId;
  const stops = [
    follow(caseId),
    on<MessageRow>('message:posted', (message) => {
      if (!mine(message)) return;
      takeIn([message]);
      void catchUp().catch(() => undefined);
      markRead();
    }),
    on<{ case: string; account: string; read: number; delivered?: number }>(
      'receipt:changed',
      (receipt) => {
        if (!mine(receipt)) return;
        thread.value = withReceipt(thread.value, { at: new Date().toISOString(), ...receipt });
      },
    ),
    on<{ case: string; account: string; on: boolean }>('typing:changed', (typing) => {
      if (!mine(typing) || typing.account === me.value?.id) return;
      thread.value = withTyping(thread.value, typing.account, typing.on, Date.now());
      // A sign nobody repeats fades by itself.
      clearTimeout(fading);
      fading = setTimeout(() => {
        thread.value = { ...thread.value };
      }, TYPING_FADES + 50);
    }),
    on<{ case: string; account: string; present: boolean }>('presence:changed', (presence) => {
      if (!mine(presence)) return;
      thread.value = withPresence(thread.value, presence.account, presence.present);
    }),
    on<{ case: string; attachment: string }>('attachment:stored', (stored) => {
      if (!mine(stored)) return;
      thread.value = withStored(thread.value, stored.attachment);
      updateRow(caseId, (row) => withStoredHeader(row, stored.attachment));
    }),
    onReconnect(() => void begin()),
    onLock(() => {
      opened.value = new Map();
    }),
    onDropped((ids) => {
      if (!ids.includes(caseId)) return;
      opened.value = new Map();
      thread.value = emptyThread(caseId);
    }),
    onLanded((job) => {
      if (job.case === caseId && job.kind !== 'upload') void catchUpTo(job.id);
      if (job.kind === 'case' && job.id === caseId) void begin();
      if (job.kind === 'upload' && job.case === caseId) {
        thread.value = withStored(thread.value, job.attachment);
        updateRow(caseId, (row) => withStoredHeader(row, job.attachment));
      }
    }),
    effect(() => {
      // Whatever changes what could be opened: new rows, new keys, a message made here.
      void thread.value.rows;
      void jobs.value;
      void rows.value.get(caseId)?.grants;
      if (!locked.value) untracked(() => void showAll());
    }),
    // Untracked: joining reads and changes the thread, and must not begin anew because it did.
    effect(() => {
      if (connected.value && begun) untracked(() => void join());
    }),
  ];

  /** What left from here is on the server: fetch it rather than wait for the announcement. */
  async function catchUpTo(id: string): Promise<void> {
    if (thread.value.rows.some((row) => row.id === id)) return;
    try {
      takeIn(await messagesOf(caseId, { after: thread.value.last }));
    } catch {
      // The announcement or the next reconnection will bring it.
    }
  }

  function markRead(): void {
    const { last } = thread.value;
    const row = rows.value.get(caseId);
    if (!row || document.visibilityState !== 'visible' || locked.value || last <= saidRead) return;
    if ((thread.value.read[me.value?.id ?? ''] ?? -1) >= last) return;
    saidRead = last;
    updateRow(caseId, (known) => ({ ...known, unread: 0 }));
    api('PUT', `/cases/${caseId}/receipts`, { read: last }).catch(() => {
      saidRead = -1;
    });
  }

  function typing(on: boolean): void {
    if (connected.value) call('typing:post', { case: caseId, on }).catch(() => undefined);
  }

  void begin();

  return {
    thread,
    opened,
    problem,
    loading,
    markRead,
    typing,
    async older() {
      const before = olderThan(thread.value);
      if (before === null) return;
      const found = await messagesOf(caseId, { before });
      takeIn(found);
      if (found.length === 0) thread.value = { ...thread.value, whole: true };
    },
    stop() {
      stopped = true;
      for (const end of stops) end();
      if (connected.value) call('case:leave', { case: caseId }).catch(() => undefined);
    },
  };
}

function withStored(thread: Thread, attachment: string): Thread {
  return {
    ...thread,
    rows: thread.rows.map((row) =>
      row.attachments.some((file) => file.id === attachment)
        ? { ...row, attachments: markStored(row.attachments, attachment) }
        : row,
    ),
  };
}

function withStoredHeader(row: CaseRow, attachment: string): CaseRow {
  const attachments = markStored(row.header.attachments, attachment);
  return { ...row, header: { ...row.header, attachments } };
}

function markStored<F extends { id: string; stored: boolean }>(files: F[], id: string): F[] {
  return files.map((file) => (file.id === id ? { ...file, stored: true } : file));
}
