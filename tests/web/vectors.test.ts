import { readFileSync } from 'node:fs';
import { describe, it } from 'vitest';
import { type ExtraVectors, extraVectorChecks } from './support/extra-vectors.ts';
import { type LogVectors, logVectorChecks } from './support/log-vectors.ts';
import { type Vectors, vectorChecks } from './support/vectors.ts';

const load = (name: string) =>
  JSON.parse(readFileSync(new URL(`../vectors/${name}`, import.meta.url), 'utf8'));

describe('frozen vectors of the primitives', () => {
  for (const { name, run } of vectorChecks(load('cordee1.json') as Vectors)) it(name, run);
});

describe('frozen vectors of statements, groups and chains', () => {
  const vectors = load('cordee1-extra.json') as ExtraVectors;
  for (const { name, run } of extraVectorChecks(vectors)) it(name, run);
});

describe('frozen vectors of the key log', () => {
  const vectors = load('cordee1-log.json') as LogVectors;
  for (const { name, run } of logVectorChecks(vectors)) it(name, run);
});
