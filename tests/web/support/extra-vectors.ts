/** The vectors beyond the primitives: recovery, groups, contexts, sizes, statements and chains. */
import {
  accountKeyContext,
  accountRecipient,
  attachmentContext,
  type Bytes,
  caseContext,
  casePrevContext,
  cosignStatement,
  custodianRecipient,
  formatRecoveryCode,
  fromBase64,
  groupChainKey,
  groupContext,
  groupKemPublic,
  groupKemSeed,
  groupPrevContext,
  groupRecipient,
  headerContext,
  hkdf,
  keysContext,
  messageContext,
  openPreviousGroupSecret,
  type Payloads,
  type Policy,
  ProtocolError,
  passkeyContext,
  plainSize,
  readRecoveryCode,
  recoveryKeys,
  requireGroupSecret,
  type SignKeys,
  type Statement,
  type StatementType,
  sealedSize,
  seedSigningKey,
  signStatement,
  statementHash,
  toBase64,
  verifyAccountChain,
  verifyCaseEvents,
  verifyGroupChain,
  verifyPolicyChain,
  verifyStatement,
} from '../../../static/src/crypto/index.ts';
import { sealWith } from '../../../static/src/crypto/stream.ts';
import { type Check, expectEqual } from './vectors.ts';

interface Call {
  name: string;
  arguments: unknown[];
}

export interface ExtraVectors {
  recovery: {
    code: string;
    printed: string;
    typed: string[];
    master: string;
    auth: string;
    kek: string;
  }[];
  recovery_refused: { name: string; typed: string }[];
  group: {
    secret: string;
    kem_seed: string;
    kem_public: string;
    chain_key: string;
    previous: string;
    context: string;
    salt: string;
    prefix: string;
    sealed_previous: string;
  }[];
  contexts: (Call & { context: string })[];
  contexts_refused: Call[];
  sizes: { possible: { plain: number; sealed: number }[]; sealed_impossible: number[] };
  base64_refused: string[];
  statements: {
    type: StatementType;
    payload: Payloads[StatementType];
    seeds: string[];
    keys: string[];
    statement: Statement;
    hash: string;
  }[];
  statements_refused: {
    name: string;
    type: StatementType;
    keys: string[];
    statement: Statement;
    error: string;
  }[];
  chains: {
    root: string;
    net: string;
    policy: Statement[];
    accounts: Record<string, Statement[]>;
    waiting: Statement[];
    groups: Record<string, Statement[]>;
    case: Statement[];
    members: Record<string, string[]>;
  };
  chains_refused: {
    chain: 'policy' | 'account' | 'group' | 'case';
    name: string;
    statements: Statement[];
    error: string;
  }[];
}

/** The functions of protocol/contexts.py by name. */
const CONTEXTS: Record<string, (...given: never[]) => string> = {
  group_recipient: groupRecipient,
  account_recipient: accountRecipient,
  custodian_recipient: custodianRecipient,
  account_key_context: accountKeyContext,
  passkey_context: passkeyContext,
  keys_context: keysContext,
  group_context: groupContext,
  group_prev_context: groupPrevContext,
  case_context: caseContext,
  case_prev_context: casePrevContext,
  header_context: headerContext,
  message_context: messageContext,
  attachment_context: attachmentContext,
};

const callContext = ({ name, arguments: given }: Call): string => {
  const context = CONTEXTS[name];
  if (!context) throw new Error(`no context ${name}`);
  return context(...(given as never[]));
};

/** Run something that must be refused; `name` is the error's, or null for any protocol error. */
export async function expectRefusal(
  run: () => unknown,
  what: string,
  name: string | null = null,
): Promise<void> {
  let answer: unknown;
  try {
    answer = await run();
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error;
    if (name !== null) expectEqual(error.name, name, what);
    return;
  }
  throw new Error(`${what} was accepted: ${JSON.stringify(answer)?.slice(0, 80)}`);
}

function recoveryChecks(vectors: ExtraVectors): Check[] {
  return [
    ...vectors.recovery.map((vector, i) => ({
      name: `recovery: ${i}`,
      async run() {
        const code = fromBase64(vector.code);
        expectEqual(formatRecoveryCode(code), vector.printed, 'printed');
        for (const typed of vector.typed) {
          expectEqual(toBase64(readRecoveryCode(typed)), vector.code, typed);
        }
        expectEqual(toBase64(await hkdf(code, 'cordee1 recovery')), vector.master, 'master');
        const { auth, kek } = await recoveryKeys(code);
        expectEqual(toBase64(auth), vector.auth, 'auth');
        expectEqual(toBase64(kek), vector.kek, 'kek');
      },
    })),
    ...vectors.recovery_refused.map(({ name, typed }) => ({
      name: `recovery code refused: ${name}`,
      run: () => expectRefusal(() => readRecoveryCode(typed), typed),
    })),
  ];
}

function groupChecks(vectors: ExtraVectors): Check[] {
  return vectors.group.map((vector, i) => ({
    name: `group: ${i}`,
    async run() {
      const secret = fromBase64(vector.secret);
      expectEqual(toBase64(await groupKemSeed(secret)), vector.kem_seed, 'seed');
      expectEqual(toBase64(await groupKemPublic(secret)), vector.kem_public, 'public');
      await requireGroupSecret(secret, fromBase64(vector.kem_public));
      const chainKey = await groupChainKey(secret);
      expectEqual(toBase64(chainKey), vector.chain_key, 'chain key');
      const sealed = await sealWith(
        fromBase64(vector.salt),
        fromBase64(vector.prefix),
        chainKey,
        vector.context,
        fromBase64(vector.previous),
      );
      expectEqual(toBase64(sealed), vector.sealed_previous, 'sealed');
      const [, , net = '', group = '', epoch] = vector.context.split('|');
      const opened = await openPreviousGroupSecret(net, group, Number(epoch), secret, sealed);
      expectEqual(toBase64(opened), vector.previous, 'opened');
    },
  }));
}

