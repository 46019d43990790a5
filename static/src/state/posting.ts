/**
 * The one function everything leaving this device passes: it signs and seals first, then queues.
 *
 * Ids are made here, so a job sent twice is stored once. Nothing waits for the network: what the
 * person wrote is safe on the device the moment these return.
 */
import { type Bytes, fromBase64, fromUtf8, randomBytes, toBase64, utf8 } from '../crypto/bytes.ts';
import { keyCommitment, requireCommitment } from '../crypto/commitment.ts';
import {
  accountRecipient,
  caseContext,
  headerContext,
  messageContext,
} from '../crypto/contexts.ts';
import { ProtocolError } from '../crypto/errors.ts';
import { readLinks } from '../crypto/links.ts';
import type { AttachmentManifest, JsonObject, MessagePayload } from '../crypto/payloads.ts';
import { type Statement, signStatement } from '../crypto/statement.ts';
import type { Job, JobProblem, PutJob, UploadJob } from '../outbox/jobs.ts';
import { announced, type Manifest, type Sealed, sealedBytes } from '../photos/manifest.ts';
import { Problem } from '../transport/http.ts';
import {
  caseKey,
  net,
  newestKey,
  type ProvenCase,
  proveCase,
  rememberCaseKey,
} from './case-keys.ts';
import type {
  CaseRow,
  HeaderBody,
  MessageKind,
  OpinionBody,
  Step,
  TextBody,
  Urgency,
} from './case-types.ts';
import { group, overflowOf } from './groups.ts';
import { latestCheckpoint } from './key-log.ts';
import { myKeys } from './keys.ts';
import { askForBackgroundSync, postOffice, refreshOutbox } from './outbox.ts';
import { reportSeal } from './seal-reports.ts';
import { kemPublic, seal, unseal, unwrap } from './sealing.ts';
import {
  custodians,
  grantsTo,
  isHeldToday,
  keysToday,
  learnAnew,
  rekey,
  signEvent,
} from './sharing.ts';
import { verdictWords } from './verdicts.ts';

export interface NewCase {
  /** The draft's id becomes the case's: its files are already sealed for this place. */
  id: string;
  pool: string;
  careTeam: string | null;
  urgency: Urgency;
  header: HeaderBody;
}

/** What every job begins with. */
function newJob(id: string, account: string, caseId: string, createdAt: number) {
  const state = 'waiting' as const;
  const fresh = { attempts: 0, notBefore: 0, sending: false, problem: null };
  return { id, account, case: caseId, createdAt, state, ...fresh };
}

function put(
  kind: PutJob['kind'],
  id: string,
  account: string,
  caseId: string,
  path: string,
  body: Record<string, unknown>,
): PutJob {
  return { ...newJob(id, account, caseId, Date.now()), kind, path, body };
}

function uploadOf(file: Sealed, rank: UploadJob['rank'], after: PutJob): UploadJob {
  const { id } = file;
  return {
    ...newJob(id, after.account, after.case, after.createdAt),
    kind: 'upload',
    attachment: id,
    parts: file.parts.map((part) => part.size),
    size: sealedBytes(file),
    rank,
    after: after.id,
    url: null,
    offset: 0,
  };
}

function uploadsOf(files: readonly Manifest[], after: PutJob): UploadJob[] {
  return files.flatMap((file) => [
    ...(file.preview ? [uploadOf(file.preview, 'preview', after)] : []),
    uploadOf(file, 'full', after),
  ]);
}

async function queue(queued: readonly Job[], draft?: string): Promise<void> {
  await postOffice().add(queued, draft);
  void askForBackgroundSync();
}

/** Wrap K_0 to all who may have to answer or recover the case, and sign who they are. */
async function openingOf(
  caseId: string,
  key: Bytes,
  pool: string,
  careTeam: string | null,
): Promise<{ event: Statement; grants: Record<string, string> }> {
  const mine = await myKeys();
  const overflow = overflowOf(group(pool)).map(({ id }) => group(id).id);
  const groups = [pool, ...(careTeam === null ? [] : [careTeam]), ...overflow];
  const publics = await keysToday([...groups.map((id) => `group:${id}`), ...(await custodians())]);
  publics.set(accountRecipient(mine.account, mine.seq), await kemPublic(mine.kemSeed));
  const grants = await grantsTo(caseId, 0, key, publics);
  const kc = toBase64(await keyCommitment(key));
  const opening = { case: caseId, n: 0, event: 'open', generation: 0, kc, prev: null } as const;
  return { event: await signEvent(opening, grants), grants };
}

