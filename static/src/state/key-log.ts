/**
 * The key log as this device sees it: every key statement that anybody is shown, so that nobody can
 * be shown keys of their own.
 *
 * Leaves are copied here and the root is computed here; the server's word counts for nothing. A
 * checkpoint is believed when the log's key and k witnesses signed it and it extends what this
 * device saw before. What was once verified stays usable when the log starts to lie: only what is
 * new is then refused, and `logFault` says why.
 */
import { type Signal, signal } from '@preact/signals';
import { type Bytes, concat, fromBase64, sameBytes, toBase64 } from '../crypto/bytes.ts';
import type { Policy } from '../crypto/chain.ts';
import {
  LogForked,
  LogRefused,
  LogRolledBack,
  NotInLog,
  PolicyWithheld,
  StatementWithheld,
  WitnessMissing,
} from '../crypto/errors.ts';
import { type Checkpoint, logOrigin, readCheckpoint } from '../crypto/log-note.ts';
import { LogCopy } from '../crypto/log-tree.ts';
import { LEAF_SIZE, type LeafKind } from '../crypto/merkle.ts';
import type { Side } from '../crypto/safety.ts';
import { type Statement, statementHash } from '../crypto/statement.ts';
import { api, NetworkDown } from '../transport/http.ts';
import { type KeptLog, recallLog, rememberLog } from './log-store.ts';
import { reportSeal } from './seal-reports.ts';

/** A checkpoint as signed messages carry it. */
export interface SeenLog {
  size: number;
  /** Base64. */
  root: string;
}

export interface Asking {
  /** The statements are those this device remembered: a later one in the log is no fault. */
  remembered?: boolean | undefined;
}

/** What the network's rules say of its log. */
interface Rules {
  net: string;
  logKey: Bytes;
  witnesses: Bytes[];
  k: number;
}

/** Milliseconds. A copy this young is not asked after again. */
const FRESH = 60_000;
/** How long a statement may take to be logged and witnessed. */
const PATIENCE = 10_000;
const ASK_AGAIN = 1_000;
/** How long witnesses may be silent before it is said. */
const SILENCE = 10 * 60_000;
const WATCH_EVERY = 5 * 60_000;
/** Leaves in one request. */
const PAGE = 20_000;

const pause = (time: number) => new Promise((resolve) => setTimeout(resolve, time));

export class KeyLog {
  /** What is wrong with the log itself, for the interface to say. A fork is never taken back. */
  readonly fault: Signal<Error | null> = signal(null);
  private rules: Rules | null = null;
  private followed = false;
  private kept: KeptLog = { copy: new LogCopy(), at: 0 };
  private recalled: { net: string; done: Promise<void> } | null = null;
  private running: Promise<void> | null = null;
  /** When this page last asked. What an earlier visit kept is asked after at once. */
  private asked = Number.NEGATIVE_INFINITY;
  private unreachable = false;
  private readonly agreed = new Map<number, string>();
  private readonly passed = new Map<string, { kind: LeafKind; subject: string; last: number }>();
  private readonly listeners = new Set<(kind: LeafKind, subject: string) => void>();

  /**
   * Follow the log that these rules name, and require the rules themselves in it.
   *
   * @throws LogRefused, NetworkDown
   */
  async follow(policy: Policy, statements: readonly Statement[], asking?: Asking): Promise<void> {
    const { net, log_key, witnesses, k } = policy.payload;
    this.followed = true;
    this.rules = log_key
      ? {
          net,
          logKey: fromBase64(log_key, 32),
          witnesses: witnesses.map((key) => fromBase64(key, 32)),
          k,
        }
      : null;
    if (!this.rules) {
      // Rules of before there was a log would otherwise do away with it.
      await this.recall(net);
      if (this.kept.copy.entries('policy', net).some(({ seq }) => seq > policy.payload.seq)) {
        throw new PolicyWithheld('the log holds later rules');
      }
    }
    await this.require('policy', net, statements, asking);
  }

  /** Told when the log holds a later statement of somebody than the one that was last required. */
  onLater(fn: (kind: LeafKind, subject: string) => void): () => void {
    this.listeners.add(fn);
    return () => this.listeners.delete(fn);
  }

  /** The newest checkpoint this device has verified. */
  latest(): SeenLog | null {
    const { copy } = this.kept;
    return this.rules && copy.size > 0 ? { size: copy.size, root: toBase64(copy.root()) } : null;
  }

