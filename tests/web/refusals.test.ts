/** Each way to break an input, and the name under which it is refused. */
import { describe, expect, it } from 'vitest';
import {
  type Bytes,
  concat,
  fromUtf8,
  type GroupPayload,
  kemPublic,
  keyCommitment,
  lockOnDevice,
  logLeaf,
  newAccountKey,
  newDeviceKey,
  openAccountKey,
  openAccountSecrets,
  openOnDevice,
  parsePayload,
  passwordKeys,
  presentMembers,
  randomBytes,
  requireCommitment,
  requireGroupSecret,
  requireSafeKdf,
  seal,
  sealAccountKey,
  sealAccountSecrets,
  seedSigningKey,
  signStatement,
  toBase64,
  unseal,
  unsealSegments,
  unwrap,
  utf8,
  wrap,
} from '../../static/src/crypto/index.ts';
import { SEGMENT } from '../../static/src/crypto/stream.ts';
import { patternedPlaintext } from './support/vectors.ts';

const key = randomBytes(32);
const context = 'cordee1|message|net|case|0|message';
const named = (name: string) => expect.objectContaining({ name });

const flipped = (bytes: Bytes, at: number): Bytes => {
  const changed = bytes.slice();
  changed[at] = (changed[at] as number) ^ 1;
  return changed;
};

describe('a sealed blob', async () => {
  const plain = patternedPlaintext(2 * SEGMENT + 100, 3);
  const sealed = await seal(key, context, plain);

  it('opens as it was', async () => {
    expect(await unseal(key, context, sealed)).toEqual(plain);
  });

  it.each([
    ['salt', 1],
    ['prefix', 39],
    ['first segment', 40],
    ['second segment', SEGMENT],
    ['last tag', sealed.length - 1],
  ])('with a flipped bit in the %s does not open', async (_, at) => {
    await expect(unseal(key, context, flipped(sealed, at))).rejects.toEqual(named('SealBroken'));
  });

  it('of another version does not open', async () => {
    const other = flipped(sealed, 0);
    await expect(unseal(key, context, other)).rejects.toEqual(named('SealedHeaderUnknown'));
  });

  it.each([
    ['after a whole segment', 2 * SEGMENT, 'SealBroken'],
    ['by one byte', sealed.length - 1, 'SealBroken'],
    ['inside a tag', SEGMENT + 16, 'SealedLengthImpossible'],
    ['inside the header', 30, 'SealedTooShort'],
    ['to nothing', 0, 'SealedTooShort'],
  ])('cut %s does not open', async (_, size, name) => {
    await expect(unseal(key, context, sealed.slice(0, size))).rejects.toEqual(named(name));
  });

  it('with two segments exchanged does not open', async () => {
    const third = patternedPlaintext(3 * SEGMENT, 5);
    const long = await seal(key, context, third);
    const swapped = concat(
      long.slice(0, SEGMENT),
      long.slice(2 * SEGMENT, 3 * SEGMENT),
      long.slice(SEGMENT, 2 * SEGMENT),
      long.slice(3 * SEGMENT),
    );
    await expect(unseal(key, context, swapped)).rejects.toEqual(named('SealBroken'));
  });

  it('with something appended does not open', async () => {
    const longer = concat(sealed, randomBytes(1));
    await expect(unseal(key, context, longer)).rejects.toEqual(named('SealBroken'));
  });

  it('does not open under another key or in another place', async () => {
    await expect(unseal(randomBytes(32), context, sealed)).rejects.toEqual(named('SealBroken'));
    await expect(unseal(key, `${context}2`, sealed)).rejects.toEqual(named('SealBroken'));
    await expect(unseal(key.slice(1), context, sealed)).rejects.toEqual(named('WrongLength'));
  });

  it('is sealed afresh each time', async () => {
    const again = await seal(key, context, plain);
    expect(again.slice(1, 40)).not.toEqual(sealed.slice(1, 40));
  });

  it('whose source shrinks while it is read is refused', async () => {
    const source = { size: sealed.length, read: async () => sealed.slice(0, 40) };
    const drain = async () => {
      for await (const _ of unsealSegments(key, context, source));
    };
    await expect(drain()).rejects.toEqual(named('SealedSizeChanged'));
  });
});

