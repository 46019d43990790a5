/**
 * Live events. A hint, never the truth: whoever needs to be sure fetches over HTTP, and everything
 * shown is fetched again after a reconnection.
 */
import { type Signal, signal } from '@preact/signals';
import type { Socket } from 'socket.io-client';
import { NetworkDown, Problem } from './http.ts';

export const connected: Signal<boolean> = signal(false);

type Listener = (payload: never) => void;

const listeners = new Map<string, Set<Listener>>();
const reconnectors = new Set<() => void>();
const arrivals = new Set<() => void>();
const refusals = new Set<(code: string) => void>();
let socket: Socket | null = null;
let starting: Promise<void> | null = null;

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
    attach(event);
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

function attach(event: string): void {
  socket?.on(event, (payload: unknown) => {
    for (const fn of listeners.get(event) ?? []) (fn as (payload: unknown) => void)(payload);
  });
}

/**
 * Connect with the session cookie. Idempotent. The library is loaded here and not at first paint:
 * a phone on EDGE shows its cases before it can be told of new ones.
 */
export function connect(): Promise<void> {
  starting ??= start();
  return starting;
}

async function start(): Promise<void> {
  const { io } = await import('socket.io-client');
  let missed = false;
  const made = io({
    transports: ['websocket', 'polling'],
    reconnectionDelay: 500,
    reconnectionDelayMax: 8_000,
    randomizationFactor: 0.5,
    timeout: 20_000,
    autoConnect: false,
  });
  socket = made;
  made.on('connect', () => {
    connected.value = true;
    for (const fn of arrivals) fn();
    if (missed) for (const fn of reconnectors) fn();
    missed = false;
  });
  made.on('disconnect', (reason) => {
    connected.value = false;
    missed = true;
    // The server cut this session's sockets; a session that still lives may come back.
    if (reason === 'io server disconnect')
      setTimeout(() => socket === made && made.connect(), 2_000);
  });
  made.on('connect_error', (error) => {
    connected.value = false;
    missed = true;
    for (const fn of refusals) fn(error.message);
  });
  for (const event of listeners.keys()) attach(event);
  made.connect();
}

/** Cut the line, at sign-out and when the session is revoked. Listeners stay. */
export function disconnect(): void {
  socket?.close();
  socket = null;
  starting = null;
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
    ack = (await line.timeout(timeout).emitWithAck(event, payload)) as Ack;
  } catch (cause) {
    throw new NetworkDown(cause);
  }
  if (ack?.code !== 'ok') {
    const { code = 'fault', detail = '', status = 400, ...extra } = ack ?? {};
    throw new Problem(status, code, detail, extra);
  }
  return ack as T;
}