  /**
   * Fetch what the log has added. Concurrent calls share one run.
   *
   * @throws LogRefused, NetworkDown
   */
  refresh(): Promise<void> {
    this.running ??= this.fetchNewer().finally(() => {
      this.running = null;
    });
    return this.running;
  }

  /**
   * Require that the log holds exactly these statements of a subject, the last one included.
   *
   * `statements` are a verified chain, from the first. One newer than the newest witnessed
   * checkpoint is waited for. `StatementWithheld` may be a race between two requests: fetch the
   * statements again once before believing it.
   *
   * @throws NotInLog, StatementWithheld, LogForked, another LogRefused, NetworkDown
   */
  async require(
    kind: LeafKind,
    subject: string,
    statements: readonly Statement[],
    asking: Asking = {},
  ): Promise<void> {
    // Rules that name no log ask for nothing; rules not known yet must not pass for such.
    if (!this.followed) throw new LogRefused('the rules of the network are not known yet');
    if (!this.rules) return;
    const hashes = await Promise.all(statements.map(statementHash));
    await this.recall(this.rules.net);
    const until = Date.now() + PATIENCE;
    let asked = Date.now() - this.asked > FRESH;
    let fault = asked ? await this.tried() : null;
    while (!this.holds(kind, subject, hashes, asking)) {
      if (fault !== null && !(fault instanceof WitnessMissing)) throw fault;
      if (Date.now() >= until) throw fault ?? new NotInLog('a statement the log does not hold');
      if (asked) await pause(ASK_AGAIN);
      fault = await this.tried();
      asked = true;
    }
    this.passed.set(`${kind} ${subject}`, { kind, subject, last: hashes.length - 1 });
  }

  /**
   * Compare with a checkpoint that a colleague signed into a message.
   *
   * @throws LogForked, LogRolledBack
   */
  async compare({ size, root }: SeenLog): Promise<void> {
    if (!this.rules || this.agreed.get(size) === root) return;
    await this.recall(this.rules.net);
    for (let tries = 0; this.kept.copy.size < size; tries++) {
      const fault = await this.tried();
      if (this.kept.copy.size >= size) break;
      if (fault instanceof LogRefused && !(fault instanceof WitnessMissing)) throw fault;
      if (fault) return;
      if (tries > 0) throw this.found(new LogRolledBack('a colleague has seen a longer log'));
      await pause(ASK_AGAIN);
    }
    if (toBase64(this.kept.copy.root(size)) !== root) {
      throw this.found(new LogForked('a colleague was shown another log'));
    }
    this.agreed.set(size, root);
  }

  /** The hashes of a person's key statements, checked: one side of `safetyCode`. */
  async side({ id, statements }: { id: string; statements: readonly Statement[] }): Promise<Side> {
    await this.require('account', id, statements);
    return { account: id, hashes: await Promise.all(statements.map(statementHash)) };
  }

  /** What a refresh threw, if anything. */
  private tried(): Promise<unknown> {
    return this.refresh().then(
      () => null,
      (fault: unknown) => fault,
    );
  }

  private found(fault: Error): Error {
    if (!(this.fault.value instanceof LogForked)) this.fault.value = fault;
    reportSeal('log', this.rules?.net ?? '', fault);
    return fault;
  }

  private recall(net: string): Promise<void> {
    if (this.recalled?.net !== net) {
      this.kept = { copy: new LogCopy(), at: 0 };
      const done = recallLog(net).then((kept) => {
        if (kept) this.kept = kept;
      });
      this.recalled = { net, done };
    }
    return this.recalled.done;
  }

  private async fetchNewer(): Promise<void> {
    const { rules } = this;
    if (!rules) return;
    await this.recall(rules.net);
    try {
      const checkpoint = await fetchCheckpoint(rules);
      const copy = await this.grownTo(checkpoint);
      this.kept = { copy, at: Date.now() };
      this.asked = Date.now();
      this.unreachable = false;
      if (!(this.fault.value instanceof LogForked)) this.fault.value = null;
      await rememberLog(rules.net, this.kept);
      this.tellLater();
    } catch (fault) {
      this.asked = Date.now();
      this.unreachable = fault instanceof NetworkDown;
      const silent = fault instanceof WitnessMissing && Date.now() - this.kept.at < SILENCE;
      if (fault instanceof LogRefused && !silent) this.found(fault);
      throw fault;
    }
  }

