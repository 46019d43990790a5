/**
 * The outbox's own way to the server: usable in a page and in the service worker alike, so it knows
 * neither signals nor keys. The session travels in its cookie; the token against forged requests is
 * asked once and asked again when the server says it is no longer the one.
 */

const BASE = '/api/v1';
const PATIENCE = 20_000;

/** No answer came: no network, a black hole, a reset. */
export class LineDown extends Error {
  override name = 'LineDown';
}

export interface Answer {
  status: number;
  headers: Headers;
  /** Parsed JSON, or null. */
  body: Record<string, unknown> | null;
}

export interface Question {
  headers?: Record<string, string>;
  json?: unknown;
  bytes?: Blob;
  /** Milliseconds without an answer after which the line counts as down. */
  patience?: number;
}

export interface Line {
  /**
   * Who is signed in on this device, or null; `anew` when it may be somebody else by now.
   *
   * @throws LineDown
   */
  account(anew?: boolean): Promise<string | null>;
  /** @throws LineDown */
  send(method: string, path: string, question?: Question): Promise<Answer>;
}

export type Fetch = (url: string, init: RequestInit) => Promise<Response>;

interface Session {
  account: { id: string };
  csrf: string;
}

export function openLine(fetcher: Fetch = (url, init) => fetch(url, init), base = BASE): Line {
  let session: Session | null = null;

  async function ask(method: string, path: string, question: Question): Promise<Answer> {
    const headers: Record<string, string> = { Accept: 'application/json', ...question.headers };
    if (session) headers['X-CSRF-Token'] = session.csrf;
    const init: RequestInit = {
      method,
      headers,
      credentials: 'same-origin',
      cache: 'no-store',
      signal: AbortSignal.timeout(question.patience ?? PATIENCE),
    };
    if (question.json !== undefined) {
      headers['Content-Type'] = 'application/json';
      init.body = JSON.stringify(question.json);
    } else if (question.bytes) {
      init.body = question.bytes;
    }
    try {
      const response = await fetcher(path.startsWith('/') ? path : `${base}/${path}`, init);
      const text = method === 'HEAD' ? '' : await response.text();
      return { status: response.status, headers: response.headers, body: json(text) };
    } catch (error) {
      throw new LineDown(String(error));
    }
  }

  async function signIn(): Promise<Session | null> {
    if (session) return session;
    const { status, body } = await ask('GET', 'session', {});
    // A portal on the way says 200 to anything.
    if (status >= 500 || (status === 200 && !body?.['account'])) {
      throw new LineDown(`the server answered ${status}`);
    }
    session = status === 200 ? (body as unknown as Session) : null;
    return session;
  }

  return {
    async account(anew = false) {
      if (anew) session = null;
      return (await signIn())?.account.id ?? null;
    },
    async send(method, path, question = {}) {
      await signIn();
      const answer = await ask(method, path, question);
      if (answer.status === 401) session = null;
      if (answer.status !== 403 || answer.body?.['code'] !== 'csrf_failed') return answer;
      const before = session?.account.id;
      session = null;
      // Someone else may have signed in meanwhile: what one person sealed never leaves as another's.
      if ((await signIn())?.account.id !== before) return { ...answer, status: 401 };
      return ask(method, path, question);
    },
  };
}

function json(text: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : null;
  } catch {
    return null;
  }
}
