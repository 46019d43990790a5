import { describe, expect, it } from 'vitest';
import { randomBytes, utf8 } from '../../static/src/crypto/bytes.ts';
import { readInvitation } from '../../static/src/invitation.ts';
import { fingerprint, proquints } from '../../static/src/state/fingerprint.ts';
import { isFiness, isRpps } from '../../static/src/state/rpps.ts';

describe('an RPPS number', () => {
  it.each(['10999000010', '10101234564'])('may be %s', (number) => {
    expect(isRpps(number)).toBe(true);
  });

  it.each(['10999000011', '1099900001', '109990000100', '1099900001a', ''])(
    'is not %s',
    (number) => {
      expect(isRpps(number)).toBe(false);
    },
  );

  it('shows every single mistyped digit and every swap of unequal neighbours', () => {
    const number = '10999000010';
    for (let at = 0; at < number.length; at++) {
      for (const digit of '0123456789') {
        if (digit === number[at]) continue;
        expect(isRpps(number.slice(0, at) + digit + number.slice(at + 1))).toBe(false);
      }
    }
  });
});

describe('a FINESS number', () => {
  it('has nine digits and the same key, letters in Corsica included', () => {
    expect(isFiness('740780192')).toBe(luhnHolds('740780192'));
    expect(isFiness('2A0000014')).toBe(luhnHolds('210000014'));
    expect(isFiness('74078019')).toBe(false);
  });
});

/** Written the other way round than the product's: from the left, by table. */
function luhnHolds(digits: string): boolean {
  const doubled = [0, 2, 4, 6, 8, 1, 3, 5, 7, 9];
  const parity = digits.length % 2;
  const sum = [...digits].reduce(
    (total, digit, i) =>
      total + (i % 2 === parity ? (doubled[Number(digit)] as number) : Number(digit)),
    0,
  );
  return sum % 10 === 0;
}

describe('words of keys', () => {
  it('are the proquints of the published examples', () => {
    // https://arxiv.org/html/0901.4016, IPv4 addresses.
    expect(proquints(Uint8Array.of(127, 0, 0, 1))).toEqual(['lusab', 'babad']);
    expect(proquints(Uint8Array.of(63, 84, 220, 193))).toEqual(['gutih', 'tugad']);
    expect(proquints(Uint8Array.of(216, 35, 68, 215))).toEqual(['tobog', 'higil']);
  });

  it('are six, and other ones for other keys', async () => {
    const kem = randomBytes(1216);
    const words = await fingerprint(randomBytes(32), kem);
    expect(words).toMatch(/^(\w{5} ){5}\w{5}$/);
    expect(await fingerprint(randomBytes(32), kem)).not.toBe(words);
  });
});

describe('an invitation link', () => {
  const root = randomBytes(32);
  const base64url = Buffer.from(root).toString('base64url');

  it('gives token and pinned root, padded or not', () => {
    expect(readInvitation(`token=abc&root=${base64url}`)).toEqual({ token: 'abc', root });
    expect(readInvitation(`token=abc&root=${base64url}%3D`)?.root).toEqual(root);
  });

  it.each([
    '',
    'token=abc',
    `root=${base64url}`,
    `token=&root=${base64url}`,
    `token=abc&root=${base64url.slice(4)}`,
    'token=abc&root=!!!!',
    `token=abc&root=${Buffer.from(utf8('x'.repeat(33))).toString('base64url')}`,
  ])('that is not whole gives nothing: %s', (hash) => {
    expect(readInvitation(hash)).toBeNull();
  });
});
