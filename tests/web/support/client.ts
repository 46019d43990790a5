/**
 * The client as its pages call it, for somebody at a device. A device imports it anew and so has a
 * memory of its own: nothing here may import what devices share.
 */
import type { Statement } from '../../../static/src/crypto/statement.ts';
import { forgetOpened } from '../../../static/src/state/case-rows.ts';
import type { OpenedMessage } from '../../../static/src/state/case-types.ts';
import { forgetGroup, loadGroups } from '../../../static/src/state/groups.ts';
import { keepKeys, lock } from '../../../static/src/state/keys.ts';
import { followThread } from '../../../static/src/state/messages.ts';
import { postOffice } from '../../../static/src/state/outbox.ts';
import { sealStaleAgain } from '../../../static/src/state/posting.ts';
import { me, network, online } from '../../../static/src/state/session.ts';
import type { Person } from './registry.ts';

export { fetchCase } from '../../../static/src/state/case-fetching.ts';
export { heal } from '../../../static/src/state/case-heal.ts';
export { NoKey } from '../../../static/src/state/case-keys.ts';
export { openCase as readCase } from '../../../static/src/state/case-opening.ts';
export { keepRows } from '../../../static/src/state/case-rows.ts';
export { changeMembers } from '../../../static/src/state/group-roll.ts';
export { lock } from '../../../static/src/state/keys.ts';
export { postOffice } from '../../../static/src/state/outbox.ts';
export { openCase, postMessage } from '../../../static/src/state/posting.ts';
export {
  askSecondOpinion,
  bringIn,
  forwardCase,
  learnAnew,
  rekey,
  takeOff,
} from '../../../static/src/state/sharing.ts';
export { api, fetchAll, Problem } from '../../../static/src/transport/http.ts';

interface Place {
  net: string;
  policy: Statement[];
  root: { publicKey: Uint8Array<ArrayBuffer> };
}

/** Unlock this device for somebody, as they are today; what was opened before is forgotten. */
export async function signIn({ net, policy, root }: Place, person: Person): Promise<void> {
  await lock();
  forgetOpened();
  online.value = true;
  me.value = { id: person.id, name: person.name, certified: true } as typeof me.value;
  network.value = { net, policy } as typeof network.value;
  const { signSeed, kemSeed, former } = person;
  await keepKeys(person.id, person.seq, {
    signSeed: signSeed.slice(),
    kemSeed: kemSeed.slice(),
    root: root.publicKey,
    former: former.map((one) => ({ ...one, kemSeed: one.kemSeed.slice() })),
  });
  await comeBack();
}

/** The line is here again: ask for what nobody could tell this device meanwhile. */
export async function comeBack(): Promise<void> {
  forgetGroup();
  await loadGroups();
}

/** Wait for what the client does by itself. */
export async function soon(done: () => unknown): Promise<void> {
  for (let i = 0; i < 25_000; i++) {
    if (await done()) return;
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
  throw new Error('it did not happen');
}

export interface Shown {
  id: string;
  opened: OpenedMessage;
}

/** A thread as its page shows it once everything there is was opened. */
export async function readThread(id: string): Promise<Shown[]> {
  const live = followThread(id);
  try {
    await soon(() => {
      if (live.problem.value) throw live.problem.value;
      const { rows, last } = live.thread.value;
      const all = live.opened.value;
      return !live.loading.value && rows.length >= last && rows.every((row) => all.has(row.id));
    });
    // The order of what was opened is looked at last.
    await new Promise((resolve) => setTimeout(resolve));
    return live.thread.value.rows.map((row) => ({
      id: row.id,
      opened: live.opened.value.get(row.id) as OpenedMessage,
    }));
  } finally {
    live.stop();
  }
}

/** What of ours waits on this device to leave. */
export async function waiting() {
  return postOffice().outbox.jobs(me.value?.id ?? '');
}

/** Let leave what waits, sealed again as often as the server asks. Gives what was refused. */
export async function sendAll(): Promise<string[]> {
  await postOffice().kick(true);
  const refused: string[] = [];
  await soon(async () => {
    const jobs = await waiting();
    if (jobs.some((job) => job.state === 'stale')) await sealStaleAgain();
    for (const job of jobs.filter(({ state }) => state === 'refused')) {
      refused.push(job.kind === 'upload' ? '' : (job.problem?.code ?? ''));
      await postOffice().cancel(job.id);
    }
    return jobs.length === 0;
  });
  return refused;
}

export type Client = typeof import('./client.ts');
