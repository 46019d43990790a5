import { readFileSync } from 'node:fs';
import { describe, it } from 'vitest';
import { type Vectors, vectorChecks } from './support/vectors.ts';

const load = (name: string) =>
  JSON.parse(readFileSync(new URL(`../vectors/${name}`, import.meta.url), 'utf8'));

describe('frozen vectors', () => {
  for (const { name, run } of vectorChecks(load('cordee1.json') as Vectors)) it(name, run);
});