function encodingChecks(vectors: ExtraVectors): Check[] {
  return [
    ...vectors.contexts.map((vector) => ({
      name: `context: ${vector.context}`,
      run: async () => expectEqual(callContext(vector), vector.context, vector.name),
    })),
    ...vectors.contexts_refused.map((vector) => ({
      name: `context refused: ${vector.name} ${JSON.stringify(vector.arguments)}`,
      run: () => expectRefusal(() => callContext(vector), vector.name),
    })),
    {
      name: 'sizes',
      async run() {
        for (const { plain, sealed } of vectors.sizes.possible) {
          expectEqual(sealedSize(plain), sealed, `${plain} sealed`);
          expectEqual(plainSize(sealed), plain, `${sealed} opened`);
        }
        for (const sealed of vectors.sizes.sealed_impossible) {
          await expectRefusal(() => plainSize(sealed), `${sealed} bytes`);
        }
      },
    },
    ...vectors.base64_refused.map((text) => ({
      name: `base64 refused: ${JSON.stringify(text)}`,
      run: () => expectRefusal(() => fromBase64(text), text, 'NotCanonicalBase64'),
    })),
  ];
}

function statementChecks(vectors: ExtraVectors): Check[] {
  return [
    ...vectors.statements.map(({ type, payload, seeds, keys, statement, hash }, i) => ({
      name: `${type}: ${i}`,
      async run() {
        const publicKeys = keys.map((key) => fromBase64(key));
        const read = await verifyStatement(type, statement, ...publicKeys);
        expectEqual(JSON.stringify(read), JSON.stringify(payload), 'payload');
        expectEqual(toBase64(await statementHash(statement)), hash, 'hash');
        const signers = await Promise.all(seeds.map((seed) => seedSigningKey(fromBase64(seed))));
        const [first, ...others] = signers;
        if (!first) throw new Error('nobody signs');
        let signed = await signStatement(type, payload, first);
        for (const signer of others) signed = await cosignStatement(signed, signer);
        expectEqual(JSON.stringify(signed), JSON.stringify(statement), 'signed');
      },
    })),
    ...vectors.statements_refused.map(({ name, type, keys, statement, error }) => ({
      name: `statement refused: ${name}`,
      run: () =>
        expectRefusal(
          () => verifyStatement(type, statement, ...keys.map((key) => fromBase64(key))),
          name,
          error,
        ),
    })),
  ];
}

/** The verified policy, and every account's keys, of the vectors' network. */
async function networkOf(vectors: ExtraVectors): Promise<{ policy: Policy; keys: SignKeys }> {
  const { chains } = vectors;
  const policy = await verifyPolicyChain(chains.policy, fromBase64(chains.root));
  const keys = new Map<string, Bytes[]>();
  for (const [id, chain] of Object.entries(chains.accounts)) {
    const account = await verifyAccountChain(chain, policy);
    expectEqual(account.payload.account, id, 'account');
    keys.set(id, account.signKeys);
  }
  return { policy, keys };
}

function chainChecks(vectors: ExtraVectors): Check[] {
  const { chains } = vectors;
  const members = new Map(Object.entries(chains.members));
  const follow = async (kind: string, statements: Statement[]): Promise<unknown> => {
    if (kind === 'policy') return verifyPolicyChain(statements, fromBase64(chains.root));
    const { policy, keys } = await networkOf(vectors);
    if (kind === 'account') return verifyAccountChain(statements, policy);
    if (kind === 'group') return verifyGroupChain(statements, policy, keys);
    return verifyCaseEvents(statements, keys, members, chains.net);
  };
  return [
    {
      name: 'chains verify',
      async run() {
        const { policy, keys } = await networkOf(vectors);
        const waiting = await verifyAccountChain(chains.waiting, policy, { certified: false });
        expectEqual(waiting.certified, false, 'waiting');
        for (const chain of Object.values(chains.groups)) {
          const group = await verifyGroupChain(chain, policy, keys);
          expectEqual(group.kemKeys.length, group.payload.epoch + 1, 'epochs');
          expectEqual(toBase64(group.kemKey), group.payload.kem_key, 'key');
        }
        const found = await verifyCaseEvents(chains.case, keys, members, chains.net);
        expectEqual(found.payload.n, chains.case.length - 1, 'events');
        expectEqual(found.commitments.length, found.payload.generation + 1, 'generations');
      },
    },
    ...vectors.chains_refused.map(({ chain: kind, name, statements, error }) => ({
      name: `${kind} chain refused: ${name}`,
      run: () => expectRefusal(() => follow(kind, statements), name, error),
    })),
  ];
}

/** One check for each vector of `tests/vectors/cordee1-extra.json`. */
export function extraVectorChecks(vectors: ExtraVectors): Check[] {
  return [
    ...recoveryChecks(vectors),
    ...groupChecks(vectors),
    ...encodingChecks(vectors),
    ...statementChecks(vectors),
    ...chainChecks(vectors),
  ];
}
