/**
 * Live events. A hint, never the truth: whoever needs to be sure fetches over HTTP, and everything
 * shown is fetched again after a reconnection.
 */
import { type Signal, signal } from '@preact/signals';
import { NetworkDown, Problem } from './http.ts';
import { SocketIo } from './socket-io.ts';

export const connected: Signal<boolean> = signal(false);

type Listener = (payload: never) => void;

const listeners = new Map<string, Set<Listener>>();
const reconnectors = new Set<() => void>();
const arrivals = new Set<() => void>();
const refusals = new Set<(code: string) => void>();
let socket: SocketIo | null = null;

/** Called when the server refuses the connection by name (`not_signed_in`). */
export function onRefused(fn: (code: string) => void): () => void {
  refusals.add(fn);
  return () => refusals.delete(fn);
}

/** Listen to a server event, connected or not yet. Returns how to stop. */
export function on<T>(event: string, fn: (payload: T) => void): () => void {
  let group = listeners.get(event);
  if (!group) {
    group = new Set();
    listeners.set(event, group);
  }
  group.add(fn as Listener);
  return () => group.delete(fn as Listener);
}

/**
 * Called after each connection that follows a cut or a failed attempt: what was missed must be
 * fetched.
 */
export function onReconnect(fn: () => void): () => void {
  reconnectors.add(fn);
  return () => reconnectors.delete(fn);
}

/** Called after every connection: the server is certainly there. */
export function onConnect(fn: () => void): () => void {
  arrivals.add(fn);
  return () => arrivals.delete(fn);
}

/** Connect with the session cookie. Idempotent. */
export function connect(): void {
  if (socket) return;
  let missed = false;
  const gone = () => {
    connected.value = false;
    missed = true;
  };
  const made = new SocketIo(location.origin, {
    connected: () => {
      connected.value = true;
      for (const fn of arrivals) fn();
      if (missed) for (const fn of reconnectors) fn();
      missed = false;
    },
    cut: (sentAway) => {
      gone();
      // The server cut this session's sockets; a session that still lives may come back.
      if (sentAway) setTimeout(() => socket === made && made.open(), 2_000);
    },
    refused: (code) => {
      gone();
      for (const fn of refusals) fn(code);
    },
    event: (name, payload) => {
      for (const fn of listeners.get(name) ?? []) (fn as (payload: unknown) => void)(payload);
    },
  });
  socket = made;
  made.open();
}

/** Cut the line, at sign-out and when the session is revoked. Listeners stay. */
export function disconnect(): void {
  socket?.close();
  socket = null;
  connected.value = false;
}

interface Ack {
  code: string;
  detail?: string;
  status?: number;
  [extra: string]: unknown;
}

/**
 * Emit and wait for the acknowledgement.
 *
 * @throws NetworkDown when there is no line or no answer in time; Problem when refused.
 */
export async function call<T>(event: string, payload: unknown, timeout = 15_000): Promise<T> {
  const line = socket;
  if (!line?.connected) throw new NetworkDown();
  let ack: Ack;
  try {
    ack = (await line.ask(event, payload, timeout)) as Ack;
  } catch (cause) {
    throw new NetworkDown(cause);
  }
  if (ack?.code !== 'ok') {
    const { code = 'fault', detail = '', status = 400, ...extra } = ack ?? {};
    throw new Problem(status, code, detail, extra);
  }
  return ack as T;
}
