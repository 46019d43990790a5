import { defineConfig } from 'vitest/config';

export default defineConfig({
  define: { __VERSION__: JSON.stringify('test') },
  test: {
    include: ['tests/web/**/*.test.{ts,tsx}'],
    // Argon2id at 64 MiB and multi-megabyte vectors on a busy two-core machine.
    testTimeout: 60_000,
    maxWorkers: 2,
  },
});
