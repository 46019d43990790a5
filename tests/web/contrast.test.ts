import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';

const css = readFileSync(
  resolve(import.meta.dirname, '../../static/src/styles/tokens.css'),
  'utf8',
);

function colours(block: string): Map<string, string> {
  return new Map(
    [...block.matchAll(/--([\w-]+): (#[0-9a-f]{6});/g)].map(([, name, value]) => [
      name as string,
      value as string,
    ]),
  );
}

const [lightBlock, darkBlock] = css.split('@media (prefers-color-scheme: dark)') as [
  string,
  string,
];
const modes = { light: colours(lightBlock), dark: colours(darkBlock) };

/** WCAG 2.2, relative luminance. */
function luminance(hex: string): number {
  const [r, g, b] = [1, 3, 5].map((at) => {
    const channel = Number.parseInt(hex.slice(at, at + 2), 16) / 255;
    return channel <= 0.04045 ? channel / 12.92 : ((channel + 0.055) / 1.055) ** 2.4;
  }) as [number, number, number];
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

function contrast(a: string, b: string): number {
  const [light, dark] = [luminance(a), luminance(b)].sort((x, y) => y - x) as [number, number];
  return (light + 0.05) / (dark + 0.05);
}

const BACKGROUNDS = ['bg', 'surface', 'sunken'];

/** Text on what it stands on. */
const TEXTS: [string, string][] = [
  ...BACKGROUNDS.flatMap((on): [string, string][] =>
    ['text', 'quiet', 'action', 'rope', 'moss', 'amber'].map((text) => [text, on]),
  ),
  ['text', 'action-tint'],
  ['text', 'rope-tint'],
  ['text', 'moss-tint'],
  ['text', 'amber-tint'],
  ['quiet', 'action-tint'],
  ['action-strong', 'action-tint'],
  ['rope', 'rope-tint'],
  ['rope-strong', 'rope-tint'],
  ['moss', 'moss-tint'],
  ['amber', 'amber-tint'],
  ['on-action', 'action'],
  ['on-action', 'action-strong'],
  ['on-rope', 'rope'],
  ['on-rope', 'rope-strong'],
  ['bg', 'text'],
];

describe.each(Object.entries(modes))('in %s mode', (_mode, palette) => {
  const ratio = (a: string, b: string) =>
    contrast(palette.get(a) as string, palette.get(b) as string);

  it('names the same colours as the other', () => {
    expect([...palette.keys()]).toEqual([...modes.light.keys()]);
  });

  it.each(TEXTS)('%s reads well on %s', (text, on) => {
    expect(ratio(text, on)).toBeGreaterThanOrEqual(4.5);
  });

  it.each(BACKGROUNDS)('edges and focus stand out from %s', (on) => {
    expect(ratio('edge', on)).toBeGreaterThanOrEqual(3);
    expect(ratio('focus', on)).toBeGreaterThanOrEqual(3);
  });
});
