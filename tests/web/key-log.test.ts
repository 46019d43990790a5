import 'fake-indexeddb/auto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  CosignatureWrong,
  LogCopy,
  LogForked,
  LogRefused,
  LogRolledBack,
  NoteUnsigned,
  NotInLog,
  randomBytes,
  type Statement,
  StatementWithheld,
  seedSigningKey,
  statementHash,
  toBase64,
  WitnessMissing,
} from '../../static/src/crypto/index.ts';
import { KeyLog } from '../../static/src/state/key-log.ts';
import { NetworkDown } from '../../static/src/transport/http.ts';
import { LogServer, someStatement } from './support/log-server.ts';

const FAVRE = crypto.randomUUID();
const realFetch = globalThis.fetch;

let server: LogServer;
let rules: Statement;
let favre: Statement;

beforeEach(async () => {
  server = await LogServer.start();
  // The page's own origin, which Node has not.
  globalThis.fetch = (input, init) => realFetch(new URL(String(input), server.origin), init);
  rules = await someStatement();
  favre = await someStatement();
  await server.add('policy', server.net, 0, rules);
  await server.add('account', FAVRE, 0, favre);
});

afterEach(() => {
  globalThis.fetch = realFetch;
  server.stop();
});

/** A device that knows the rules; another in the same storage is the same device later. */
async function device(witnesses = server.cosigners): Promise<KeyLog> {
  const log = new KeyLog();
  await log.follow(server.policy(witnesses), [rules]);
  return log;
}

async function renewed(): Promise<Statement> {
  const statement = await someStatement();
  await server.add('account', FAVRE, 1, statement);
  return statement;
}

describe('a key that everybody is shown', () => {
  it('is found in the log, and what was found is not fetched again', async () => {
    const log = await device();
    await log.require('account', FAVRE, [favre]);
    await log.require('account', FAVRE, [favre]);
    expect(server.requests).toEqual(['/api/v1/log/checkpoint', '/api/v1/log/leaves?start=0&end=2']);
    expect(log.latest()).toEqual({ size: 2, root: toBase64(server.log.root()) });
    expect(log.fault.value).toBeNull();
  });

  it('is waited for when it is newer than our copy', async () => {
    const log = await device();
    const later = await renewed();
    await log.require('account', FAVRE, [favre, later]);
    expect(server.requests.at(-1)).toBe('/api/v1/log/leaves?start=2&end=3');
  });

  it('is found without a network by a device that came back', async () => {
    await device();
    server.stop();
    await (await device()).require('account', FAVRE, [favre]);
  });

  it('asks for no log where the rules name none', async () => {
    const log = new KeyLog();
    const policy = server.policy();
    await log.follow({ ...policy, payload: { ...policy.payload, log_key: null } }, [rules]);
    await log.require('account', FAVRE, [await someStatement()]);
    expect([log.latest(), server.requests]).toEqual([null, []]);
  });

  it('is not believed before the rules are known', async () => {
    await expect(new KeyLog().require('account', FAVRE, [favre])).rejects.toThrow(LogRefused);
  });
});

describe('a key shown to us alone', () => {
  it('is refused when the log never gets it', async () => {
    const log = await device();
    const stranger = crypto.randomUUID();
    await expect(log.require('account', stranger, [favre])).rejects.toThrow(NotInLog);
    expect(log.fault.value).toBeNull();
  });

  it('is refused at once in the place of a logged one', async () => {
    const log = await device();
    const swapped = log.require('account', FAVRE, [await someStatement()]);
    await expect(swapped).rejects.toThrow(NotInLog);
  });

  it('is refused when the log was made to hold both', async () => {
    const other = await someStatement();
    await server.add('account', FAVRE, 0, other);
    const log = await device();
    await expect(log.require('account', FAVRE, [other])).rejects.toThrow(LogForked);
    await expect(log.require('account', FAVRE, [favre])).rejects.toThrow(LogForked);
  });

  it('and what is kept from us is seen', async () => {
    const log = await device();
    const told: string[] = [];
    await log.require('account', FAVRE, [favre]);
    log.onLater((kind, subject) => told.push(`${kind} ${subject}`));
    await renewed();
    await log.refresh();
    expect(told).toEqual([`account ${FAVRE}`]);
    await expect(log.require('account', FAVRE, [favre])).rejects.toThrow(StatementWithheld);
    await log.require('account', FAVRE, [favre], { remembered: true });
  });
});

