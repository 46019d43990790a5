/**
 * The only door to the HTTP API: adds the CSRF token, turns every refusal into a `Problem` that the
 * interface can show, and every failure of the line into `NetworkDown`.
 *
 * Uses neither DOM nor signals, so that the service worker can send the outbox through it.
 */

export const API = '/api/v1';

/** What the server refused, as it says it (RFC 9457). `detail` is meant for the person. */
export class Problem extends Error {
  override name = 'Problem';
  readonly status: number;
  readonly code: string;
  readonly detail: string;
  readonly extra: Readonly<Record<string, unknown>>;

  constructor(
    status: number,
    code: string,
    detail: string,
    extra: Readonly<Record<string, unknown>> = {},
  ) {
    super(detail || code);
    this.status = status;
    this.code = code;
    this.detail = detail;
    this.extra = extra;
  }

  /** Seconds to wait before trying again, when the server says so. */
  get retryAfter(): number | null {
    const value = this.extra['retry_after'];
    return typeof value === 'number' && Number.isFinite(value) ? value : null;
  }

  /** Messages by field, when a form was refused. */
  get fields(): Readonly<Record<string, string>> {
    const errors = this.extra['errors'];
    if (!Array.isArray(errors)) return {};
    const fields: Record<string, string> = {};
    for (const error of errors as { field?: unknown; message?: unknown }[]) {
      if (typeof error?.field === 'string' && typeof error.message === 'string') {
        fields[error.field] ??= error.message;
      }
    }
    return fields;
  }
}

/** The line failed before an answer came: nothing is known of what the server did. */
export class NetworkDown extends Error {
  override name = 'NetworkDown';

  constructor(cause?: unknown) {
    super('network down', { cause });
  }
}

let csrf: string | null = null;

/** The token that proves a request comes from our page; sign-in and `GET /session` give it. */
export function setCsrf(token: string | null): void {
  csrf = token;
}

const signedOut = new Set<() => void>();
const answered = new Set<(reached: boolean) => void>();

/** Told when the server no longer knows our session. */
export function onSignedOut(fn: () => void): () => void {
  signedOut.add(fn);
  return () => signedOut.delete(fn);
}

/** Told after each request whether the server was reached: the truest sign of being online. */
export function onReached(fn: (reached: boolean) => void): () => void {
  answered.add(fn);
  return () => answered.delete(fn);
}

export interface Options {
  signal?: AbortSignal;
  /** Return the `Response` itself, for bytes and headers. */
  raw?: boolean;
  headers?: Record<string, string>;
  /** Milliseconds before a silent line counts as down; generous, for EDGE. */
  timeout?: number;
  /** A 401 here means wrong credentials, not a lost session. */
  keepSession?: boolean;
}

export function api(
  method: string,
  path: string,
  body: unknown,
  options: Options & { raw: true },
): Promise<Response>;
export function api<T>(method: string, path: string, body?: unknown, options?: Options): Promise<T>;
export async function api<T>(
  method: string,
  path: string,
  body?: unknown,
  options: Options = {},
): Promise<T | Response> {
  const response = await send(method, path, body, options);
  if (!response.ok) {
    const problem = await readProblem(response);
    if (problem.status === 401 && problem.code === 'not_signed_in' && !options.keepSession) {
      for (const fn of signedOut) fn();
    }
    throw problem;
  }
  if (options.raw) return response;
  if (response.status === 204 || response.headers.get('Content-Length') === '0') {
    return undefined as T;
  }
  try {
    return (await response.json()) as T;
  } catch (cause) {
    // A line that falls or falls silent halfway through an answer.
    if (cause instanceof SyntaxError || options.signal?.aborted) throw cause;
    throw new NetworkDown(cause);
  }
}

async function send(
  method: string,
  path: string,
  body: unknown,
  options: Options,
): Promise<Response> {
  const headers: Record<string, string> = { Accept: 'application/json', ...options.headers };
  if (method !== 'GET' && method !== 'HEAD' && csrf) headers['X-CSRF-Token'] = csrf;
  const request: RequestInit = { method, headers, credentials: 'same-origin', cache: 'no-store' };
  if (body !== undefined) {
    if (body instanceof Blob || body instanceof ArrayBuffer || ArrayBuffer.isView(body)) {
      request.body = body as BodyInit;
    } else {
      headers['Content-Type'] = 'application/json';
      request.body = JSON.stringify(body);
    }
  }
  const limit = AbortSignal.timeout(options.timeout ?? 60_000);
  request.signal = options.signal ? AbortSignal.any([options.signal, limit]) : limit;
  try {
    const response = await fetch(path.startsWith('/api/') ? path : API + path, request);
    for (const fn of answered) fn(true);
    return response;
  } catch (cause) {
    if (options.signal?.aborted) throw cause;
    for (const fn of answered) fn(false);
    throw new NetworkDown(cause);
  }
}

/** A refusal that is not a problem document (a proxy's page, say) still becomes a `Problem`. */
export async function readProblem(response: Response): Promise<Problem> {
  let document: Record<string, unknown> = {};
  try {
    const parsed: unknown = await response.json();
    if (parsed && typeof parsed === 'object') document = parsed as Record<string, unknown>;
  } catch {
    // Not JSON: the status alone has to do.
  }
  const { type: _type, title: _title, status: _status, code, detail, ...extra } = document;
  const retry = Number(response.headers.get('Retry-After'));
  if (retry > 0 && extra['retry_after'] === undefined) extra['retry_after'] = retry;
  return new Problem(
    response.status,
    typeof code === 'string' ? code : `http_${response.status}`,
    typeof detail === 'string' ? detail : '',
    extra,
  );
}

export interface Page<T> {
  items: T[];
  next: string | null;
}

/** Everything the server lists at an address, page after page. */
export async function fetchAll<T>(path: string, query: Record<string, string> = {}): Promise<T[]> {
  const found: T[] = [];
  let cursor: string | null = null;
  do {
    const asked = new URLSearchParams({ limit: '100', ...query, ...(cursor ? { cursor } : {}) });
    const page: Page<T> = await api('GET', `${path}?${asked}`);
    found.push(...page.items);
    cursor = page.next;
  } while (cursor);
  return found;
}
