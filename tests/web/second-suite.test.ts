/** Keys of the second suite, which this client cannot use: said plainly, and no alarm. */
import { describe, expect, it } from 'vitest';
import {
  KEM2_PUBLIC,
  kemPublic,
  randomBytes,
  requireOwnStatement,
  type Statement,
  SuiteUnsupported,
  signStatement,
  statementHash,
  toBase64,
  unwrap,
  WRAPPED2,
  wrap,
} from '../../static/src/crypto/index.ts';
import type { AccountPayload, GroupPayload } from '../../static/src/crypto/payloads.ts';
import { fetchCase } from '../../static/src/state/case-fetching.ts';
import { findGroup, groupSecret } from '../../static/src/state/groups.ts';
import { bringIn } from '../../static/src/state/sharing.ts';
import { verdictWords } from '../../static/src/state/verdicts.ts';
import { type Person, said } from './support/clinic.ts';
import { deskOf, usualClinic, WHOLE, wrote } from './support/desk.ts';

const newer = () => toBase64(randomBytes(KEM2_PUBLIC));
const sentence = (whose: string) =>
  `${whose}: keys of a newer kind than this browser can use. Nothing was sent; call your administrator.`;

const at = usualClinic();
const { opened, read } = deskOf(() => at);

async function move<P extends object>(statements: Statement[], changes: Partial<P>): Promise<void> {
  const last = statements.at(-1) as Statement;
  const { seq } = said<{ seq: number }>(last);
  const payload = { ...said<P>(last), ...changes, seq: seq + 1 };
  const next = { ...payload, prev: toBase64(await statementHash(last)) };
  const type = last.t as 'cordee1.group';
  const signers = last.s.map(({ k }) =>
    [at.clinic.admin, at.favre, at.blanc].find(({ signer }) => toBase64(signer.publicKey) === k),
  );
  const [first, ...others] = signers.map((one) => (one as Person).signer);
  statements.push(await signStatement(type, next as never, first as never, ...others));
}

const movePool = async (id: string) => {
  const group = at.clinic.groups.get(id);
  await move<GroupPayload>(group?.statements as Statement[], { epoch: 1, kem_key: newer() });
  group?.grants.push(new Map());
};

async function refusal(deed: Promise<unknown>): Promise<string> {
  const error = await deed.then(
    () => null,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(SuiteUnsupported);
  return verdictWords(error);
}

describe('keys of the second suite', () => {
  it('of a pool are said before anything is written, and leave other pools as they are', async () => {
    const other = (await at.clinic.makeGroup('Gériatrie', [at.blanc])).id;
    await movePool(other);
    const id = await opened();
    expect(await read(id)).toMatchObject({ seal: WHOLE });
    const found = findGroup(other);
    expect(found?.chain?.payload.members).toEqual([at.blanc.id]);
    expect(verdictWords(found?.broken, { name: 'Gériatrie' })).toBe(sentence('Gériatrie'));
    at.pool = other;
    expect(await refusal(opened())).toBe(sentence('Gériatrie'));
    expect(at.clinic.reports).toEqual([]);
  });

  it('of a group one belongs to do not make an honest grant look planted', async () => {
    await movePool(at.pool);
    const grant = await at.clinic.grant(at.pool, 1, randomBytes(32), at.blanc);
    at.clinic.groups.get(at.pool)?.grants[1]?.set(at.blanc.id, grant);
    await at.clinic.use(at.blanc);
    expect(await refusal(groupSecret(at.pool, 1))).toBe(sentence('Dermatologie'));
    expect(at.clinic.requests.filter((asked) => asked.startsWith('DELETE'))).toEqual([]);
    expect(await groupSecret(at.pool, 0)).toHaveLength(32);
    expect(at.clinic.reports).toEqual([]);
  });

  it('of a colleague leave their words readable, and get no case', async () => {
    const id = await opened();
    await wrote(at.clinic, id, at.blanc, 'avant');
    await move<AccountPayload>(at.blanc.statements, { kem_key: newer() });
    at.blanc.seq += 1;
    await at.clinic.use(at.favre);
    await wrote(at.clinic, id, at.blanc, 'après');
    expect(await read(id)).toMatchObject({ seal: WHOLE, texts: ['avant', 'après'] });
    const row = await fetchCase(id);
    expect(await refusal(bringIn(row, at.blanc.id, 'named_expert'))).toBe(
      sentence('Dr Sophie Blanc'),
    );
    expect(at.clinic.cases.get(id)?.events).toHaveLength(1);
    expect(at.clinic.reports).toEqual([]);
  });

  it('of the archive stop a new case, and nothing else', async () => {
    const id = await opened();
    at.clinic.custodianKeys = [newer()];
    await at.clinic.rule();
    expect(await refusal(opened())).toBe(
      sentence('The archive of the network (sealed key kept offline)'),
    );
    expect(await read(id)).toMatchObject({ seal: WHOLE });
    expect(at.clinic.reports).toEqual([]);
  });

  it('of one’s own are said at the door', async () => {
    await move<AccountPayload>(at.favre.statements, { kem_key: newer() });
    const mine = kemPublic(at.favre.kemSeed);
    const own = requireOwnStatement(
      at.favre.statements,
      at.favre.id,
      at.favre.signer.publicKey,
      mine,
    );
    expect(await refusal(own)).toBe(sentence('Dr Claire Favre'));
  });

  it('are told apart by length alone', async () => {
    const secret = randomBytes(32);
    for (const deed of [
      wrap(randomBytes(KEM2_PUBLIC), 'here', secret),
      unwrap(secret, 'here', randomBytes(WRAPPED2)),
    ]) {
      await expect(deed).rejects.toThrow(SuiteUnsupported);
    }
  });
});
