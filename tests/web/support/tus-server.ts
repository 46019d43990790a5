/**
 * A tus 1.0 server over real HTTP, small enough to break on purpose: it can cut a PATCH in the
 * middle, swallow an answer, flip a byte, or forget an upload.
 */
import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Mishap {
  /** Bytes of the chunk after which the connection is reset; what came before is kept. */
  cutAfter?: number;
  /** The whole chunk is stored, its answer never sent. */
  swallow?: boolean;
  /** Answer as if the chunk had arrived damaged. */
  mismatch?: boolean;
  /** Forget the upload, as after its expiry. */
  forget?: boolean;
}

export class TusServer {
  /** One mishap for each coming PATCH, none when empty. */
  readonly mishaps: Mishap[] = [];
  readonly requests: string[] = [];
  stored = Buffer.alloc(0);
  length = 0;
  created = 0;
  account: string | null = 'f0000000-0000-4000-8000-000000000001';
  /** Answers to PUTs, in order; then 201. `lost`: before it is read, or after it was kept. */
  readonly puts: { status: number; body?: unknown; lost?: 'before' | 'after' }[] = [];
  readonly received: { path: string; body: unknown }[] = [];
  #known = false;
  readonly #server: Server;

  constructor() {
    this.#server = createServer((request, response) => {
      void this.#answer(request, response);
    });
  }

  async listen(): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = '', url = '' } = request;
    this.requests.push(`${method} ${url}`);
    if (url.endsWith('/session')) {
      const body = { account: { id: this.account }, csrf: 'token' };
      json(response, this.account ? 200 : 401, this.account ? body : { code: 'not_signed_in' });
    } else if (method === 'PUT') {
      const body: unknown = JSON.parse((await bytes(request)).toString());
      const { status, body: said, lost } = this.puts.shift() ?? { status: 201 };
      if (lost !== 'before') this.received.push({ path: url, body });
      if (lost) response.destroy();
      else json(response, status, said ?? { id: url.split('/').at(-1) });
    } else if (method === 'POST') {
      this.created += 1;
      this.#known = true;
      this.length = Number(request.headers['upload-length']);
      this.stored = Buffer.alloc(0);
      response.writeHead(201, { Location: '/api/v1/uploads/1' }).end();
    } else if (!this.#known) {
      response.writeHead(404).end();
    } else if (method === 'HEAD') {
      response.writeHead(200, { 'Upload-Offset': this.stored.length }).end();
    } else if (method === 'PATCH') await this.#patch(request, response);
  }

  async #patch(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const mishap = this.mishaps.shift() ?? {};
    const chunk = await bytes(request);
    if (Number(request.headers['upload-offset']) !== this.stored.length) {
      response.writeHead(409).end();
      return;
    }
    if (mishap.forget) {
      this.#known = false;
      response.writeHead(410).end();
      return;
    }
    const [algorithm, digest] = String(request.headers['upload-checksum']).split(' ');
    const right = createHash('sha256').update(chunk).digest('base64');
    if (algorithm !== 'sha256' || digest !== right || mishap.mismatch) {
      response.writeHead(460).end();
      return;
    }
    this.stored = Buffer.concat([this.stored, chunk.subarray(0, mishap.cutAfter ?? chunk.length)]);
    if (mishap.cutAfter !== undefined || mishap.swallow) response.destroy();
    else response.writeHead(204, { 'Upload-Offset': this.stored.length }).end();
  }
}

async function bytes(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

function json(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'Content-Type': 'application/json' }).end(JSON.stringify(body));
}
