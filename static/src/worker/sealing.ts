/**
 * The page's side of the sealing worker: the heavy half of `crypto`, off the main thread.
 *
 * One worker, started at the first call. Errors keep their class (`SealBroken`, `KdfTooWeak`…);
 * `signal` cancels, `progress` counts plaintext bytes.
 */
import type { Bytes } from '../crypto/bytes.ts';
import type { AttachmentPlace } from '../crypto/parts.ts';
import type { Kdf, MasterKeys } from '../crypto/password.ts';
import type { SealedPart } from '../crypto/payloads.ts';
import { startWorker } from '../trusted.ts';
import type { SealingOperations, Wrapping } from './operations.ts';
import { type CallOptions, type Connection, connect } from './rpc.ts';
import url from './sealing.worker.ts?worker&url';

export type { CallOptions } from './rpc.ts';

/** The worker could not be loaded or died; the next call starts another. */
export class SealingUnavailable extends Error {
  override name = 'SealingUnavailable';
}

interface Running {
  worker: Worker;
  connection: Connection<SealingOperations>;
}

let running: Running | undefined;

function connection(): Connection<SealingOperations> {
  if (!running) {
    const worker = startWorker(url);
    const started: Running = { worker, connection: connect<SealingOperations>(worker) };
    worker.addEventListener('error', () => stop(started, new SealingUnavailable('worker failed')));
    running = started;
  }
  return running.connection;
}

function stop(stopped: Running, reason: Error): void {
  stopped.worker.terminate();
  stopped.connection.close(reason);
  if (running === stopped) running = undefined;
}

/**
 * End the worker and forget all it held, the memory in which Argon2 saw the password included.
 * Calls under way fail with an `AbortError`. For locking the application.
 */
export function closeSealing(): void {
  if (running) stop(running, new DOMException('locked', 'AbortError'));
}

export const seal = (key: Bytes, context: string, plain: Bytes, options?: CallOptions) =>
  connection().call('seal', [key, context, plain], options);

export const unseal = (key: Bytes, context: string, sealed: Bytes, options?: CallOptions) =>
  connection().call('unseal', [key, context, sealed], options);

export const sealBlob = (key: Bytes, context: string, plain: Blob, options?: CallOptions) =>
  connection().call('sealBlob', [key, context, plain], options);

/** Seal one part of a file. The blob crosses as a reference; the worker reads that part alone. */
export const sealPart = (
  key: Bytes,
  place: AttachmentPlace,
  file: Blob,
  index: number,
  options?: CallOptions,
) => connection().call('sealPart', [key, place, file, index], options);

/** Open one part as downloaded. `sealed` is handed over to the worker. */
export const openPart = (
  key: Bytes,
  place: AttachmentPlace,
  parts: readonly SealedPart[],
  index: number,
  sealed: Bytes,
  options?: CallOptions,
) =>
  connection().call('openPart', [key, place, parts, index, sealed], {
    ...options,
    transfer: [sealed.buffer],
  });

export const kemPublic = (seed: Bytes, options?: CallOptions) =>
  connection().call('kemPublic', [seed], options);

export const wrap = (publicKey: Bytes, context: string, secret: Bytes, options?: CallOptions) =>
  connection().call('wrap', [publicKey, context, secret], options);

/** One secret for several recipients; progress counts recipients. */
export const wrapToAll = (to: readonly Wrapping[], secret: Bytes, options?: CallOptions) =>
  connection().call('wrapToAll', [to, secret], options);

export const unwrap = (seed: Bytes, context: string, wrapped: Bytes, options?: CallOptions) =>
  connection().call('unwrap', [seed, context, wrapped], options);

export const groupKemPublic = (secret: Bytes, options?: CallOptions) =>
  connection().call('groupKemPublic', [secret], options);

export const requireGroupSecret = (secret: Bytes, signedKemKey: Bytes, options?: CallOptions) =>
  connection().call('requireGroupSecret', [secret, signedKemKey], options);

export const passwordKeys = (
  password: string,
  salt: Bytes,
  kdf: Kdf,
  options?: CallOptions,
): Promise<MasterKeys> => connection().call('passwordKeys', [password, salt, kdf], options);

export const recoveryKeys = (code: Bytes, options?: CallOptions): Promise<MasterKeys> =>
  connection().call('recoveryKeys', [code], options);
