/**
 * The frozen vectors as named checks, so that Node and Chromium run the very same ones: vitest
 * makes a test of each, the browser harness runs them in a page and in a worker.
 */
import {
  type Bytes,
  fromBase64,
  type Kdf,
  kemPublic,
  keyCommitment,
  merkleRoot,
  pae,
  passwordKeys,
  type Statement,
  sameBytes,
  seal,
  seedSigningKey,
  sha256,
  signBytes,
  signPublic,
  statementHash,
  statementPayload,
  toBase64,
  unseal,
  unwrap,
  verifyStatementBytes,
  wrap,
} from '../../../static/src/crypto/index.ts';
import { sealWith } from '../../../static/src/crypto/stream.ts';

export interface Vectors {
  seal: {
    name: string;
    key: string;
    ctx: string;
    plain_len: number;
    plain_sha256: string;
    sealed_sha256: string;
    salt: string;
    prefix: string;
    k: number;
    sealed_len: number;
    sealed?: string;
  }[];
  wrap: { seed: string; public: string; ctx: string; secret: string; wrapped: string }[];
  statement: { seed: string; public: string; statement: Statement; pae_sha256: string }[];
  password: { password: string; salt: string; kdf: Kdf; auth: string; kek: string }[];
  log: { size: number; leaves: string[]; root: string }[];
  key_commitment: { key: string; kc: string }[];
}

export interface Check {
  name: string;
  run(): Promise<void>;
}

export function expectEqual(actual: unknown, expected: unknown, what: string): void {
  if (actual !== expected) throw new Error(`${what}: ${String(actual)} is not ${String(expected)}`);
}

const hex = (bytes: Bytes) => [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('');

/** Plaintext byte i = (i·i·7 + i·31 + k) mod 256; 32-bit products keep their low byte. */
export function patternedPlaintext(size: number, k: number): Bytes {
  const plain = new Uint8Array(size);
  for (let i = 0; i < size; i++) plain[i] = Math.imul(Math.imul(i, i), 7) + i * 31 + k;
  return plain;
}

function sealChecks(vectors: Vectors): Check[] {
  return vectors.seal.map((vector) => ({
    name: `seal: ${vector.name}`,
    async run() {
      const key = fromBase64(vector.key);
      const plain = patternedPlaintext(vector.plain_len, vector.k);
      expectEqual(hex(await sha256(plain)), vector.plain_sha256, 'plaintext');
      const [salt, prefix] = [fromBase64(vector.salt), fromBase64(vector.prefix)];
      const sealed = await sealWith(salt, prefix, key, vector.ctx, plain);
      expectEqual(sealed.length, vector.sealed_len, 'sealed length');
      expectEqual(hex(await sha256(sealed)), vector.sealed_sha256, 'sealed');
      if (vector.sealed) expectEqual(toBase64(sealed), vector.sealed, 'sealed bytes');
      const opened = await unseal(key, vector.ctx, sealed);
      expectEqual(sameBytes(opened, plain), true, 'opened');
      const again = await unseal(key, vector.ctx, await seal(key, vector.ctx, plain));
      expectEqual(sameBytes(again, plain), true, 'opened again');
    },
  }));
}

function wrapChecks(vectors: Vectors): Check[] {
  return vectors.wrap.map((vector, i) => ({
    name: `wrap: ${i}`,
    async run() {
      const seed = fromBase64(vector.seed);
      const publicKey = kemPublic(seed);
      expectEqual(toBase64(publicKey), vector.public, 'public key');
      const opened = await unwrap(seed, vector.ctx, fromBase64(vector.wrapped));
      expectEqual(toBase64(opened), vector.secret, 'secret');
      const wrapped = await wrap(publicKey, vector.ctx, opened);
      expectEqual(toBase64(await unwrap(seed, vector.ctx, wrapped)), vector.secret, 'round trip');
    },
  }));
}

function statementChecks(vectors: Vectors): Check[] {
  return vectors.statement.map(({ seed, statement, pae_sha256, ...vector }, i) => ({
    name: `statement: ${i}`,
    async run() {
      const publicKey = await signPublic(fromBase64(seed));
      expectEqual(toBase64(publicKey), vector.public, 'public key');
      const payload = statementPayload(statement);
      expectEqual(hex(await sha256(pae(statement.t, payload))), pae_sha256, 'PAE');
      expectEqual(hex(await statementHash(statement)), pae_sha256, 'hash');
      await verifyStatementBytes('cordee1.message', statement, publicKey);
      const key = await seedSigningKey(fromBase64(seed));
      const signed = await signBytes('cordee1.message', payload, key);
      expectEqual(JSON.stringify(signed), JSON.stringify(statement), 'signed again');
    },
  }));
}

function passwordChecks(vectors: Vectors): Check[] {
  return vectors.password.map((vector, i) => ({
    name: `password: ${i}`,
    async run() {
      const keys = await passwordKeys(vector.password, fromBase64(vector.salt), vector.kdf);
      expectEqual(toBase64(keys.auth), vector.auth, 'auth');
      expectEqual(toBase64(keys.kek), vector.kek, 'kek');
    },
  }));
}

/** One check for each vector of `tests/vectors/cordee1.json`. */
export function vectorChecks(vectors: Vectors): Check[] {
  return [
    ...sealChecks(vectors),
    ...wrapChecks(vectors),
    ...statementChecks(vectors),
    ...passwordChecks(vectors),
    ...vectors.log.map(({ size, leaves, root }) => ({
      name: `log: ${size} leaves`,
      async run() {
        const computed = merkleRoot(leaves.map((leaf) => fromBase64(leaf, 53)));
        expectEqual(toBase64(computed), root, 'root');
      },
    })),
    ...vectors.key_commitment.map(({ key, kc }, i) => ({
      name: `key commitment: ${i}`,
      async run() {
        expectEqual(toBase64(await keyCommitment(fromBase64(key))), kc, 'kc');
      },
    })),
  ];
}
