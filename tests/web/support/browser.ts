/**
 * The parts of a browser that Node has not: a worker, an origin. The worker runs the same
 * operations behind the same port; requests go to a real server on loopback.
 */
import 'fake-indexeddb/auto';
import { operations } from '../../../static/src/worker/operations.ts';
import { type Port, serve } from '../../../static/src/worker/rpc.ts';

class LocalWorker extends EventTarget {
  readonly #near: MessagePort;
  readonly #far: MessagePort;

  constructor() {
    super();
    const { port1, port2 } = new MessageChannel();
    this.#near = port1;
    this.#far = port2;
    serve(port2 as Port, operations);
    port2.start();
    port1.addEventListener('message', ({ data }) =>
      this.dispatchEvent(new MessageEvent('message', { data })),
    );
    port1.start();
  }

  postMessage(message: unknown, transfer: Transferable[] = []): void {
    this.#near.postMessage(message, transfer);
  }

  terminate(): void {
    this.#near.close();
    this.#far.close();
  }
}

// Node calls back at once where a browser calls back later (Web Locks section 4.2, "in parallel").
const { locks } = navigator;
const request = locks.request.bind(locks) as (...given: unknown[]) => Promise<unknown>;
Object.assign(locks, {
  request: async (...given: unknown[]) => {
    await null;
    return request(...given);
  },
});

const realFetch = globalThis.fetch;

/** Be a page of this origin until the returned function is called. */
export function openPage(origin: string): () => void {
  Object.assign(globalThis, { Worker: LocalWorker, location: new URL(origin) });
  globalThis.fetch = (input, init) => realFetch(new URL(String(input), origin), init);
  return () => {
    globalThis.fetch = realFetch;
  };
}
