/**
 * What is being written, kept on this device under a key that exists only while it is unlocked.
 *
 * A draft survives a reload, a crash and the lock; its photos lie beside it, each already sealed for
 * the case the draft will become. A photo that is ready while locked, or when no page shows its
 * draft, waits in memory for the keys and then joins what is kept.
 */
import { type Signal, signal } from '@preact/signals';
import { fromUtf8, owned, utf8 } from '../crypto/bytes.ts';
import { ProtocolError } from '../crypto/errors.ts';
import { lockOnDevice, openOnDevice } from '../crypto/vault.ts';
import type { Manifest } from '../photos/manifest.ts';
import { net } from './case-keys.ts';
import type { Consent, OpinionBody, Patient, Urgency } from './case-types.ts';
import { draftOpeningKeys, draftSealingKey, locked, myKeys } from './keys.ts';
import { postOffice } from './outbox.ts';
import { me, onSignOut } from './session.ts';

export interface CaseDraft {
  /** Becomes the case's id. */
  id: string;
  step: number;
  pool: string | null;
  careTeam: string | null;
  urgency: Urgency | null;
  urgencyReason: string;
  patient: Patient;
  consent: Omit<Consent, 'informed'> & { informed: boolean };
  question: string;
  reason: string;
  wantedDelay: string;
  files: Manifest[];
  savedAt: number;
}

/** The message being answered, as it is shown above the box. */
export interface Quoted {
  id: string;
  name: string;
  text: string;
}

export interface MessageDraft {
  text: string;
  quoted: Quoted | null;
  files: Manifest[];
}

export type OpinionDraft = Pick<
  OpinionBody,
  'conclusion' | 'recommendations' | 'follow_up' | 'incidents'
>;

/** Drafts of cases, newest first. */
export const caseDrafts: Signal<readonly CaseDraft[]> = signal([]);

export function newCaseDraft(careTeam: string | null): CaseDraft {
  return {
    id: crypto.randomUUID(),
    step: 0,
    pool: null,
    careTeam,
    urgency: null,
    urgencyReason: '',
    patient: {
      birth_name: '',
      used_name: '',
      given_names: '',
      sex: 'U',
      birth_date: '',
      birthplace_code: '',
      ins: '',
      ins_status: null,
      local_id: '',
    },
    consent: { informed: false, by: 'patient', representative_name: null, how: 'oral', at: '' },
    question: '',
    reason: '',
    wantedDelay: '',
    files: [],
    savedAt: 0,
  };
}

const purposeOf = (account: string, id: string) => `cordee draft ${net()} ${account} ${id}`;

let turns: Promise<unknown> = Promise.resolve();

/** One writing after the other: none reads what another is about to replace. */
function inTurn<T>(deed: () => Promise<T>): Promise<T> {
  const done = turns.then(deed);
  turns = done.catch(() => undefined);
  return done;
}

async function store(id: string, kind: 'case' | 'message', value: unknown): Promise<void> {
  const { account } = await myKeys();
  const plain = utf8(JSON.stringify(value));
  const sealed = await lockOnDevice(await draftSealingKey(), purposeOf(account, id), plain);
  const files = partIds((value as Partial<MessageDraft>).files ?? []);
  await postOffice().outbox.putDraft({ id, account, kind, sealed, files, savedAt: Date.now() });
}

async function read<T>(id: string, sealed: Uint8Array): Promise<T | null> {
  const { account } = await myKeys();
  for await (const key of draftOpeningKeys()) {
    try {
      const plain = await openOnDevice(key, purposeOf(account, id), owned(sealed));
      return JSON.parse(fromUtf8(plain)) as T;
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
    }
  }
  // Everything was lost and made anew: what lay under the old keys is gone.
  return null;
}

export async function loadCaseDrafts(): Promise<void> {
  const { account } = await myKeys();
  const found: CaseDraft[] = [];
  for (const stored of await postOffice().outbox.drafts(account)) {
    if (stored.kind !== 'case') continue;
    const draft = await read<CaseDraft>(stored.id, stored.sealed);
    if (draft) found.push(draft);
  }
  caseDrafts.value = found.sort((a, b) => b.savedAt - a.savedAt);
  await sweepParts();
}

/** By draft: the files it has had in this tab. Any other was put in it from elsewhere. */
const seen = new Map<string, Set<string>>();

function see({ id, files }: CaseDraft): void {
  seen.set(id, new Set([...(seen.get(id) ?? []), ...files.map((file) => file.id)]));
}