/** Seal a new case and queue it with its files; the draft it came from is gone with the same stroke. */
export async function openCase(wanted: NewCase, draft: string): Promise<void> {
  const mine = await myKeys();
  const key = randomBytes(32);
  const header = await signStatement(
    'cordee1.header',
    {
      v: 1,
      net: net(),
      case: wanted.id,
      version: 0,
      g: 0,
      by: mine.account,
      at: new Date().toISOString(),
      body: wanted.header as unknown as JsonObject,
    },
    mine.signer,
  );
  const context = headerContext(net(), wanted.id, 0, 0);
  const sealed = await seal(key, context, utf8(JSON.stringify(header)));
  const { event, grants } = await openingOf(wanted.id, key, wanted.pool, wanted.careTeam);
  const files = wanted.header.attachments;
  const job = put('case', wanted.id, mine.account, wanted.id, `cases/${wanted.id}`, {
    pool: wanted.pool,
    care_team: wanted.careTeam,
    urgency: wanted.urgency,
    consent: true,
    event,
    grants,
    header: {
      generation: 0,
      version: 0,
      sealed: toBase64(sealed),
      attachments: announced(files),
    },
  });
  rememberCaseKey(wanted.id, 0, key);
  await queue([job, ...uploadsOf(files, job)], draft);
}

export interface Words {
  id: string;
  kind: MessageKind;
  body: TextBody | OpinionBody;
  attachments: readonly AttachmentManifest[];
  /** Ids of the latest messages the author had before their eyes. */
  seen: string[];
}

interface SealedWords {
  id: string;
  kind: MessageKind;
  generation: number;
  sealed: string;
  attachments: { id: string; size: number }[];
}

/** The key that words are sealed under. */
interface Under {
  generation: number;
  key: Bytes;
}

async function sealWords(
  row: CaseRow,
  { generation, key }: Under,
  words: Words,
  at = new Date().toISOString(),
): Promise<SealedWords> {
  const mine = await myKeys();
  const payload: MessagePayload = {
    v: 1,
    net: net(),
    case: row.id,
    id: words.id,
    g: generation,
    by: mine.account,
    kind: words.kind,
    at,
    seen: words.seen,
    body: words.body as unknown as JsonObject,
    attachments: [...words.attachments],
    log: latestCheckpoint(),
  };
  const statement = await signStatement('cordee1.message', payload, mine.signer);
  const context = messageContext(net(), row.id, generation, words.id);
  const sealed = await seal(key, context, utf8(JSON.stringify(statement)));
  return {
    id: words.id,
    kind: words.kind,
    generation,
    sealed: toBase64(sealed),
    attachments: announced(words.attachments),
  };
}

/**
 * The newest key of the case, and whether words may leave under it, as far as this device knows. If
 * not, they wait here until the case has a new key or this one is proved, and are sealed again.
 *
 * @throws ProtocolError when the server shows another key than the one that was signed.
 */
async function sealingOf(row: CaseRow): Promise<[Under, Pick<PutJob, 'state' | 'unproved'>]> {
  let under: Under | null = null;
  try {
    if (row.events.length === 0) {
      // A list proves no key: only the opening that waits here, signed by ourselves.
      under = await openedHere(row);
      if (under) return [under, { state: 'waiting' }];
    } else {
      const chain = await proveCase(row);
      under = await newestUnder(row, chain);
      const holds = !row.rekey_due && (await isHeldToday(chain));
      return [under, { state: holds ? 'waiting' : 'stale' }];
    }
  } catch (error) {
    if (error instanceof ProtocolError) throw error;
    if (under) return [under, { state: 'stale' }];
  }
  const { generation } = row;
  return [
    { generation, key: await caseKey(row) },
    { state: 'stale', unproved: true },
  ];
}

async function newestUnder(row: CaseRow, chain: ProvenCase): Promise<Under> {
  return { generation: chain.payload.generation, key: await newestKey(row, chain) };
}

async function openedHere(row: CaseRow): Promise<Under | null> {
  const waiting = await postOffice().outbox.jobs((await myKeys()).account);
  const opening = waiting.find((job): job is PutJob => job.kind === 'case' && job.id === row.id);
  if (!opening) return null;
  const [link] = readLinks('cordee1.case', [opening.body['event'] as Statement]);
  const key = await caseKey(row, 0);
  await requireCommitment(key, fromBase64(link?.payload.kc ?? ''));
  return { generation: 0, key };
}

/** Seal and queue a message of a case. */
export async function postMessage(row: CaseRow, words: Words, draft?: string): Promise<void> {
  const [under, standing] = await sealingOf(row);
  const { id, ...body } = await sealWords(row, under, words);
  const { account } = await myKeys();
  const made = put('message', id, account, row.id, `cases/${row.id}/messages/${id}`, body);
  const job = { ...made, ...standing };
  await queue([job, ...uploadsOf(words.attachments, job)], draft);
}

