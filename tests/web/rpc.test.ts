import { afterEach, describe, expect, it } from 'vitest';
import { SealBroken } from '../../static/src/crypto/index.ts';
import { operations, type SealingOperations } from '../../static/src/worker/operations.ts';
import { type Call, connect, type Operations, serve } from '../../static/src/worker/rpc.ts';

const channels: MessageChannel[] = [];

function wire<O extends Operations>(served: O) {
  const channel = new MessageChannel();
  channels.push(channel);
  serve(channel.port1, served);
  channel.port1.start();
  const connection = connect<O>(channel.port2);
  channel.port2.start();
  return connection;
}

afterEach(() => {
  for (const { port1 } of channels.splice(0)) port1.close();
});

const turn = () => new Promise((resolve) => setTimeout(resolve, 1));

describe('calls across a port', () => {
  it('seal there and open here', async () => {
    const { call } = wire<SealingOperations>(operations);
    const key = new Uint8Array(32).fill(7);
    const sealed = await call('seal', [key, 'place', new Uint8Array([1, 2, 3])]);
    expect(await call('unseal', [key, 'place', sealed])).toEqual(new Uint8Array([1, 2, 3]));
    expect(key.length, 'the key was not handed over').toBe(32);
  });

  it('keep the class of an error', async () => {
    const { call } = wire<SealingOperations>(operations);
    const sealed = new Uint8Array(100).fill(40);
    const opening = call('unseal', [new Uint8Array(32), 'place', sealed]);
    await expect(opening).rejects.toBeInstanceOf(SealBroken);
  });

  it('refuse what nobody serves', async () => {
    const { call } = wire<Operations>({});
    await expect(call('toString', [])).rejects.toThrow('no operation toString');
  });

  it('report progress and stop when cancelled', async () => {
    let reached = 0;
    const { call } = wire({
      count: async (given: Call, to: number) => {
        for (reached = 0; reached < to; reached++) {
          given.progress(reached);
          await turn();
        }
        return reached;
      },
    });
    const seen: number[] = [];
    expect(await call('count', [3], { progress: (done) => seen.push(done) })).toBe(3);
    expect(seen).toEqual([0, 1, 2]);

    const controller = new AbortController();
    const progress = (done: number) => done === 5 && controller.abort();
    const counting = call('count', [10_000], { signal: controller.signal, progress });
    await expect(counting).rejects.toHaveProperty('name', 'AbortError');
    await turn();
    const stopped = reached;
    await new Promise((resolve) => setTimeout(resolve, 30));
    expect(reached, 'the work itself stopped').toBeLessThanOrEqual(stopped + 1);
  });

  it('hand buffers over when told to', async () => {
    const { call } = wire({ size: async (_: Call, bytes: Uint8Array) => bytes.length });
    const bytes = new Uint8Array(1000);
    expect(await call('size', [bytes], { transfer: [bytes.buffer] })).toBe(1000);
    expect(bytes.length).toBe(0);
  });

  it('fail together when the other side is gone', async () => {
    const { call, close } = wire({ wait: (_: Call) => new Promise<never>(() => undefined) });
    const waiting = [call('wait', []), call('wait', [])];
    close(new Error('gone'));
    for (const each of waiting) await expect(each).rejects.toThrow('gone');
  });
});
