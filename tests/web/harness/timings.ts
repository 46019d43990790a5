/** How long the work of a case's key takes in this browser, through the worker as in the application. */
import {
  caseContext,
  casePrevContext,
  concat,
  groupContext,
  groupPrevContext,
  groupRecipient,
  headerContext,
  keyCommitment,
  LogCopy,
  logLeaf,
  merkleRoot,
  randomBytes,
  type SigningKey,
  seedSigningKey,
  signStatement,
  toBase64,
  utf8,
} from '../../../static/src/crypto/index.ts';
import * as sealing from '../../../static/src/worker/sealing.ts';

const net = 'b073bd3e-aba2-5b1f-a1cd-21bb47088888';
const uuid = () => crypto.randomUUID();

/** Milliseconds of one run of `work`, the mean of `times`. */
async function each(times: number, work: () => Promise<unknown>): Promise<number> {
  await work();
  const start = performance.now();
  for (let i = 0; i < times; i++) await work();
  return (performance.now() - start) / times;
}

const person = async () => ({ id: uuid(), key: await sealing.kemPublic(randomBytes(32)) });

async function signedEvent(
  signer: SigningKey,
  caseId: string,
  generation: number,
  key: Uint8Array<ArrayBuffer>,
  to: string[],
): Promise<unknown> {
  return signStatement(
    'cordee1.case',
    {
      v: 1,
      net,
      case: caseId,
      n: generation,
      event: generation ? 'rotate' : 'open',
      generation,
      kc: toBase64(await keyCommitment(key)),
      to,
      by: net,
      prev: generation ? toBase64(randomBytes(32)) : null,
    },
    signer,
  );
}

/** One key wrapped to `recipients` groups, ready to send. */
async function grants(caseId: string, generation: number, recipients: Recipients, key: Uint8Array) {
  const to = recipients.map(({ id, key: publicKey }) => ({
    publicKey,
    context: caseContext(net, caseId, generation, groupRecipient(id, 0)),
  }));
  const wrapped = await sealing.wrapToAll(to, key as Uint8Array<ArrayBuffer>);
  return Object.fromEntries(wrapped.map((one, i) => [recipients[i]?.id, toBase64(one)]));
}

type Recipients = { id: string; key: Uint8Array<ArrayBuffer> }[];

export const timings = {
  /** Secrets wrapped in one second. */
  async wraps(count: number): Promise<number> {
    const to = Array.from({ length: count }, async () => (await person()).key);
    const context = groupContext(net, uuid(), 0, uuid(), 0);
    const wrappings = (await Promise.all(to)).map((publicKey) => ({ publicKey, context }));
    return (1000 * count) / (await each(3, () => sealing.wrapToAll(wrappings, randomBytes(32))));
  },

  /** Milliseconds to make a case ready to leave: key, wraps, signed event, sealed signed header. */
  async opening(recipients: number, times: number): Promise<number> {
    const to = await Promise.all(Array.from({ length: recipients }, person));
    const signer = await seedSigningKey(randomBytes(32));
    return each(times, async () => {
      const caseId = uuid();
      const key = randomBytes(32);
      const names = to.map(({ id }) => groupRecipient(id, 0));
      const header = await signStatement(
        'cordee1.header',
        {
          v: 1,
          net,
          case: caseId,
          version: 0,
          g: 0,
          by: net,
          at: new Date().toISOString(),
          body: { question: 'x'.repeat(318) },
        },
        signer,
      );
      await sealing.seal(key, headerContext(net, caseId, 0, 0), utf8(JSON.stringify(header)));
      await grants(caseId, 0, to, key);
      await signedEvent(signer, caseId, 0, key, names);
    });
  },

  /** Milliseconds for a group's next epoch: its key, the link to the past, a wrap to each who stays. */
  async newEpoch(members: number, times: number): Promise<number> {
    const to = await Promise.all(Array.from({ length: members }, person));
    return each(times, async () => {
      const [before, secret, group] = [randomBytes(32), randomBytes(32), uuid()];
      await sealing.groupKemPublic(secret);
      await sealing.seal(secret, groupPrevContext(net, group, 1), before);
      const wrappings = to.map(({ id, key }) => ({
        publicKey: key,
        context: groupContext(net, group, 1, id, 0),
      }));
      await sealing.wrapToAll(wrappings, secret);
    });
  },

  /** Milliseconds to give one case its next key: open, wrap to `recipients`, seal the old, sign. */
  async rotation(recipients: number, times: number): Promise<number> {
    const to = await Promise.all(Array.from({ length: recipients }, person));
    const signer = await seedSigningKey(randomBytes(32));
    const seed = randomBytes(32);
    const own = await sealing.kemPublic(seed);
    const caseId = uuid();
    const context = caseContext(net, caseId, 0, groupRecipient(uuid(), 0));
    const wrapped = await sealing.wrap(own, context, randomBytes(32));
    return each(times, async () => {
      const before = await sealing.unwrap(seed, context, wrapped);
      const key = randomBytes(32);
      await grants(caseId, 1, to, key);
      await sealing.seal(key, casePrevContext(net, caseId, 1), before);
      const names = to.map(({ id }) => groupRecipient(id, 0));
      await signedEvent(signer, caseId, 1, key, names);
    });
  },

  /** Milliseconds to compute the key log's root over all of its leaves. */
  async logRoot(leaves: number): Promise<number> {
    const log = Array.from({ length: leaves }, (_, i) =>
      logLeaf('account', uuid(), i, randomBytes(32)),
    );
    return each(3, async () => merkleRoot(log));
  },

  /**
   * Milliseconds until a device that holds `leaves` has taken in `more` and knows the root again;
   * with none held, its first load.
   */
  async logGrowth(leaves: number, more: number): Promise<number> {
    const some = (count: number) =>
      concat(
        ...Array.from({ length: count }, () => logLeaf('account', uuid(), 0, randomBytes(32))),
      );
    const [held, added] = [new LogCopy().grown(some(leaves)), some(more)];
    return each(5, async () => held.grown(added).root());
  },
};
