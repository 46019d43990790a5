/**
 * The one function everything leaving this device passes: it signs and seals first, then queues.
 *
 * Ids are made here, so a job sent twice is stored once. Nothing waits for the network: what the
 * person wrote is safe on the device the moment these return.
 */
import { type Bytes, fromBase64, fromUtf8, randomBytes, toBase64, utf8 } from '../crypto/bytes.ts';
import { keyCommitment } from '../crypto/commitment.ts';
import {
  accountRecipient,
  caseContext,
  groupRecipient,
  headerContext,
  messageContext,
} from '../crypto/contexts.ts';
import type {
  AttachmentManifest,
  CasePayload,
  JsonObject,
  MessagePayload,
} from '../crypto/payloads.ts';
import { type Statement, signStatement } from '../crypto/statement.ts';
import type { Job, PutJob, UploadJob } from '../outbox/jobs.ts';
import { announced, type Manifest, type Sealed, sealedBytes } from '../photos/manifest.ts';
import { caseKey, net, rememberCaseKey } from './case-keys.ts';
import type {
  CaseRow,
  HeaderBody,
  MessageKind,
  OpinionBody,
  Step,
  TextBody,
  Urgency,
} from './case-types.ts';
import { group } from './groups.ts';
import { myKeys } from './keys.ts';
import { askForBackgroundSync, jobs, postOffice } from './outbox.ts';
import { kemPublic, seal, unseal, unwrap, wrapToAll } from './sealing.ts';

export interface NewCase {
  /** The draft's id becomes the case's: its files are already sealed for this place. */
  id: string;
  pool: string;
  careTeam: string | null;
  urgency: Urgency;
  header: HeaderBody;
}

function put(
  kind: PutJob['kind'],
  id: string,
  account: string,
  caseId: string,
  path: string,
  body: Record<string, unknown>,
): PutJob {
  return {
    kind,
    id,
    account,
    case: caseId,
    path,
    body,
    state: 'waiting',
    attempts: 0,
    notBefore: 0,
    sending: false,
    createdAt: Date.now(),
    problem: null,
  };
}

function uploadOf(file: Sealed, rank: UploadJob['rank'], after: PutJob): UploadJob {
  const { id } = file;
  return {
    kind: 'upload',
    id,
    account: after.account,
    case: after.case,
    attachment: id,
    parts: file.parts.map((part) => part.size),
    size: sealedBytes(file),
    rank,
    after: after.id,
    url: null,
    offset: 0,
    state: 'waiting',
    attempts: 0,
    notBefore: 0,
    sending: false,
    createdAt: after.createdAt,
    problem: null,
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

/** Wrap K_0 to the pool, the opener and the care team, and sign who they are. */
async function openingOf(
  caseId: string,
  key: Bytes,
  pool: string,
  careTeam: string | null,
): Promise<{ event: Statement; grants: Record<string, string> }> {
  const mine = await myKeys();
  const publics = new Map<string, Bytes>();
  publics.set(accountRecipient(mine.account, mine.seq), await kemPublic(mine.kemSeed));
  for (const id of careTeam === null ? [pool] : [pool, careTeam]) {
    const { epoch, kemKey } = group(id);
    publics.set(groupRecipient(id, epoch), kemKey);
  }
  const recipients = [...publics.keys()].sort();
  const to = recipients.map((recipient) => ({
    publicKey: publics.get(recipient) as Bytes,
    context: caseContext(net(), caseId, 0, recipient),
  }));
  const wrapped = await wrapToAll(to, key);
  const grants = Object.fromEntries(
    recipients.map((recipient, i) => [recipient, toBase64(wrapped[i] as Bytes)]),
  );
  const payload: CasePayload = {
    v: 1,
    net: net(),
    case: caseId,
    n: 0,
    event: 'open',
    generation: 0,
    kc: toBase64(await keyCommitment(key)),
    to: recipients,
    by: mine.account,
    prev: null,
  };
  return { event: await signStatement('cordee1.case', payload, mine.signer), grants };
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

async function sealWords(row: CaseRow, words: Words): Promise<SealedWords> {
  const mine = await myKeys();
  const payload: MessagePayload = {
    v: 1,
    net: net(),
    case: row.id,
    id: words.id,
    g: row.generation,
    by: mine.account,
    kind: words.kind,
    at: new Date().toISOString(),
    seen: words.seen,
    body: words.body as unknown as JsonObject,
    attachments: [...words.attachments],
    log: null,
  };
  const statement = await signStatement('cordee1.message', payload, mine.signer);
  const context = messageContext(net(), row.id, row.generation, words.id);
  const sealed = await seal(await caseKey(row), context, utf8(JSON.stringify(statement)));
  return {
    id: words.id,
    kind: words.kind,
    generation: row.generation,
    sealed: toBase64(sealed),
    attachments: announced(words.attachments),
  };
}

/** Seal and queue a message of a case. */
export async function postMessage(row: CaseRow, words: Words, draft?: string): Promise<void> {
  const { id, ...body } = await sealWords(row, words);
  const { account } = await myKeys();
  const job = put('message', id, account, row.id, `cases/${row.id}/messages/${id}`, body);
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
  const body = { step, ...(words ? { message: await sealWords(row, words) } : {}) };
  const job = put('step', id, account, row.id, `cases/${row.id}/steps/${id}`, body);
  await queue([job, ...uploadsOf(words?.attachments ?? [], job)], draft);
}

/**
 * Seal again what met a group or case whose key had changed meanwhile. The key and the words stay;
 * only to whom the key is wrapped, or under which generation the words lie, is new.
 *
 * @param rowOf gives a case as the server now has it.
 */
export async function sealStaleAgain(rowOf: (id: string) => Promise<CaseRow>): Promise<void> {
  for (const job of jobs.value) {
    if (job.kind === 'upload' || job.state !== 'stale') continue;
    await postOffice().resend(
      job.kind === 'case' ? await caseAgain(job) : await wordsAgain(job, await rowOf(job.case)),
    );
  }
}

async function caseAgain(job: PutJob): Promise<PutJob> {
  const body = job.body as {
    pool: string;
    care_team: string | null;
    grants: Record<string, string>;
  };
  const mine = await myKeys();
  const own = accountRecipient(mine.account, mine.seq);
  const context = caseContext(net(), job.id, 0, own);
  const key = await unwrap(mine.kemSeed, context, fromBase64(body.grants[own] ?? ''));
  return {
    ...job,
    body: { ...job.body, ...(await openingOf(job.id, key, body.pool, body.care_team)) },
  };
}

async function wordsAgain(job: PutJob, row: CaseRow): Promise<PutJob> {
  const old = (job.kind === 'message' ? { ...job.body, id: job.id } : job.body['message']) as
    | SealedWords
    | undefined;
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
  const { id: _, ...sealed } = await sealWords(row, words);
  if (job.kind === 'message') return { ...job, body: sealed };
  return { ...job, body: { ...job.body, message: { ...sealed, id: old.id } } };
}
