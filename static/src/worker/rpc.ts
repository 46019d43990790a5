/**
 * Calls across a message port: values there and back, progress on the way, cancellation, and errors
 * that keep their names. Buffers in an answer are transferred, never copied.
 */
import { errorNamed } from '../crypto/errors.ts';

/** What an operation knows of its call. */
export interface Call {
  readonly signal: AbortSignal;
  /** Report progress. Throws once the caller has cancelled, which is how long work stops early. */
  progress(done: number): void;
}

/** Each takes its arguments after its call. */
// biome-ignore lint/suspicious/noExplicitAny: any list of arguments, checked where it is called
export type Operations = Record<string, (call: Call, ...given: any[]) => Promise<unknown>>;

export type Given<O extends Operations, N extends keyof O> =
  Parameters<O[N]> extends [Call, ...infer Rest] ? Rest : never;

export type Answer<O extends Operations, N extends keyof O> = Awaited<ReturnType<O[N]>>;

export interface CallOptions {
  signal?: AbortSignal | undefined;
  progress?: ((done: number) => void) | undefined;
  /** Buffers handed over to the worker: the caller can no longer read them. */
  transfer?: Transferable[] | undefined;
}

type Request = { id: number; name: string; given: unknown[] } | { id: number; cancel: true };

type Reply =
  | { id: number; value: unknown }
  | { id: number; error: { name: string; message: string } }
  | { id: number; progress: number };

/** The part of `Worker`, `MessagePort` and a worker's own scope that calls need. */
export interface Port {
  postMessage(message: unknown, transfer: Transferable[]): void;
  addEventListener(type: 'message', listener: (event: MessageEvent) => void): void;
}

/** Buffers of an answer: the answer itself, or the fields of the object it is. */
function buffersOf(value: unknown): Transferable[] {
  const fields =
    value && Object.getPrototypeOf(value) === Object.prototype ? Object.values(value) : [];
  return [value, ...fields].flatMap((field) =>
    field instanceof Uint8Array && field.byteLength === field.buffer.byteLength
      ? [field.buffer as ArrayBuffer]
      : [],
  );
}

/** Answer calls that arrive at a port. */
export function serve(port: Port, operations: Operations): void {
  const running = new Map<number, AbortController>();

  async function answer(id: number, name: string, given: unknown[]): Promise<void> {
    const controller = new AbortController();
    running.set(id, controller);
    const call: Call = {
      signal: controller.signal,
      progress(done) {
        controller.signal.throwIfAborted();
        port.postMessage({ id, progress: done } satisfies Reply, []);
      },
    };
    try {
      const operation = Object.hasOwn(operations, name) ? operations[name] : undefined;
      if (!operation) throw new TypeError(`no operation ${name}`);
      const value = await operation(call, ...given);
      controller.signal.throwIfAborted();
      port.postMessage({ id, value } satisfies Reply, buffersOf(value));
    } catch (fault) {
      const error = fault instanceof Error ? fault : new Error(String(fault));
      const { name: kind, message } = error;
      port.postMessage({ id, error: { name: kind, message } } satisfies Reply, []);
    } finally {
      running.delete(id);
    }
  }

  port.addEventListener('message', ({ data }: MessageEvent<Request>) => {
    if ('cancel' in data) running.get(data.id)?.abort();
    else void answer(data.id, data.name, data.given);
  });
}

export interface Connection<O extends Operations> {
  call<N extends keyof O & string>(
    name: N,
    given: Given<O, N>,
    options?: CallOptions,
  ): Promise<Answer<O, N>>;
  /** Fail every call under way: the other side is gone. */
  close(reason: Error): void;
}

interface Pending {
  resolve(value: unknown): void;
  reject(reason: unknown): void;
  progress: ((done: number) => void) | undefined;
}

/** Call operations that are served at the other end of a port. */
export function connect<O extends Operations>(port: Port): Connection<O> {
  const pending = new Map<number, Pending>();
  let last = 0;

  port.addEventListener('message', ({ data }: MessageEvent<Reply>) => {
    const call = pending.get(data.id);
    if (!call) return;
    if ('progress' in data) {
      call.progress?.(data.progress);
      return;
    }
    pending.delete(data.id);
    if ('error' in data) call.reject(errorNamed(data.error.name, data.error.message));
    else call.resolve(data.value);
  });

  return {
    call(name, given, { signal, progress, transfer = [] } = {}) {
      return new Promise((resolve, reject) => {
        signal?.throwIfAborted();
        const id = ++last;
        const cancel = () => {
          port.postMessage({ id, cancel: true } satisfies Request, []);
          pending.delete(id);
          reject(signal?.reason);
        };
        const settled = <T>(settle: (value: T) => void) => {
          return (value: T) => {
            signal?.removeEventListener('abort', cancel);
            settle(value);
          };
        };
        pending.set(id, {
          resolve: settled(resolve as (value: unknown) => void),
          reject: settled(reject),
          progress,
        });
        signal?.addEventListener('abort', cancel, { once: true });
        port.postMessage({ id, name, given } satisfies Request, transfer);
      });
    },
    close(reason) {
      for (const { reject } of pending.values()) reject(reason);
      pending.clear();
    },
  };
}
