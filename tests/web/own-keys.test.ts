import { describe, expect, it } from 'vitest';
import { type Bytes, randomBytes, toBase64 } from '../../static/src/crypto/bytes.ts';
import { ProtocolError, SubjectChanged } from '../../static/src/crypto/errors.ts';
import { kemPublic } from '../../static/src/crypto/hpke.ts';
import { seedSigningKey } from '../../static/src/crypto/signing.ts';
import {
  cosignStatement,
  type Statement,
  signStatement,
} from '../../static/src/crypto/statement.ts';
import { requireOwnStatement } from '../../static/src/crypto/vault.ts';

const NET = '2f9c2c1e-8a0f-4b53-9d0e-5a7f2f0c1d11';
const ME = '7b1b8b1e-6a61-4d0f-8a8e-0d8b8d5d9a10';

async function person(account = ME) {
  const signSeed = randomBytes(32);
  const signer = await seedSigningKey(signSeed);
  const kem = await kemPublic(randomBytes(32));
  const state = (kemKey: Bytes = kem): Promise<Statement> =>
    signStatement(
      'cordee1.account',
      {
        v: 1,
        net: NET,
        account,
        seq: 0,
        sign_key: toBase64(signer.publicKey),
        kem_key: toBase64(kemKey),
        name: 'Claire Favre',
        rpps: '10999000010',
        prev: null,
      },
      signer,
    );
  return { signer, kem, state };
}

describe('what the server shows under our own name', () => {
  it('is our own statement', async () => {
    const { signer, kem, state } = await person();
    await requireOwnStatement([await state()], ME, signer.publicKey, kem);
  });

  it('is ours still when a registrar has certified it', async () => {
    const { signer, kem, state } = await person();
    const registrar = await seedSigningKey(randomBytes(32));
    const certified = await cosignStatement(await state(), registrar);
    await requireOwnStatement([certified], ME, signer.publicKey, kem);
  });

  it('is refused when it is somebody else’s hand', async () => {
    const me = await person();
    const other = await person();
    await expect(
      requireOwnStatement([await other.state()], ME, me.signer.publicKey, me.kem),
    ).rejects.toBeInstanceOf(ProtocolError);
  });

  it('is refused when it names another key to seal for', async () => {
    const { signer, kem, state } = await person();
    const planted = await state(await kemPublic(randomBytes(32)));
    await expect(requireOwnStatement([planted], ME, signer.publicKey, kem)).rejects.toBeInstanceOf(
      SubjectChanged,
    );
  });

  it('is refused for another account, and when nothing is shown', async () => {
    const { signer, kem, state } = await person('0c0f6d2a-95b0-4a6f-9d55-1f2b0f3f7f00');
    for (const shown of [[await state()], []]) {
      await expect(requireOwnStatement(shown, ME, signer.publicKey, kem)).rejects.toBeInstanceOf(
        SubjectChanged,
      );
    }
  });
});
