/** A second, independent HPKE library must open what we wrap, and we what it wraps. */
import { AeadId, Aes256Gcm, CipherSuite, HkdfSha256 } from '@hpke/core';
import { XWing } from '@hpke/hybridkem-x-wing';
import { describe, expect, it } from 'vitest';
import { kemPublic, randomBytes, unwrap, utf8, wrap } from '../../static/src/crypto/index.ts';

const suite = new CipherSuite({
  kem: new XWing(),
  kdf: new HkdfSha256(),
  aead: new Aes256Gcm(),
});
const context = 'cordee1|case|net|case|0|group:pool@0';

/** That library hands out ArrayBuffers or views of larger ones. */
const bytes = (value: ArrayBuffer | Uint8Array) => new Uint8Array(value);

describe('HPKE with X-Wing against @hpke/core', () => {
  it('is the same suite', () => {
    expect(suite.aead.id).toBe(AeadId.Aes256Gcm);
    expect(suite.kem.id).toBe(0x647a);
  });

  it('opens what we wrap', async () => {
    const seed = randomBytes(32);
    const secret = randomBytes(32);
    const wrapped = await wrap(kemPublic(seed), context, secret);
    const opened = await suite.open(
      {
        recipientKey: await suite.kem.deserializePrivateKey(seed.buffer),
        enc: wrapped.slice(0, 1120).buffer,
        info: utf8(context).buffer,
      },
      wrapped.slice(1120).buffer,
    );
    expect(bytes(opened)).toEqual(secret);
  });

  it('wraps what we open', async () => {
    const seed = randomBytes(32);
    const secret = randomBytes(32);
    const { ct, enc } = await suite.seal(
      {
        recipientPublicKey: await suite.kem.deserializePublicKey(kemPublic(seed).buffer),
        info: utf8(context).buffer,
      },
      secret.buffer,
    );
    const wrapped = new Uint8Array([...bytes(enc), ...bytes(ct)]);
    expect(await unwrap(seed, context, wrapped)).toEqual(secret);
  });
});
