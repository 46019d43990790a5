import { defineConfig } from 'vitest/config';

export default defineConfig({
  define: { __VERSION__: JSON.stringify('test') },
  plugins: [
    {
      // What the build gives for the address of a worker; tests/web/support/browser.ts starts it.
      name: 'worker-addresses',
      enforce: 'pre',
      resolveId: (id) => (id.endsWith('.worker.ts?worker&url') ? `\0${id}` : null),
      load(id) {
        const name = /([\w-]+\.worker)\.ts\?worker&url$/.exec(id)?.[1];
        return id.startsWith('\0') && name ? `export default '/assets/${name}-test.js'` : null;
      },
    },
  ],
  test: {
    include: ['tests/web/**/*.test.{ts,tsx}'],
    // Argon2id at 64 MiB and multi-megabyte vectors on a busy two-core machine.
    testTimeout: 60_000,
    maxWorkers: 2,
  },
});
