import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Server, type Socket } from 'socket.io';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { NoAnswer, SocketIo } from '../../static/src/transport/socket-io.ts';

/** The server of the protocol's own authors: what it says is what the packets mean. */
let server: Server;
let origin: string;
let ids: Socket[];
let line: SocketIo;
let heard: unknown[];

const QUICK = { first: 1, longest: 5, opening: 5_000 };
const QUIET = { pingInterval: 25_000, pingTimeout: 20_000 };

async function serve(port = 0, beats = QUIET): Promise<void> {
  const http = createServer();
  server = new Server(http, { transports: ['websocket'], ...beats });
  server.on('connection', (socket) => {
    ids.push(socket);
    socket.on('sum', (numbers: number[], answer: (sum: unknown) => void) => {
      answer({ code: 'ok', sum: numbers.reduce((a, b) => a + b, 0) });
    });
    socket.on('vanish', () => socket.conn.close());
  });
  await new Promise<void>((ready) => http.listen(port, '127.0.0.1', ready));
  origin = `http://127.0.0.1:${(http.address() as AddressInfo).port}`;
}

function call(pace = QUICK): SocketIo {
  line = new SocketIo(
    origin,
    {
      connected: () => heard.push('connected'),
      cut: (sentAway) => heard.push(sentAway ? 'sent away' : 'cut'),
      refused: (code) => heard.push(['refused', code]),
      event: (name, payload) => heard.push([name, payload]),
    },
    pace,
  );
  line.open();
  return line;
}

const hears = (...what: unknown[]) => vi.waitFor(() => expect(heard).toEqual(what), 10_000);

beforeEach(async () => {
  ids = [];
  heard = [];
  await serve();
});

afterEach(async () => {
  line.close();
  await server.close();
});

describe('a line to a Socket.IO server', () => {
  it('hears events, and answers to its own', async () => {
    call().open();
    await hears('connected');
    expect(ids.length).toBe(1);
    ids[0]?.emit('case:changed', { case: 'é\n1', sequence: 7 });
    ids[0]?.emit('nothing');
    const sums = [line.ask('sum', [1, 2], 5_000), line.ask('sum', [3, 4], 5_000)];
    expect(await Promise.all(sums)).toEqual([
      { code: 'ok', sum: 3 },
      { code: 'ok', sum: 7 },
    ]);
    await hears(
      'connected',
      ['case:changed', { case: 'é\n1', sequence: 7 }],
      ['nothing', undefined],
    );
    await expect(line.ask('unheard', {}, 1)).rejects.toThrow(NoAnswer);
  });

  it('outlives many heartbeats', async () => {
    await server.close();
    await serve(0, { pingInterval: 20, pingTimeout: 10_000 });
    call();
    await hears('connected');
    let beats = 0;
    ids[0]?.conn.on('heartbeat', () => beats++);
    await vi.waitFor(() => expect(beats).toBeGreaterThan(3), 10_000);
    expect(heard).toEqual(['connected']);
  });

  it('comes back when it is cut, and says so to whoever waits for an answer', async () => {
    call();
    await hears('connected');
    await expect(line.ask('vanish', null, 60_000)).rejects.toThrow(NoAnswer);
    await hears('connected', 'cut', 'connected');
    expect(await line.ask('sum', [5], 5_000)).toEqual({ code: 'ok', sum: 5 });
  });

  it('comes back to a server that starts again', async () => {
    call();
    await hears('connected');
    const { port } = new URL(origin);
    await server.close();
    await vi.waitFor(
      () => expect(heard.filter((one) => one === 'cut').length).toBeGreaterThan(2),
      10_000,
    );
    await expect(line.ask('sum', [1], 5_000)).rejects.toThrow(NoAnswer);
    await serve(Number(port));
    await vi.waitFor(() => expect(heard.at(-1)).toBe('connected'), 10_000);
  });

  it('stays away when it is sent away, refused or closed', async () => {
    call();
    await hears('connected');
    ids[0]?.disconnect(true);
    await hears('connected', 'sent away');
    line.open();
    await hears('connected', 'sent away', 'connected');
    const pending = expect(line.ask('unheard', {}, 60_000)).rejects.toThrow(NoAnswer);
    line.close();
    await pending;
    server.use((_, next) => next(new Error('not_signed_in')));
    line.open();
    await hears('connected', 'sent away', 'connected', ['refused', 'not_signed_in']);
    expect(line.connected).toBe(false);
    await vi.waitFor(() => expect(server.engine.clientsCount).toBe(0), 10_000);
    expect(ids.length).toBe(2);
  });
});

describe('a line to a server that falls silent', () => {
  it('is cut after the silence that the server announced', async () => {
    await server.close();
    await serve(0, { pingInterval: 500, pingTimeout: 500 });
    server.engine.on('connection', ({ transport }) => {
      // Too late for what it announced: the server itself waits, without a word.
      server.engine.opts.pingTimeout = 60_000;
      const { send } = transport;
      transport.send = (packets: { type: string }[]) =>
        send.call(
          transport,
          packets.filter(({ type }) => type !== 'ping'),
        );
    });
    call({ ...QUICK, first: 60_000, longest: 60_000 });
    await hears('connected', 'cut');
  });

  it('is cut before a question when the device slept through the silence', async () => {
    call();
    await hears('connected');
    vi.spyOn(Date, 'now').mockReturnValue(Date.now() + 46_000);
    await expect(line.ask('sum', [1], 60_000)).rejects.toThrow(NoAnswer);
    vi.restoreAllMocks();
    await hears('connected', 'cut', 'connected');
  });

  it('is given up when the server never opens it', async () => {
    const held: (() => void)[] = [];
    server.engine.opts.allowRequest = (_, answer) => held.push(() => answer('too late', false));
    call({ ...QUICK, opening: 20 });
    await vi.waitFor(() => expect(heard.length).toBeGreaterThan(1), 10_000);
    expect(new Set(heard)).toEqual(new Set(['cut']));
    line.close();
    server.engine.opts.allowRequest = (_, answer) => answer('too late', false);
    for (const answer of held) answer();
  });
});