describe('a wrapped key', async () => {
  const seed = randomBytes(32);
  const secret = randomBytes(32);
  const wrapped = await wrap(kemPublic(seed), context, secret);

  it.each([0, 1088, 1120, 1167])('with a flipped bit at %i does not open', async (at) => {
    const changed = flipped(wrapped, at);
    await expect(unwrap(seed, context, changed)).rejects.toEqual(named('WrapBroken'));
  });

  it('does not open elsewhere, with another seed, or cut', async () => {
    await expect(unwrap(seed, `${context}2`, wrapped)).rejects.toEqual(named('WrapBroken'));
    await expect(unwrap(randomBytes(32), context, wrapped)).rejects.toEqual(named('WrapBroken'));
    const cut = wrapped.slice(1);
    await expect(unwrap(seed, context, cut)).rejects.toEqual(named('WrappedSizeWrong'));
  });

  it('needs a public key and a secret of the right size', async () => {
    const publicKey = kemPublic(seed);
    await expect(wrap(publicKey.slice(1), context, secret)).rejects.toEqual(named('WrongLength'));
    await expect(wrap(publicKey, context, secret.slice(1))).rejects.toEqual(named('WrongLength'));
    // Coefficients above the modulus (FIPS 203 section 7.2), and a point of low order (RFC 7748).
    for (const filled of [255, 0]) {
      const nonsense = new Uint8Array(publicKey.length).fill(filled);
      await expect(wrap(nonsense, context, secret)).rejects.toEqual(named('PublicKeyRefused'));
    }
  });
});

describe('password hashing', () => {
  const good = { alg: 'argon2id', m: 65_536, t: 3, p: 1 } as const;

  it.each([
    [{ ...good, m: 65_535 }, 'KdfTooWeak'],
    [{ ...good, t: 2 }, 'KdfTooWeak'],
    [{ ...good, m: 2 ** 21 }, 'KdfTooCostly'],
    [{ ...good, t: 17 }, 'KdfTooCostly'],
    [{ ...good, p: 2 }, 'KdfUnknown'],
    [{ ...good, m: 65_536.5 }, 'KdfUnknown'],
    [{ ...good, alg: 'pbkdf2' as 'argon2id' }, 'KdfUnknown'],
    [{ ...good, note: 1 }, 'KdfUnknown'],
  ])('with %j is refused', (kdf, name) => {
    expect(() => requireSafeKdf(kdf)).toThrow(named(name));
  });

  it('is refused before the password is touched', async () => {
    const asked = passwordKeys('neige', randomBytes(16), { ...good, m: 8 });
    await expect(asked).rejects.toEqual(named('KdfTooWeak'));
    await expect(passwordKeys('neige', randomBytes(15), good)).rejects.toEqual(
      named('WrongLength'),
    );
  });
});

describe('planted keys', () => {
  it('do not fit a commitment', async () => {
    const committed = await keyCommitment(key);
    await requireCommitment(key, committed);
    await expect(requireCommitment(randomBytes(32), committed)).rejects.toEqual(
      named('KeyCommitmentWrong'),
    );
  });

  it("do not derive a group's signed key", async () => {
    const signed = kemPublic(randomBytes(32));
    await expect(requireGroupSecret(randomBytes(32), signed)).rejects.toEqual(named('KeySwapped'));
  });
});

describe('the keys of a person', async () => {
  const net = 'b073bd3e-aba2-5b1f-a1cd-21bb47088888';
  const account = '28045223-c629-5cb4-ad2d-928e551c744c';
  const accountKey = newAccountKey();
  const secrets = {
    signSeed: randomBytes(32),
    kemSeed: randomBytes(32),
    root: randomBytes(32),
  };

  it('open with the way they were sealed for and no other', async () => {
    const sealed = await sealAccountKey(key, net, account, 'password', accountKey);
    expect(await openAccountKey(key, net, account, 'password', sealed)).toEqual(accountKey);
    const swapped = openAccountKey(key, net, account, 'recovery', sealed);
    await expect(swapped).rejects.toEqual(named('SealBroken'));
  });

  it('come back as they were, and only in their place', async () => {
    const sealed = await sealAccountSecrets(accountKey, net, account, 0, secrets);
    expect(await openAccountSecrets(accountKey, net, account, 0, sealed)).toEqual(secrets);
    const later = openAccountSecrets(accountKey, net, account, 1, sealed);
    await expect(later).rejects.toEqual(named('SealBroken'));
  });

  it('carry those of before a renewal, by the number of their statement', async () => {
    const renewed = { ...secrets, former: [{ seq: 0, kemSeed: randomBytes(32) }] };
    const sealed = await sealAccountSecrets(accountKey, net, account, 1, renewed);
    expect(await openAccountSecrets(accountKey, net, account, 1, sealed)).toEqual(renewed);
    const text = fromUtf8(await unseal(accountKey, `cordee1|keys|${net}|${account}|1`, sealed));
    expect(JSON.parse(text).former).toEqual([{ seq: 0, kem_seed: expect.any(String) }]);
  });

  it('are written as the Python client writes them', async () => {
    const sealed = await sealAccountSecrets(accountKey, net, account, 0, secrets);
    const text = fromUtf8(await unseal(accountKey, `cordee1|keys|${net}|${account}|0`, sealed));
    expect(Object.keys(JSON.parse(text))).toEqual(['sign_seed', 'kem_seed', 'root']);
  });

  it('stay on the device they were locked on', async () => {
    const device = await newDeviceKey();
    const locked = await lockOnDevice(device, 'account key', accountKey);
    expect(await openOnDevice(device, 'account key', locked)).toEqual(accountKey);
    const elsewhere = openOnDevice(await newDeviceKey(), 'account key', locked);
    await expect(elsewhere).rejects.toEqual(named('SealBroken'));
    await expect(openOnDevice(device, 'drafts', locked)).rejects.toEqual(named('SealBroken'));
  });
});

