/** A key log on loopback, honest until told otherwise: real notes, real leaves, real HTTP. */
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  type Bytes,
  concat,
  LEAF_SIZE,
  type LeafKind,
  LogCopy,
  logLeaf,
  logOrigin,
  type Policy,
  randomBytes,
  type SigningKey,
  type Statement,
  seedSigningKey,
  sha256,
  signStatement,
  statementHash,
  toBase64,
  utf8,
} from '../../../static/src/crypto/index.ts';

const WITNESS_NAME = 'witness.test/one';

export class LogServer {
  readonly net = crypto.randomUUID();
  log = new LogCopy();
  /** Who cosigns; nobody does unless told. */
  cosigners: SigningKey[] = [];
  /** Answer in the place of the honest one. */
  note: ((honest: string) => string) | null = null;
  /** Leaves left out of the checkpoint and of every answer: what the server hides. */
  hidden = 0;
  requests: string[] = [];
  readonly key: SigningKey;
  private readonly http: Server;

  private constructor(key: SigningKey, http: Server) {
    this.key = key;
    this.http = http;
  }

  static async start(): Promise<LogServer> {
    const http = createServer((request, response) => {
      void server.answer(request.url ?? '', response);
    });
    const server = new LogServer(await seedSigningKey(randomBytes(32)), http);
    await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
    return server;
  }

  get origin(): string {
    return `http://127.0.0.1:${(this.http.address() as AddressInfo).port}`;
  }

  stop(): void {
    this.http.closeAllConnections();
    this.http.close();
  }

  async add(kind: LeafKind, subject: string, seq: number, statement: Statement): Promise<void> {
    this.log = this.log.grown(logLeaf(kind, subject, seq, await statementHash(statement)));
  }

  /** Rules that name this log. Verified elsewhere: the log takes them as given. */
  policy(witnesses: readonly SigningKey[] = [], k = witnesses.length): Policy {
    const payload = {
      v: 1,
      net: this.net,
      seq: 0,
      registrars: [],
      custodians: [],
      log_key: toBase64(this.key.publicKey),
      witnesses: witnesses.map(({ publicKey }) => toBase64(publicKey)),
      k,
      minimum_client: '0.1',
      prev: null,
    } as const;
    return {
      payload: { ...payload, registrars: [], custodians: [], witnesses: [...payload.witnesses] },
      hash: randomBytes(32),
      root: this.key.publicKey,
      registrars: new Set(),
      formerRegistrars: new Set(),
      appointed: new Set(),
    };
  }

  /** A checkpoint as this log would sign it. */
  async checkpoint(log: LogCopy): Promise<string> {
    const text = `${logOrigin(this.net)}\n${log.size}\n${toBase64(log.root())}\n`;
    const own = await line(logOrigin(this.net), 1, this.key, await this.key.sign(utf8(text)));
    const lines = await Promise.all(this.cosigners.map((witness) => cosigned(text, witness)));
    return `${text}\n${[own, ...lines].join('\n')}\n`;
  }

  private async answer(url: string, response: ServerResponse): Promise<void> {
    this.requests.push(url);
    const shown = new LogCopy().grown(
      this.log.leaves.slice(0, (this.log.size - this.hidden) * LEAF_SIZE),
    );
    const { pathname, searchParams } = new URL(url, 'http://log');
    if (pathname === '/api/v1/log/checkpoint') {
      const honest = await this.checkpoint(shown);
      response.end(this.note?.(honest) ?? honest);
      return;
    }
    const [start, end] = ['start', 'end'].map((name) => Number(searchParams.get(name)));
    response.end(shown.leaves.slice((start ?? 0) * LEAF_SIZE, (end ?? 0) * LEAF_SIZE));
  }
}

async function line(name: string, algorithm: number, key: SigningKey, signature: Bytes) {
  const id = await sha256(concat(utf8(`${name}\n`), Uint8Array.of(algorithm), key.publicKey));
  return `\u2014 ${name} ${toBase64(concat(id.slice(0, 4), signature))}`;
}

async function cosigned(text: string, witness: SigningKey): Promise<string> {
  const time = 1_790_000_000n;
  const stamp = new Uint8Array(8);
  new DataView(stamp.buffer).setBigUint64(0, time);
  const signature = await witness.sign(utf8(`cosignature/v1\ntime ${time}\n${text}`));
  return line(WITNESS_NAME, 4, witness, concat(stamp, signature));
}

/** A statement of somebody, each unlike the one before: the log records any. */
export async function someStatement(): Promise<Statement> {
  const signer = await seedSigningKey(randomBytes(32));
  const body = { text: toBase64(randomBytes(8)) };
  const id = crypto.randomUUID();
  return signStatement(
    'cordee1.header',
    { v: 1, net: id, case: id, version: 0, g: 0, by: id, at: '2026-01-02T03:04:05Z', body },
    signer,
  );
}
