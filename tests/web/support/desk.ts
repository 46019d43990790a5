/** Acts of people at their device, as the pages do them, and what they then read. */
import { afterEach, beforeEach, expect } from 'vitest';
import {
  messageContext,
  seal,
  signStatement,
  toBase64,
  utf8,
} from '../../../static/src/crypto/index.ts';
import { fetchCase } from '../../../static/src/state/case-fetching.ts';
import { caseKey } from '../../../static/src/state/case-keys.ts';
import { openMessage, openCase as readCase } from '../../../static/src/state/case-opening.ts';
import type { CaseRow, HeaderBody } from '../../../static/src/state/case-types.ts';
import { postOffice, refreshOutbox } from '../../../static/src/state/outbox.ts';
import { openCase, postMessage, sealStaleAgain } from '../../../static/src/state/posting.ts';
import { Clinic, type Person } from './clinic.ts';

export interface Place {
  clinic: Clinic;
  favre: Person;
  pool: string;
}

const HEADER = {
  patient: { birth_name: 'PERRIN', sex: 'F', birth_date: '1951-04-09' },
  question: 'Que faire ?',
  attachments: [],
} as unknown as HeaderBody;

/** Dr Favre, Dr Blanc and the pool she serves, founded anew before each test of a file. */
export function usualClinic(): Place & { blanc: Person } {
  const place = {} as Place & { blanc: Person };
  beforeEach(async () => {
    const clinic = await Clinic.start();
    const favre = await clinic.makePerson('Dr Claire Favre');
    const blanc = await clinic.makePerson('Dr Sophie Blanc');
    const pool = (await clinic.makeGroup('Dermatologie', [blanc])).id;
    Object.assign(place, { clinic, favre, blanc, pool });
  });
  afterEach(() => place.clinic.stop());
  return place;
}

/** Wait for what the outbox does by itself. */
export async function until(done: () => unknown): Promise<void> {
  for (let i = 0; i < 2_500; i++) {
    if (await done()) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error('it did not happen');
}

/** What whoever is at the device does there; `at` names the place of the running test. */
export function deskOf(at: () => Place) {
  const waiting = async (account: Person) => postOffice().outbox.jobs(account.id);

  /** A case made here, on its way to the server. */
  async function queued(): Promise<string> {
    const id = crypto.randomUUID();
    const wanted = {
      id,
      pool: at().pool,
      careTeam: null,
      urgency: 'routine',
      header: HEADER,
    } as const;
    await openCase(wanted, 'no draft');
    return id;
  }

  async function opened(by = at().favre): Promise<string> {
    await at().clinic.use(by);
    const id = await queued();
    await until(() => at().clinic.cases.has(id));
    return id;
  }

  /** Write in a case and let it leave, sealed again as often as the server asks. */
  async function say(id: string, text: string): Promise<void> {
    const words = { id: crypto.randomUUID(), kind: 'text', body: { text } } as const;
    const before = at().clinic.cases.get(id)?.messages.length ?? 0;
    await postMessage(await fetchCase(id), { ...words, attachments: [], seen: [] });
    await until(async () => {
      if ((await waiting(at().clinic.user)).some((job) => job.state === 'stale'))
        await sealStaleAgain();
      return (at().clinic.cases.get(id)?.messages.length ?? 0) > before;
    });
    await refreshOutbox();
  }

  /** What the person at the device reads of a case. */
  async function read(id: string): Promise<{ row: CaseRow; seal: unknown; texts: unknown[] }> {
    const row = await fetchCase(id);
    const texts: unknown[] = [];
    for (const message of at().clinic.cases.get(id)?.messages ?? []) {
      const { body, seal: found } = await openMessage(row, message);
      texts.push(body && 'text' in body ? body.text : found);
    }
    return { row, seal: (await readCase(row)).seal, texts };
  }

  return { waiting, queued, opened, say, read };
}

/** A message as another device writes it, under the key of the case as it is known here. */
export async function wrote(clinic: Clinic, id: string, author: Person, text: string) {
  const row = await fetchCase(id);
  const message = crypto.randomUUID();
  const statement = await signStatement(
    'cordee1.message',
    {
      v: 1,
      net: clinic.net,
      case: id,
      id: message,
      g: row.generation,
      by: author.id,
      kind: 'text',
      at: new Date().toISOString(),
      seen: [],
      body: { text },
      attachments: [],
      log: null,
    },
    author.signer,
  );
  const context = messageContext(clinic.net, id, row.generation, message);
  const sealed = await seal(await caseKey(row), context, utf8(JSON.stringify(statement)));
  const messages = clinic.cases.get(id)?.messages;
  messages?.push({
    id: message,
    case: id,
    kind: 'text',
    generation: row.generation,
    sealed: toBase64(sealed),
    attachments: [],
    sequence: messages.length + 1,
    author: { id: author.id, name: author.name },
    posted_at: new Date().toISOString(),
  });
}

export const WHOLE = { state: 'whole' };
export const broken = (name: string) => ({
  state: 'broken',
  error: expect.objectContaining({ name }),
  why: expect.any(String),
});