describe('a payload', () => {
  it.each([
    ['a repeated name', '{"a":1,"a":2}', 'PayloadKeyRepeated'],
    ['a repeated name written otherwise', '{"a":1,"\\u0061":2}', 'PayloadKeyRepeated'],
    ['a repeated name deep inside', '{"a":[{"b":1,"b":1}]}', 'PayloadKeyRepeated'],
    ['a rounded integer', '{"a":9007199254740993}', 'PayloadMalformed'],
    ['an endless number', '{"a":1e999}', 'PayloadMalformed'],
    ['a lone surrogate', '{"a":"\\ud800"}', 'PayloadMalformed'],
    ['a list', '[]', 'PayloadMalformed'],
    ['nothing', '', 'PayloadMalformed'],
    ['a byte-order mark', '\ufeff{}', 'PayloadMalformed'],
    ['too many levels', `{"a":${'['.repeat(40)}${']'.repeat(40)}}`, 'PayloadMalformed'],
  ])('with %s is refused', (_, text, name) => {
    expect(() => parsePayload(utf8(text))).toThrow(named(name));
  });

  it('may hold colons, quotes and digits in its text', () => {
    const text = '{"a":"x: \\"1e999\\": 9007199254740993, \\\\","b":{"c":[1,-0.5,"::"]}}';
    expect(parsePayload(utf8(text))).toEqual(JSON.parse(text));
  });

  it('may be as long as a statement allows', () => {
    const long = JSON.stringify({ a: 'é"\\'.repeat(40_000), b: 'x'.repeat(200_000) });
    expect(parsePayload(utf8(long))).toEqual(JSON.parse(long));
  });

  it('is never signed with wrong fields', async () => {
    const signer = await seedSigningKey(randomBytes(32));
    const wrong = { v: 1, net: 'x' } as never;
    await expect(signStatement('cordee1.header', wrong, signer)).rejects.toEqual(
      named('PayloadFieldsWrong'),
    );
  });
});

describe('a locum', () => {
  it('is present until the minute signed', () => {
    const agreed = {
      members: ['a', 'b'],
      until: { b: '2031-08-15T18:00:00.000Z' },
    } as unknown as GroupPayload;
    expect(presentMembers(agreed, new Date('2031-08-15T17:59:59Z'))).toEqual(['a', 'b']);
    expect(presentMembers(agreed, new Date('2031-08-15T18:00:00Z'))).toEqual(['a']);
  });
});

describe('the pools that take over', async () => {
  const signer = await seedSigningKey(randomBytes(32));
  const ids = Array.from({ length: 5 }, () => crypto.randomUUID());
  const group = crypto.randomUUID();
  const stated = (changed: Partial<GroupPayload>) =>
    signStatement(
      'cordee1.group',
      {
        v: 1,
        net: crypto.randomUUID(),
        group,
        kind: 'pool',
        seq: 0,
        epoch: 0,
        kem_key: toBase64(kemPublic(randomBytes(32))),
        members: [],
        managers: [crypto.randomUUID()],
        name: 'Dermatologie',
        prev: null,
        ...changed,
      },
      signer,
    );

  it('may be four, or none, or not spoken of', async () => {
    for (const said of [{}, { overflow: [] }, { overflow: ids.slice(1) }]) {
      expect(await stated(said)).toHaveProperty('p');
    }
    expect(await stated({ kind: 'care_team', overflow: [] })).toHaveProperty('p');
  });

  it.each<[string, Partial<GroupPayload>]>([
    ['five', { overflow: ids }],
    ['one twice', { overflow: [ids[0] as string, ids[0] as string] }],
    ['the pool itself', { overflow: [group] }],
    ['a name', { overflow: ['Genève'] }],
    ['nothing said with null', { overflow: null as never }],
    ['those of a care team', { kind: 'care_team', overflow: ids.slice(1) }],
  ])('are not %s', async (_, changed) => {
    await expect(stated(changed)).rejects.toEqual(named('PayloadFieldsWrong'));
  });
});

describe('a log leaf', () => {
  it('needs an id, a 32-bit number and a hash', () => {
    const id = '28045223-c629-5cb4-ad2d-928e551c744c';
    expect(logLeaf('group', id, 1, key)).toHaveLength(53);
    expect(() => logLeaf('group', id.toUpperCase(), 1, key)).toThrow(named('NotLowerCaseUuid'));
    expect(() => logLeaf('group', id, 2 ** 32, key)).toThrow(named('ContextRefused'));
    expect(() => logLeaf('group', id, 1, key.slice(1))).toThrow(named('WrongLength'));
  });
});
