/** Ed25519 (RFC 8032) through WebCrypto, which keeps the private key where scripts cannot read it. */
import { type Bytes, concat, fromBase64, owned, requireLength } from './bytes.ts';

/** A private key that can sign and nothing else, beside its public half. */
export interface SigningKey {
  readonly publicKey: Bytes;
  sign(message: Bytes): Promise<Bytes>;
}

/** RFC 8410: the PKCS#8 wrapping of a 32-byte Ed25519 seed, up to the seed. */
const PKCS8_PREFIX = Uint8Array.of(
  0x30,
  0x2e,
  0x02,
  0x01,
  0x00,
  0x30,
  0x05,
  0x06,
  0x03,
  0x2b,
  0x65,
  0x70,
  0x04,
  0x22,
  0x04,
  0x20,
);

const ALGORITHM = 'Ed25519';

async function importSeed(seed: Bytes, extractable: boolean): Promise<CryptoKey> {
  requireLength(seed, 32, 'signing seed');
  const pkcs8 = concat(PKCS8_PREFIX, seed);
  const key = await crypto.subtle.importKey('pkcs8', pkcs8, ALGORITHM, extractable, ['sign']);
  pkcs8.fill(0);
  return key;
}

/** Public key of a seed. WebCrypto has no call for it but the private key's own JWK. */
export async function signPublic(seed: Bytes): Promise<Bytes> {
  const { x = '' } = await crypto.subtle.exportKey('jwk', await importSeed(seed, true));
  return fromBase64(`${x.replaceAll('-', '+').replaceAll('_', '/')}=`, 32);
}

/** A signing key around a non-extractable CryptoKey, such as one kept in IndexedDB. */
export function signingKey(privateKey: CryptoKey, publicKey: Bytes): SigningKey {
  return {
    publicKey: owned(publicKey),
    sign: async (message) =>
      new Uint8Array(await crypto.subtle.sign(ALGORITHM, privateKey, message)),
  };
}

/** The non-extractable key of a seed, to keep instead of the seed. */
export async function importSigningKey(
  seed: Bytes,
): Promise<{ privateKey: CryptoKey; publicKey: Bytes }> {
  const [privateKey, publicKey] = await Promise.all([importSeed(seed, false), signPublic(seed)]);
  return { privateKey, publicKey };
}

/** A signing key from its seed. */
export async function seedSigningKey(seed: Bytes): Promise<SigningKey> {
  const { privateKey, publicKey } = await importSigningKey(seed);
  return signingKey(privateKey, publicKey);
}

/** False for a wrong signature and for bytes that are no public key. */
export async function verifySignature(
  publicKey: Bytes,
  signature: Bytes,
  message: Bytes,
): Promise<boolean> {
  try {
    const key = await crypto.subtle.importKey('raw', publicKey, ALGORITHM, false, ['verify']);
    return await crypto.subtle.verify(ALGORITHM, key, signature, message);
  } catch (error) {
    // A browser without Ed25519 must say so (missingFeatures) and not blame the author.
    if (error instanceof DOMException && error.name === 'NotSupportedError') throw error;
    return false;
  }
}
