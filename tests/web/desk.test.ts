import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';

const ROOT = resolve(import.meta.dirname, '../../static/src');
const DESK = /^pages\/(admin|desk)[./]/;

function imported(file: string): string[] {
  const source = readFileSync(join(ROOT, file), 'utf8');
  return [...source.matchAll(/^(?:import|export|\} from)[^;]*?'(\.[^']+)'/gm)].map(
    ([, path = '']) => relative(ROOT, resolve(ROOT, dirname(file), path)),
  );
}

describe('the desk', () => {
  it('is imported by nobody else: its words and styles come with its own files only', () => {
    const files = readdirSync(ROOT, { recursive: true, encoding: 'utf8' });
    const sources = files.filter((file) => /\.tsx?$/.test(file) && !DESK.test(file));
    expect(sources.length).toBeGreaterThan(100);
    const guilty = sources.filter((file) => imported(file).some((path) => DESK.test(path)));
    expect(guilty).toEqual([]);
    expect(imported('pages/desk.ts')).toContain('pages/admin/people.tsx');
  });
});
