/**
 * The crypto core and its worker with a page around them, for tests/e2e/test_vectors_in_chromium.py.
 * Bytes cross to Python as base64.
 */
import {
  cosignStatement,
  fromBase64,
  importSigningKey,
  lockOnDevice,
  missingFeatures,
  newDeviceKey,
  openOnDevice,
  PART,
  type Payloads,
  partCount,
  randomBytes,
  SealBroken,
  type SealedPart,
  type Statement,
  type StatementType,
  sameBytes,
  seedSigningKey,
  signingKey,
  signStatement,
  toBase64,
  utf8,
  verifyStatement,
} from '../../../static/src/crypto/index.ts';
import { startWorker } from '../../../static/src/trusted.ts';
import * as sealing from '../../../static/src/worker/sealing.ts';
import { patternedPlaintext } from '../support/vectors.ts';
import { type Report, runVectors } from './run-vectors.ts';
import { timings } from './timings.ts';
import vectorsWorkerUrl from './vectors.worker.ts?worker&url';

const errorName = async (run: () => unknown): Promise<string> => {
  try {
    await run();
    return 'none';
  } catch (error) {
    return error instanceof Error || error instanceof DOMException ? error.name : String(error);
  }
};

function vectorsInWorker(): Promise<Report> {
  return new Promise((resolve, reject) => {
    const worker = startWorker(vectorsWorkerUrl);
    worker.addEventListener('message', ({ data }) => resolve(data as Report));
    worker.addEventListener('error', ({ message }) => reject(new Error(message)));
  });
}

/** How often the page's own thread got its turn while `work` ran in the worker. */
async function turnsDuring(work: Promise<unknown>): Promise<number> {
  let turns = 0;
  const timer = setInterval(() => turns++, 10);
  await work;
  clearInterval(timer);
  return turns;
}

const place = {
  net: 'b073bd3e-aba2-5b1f-a1cd-21bb47088888',
  case: '6eee8fd0-d5b9-5eb1-ae3b-e35dfabb3a21',
  attachment: '28045223-c629-5cb4-ad2d-928e551c744c',
};

/** Seal and open a file part by part in the worker; then break it in each way that must show. */
async function attachment(size: number) {
  const key = randomBytes(32);
  const file = new Blob([patternedPlaintext(size, 7)]);
  const parts: SealedPart[] = [];
  const stored: Blob[] = [];
  const seen: number[] = [];
  for (let i = 0; i < partCount(size); i++) {
    const progress = (done: number) => seen.push(i * PART + done);
    const { sealed, part } = await sealing.sealPart(key, place, file, i, { progress });
    parts.push(part);
    stored.push(new Blob([sealed]));
  }
  const download = async (i: number) =>
    new Uint8Array((await stored[i]?.arrayBuffer()) ?? new ArrayBuffer(0));
  let same = true;
  for (let i = 0; i < parts.length; i++) {
    const plain = await sealing.openPart(key, place, parts, i, await download(i));
    const original = await file.slice(i * PART, (i + 1) * PART).arrayBuffer();
    same &&= sameBytes(plain, new Uint8Array(original));
  }
  const swapped = await errorName(async () =>
    sealing.openPart(key, place, parts, 0, await download(1)),
  );
  const relisted = await errorName(async () =>
    sealing.openPart(key, place, [...parts].reverse(), 0, await download(parts.length - 1)),
  );
  const dropped = await errorName(async () =>
    sealing.openPart(key, place, parts.slice(0, -1), 0, await download(0)),
  );
  const lastSeen = seen.at(-1);
  return { parts: parts.length, same, swapped, relisted, dropped, lastSeen };
}

