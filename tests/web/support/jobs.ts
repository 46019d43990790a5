/** Jobs and outboxes for the tests of what leaves a device. */
import 'fake-indexeddb/auto';
import { openShelf } from '../../../static/src/outbox/db.ts';
import type { PutJob, UploadJob } from '../../../static/src/outbox/jobs.ts';
import { Shelf } from '../../../static/src/outbox/shelf.ts';

export const ABONDANCE = 'a0000000-0000-4000-8000-000000000001';
export const MORZINE = 'a0000000-0000-4000-8000-000000000002';
export const FAVRE = 'f0000000-0000-4000-8000-000000000001';

let made = 0;

/** A shelf of its own for every test. */
export function freshShelf(): Shelf {
  made += 1;
  return new Shelf(openShelf(`cordee-outbox-${made}`));
}

const base = {
  account: FAVRE,
  state: 'waiting',
  attempts: 0,
  notBefore: 0,
  sending: false,
  createdAt: 0,
  problem: null,
} as const;

export function putJob(id: string, part: Partial<PutJob> = {}): PutJob {
  const of = part.case ?? ABONDANCE;
  return {
    ...base,
    kind: 'message',
    id,
    case: of,
    path: `cases/${of}/messages/${id}`,
    body: { sealed: 'AAAA' },
    ...part,
  };
}

export function uploadJob(id: string, after: string, part: Partial<UploadJob> = {}): UploadJob {
  return {
    ...base,
    kind: 'upload',
    id,
    case: ABONDANCE,
    attachment: id,
    parts: [10],
    size: 10,
    rank: 'full',
    after,
    url: null,
    offset: 0,
    ...part,
  };
}