describe('a log that lies', () => {
  it('about its past is caught, and what was known stays usable', async () => {
    const log = await device();
    const past = server.log;
    server.log = new LogCopy().grown(past.leaves.toReversed());
    await expect(log.refresh()).rejects.toThrow(LogForked);
    await log.require('account', FAVRE, [favre]);
    server.log = past;
    await log.refresh();
    expect(log.fault.value).toBeInstanceOf(LogForked);
  });

  it('by growing shorter is caught, by the same device another day too', async () => {
    await renewed();
    const log = await device();
    server.hidden = 1;
    await expect(log.refresh()).rejects.toThrow(LogRolledBack);
    const later = await device();
    expect(later.fault.value).toBeInstanceOf(LogRolledBack);
    await later.require('account', FAVRE, [favre], { remembered: true });
    server.hidden = 0;
    await later.refresh();
    expect(later.fault.value).toBeNull();
  });

  it('without its key is not listened to', async () => {
    server.note = (honest) => honest.replace(/^(.*\n)2\n/, '$13\n');
    await expect(device()).rejects.toThrow(NoteUnsigned);
  });

  it('about its leaves is caught', async () => {
    const log = await device();
    const signed = await server.checkpoint(server.log.grown(server.log.leaves));
    server.note = () => signed;
    await expect(log.refresh()).rejects.toThrow(LogRefused);
  });

  it('to a colleague is caught by what they signed into a message', async () => {
    const log = await device();
    await log.compare({ size: 2, root: toBase64(server.log.root()) });
    await log.compare({ size: 1, root: toBase64(server.log.root(1)) });
    await renewed();
    await log.compare({ size: 3, root: toBase64(server.log.root()) });
    const other = { size: 2, root: toBase64(randomBytes(32)) };
    await expect(log.compare(other)).rejects.toThrow(LogForked);
    const longer = { size: 9, root: other.root };
    await expect(log.compare(longer)).rejects.toThrow(LogRolledBack);
    expect(log.fault.value).toBeInstanceOf(LogForked);
  });

  it('when the line is down is not accused', async () => {
    const log = await device();
    server.stop();
    await log.compare({ size: 9, root: toBase64(randomBytes(32)) });
    await expect(log.refresh()).rejects.toThrow(NetworkDown);
    await expect(log.require('account', crypto.randomUUID(), [favre])).rejects.toThrow(NetworkDown);
    expect(log.fault.value).toBeNull();
  });
});

describe('witnesses', () => {
  it('must be as many as the rules ask', async () => {
    const [one, two] = [
      await seedSigningKey(randomBytes(32)),
      await seedSigningKey(randomBytes(32)),
    ];
    server.cosigners = [one];
    await expect(device([one, two])).rejects.toThrow(WitnessMissing);
    server.cosigners = [one, two];
    expect((await device()).fault.value).toBeNull();
    expect(await statementHash(favre)).toEqual(server.log.entries('account', FAVRE)[0]?.hash);
  });

  it('are waited for, and their silence is no alarm at once', async () => {
    const witness = await seedSigningKey(randomBytes(32));
    server.cosigners = [witness];
    const log = await device();
    const later = await renewed();
    server.cosigners = [];
    setTimeout(() => {
      server.cosigners = [witness];
    }, 1500);
    await log.require('account', FAVRE, [favre, later]);
    expect(log.fault.value).toBeNull();
  });

  it('cannot be forged', async () => {
    const witness = await seedSigningKey(randomBytes(32));
    server.cosigners = [witness];
    server.note = (honest) => {
      const end = honest.trimEnd().length;
      return `${honest.slice(0, end - 8)}${honest.slice(end - 8, end - 4) === 'AAAA' ? 'BBBB' : 'AAAA'}${honest.slice(end - 4)}`;
    };
    await expect(device()).rejects.toThrow(CosignatureWrong);
  });
});
