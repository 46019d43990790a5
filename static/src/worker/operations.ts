/**
 * What the sealing worker does. Each operation is whole in itself: the worker keeps no key between
 * two calls, so locking the application leaves nothing here.
 */
import type { Bytes } from '../crypto/bytes.ts';
import { groupKemPublic, requireGroupSecret } from '../crypto/group.ts';
import { kemPublic, unwrap, wrap } from '../crypto/hpke.ts';
import { type AttachmentPlace, openPart, sealPart } from '../crypto/parts.ts';
import { type Kdf, type MasterKeys, passwordKeys } from '../crypto/password.ts';
import type { SealedPart } from '../crypto/payloads.ts';
import { recoveryKeys } from '../crypto/recovery.ts';
import { blobSource, memorySource, sealSource, unsealSource } from '../crypto/stream.ts';
import type { Call } from './rpc.ts';

/** One key to wrap to several recipients, as when a case opens. */
export interface Wrapping {
  publicKey: Bytes;
  context: string;
}

export const operations = {
  seal: (call: Call, key: Bytes, context: string, plain: Bytes): Promise<Bytes> =>
    sealSource(key, context, memorySource(plain), call.progress),

  unseal: (call: Call, key: Bytes, context: string, sealed: Bytes): Promise<Bytes> =>
    unsealSource(key, context, memorySource(sealed), call.progress),

  sealBlob: (call: Call, key: Bytes, context: string, plain: Blob): Promise<Bytes> =>
    sealSource(key, context, blobSource(plain), call.progress),

  sealPart: (
    call: Call,
    key: Bytes,
    place: AttachmentPlace,
    file: Blob,
    index: number,
  ): Promise<{ sealed: Bytes; part: SealedPart }> =>
    sealPart(key, place, file, index, call.progress),

  openPart: (
    call: Call,
    key: Bytes,
    place: AttachmentPlace,
    parts: readonly SealedPart[],
    index: number,
    sealed: Bytes,
  ): Promise<Bytes> => openPart(key, place, parts, index, sealed, call.progress),

  kemPublic: async (_: Call, seed: Bytes): Promise<Bytes> => kemPublic(seed),

  wrap: (_: Call, publicKey: Bytes, context: string, secret: Bytes): Promise<Bytes> =>
    wrap(publicKey, context, secret),

  wrapToAll: async (call: Call, to: readonly Wrapping[], secret: Bytes): Promise<Bytes[]> => {
    const wrapped: Bytes[] = [];
    for (const { publicKey, context } of to) {
      wrapped.push(await wrap(publicKey, context, secret));
      call.progress(wrapped.length);
    }
    return wrapped;
  },

  unwrap: (_: Call, seed: Bytes, context: string, wrapped: Bytes): Promise<Bytes> =>
    unwrap(seed, context, wrapped),

  groupKemPublic: (_: Call, secret: Bytes): Promise<Bytes> => groupKemPublic(secret),

  requireGroupSecret: (_: Call, secret: Bytes, signedKemKey: Bytes): Promise<void> =>
    requireGroupSecret(secret, signedKemKey),

  passwordKeys: (_: Call, password: string, salt: Bytes, kdf: Kdf): Promise<MasterKeys> =>
    passwordKeys(password, salt, kdf),

  recoveryKeys: (_: Call, code: Bytes): Promise<MasterKeys> => recoveryKeys(code),
};

export type SealingOperations = typeof operations;
