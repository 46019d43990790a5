import { describe, expect, it } from 'vitest';
import { findCycle } from '../../static/src/build/chunk-cycles.ts';

describe('chunks', () => {
  it('may share what they import', () => {
    const imports = {
      main: ['core', 'words'],
      words: ['core'],
      cases: ['words', 'core'],
      core: [],
    };
    expect(findCycle(new Map(Object.entries(imports)))).toBeNull();
  });

  it('may not import one another, however far round', () => {
    const imports = { main: ['core'], core: ['verdicts'], verdicts: ['words'], words: ['core'] };
    const cycle = ['core', 'verdicts', 'words', 'core'];
    expect(findCycle(new Map(Object.entries(imports)))).toEqual(cycle);
  });
});