/** Keep a draft, with the files another tab put in it meanwhile; the page that shows it takes them. */
export async function saveCaseDraft(draft: CaseDraft): Promise<void> {
  see(draft);
  let saved = { ...draft, savedAt: Date.now() };
  await inTurn(async () => {
    const others = (await stored(draft.id))?.files ?? [];
    const fresh = others.filter((file) => !seen.get(draft.id)?.has(file.id));
    saved = { ...saved, files: [...draft.files, ...fresh] };
    await store(draft.id, 'case', saved);
    const take = takers.get(draft.id);
    if (!take) return;
    see(saved);
    for (const file of fresh) take(file);
  });
  caseDrafts.value = [saved, ...caseDrafts.value.filter((other) => other.id !== draft.id)];
}

async function stored(id: string): Promise<CaseDraft | null> {
  const kept = await postOffice().outbox.draft(id);
  return kept ? read<CaseDraft>(id, kept.sealed) : null;
}

export async function findCaseDraft(id: string): Promise<CaseDraft | null> {
  await joinHeld();
  const found = await stored(id);
  if (found) see(found);
  return found;
}

const partIds = (files: readonly Manifest[]) =>
  files.flatMap((file) => [file.id, ...(file.preview ? [file.preview.id] : [])]);

/** Forget a draft and its photos for good. */
export async function dropCaseDraft(draft: CaseDraft): Promise<void> {
  await dropDraft(draft.id);
  await dropFiles(draft.files);
}

/** Hide a draft while its removal can still be undone. */
export function hideCaseDraft(id: string): void {
  caseDrafts.value = caseDrafts.value.filter((draft) => draft.id !== id);
}

export function dropFiles(files: readonly Manifest[]): Promise<void> {
  return postOffice().outbox.dropParts(partIds(files));
}

export const messageDraftId = (caseId: string) => `message:${caseId}`;
export const opinionDraftId = (caseId: string) => `opinion:${caseId}`;

export async function loadDraft<T>(id: string): Promise<T | null> {
  await joinHeld();
  const stored = await postOffice().outbox.draft(id);
  return stored ? read<T>(id, stored.sealed) : null;
}

export function saveDraft(id: string, value: unknown): Promise<void> {
  return inTurn(() => store(id, 'message', value));
}

export function dropDraft(id: string): Promise<void> {
  return inTurn(() => postOffice().outbox.dropDraft(id));
}

type Take = (file: Manifest, replacing?: string) => void;
const takers = new Map<string, Take>();
let held: readonly { id: string; account: string | undefined; file: Manifest }[] = [];

/** A page shows this draft, and takes the files made for it until the returned function is called. */
export function takeFilesOf(id: string, take: Take): () => void {
  takers.set(id, take);
  return () => {
    if (takers.get(id) === take) takers.delete(id);
  };
}

/** Put a sealed file in its draft: the one shown, else the one kept, as soon as the keys are here. */
export async function putInDraft(id: string, file: Manifest, replacing?: string): Promise<void> {
  const take = locked.value ? undefined : takers.get(id);
  if (take) return take(file, replacing);
  held = [...held, { id, account: me.value?.id, file }];
  await joinHeld();
}

/** What cannot be written now is held until a draft is read again. */
function joinHeld(): Promise<void> {
  return inTurn(async () => {
    for (const one of held) {
      const { account } = await myKeys();
      if (one.account === account) await join(one.id, one.file);
      held = held.filter((other) => other !== one);
    }
  }).catch(() => undefined);
}

async function join(id: string, file: Manifest): Promise<void> {
  const stored = await postOffice().outbox.draft(id);
  const draft = stored ? await read<Partial<MessageDraft>>(id, stored.sealed) : null;
  // A case that was sent or deleted meanwhile takes nothing more; an answer may begin with a photo.
  if (!draft && !id.startsWith('message:')) return;
  const files = [...(draft?.files ?? []), file];
  await store(id, stored?.kind ?? 'message', { ...(draft ?? { text: '', quoted: null }), files });
}

locked.subscribe((shut) => {
  if (!shut) void joinHeld();
});
onSignOut(() => {
  held = [];
});

/**
 * Parts whose draft was lost to a crash in the middle would stay for ever: find and drop them. What
 * colleagues left on this device, or what does not open today, keeps its own.
 */
async function sweepParts(): Promise<void> {
  const { outbox } = postOffice();
  const owners = [...(await outbox.partOwners())];
  const needed = await outbox.neededFiles();
  if (!needed) return;
  const orphans = owners.filter((id) => !needed.has(id));
  // A file being attached right now in another tab has no draft yet: leave the latest a day.
  if (orphans.length > 0) await outbox.dropPartsBefore(orphans, Date.now() - 24 * 3600_000);
}
