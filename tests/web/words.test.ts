import { describe, expect, it } from 'vitest';
import { ageAt, patientName, readHeader, readMessageBody } from '../../static/src/state/bodies.ts';
import type { CaseRow } from '../../static/src/state/case-types.ts';
import {
  birthDateWords,
  delayWords,
  durationWords,
  sizeWords,
  stateWords,
} from '../../static/src/state/words.ts';
import { wrap, writable } from '../../static/src/ui/cases/pdf.ts';
import { FITTED, fittedSize, held, zoomAt } from '../../static/src/ui/cases/view.ts';

const NOW = Date.parse('2026-11-21T10:00:00.000Z');
const inMinutes = (minutes: number) => new Date(NOW + minutes * 60_000).toISOString();

describe('delays in words', () => {
  it.each([
    [8, '8 minutes left'],
    [1, '1 minute left'],
    [-22, '22 minutes late'],
    [180, '3 hours left'],
    [-200, '3 hours late'],
    [60 * 24 * 3, '3 days left'],
  ])('%i minutes from now', (minutes, words) => {
    expect(delayWords(inMinutes(minutes), NOW).words).toBe(words);
  });

  it('says durations', () => {
    expect(durationWords(240)).toBe('4 hours');
    expect(durationWords(2880)).toBe('2 days');
  });
});

describe('states in words', () => {
  const row = (part: Partial<CaseRow>): CaseRow =>
    ({
      state: 'submitted',
      opened_by: { id: 'favre', name: 'Dr Favre' },
      expert: null,
      read: {},
      ...part,
    }) as CaseRow;

  it.each<[string, Partial<CaseRow>, boolean]>([
    ['Waiting for the network', {}, true],
    ['Sent', { read: { favre: 0 } }, false],
    ['Seen', { read: { blanc: 0 } }, false],
    ['Taken by Dr Blanc', { state: 'claimed', expert: { id: 'blanc', name: 'Dr Blanc' } }, false],
    ['Opinion given', { state: 'opinion_given' }, false],
  ])('%s', (words, part, waits) => {
    expect(stateWords(row(part), 'requester', waits)).toBe(words);
  });
});

describe('people and sizes', () => {
  it('names and ages patients', () => {
    const { patient } = readHeader({ patient: { birth_name: 'Favre', given_names: 'Zoé' } });
    expect(patientName(patient)).toBe('FAVRE Zoé');
    expect(ageAt('1942-05-04', new Date('2026-05-03T12:00:00'))).toBe(83);
    expect(ageAt('1942-05-04', new Date('2026-05-04T12:00:00'))).toBe(84);
    expect(ageAt('2999-01-01', new Date())).toBeNull();
    expect(birthDateWords('1942-05-04')).toBe('4 May 1942');
    expect(sizeWords(900_000)).toBe('900 kB');
  });

  it('reads what a careless client signed without failing', () => {
    expect(readHeader({ attachments: [{ id: 1 }, null] as never }).attachments).toEqual([]);
    expect(readMessageBody('text', { text: 3 })).toEqual({ text: '' });
    expect(readMessageBody('opinion', {})).toMatchObject({ conclusion: '', version: 1 });
  });
});

describe('the report', () => {
  const latin = {
    encodeText(text: string) {
      if (/[^\p{Script=Latin}\p{ASCII}°’–—…]/u.test(text) || text === '₂') throw new Error();
      return {} as never;
    },
  };

  it('writes French as it is and spells what the font lacks', () => {
    expect(writable('Œdème à l’épaule, n° 5', latin)).toBe('Œdème à l’épaule, n° 5');
    expect(writable('SpO₂ ≥ 92 → ok', latin)).toBe('SpO? >= 92 -> ok');
  });

  it('breaks lines at words, and words that are too long', () => {
    const measure = (line: string) => line.length;
    expect(wrap('un deux trois', measure, 8)).toEqual(['un deux', 'trois']);
    expect(wrap('anticonstitutionnel', measure, 8)).toEqual(['anticons', 'titution', 'nel']);
    expect(wrap('a\n\nb', measure, 8)).toEqual(['a', '', 'b']);
  });
});

describe('the photo viewer', () => {
  const screen = { width: 400, height: 800 };

  it('keeps the point under the finger', () => {
    const { x, y, zoom } = zoomAt(FITTED, 2, 100, 50);
    expect([zoom, x, y]).toEqual([2, -100, -50]);
    expect(zoomAt(FITTED, 0.1, 0, 0).zoom).toBe(1);
  });

  it('fits a turned picture', () => {
    const picture = { width: 1600, height: 1200 };
    expect(fittedSize(picture, screen, 0)).toEqual({ width: 400, height: 300 });
    expect(fittedSize(picture, screen, 1).height).toBeCloseTo(400);
  });

  it('never lets the picture leave the screen', () => {
    const size = { width: 400, height: 300 };
    expect(held({ ...FITTED, x: 900, y: 900 }, size, screen)).toMatchObject({ x: 0, y: 0 });
    expect(held({ ...FITTED, zoom: 2, x: 900 }, size, screen).x).toBe(200);
  });
});