/** Keys that live long: usable, not readable, and still so after IndexedDB. */
async function longLivedKeys() {
  const seed = randomBytes(32);
  const { privateKey, publicKey } = await importSigningKey(seed);
  const deviceKey = await newDeviceKey();
  const locked = await lockOnDevice(deviceKey, 'account key', seed);
  const database = await new Promise<IDBDatabase>((resolve, reject) => {
    const request = indexedDB.open('keys', 1);
    request.onupgradeneeded = () => request.result.createObjectStore('keys');
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
  const kept = await new Promise<{ deviceKey: CryptoKey; privateKey: CryptoKey }>(
    (resolve, reject) => {
      const store = database.transaction('keys', 'readwrite').objectStore('keys');
      store.put({ deviceKey, privateKey }, 'me');
      const request = store.get('me');
      request.onsuccess = () => resolve(request.result);
      request.onerror = () => reject(request.error);
    },
  );
  const payload: Payloads['cordee1.header'] = {
    v: 1,
    net: place.net,
    case: place.case,
    version: 0,
    g: 0,
    by: place.attachment,
    at: '2026-01-02T03:04:05.006Z',
    body: { question: 'Lésion suspecte ?' },
  };
  const signer = signingKey(kept.privateKey, publicKey);
  const statement = await signStatement('cordee1.header', payload, signer);
  const read = await verifyStatement('cordee1.header', statement, publicKey);
  return {
    signed: read.body['question'],
    signKeyReadable: await errorName(() => crypto.subtle.exportKey('pkcs8', kept.privateKey)),
    deviceKeyReadable: await errorName(() => crypto.subtle.exportKey('raw', kept.deviceKey)),
    opened: sameBytes(await openOnDevice(kept.deviceKey, 'account key', locked), seed),
    otherPurpose: await errorName(() => openOnDevice(kept.deviceKey, 'drafts', locked)),
  };
}

/** Cancelling, breaking and closing, as the page sees them. */
async function workerManners() {
  const key = randomBytes(32);
  const salt = randomBytes(16);
  const kdf = { alg: 'argon2id', m: 65_536, t: 3, p: 1 } as const;
  const turns = await turnsDuring(sealing.passwordKeys('neige', salt, kdf));
  const controller = new AbortController();
  const cancelled = await errorName(() => {
    const big = new Blob([new Uint8Array(64 * 1024 * 1024)]);
    const work = sealing.sealBlob(key, 'cordee1|test', big, {
      signal: controller.signal,
      progress: () => controller.abort(),
    });
    return work;
  });
  const broken = await sealing.unseal(key, 'cordee1|test', new Uint8Array(100).fill(40)).then(
    () => 'none',
    (error: unknown) => (error instanceof SealBroken ? 'SealBroken' : String(error)),
  );
  const weak = await errorName(() => sealing.passwordKeys('neige', salt, { ...kdf, m: 8 }));
  const closing = errorName(() => sealing.passwordKeys('neige', salt, kdf));
  sealing.closeSealing();
  const closed = await closing;
  const sealed = await sealing.seal(key, 'cordee1|test', utf8('again'));
  const again = toBase64(await sealing.unseal(key, 'cordee1|test', sealed));
  return { turns, cancelled, broken, weak, closed, again };
}

/** Addresses the trusted-types policy must refuse, and a script started around it. */
async function policyRefusals() {
  const refused = [
    'data:text/javascript,0',
    'https://example.org/static/assets/sealing.worker-a.js',
    '/assets/../evil.js',
    '/harness.js',
    `${vectorsWorkerUrl}?next=/evil.js`,
    URL.createObjectURL(new Blob(['0'])),
  ];
  const names = await Promise.all(refused.map((url) => errorName(() => startWorker(url))));
  return [...names, await errorName(() => new Worker(vectorsWorkerUrl, { type: 'module' }))];
}

const harness = {
  ...timings,
  missingFeatures,
  vectorsInPage: runVectors,
  vectorsInWorker,
  attachment,
  longLivedKeys,
  workerManners,
  policyRefusals,
  seal: async (key: string, context: string, plain: string) =>
    toBase64(await sealing.seal(fromBase64(key), context, fromBase64(plain))),
  unseal: async (key: string, context: string, sealed: string) =>
    toBase64(await sealing.unseal(fromBase64(key), context, fromBase64(sealed))),
  kemPublic: async (seed: string) => toBase64(await sealing.kemPublic(fromBase64(seed))),
  wrap: async (publicKey: string, context: string, secret: string) =>
    toBase64(await sealing.wrap(fromBase64(publicKey), context, fromBase64(secret))),
  unwrap: async (seed: string, context: string, wrapped: string) =>
    toBase64(await sealing.unwrap(fromBase64(seed), context, fromBase64(wrapped))),
  passwordKeys: async (password: string, salt: string) => {
    const kdf = { alg: 'argon2id', m: 65_536, t: 3, p: 1 } as const;
    const { auth, kek } = await sealing.passwordKeys(password, fromBase64(salt), kdf);
    return [toBase64(auth), toBase64(kek)];
  },
  recoveryKeys: async (code: string) => {
    const { auth, kek } = await sealing.recoveryKeys(fromBase64(code));
    return [toBase64(auth), toBase64(kek)];
  },
  sign: async <T extends StatementType>(type: T, payload: Payloads[T], ...seeds: string[]) => {
    const [first, ...others] = await Promise.all(
      seeds.map((seed) => seedSigningKey(fromBase64(seed))),
    );
    if (!first) throw new Error('nobody signs');
    let statement = await signStatement(type, payload, first);
    for (const other of others) statement = await cosignStatement(statement, other);
    return statement;
  },
  verify: (type: StatementType, statement: Statement, ...keys: string[]) =>
    verifyStatement(type, statement, ...keys.map((key) => fromBase64(key))),
};

Object.assign(globalThis, { harness });
