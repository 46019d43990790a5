/** Random honest lives and nothing else, in several processes at once, each with its share of them. */
import { mergeConfig } from 'vitest/config';
import base from '../../vitest.config.ts';

const SHARES = Number(process.env['CORDEE_SHARES'] ?? 2);

export default mergeConfig(base, {
  test: {
    maxWorkers: SHARES,
    reporters: ['verbose'],
    projects: Array.from({ length: SHARES }, (_, share) => ({
      extends: true,
      test: {
        name: `share ${share + 1}`,
        env: { CORDEE_SHARE: `${share + 1}/${SHARES}` },
      },
    })),
  },
});
