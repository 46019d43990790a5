/** Every way a seal can fail to hold is told in one sentence, and reported by code alone. */
import { afterEach, describe, expect, it } from 'vitest';
import * as errors from '../../static/src/crypto/errors.ts';
import { ProtocolError } from '../../static/src/crypto/errors.ts';
import { reportSeal, verdictCode } from '../../static/src/state/seal-reports.ts';
import { verdictWords } from '../../static/src/state/verdicts.ts';

type Kind = new (message: string) => ProtocolError;

const kinds = (Object.values(errors) as Kind[]).filter(
  ({ prototype }) => prototype instanceof ProtocolError,
);

describe('a seal that does not hold', () => {
  it.each(kinds.map((kind) => [new kind('').name, kind] as const))('%s is told', (name, kind) => {
    const error = new kind('the salt of segment 3 is 0xff');
    for (const words of [verdictWords(error), verdictWords(error, { name: 'Dr Blanc, 12:04' })]) {
      expect(words).toMatch(/^\p{Lu}[^{}]*\.$/u);
      // One thought, or two short ones; nothing of the machine.
      expect(words.split('. ').length).toBeLessThanOrEqual(2);
      expect(words.length).toBeLessThan(140);
      expect(words).not.toContain('segment');
      expect(words).not.toContain(name);
    }
    expect(verdictCode(name)).toMatch(/^[a-z_]{1,64}$/);
  });

  it('is told of whom it concerns, however it crossed from a worker', () => {
    const crossed = errors.errorNamed('KeyCommitmentWrong', 'changed');
    expect(verdictWords(crossed, { name: 'Case C-7F3K2' })).toBe(
      'Case C-7F3K2: the key received is not the one that was signed for. It was not used.',
    );
  });

  it('says as much as its own kind when a nearer one has no words', () => {
    class Unheard extends errors.LogForked {}
    expect(verdictWords(new Unheard(''))).toBe(verdictWords(new errors.LogForked('')));
    expect(verdictWords(new Error('anything'))).toBe(verdictWords(new ProtocolError('')));
  });
});

describe('a report', () => {
  const realFetch = globalThis.fetch;
  afterEach(() => {
    globalThis.fetch = realFetch;
  });

  it('names the thing and the check, once, and again only when it could not leave', async () => {
    const sent: unknown[] = [];
    let down = true;
    globalThis.fetch = async (_, init) => {
      if (down) throw new TypeError('no line');
      sent.push(JSON.parse(String(init?.body)));
      return new Response(null, { status: 204 });
    };
    const id = crypto.randomUUID();
    const report = () => reportSeal('message', id, new errors.SealBroken('M. Perrin, 62 ans'), id);
    report();
    await new Promise((resolve) => setTimeout(resolve, 10));
    down = false;
    for (let i = 0; i < 3; i++) report();
    reportSeal('message', id, new Error('no seal'));
    await new Promise((resolve) => setTimeout(resolve, 10));
    expect(sent).toEqual([
      {
        id: expect.any(String),
        subject_kind: 'message',
        subject_id: id,
        case: id,
        verdict: 'seal_broken',
      },
    ]);
  });
});
