/**
 * Devices side by side in one process. Each runs the client anew, with its own memory, database and
 * line to the one server; whatever is done at it, and whatever that leads to, is done there.
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import { IDBFactory } from 'fake-indexeddb';
import { vi } from 'vitest';
import type { Client } from './client.ts';
import type { Clinic, Person } from './clinic.ts';

const here = new AsyncLocalStorage<Device>();

/** One tab a device: nobody else hears. */
class Unheard extends EventTarget {
  onmessage = null;
  postMessage(): void {}
  close(): void {}
}

const real = { fetch, setInterval, memory: indexedDB, locks: navigator.locks };

/** Let what is global in a browser be the device's own, until the returned function is called. */
export function separateDevices(): () => void {
  const page = globalThis.fetch;
  const request = real.locks.request.bind(real.locks) as (...given: unknown[]) => unknown;
  Object.defineProperty(globalThis, 'indexedDB', {
    configurable: true,
    get: () => here.getStore()?.memory ?? real.memory,
  });
  Object.assign(real.locks, {
    request: (name: string, ...given: unknown[]) =>
      request(`${here.getStore()?.number} ${name}`, ...given),
  });
  Object.assign(globalThis, {
    BroadcastChannel: Unheard,
    document: { visibilityState: 'hidden' },
    fetch: (input: string, init: RequestInit) => {
      const device = here.getStore();
      return device ? device.ask(page, input, init) : page(input, init);
    },
    setInterval: (...given: Parameters<typeof setInterval>) => {
      const timer = real.setInterval(...given);
      here.getStore()?.timers.push(timer);
      return timer;
    },
  });
  return () => {
    Object.assign(globalThis, { fetch: page, setInterval: real.setInterval });
    Object.assign(real.locks, { request });
  };
}

let devices = 0;

export class Device {
  /** `deaf`: the next words reach the server, their answer does not come back, then it is down. */
  line: 'up' | 'down' | 'deaf' = 'up';
  readonly memory = new IDBFactory();
  readonly timers: NodeJS.Timeout[] = [];
  readonly number = ++devices;
  readonly person: Person;
  #client!: Client;

  private constructor(person: Person) {
    this.person = person;
  }

  static async of(person: Person, clinic: Clinic): Promise<Device> {
    const device = new Device(person);
    await here.run(device, async () => {
      vi.resetModules();
      device.#client = await import('./client.ts');
    });
    await device.signIn(clinic);
    return device;
  }

  /** Do something at this device. */
  at<T>(deed: (client: Client) => Promise<T>): Promise<T> {
    return here.run(this, () => deed(this.#client));
  }

  signIn(clinic: Clinic): Promise<void> {
    return this.at((client) => client.signIn(clinic, this.person));
  }

  async ask(page: typeof fetch, input: string, init: RequestInit): Promise<Response> {
    if (this.line === 'down') throw new TypeError('no line');
    const headers = new Headers(init.headers);
    headers.set('X-Account', this.person.id);
    const answer = await page(input, { ...init, headers });
    if (this.line === 'deaf' && init.method === 'PUT' && input.includes('/messages/')) {
      this.line = 'down';
      throw new TypeError('the line fell');
    }
    return answer;
  }

  async close(): Promise<void> {
    this.line = 'down';
    await this.at((client) => client.lock());
    for (const timer of this.timers) clearInterval(timer);
  }
}
