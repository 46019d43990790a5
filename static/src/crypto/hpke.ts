/**
 * `wrap`: HPKE base mode (RFC 9180) with the KEM 0x647a MLKEM768-X25519 ("X-Wing", a draft, which is
 * why every statement carries a version), HKDF-SHA256 and AES-256-GCM. One wrap is
 * `encapsulation 1120 ‖ ciphertext 48`; a private key is its 32-byte seed.
 */
import { MLKEM768X25519 } from '@noble/post-quantum/hybrid.js';
import { KEM_MLKEM768_X25519 } from '@panva/hpke-noble';
import { AEAD_AES_256_GCM, CipherSuite, KDF_HKDF_SHA256 } from 'hpke';
import { type Bytes, concat, owned, requireLength, utf8 } from './bytes.ts';
import { PublicKeyRefused, SuiteUnsupported, WrapBroken, WrappedSizeWrong } from './errors.ts';
import { ENCAPSULATION, KEM_PUBLIC, KEM_SEED, SECRET, WRAPPED, WRAPPED2 } from './shapes.ts';
import { requireSupported } from './suites.ts';

const suite = /* @__PURE__ */ new CipherSuite(
  KEM_MLKEM768_X25519,
  KDF_HKDF_SHA256,
  AEAD_AES_256_GCM,
);

/** Public key of a KEM seed. Deriving it again is how a granted key is checked against the log. */
export function kemPublic(seed: Bytes): Bytes {
  requireLength(seed, KEM_SEED, 'seed');
  return owned(MLKEM768X25519.keygen(seed).publicKey);
}

/** Bytes of the ML-KEM-768 vector at the head of a public key: 768 coefficients of 12 bits. */
const VECTOR = 1152;
const MODULUS = 3329;

/** FIPS 203 section 7.2 wants coefficients below the modulus; the library lets others pass. */
function requireReduced(publicKey: Bytes): void {
  for (let i = 0; i < VECTOR; i += 3) {
    const [a = 0, b = 0, c = 0] = publicKey.subarray(i, i + 3);
    if ((((b & 15) << 8) | a) >= MODULUS || ((c << 4) | (b >> 4)) >= MODULUS) {
      throw new PublicKeyRefused('not an encoded public key');
    }
  }
}

/** Wrap a 32-byte secret to a public key, bound to a context. @throws SuiteUnsupported */
export async function wrap(publicKey: Bytes, context: string, secret: Bytes): Promise<Bytes> {
  requireSupported(publicKey);
  requireLength(publicKey, KEM_PUBLIC, 'public key');
  requireLength(secret, SECRET, 'secret');
  requireReduced(publicKey);
  try {
    const key = await suite.DeserializePublicKey(publicKey);
    const { encapsulatedSecret, ciphertext } = await suite.Seal(key, secret, {
      info: utf8(context),
    });
    return concat(encapsulatedSecret, ciphertext);
  } catch {
    throw new PublicKeyRefused('not a usable public key');
  }
}

/** @throws WrapBroken, WrappedSizeWrong or SuiteUnsupported unless this seed and context open it. */
export async function unwrap(seed: Bytes, context: string, wrapped: Bytes): Promise<Bytes> {
  requireLength(seed, KEM_SEED, 'seed');
  if (wrapped.length === WRAPPED2) throw new SuiteUnsupported('wrapped by the second suite');
  if (wrapped.length !== WRAPPED) throw new WrappedSizeWrong('a wrapped key has another size');
  try {
    const key = await suite.DeserializePrivateKey(seed, false);
    const secret = await suite.Open(
      key,
      wrapped.subarray(0, ENCAPSULATION),
      wrapped.subarray(ENCAPSULATION),
      { info: utf8(context) },
    );
    return owned(secret);
  } catch {
    throw new WrapBroken('changed, or wrapped for another key or place');
  }
}
