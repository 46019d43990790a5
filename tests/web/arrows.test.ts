import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { describe, expect, it } from 'vitest';

const ROOT = join(import.meta.dirname, '../../static/src');

/** Rooms from the one that may use all others to those that use nothing of ours. */
const LAYERS = [
  ['pages'],
  ['ui'],
  ['state'],
  ['photos', 'worker'],
  ['outbox', 'transport'],
  ['crypto'],
];

const sources = readdirSync(ROOT, { recursive: true, encoding: 'utf8' }).filter((name) =>
  /\.tsx?$/.test(name),
);

const layerOf = (file: string): number =>
  LAYERS.findIndex((rooms) => rooms.includes(file.split('/')[0] ?? ''));

function importsOf(file: string): string[] {
  const text = readFileSync(join(ROOT, file), 'utf8');
  const found = text.matchAll(/(?:from|import\(|import)\s*'(\.[^'?]+)/g);
  return [...found].map(([, to]) => relative(ROOT, join(ROOT, dirname(file), to as string)));
}

describe('imports', () => {
  it('point from what people see to what seals, never back', () => {
    const against = sources.flatMap((file) =>
      importsOf(file)
        .filter((to) => layerOf(file) >= 0 && layerOf(to) >= 0 && layerOf(to) < layerOf(file))
        .map((to) => `${file} -> ${to}`),
    );
    expect(against).toEqual([]);
  });

  it('leave the rooms that seal and send without the page', () => {
    const seen = ['pages', 'ui', 'state'];
    const reached = (file: string, known = new Set<string>()): Set<string> => {
      for (const to of importsOf(file)) {
        if (known.has(to)) continue;
        known.add(to);
        reached(to, known);
      }
      return known;
    };
    const entries = sources.filter((file) => /\.worker\.ts$|^sw\.ts$/.test(file));
    expect(entries.length).toBeGreaterThan(2);
    for (const entry of entries) {
      const rooms = [...reached(entry)].map((file) => file.split('/')[0] as string);
      expect(rooms.filter((room) => seen.includes(room))).toEqual([]);
    }
  });

  it('write no HTML: every word goes through the page’s own elements', () => {
    const writers = sources.filter((file) =>
      /\.(innerHTML|outerHTML|insertAdjacentHTML|srcdoc)\b|dangerouslySetInnerHTML|document\.write/.test(
        readFileSync(join(ROOT, file), 'utf8'),
      ),
    );
    expect(writers).toEqual([]);
  });
});