/** Queue a step of a case, with the words it needs. */
export async function takeStep(
  row: CaseRow,
  step: Step,
  words?: Words,
  draft?: string,
): Promise<void> {
  const { account } = await myKeys();
  const id = crypto.randomUUID();
  const made = put('step', id, account, row.id, `cases/${row.id}/steps/${id}`, { step });
  let job = made;
  if (words) {
    const [under, standing] = await sealingOf(row);
    const message = await sealWords(row, under, words);
    job = { ...made, body: { step, message }, ...standing };
  }
  await queue([job, ...uploadsOf(words?.attachments ?? [], job)], draft);
}

let sealing: Promise<void> | null = null;

/**
 * Seal again what met a group, person or case whose key had changed meanwhile. The words stay; only
 * to whom the key is wrapped, or under which generation the words lie, is new.
 *
 * Nothing is lost by closing the page at any point: the job lies in the outbox until the new one
 * takes its place, and a rotation that did reach the server is found there the next time.
 */
export function sealStaleAgain(): Promise<void> {
  sealing ??= navigator.locks
    .request('cordee-seal-again', async () => {
      const done = new Set<string>();
      for (let job = await nextStale(done); job; job = await nextStale(done)) {
        done.add(job.id);
        await sealAgain(job);
      }
    })
    .finally(() => {
      sealing = null;
    });
  return sealing;
}

/** Read anew each time: more may have come while one was sealed. */
async function nextStale(but: ReadonlySet<string>): Promise<PutJob | undefined> {
  const { account } = await myKeys();
  const waiting = await postOffice().outbox.jobs(account);
  return waiting.find(
    (job): job is PutJob => job.kind !== 'upload' && job.state === 'stale' && !but.has(job.id),
  );
}

/** The server cannot ask for the same thing for ever. */
const MOST_AGAIN = 5;

async function sealAgain(job: PutJob): Promise<void> {
  const { again = 0 } = job;
  let problem = job.problem;
  try {
    if (again < MOST_AGAIN) {
      const sealed = await (job.kind === 'case' ? caseAgain(job) : wordsAgain(job));
      await postOffice().resend({ ...sealed, again: again + 1 });
      return;
    }
  } catch (error) {
    // What no later attempt will mend is said beside the words, which stay here.
    problem = problemOf(error);
    if (!problem) throw error;
    reportSeal('case', job.case, error, job.case);
  }
  await postOffice().outbox.keep({ ...job, state: 'refused', problem });
  await refreshOutbox();
}

function problemOf(error: unknown): JobProblem | null {
  if (error instanceof ProtocolError) return { code: 'seal_broken', detail: verdictWords(error) };
  const final = error instanceof Problem && [404, 409, 422].includes(error.status);
  return final ? { code: error.code, detail: error.detail } : null;
}

async function caseAgain(job: PutJob): Promise<PutJob> {
  const body = job.body as {
    pool: string;
    care_team: string | null;
    grants: Record<string, string>;
  };
  const mine = await myKeys();
  // Sealed before a renewal, it was wrapped to our keys of then.
  const recipient = ({ seq }: { seq: number }) => accountRecipient(mine.account, seq);
  const used = mine.former.find((one) => recipient(one) in body.grants) ?? mine;
  const own = recipient(used);
  const context = caseContext(net(), job.id, 0, own);
  const key = await unwrap(used.kemSeed, context, fromBase64(body.grants[own] ?? ''));
  await learnAnew();
  const opening = await openingOf(job.id, key, body.pool, body.care_team);
  if (Object.keys(opening.grants).join() === Object.keys(body.grants).join()) {
    throw new Problem(409, job.problem?.code ?? 'stale_epoch', job.problem?.detail ?? '');
  }
  return { ...job, body: { ...job.body, ...opening } };
}

async function wordsAgain(job: PutJob): Promise<PutJob> {
  const old = (job.kind === 'message' ? { ...job.body, id: job.id } : job.body['message']) as
    | SealedWords
    | undefined;
  if (job.problem?.code === 'stale_epoch') await learnAnew();
  const row = await rekey(job.case);
  if (!old) return job;
  const key = await caseKey(row, old.generation);
  const context = messageContext(net(), row.id, old.generation, old.id);
  const statement = JSON.parse(fromUtf8(await unseal(key, context, fromBase64(old.sealed))));
  const said = JSON.parse(fromUtf8(fromBase64(statement.p))) as MessagePayload;
  const words: Words = {
    id: old.id,
    kind: old.kind,
    body: said.body as unknown as Words['body'],
    attachments: said.attachments,
    seen: said.seen,
  };
  const under = await newestUnder(row, await proveCase(row));
  const { id: _, ...sealed } = await sealWords(row, under, words, said.at);
  const proved = { ...job, unproved: false };
  if (job.kind === 'message') return { ...proved, body: sealed };
  return { ...proved, body: { ...job.body, message: { ...sealed, id: old.id } } };
}
