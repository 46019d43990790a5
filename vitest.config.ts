import { resolve } from 'node:path';
import { defineConfig } from 'vitest/config';
import { catalogue } from './static/src/build/catalogue.ts';

export default defineConfig({
  plugins: [catalogue(resolve(import.meta.dirname, 'app/translations'))],
  define: { __VERSION__: JSON.stringify('test') },
  test: {
    include: ['tests/web/**/*.test.{ts,tsx}'],
    // Argon2id at 64 MiB and multi-megabyte vectors on a busy two-core machine.
    testTimeout: 60_000,
    maxWorkers: 2,
  },
});
