import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  api,
  NetworkDown,
  onReached,
  onSignedOut,
  Problem,
  setCsrf,
} from '../../static/src/transport/http.ts';

type Handler = (request: IncomingMessage, response: ServerResponse) => void;

let handler: Handler;
let server: Server;
let origin: string;
const realFetch = globalThis.fetch;

beforeAll(async () => {
  server = createServer((request, response) => handler(request, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  // The page's own origin, which Node has not.
  globalThis.fetch = (input, init) => realFetch(new URL(String(input), origin), init);
});

afterAll(() => {
  globalThis.fetch = realFetch;
  server.close();
});

beforeEach(() => setCsrf(null));

function answer(status: number, body: string, headers: Record<string, string> = {}): void {
  handler = (_request, response) => {
    response.writeHead(status, { 'Content-Type': 'application/problem+json', ...headers });
    response.end(body);
  };
}

describe('a refusal', () => {
  it('carries code, words and everything else the server says', async () => {
    answer(
      409,
      '{"code":"stale_epoch","detail":"Recommencez.","status":409,"group":"g","epoch":3}',
    );
    const problem = await api('PUT', '/cases/1', {}).catch((error: unknown) => error);
    expect(problem).toBeInstanceOf(Problem);
    expect(problem).toMatchObject({
      status: 409,
      code: 'stale_epoch',
      detail: 'Recommencez.',
      extra: { group: 'g', epoch: 3 },
    });
  });

  it('names the fields of a form', async () => {
    answer(
      422,
      '{"code":"validation_failed","errors":[{"field":"rpps","message":"Luhn"},{"no":1}]}',
    );
    const problem = (await api('POST', '/sign-up', {}).catch((error: unknown) => error)) as Problem;
    expect(problem.fields).toEqual({ rpps: 'Luhn' });
  });

  it('says how long to wait, from body or header', async () => {
    answer(429, '{"code":"rate_limited","retry_after":40}');
    const first = (await api('GET', '/session').catch((error: unknown) => error)) as Problem;
    answer(503, '<h1>busy</h1>', { 'Retry-After': '7' });
    const second = (await api('GET', '/session').catch((error: unknown) => error)) as Problem;
    expect([first.retryAfter, second.retryAfter]).toEqual([40, 7]);
  });

  it('from a proxy that knows no JSON is a problem all the same', async () => {
    answer(502, '<html>Bad gateway</html>');
    const problem = (await api('GET', '/network').catch((error: unknown) => error)) as Problem;
    expect([problem.status, problem.code, problem.detail]).toEqual([502, 'http_502', '']);
  });
});

describe('a lost session', () => {
  it('is told, unless the request was an attempt to sign in', async () => {
    let told = 0;
    const stop = onSignedOut(() => {
      told += 1;
    });
    answer(401, '{"code":"not_signed_in"}');
    await api('GET', '/cases').catch(() => undefined);
    await api('GET', '/cases', undefined, { keepSession: true }).catch(() => undefined);
    answer(401, '{"code":"sign_in_failed"}');
    await api('POST', '/sign-in', {}).catch(() => undefined);
    stop();
    expect(told).toBe(1);
  });
});

describe('a request', () => {
  it('carries the CSRF token when it changes something, and only then', async () => {
    const seen: (string | string[] | undefined)[] = [];
    handler = (request, response) => {
      seen.push(request.headers['x-csrf-token']);
      response.writeHead(200, { 'Content-Type': 'application/json' });
      response.end('{}');
    };
    setCsrf('token');
    await api('GET', '/session');
    await api('DELETE', '/session');
    expect(seen).toEqual([undefined, 'token']);
  });

  it('may have no answer to read', async () => {
    handler = (_request, response) => {
      response.writeHead(204);
      response.end();
    };
    expect(await api('DELETE', '/sessions/1')).toBeUndefined();
  });

  it('that nobody answers is the line, not the server', async () => {
    const reached: boolean[] = [];
    const stop = onReached((is) => reached.push(is));
    handler = (request) => {
      request.socket.destroy();
    };
    await expect(api('GET', '/cases')).rejects.toBeInstanceOf(NetworkDown);
    stop();
    expect(reached).toEqual([false]);
  });

  it('whose answer breaks off halfway is the line too', async () => {
    handler = (request, response) => {
      response.writeHead(200, { 'Content-Type': 'application/json', 'Content-Length': '100' });
      response.write('{"items":[');
      setTimeout(() => request.socket.destroy(), 20);
    };
    await expect(api('GET', '/cases')).rejects.toBeInstanceOf(NetworkDown);
  });

  it('that the page itself gave up is no outage', async () => {
    handler = () => undefined;
    const reached: boolean[] = [];
    const stop = onReached((is) => reached.push(is));
    const controller = new AbortController();
    const asked = api('GET', '/cases', undefined, { signal: controller.signal });
    controller.abort();
    await expect(asked).rejects.toMatchObject({ name: 'AbortError' });
    stop();
    expect(reached).toEqual([]);
  });
});