  /** Our copy with everything up to a checkpoint, whose root it must give. */
  private async grownTo({ size, root }: Checkpoint): Promise<LogCopy> {
    const { copy } = this.kept;
    if (size < copy.size) {
      if (!sameBytes(copy.root(size), root)) throw new LogForked('another past than seen here');
      throw new LogRolledBack('the log was longer when this device last saw it');
    }
    const pages: Bytes[] = [];
    for (let start = copy.size; start < size; start += PAGE) {
      pages.push(await fetchLeaves(start, Math.min(start + PAGE, size)));
    }
    const longer = pages.length > 0 ? copy.grown(concat(...pages)) : copy;
    if (!sameBytes(longer.root(), root)) throw new LogForked('another log than the one signed');
    return longer;
  }

  /** False when the log does not hold the statements yet. */
  private holds(
    kind: LeafKind,
    subject: string,
    hashes: readonly Bytes[],
    { remembered = false }: Asking,
  ): boolean {
    const logged = new Map<number, Bytes>();
    for (const { seq, hash } of this.kept.copy.entries(kind, subject)) {
      const other = logged.get(seq);
      if (other && !sameBytes(other, hash)) {
        throw this.found(new LogForked('the log holds two statements in one place'));
      }
      logged.set(seq, hash);
    }
    for (const [seq, hash] of hashes.entries()) {
      const found = logged.get(seq);
      if (found && !sameBytes(found, hash)) {
        throw new NotInLog('the log holds another statement in this place');
      }
    }
    // Without a network the rules are those this device remembers, which has its own guard.
    const known = remembered || (kind === 'policy' && this.unreachable);
    if (!known && Math.max(-1, ...logged.keys()) >= hashes.length) {
      const Withheld = kind === 'policy' ? PolicyWithheld : StatementWithheld;
      throw new Withheld('the log holds a later statement');
    }
    return hashes.every((_, seq) => logged.has(seq));
  }

  private tellLater(): void {
    for (const [place, { kind, subject, last }] of this.passed) {
      const later = this.kept.copy.entries(kind, subject).some(({ seq }) => seq > last);
      if (!later) continue;
      this.passed.delete(place);
      for (const fn of this.listeners) fn(kind, subject);
    }
  }
}

async function fetchCheckpoint({ net, logKey, witnesses, k }: Rules): Promise<Checkpoint> {
  const headers = { Accept: 'text/plain' };
  const answer = await api('GET', '/log/checkpoint', undefined, { raw: true, headers });
  const note = new TextDecoder().decode(await body(answer));
  const checkpoint = await readCheckpoint(note, logOrigin(net), logKey, witnesses);
  if (checkpoint.witnessed < k) {
    throw new WitnessMissing(`${checkpoint.witnessed} of ${k} witnesses`);
  }
  return checkpoint;
}

async function fetchLeaves(start: number, end: number): Promise<Bytes> {
  const headers = { Accept: 'application/octet-stream' };
  const path = `/log/leaves?start=${start}&end=${end}`;
  const leaves = await body(await api('GET', path, undefined, { raw: true, headers }));
  if (leaves.length !== (end - start) * LEAF_SIZE) {
    throw new LogRefused('not as many leaves as the checkpoint counts');
  }
  return leaves;
}

/** The line may also fall while an answer is read. */
async function body(answer: Response): Promise<Bytes> {
  try {
    return new Uint8Array(await answer.arrayBuffer());
  } catch (cause) {
    throw new NetworkDown(cause);
  }
}

const log = new KeyLog();

export const logFault = log.fault;
export const latestCheckpoint = () => log.latest();
export const refreshLog = () => log.refresh();
export const checkGossip = (seen: SeenLog) => log.compare(seen);
export const onLater = (fn: (kind: LeafKind, subject: string) => void) => log.onLater(fn);
export const requireLogged = (
  kind: LeafKind,
  subject: string,
  statements: readonly Statement[],
  asking?: Asking,
) => log.require(kind, subject, statements, asking);
export const fingerprintOf = (person: { id: string; statements: readonly Statement[] }) =>
  log.side(person);

let watching = false;

/** The rules just verified say what log to follow; from then on it is watched while one looks. */
export async function followLog(
  policy: Policy,
  statements: readonly Statement[],
  asking?: Asking,
): Promise<void> {
  if (!watching) {
    watching = true;
    setInterval(() => {
      if (document.visibilityState === 'visible') void log.refresh().catch(() => undefined);
    }, WATCH_EVERY);
  }
  await log.follow(policy, statements, asking);
}
