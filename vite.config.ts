import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { defineConfig, type UserConfig } from 'vite';
import { catalogue } from './static/src/build/catalogue.ts';
import { chunkCycles } from './static/src/build/chunk-cycles.ts';
import { shellAssets } from './static/src/build/shell-assets.ts';

/**
 * Three builds of one source tree:
 *
 * - `vite build`: the application, hashed files plus `.vite/manifest.json` that shell.html reads;
 * - `vite build --mode sw`: the service worker alone, one classic script at a name that never
 *   changes, because browsers find its updates by comparing the bytes at one address;
 * - `vite build --mode harness`: the crypto core with a page around it, for the browser tests.
 */
const here = dirname(fileURLToPath(import.meta.url));
const root = resolve(here, 'static/src');
const outDir = resolve(here, 'static/dist');
const { version } = JSON.parse(readFileSync(resolve(here, 'package.json'), 'utf8')) as {
  version: string;
};

/** Browsers that have Ed25519 in WebCrypto, the newest thing we cannot do without. */
const target = ['chrome137', 'firefox129', 'safari17'];

/**
 * What only a password being chosen loads gets a name of its own, so that the size budgets and the
 * offline shell can tell it from the code every visitor downloads.
 */
function chunkName({ moduleIds }: { moduleIds: string[] }): string {
  const judges = moduleIds.some((id) => id.includes('@zxcvbn-ts/'));
  return `assets/${judges ? 'zxcvbn-' : ''}[name]-[hash].js`;
}

/**
 * What every visit needs, as one file: on EDGE each further request costs most of a second, and one
 * file compresses better than twenty.
 */
const CORE = new RegExp(
  [
    'vite/preload-helper',
    'node_modules/(preact|@preact/signals(-core)?|idb|@noble/hashes)/',
    'static/src/(router|i18n|short-key|trusted)\\.',
    'static/src/transport/',
    'static/src/crypto/(bytes|chain|contexts|errors|features|group|links|log-note|log-tree|merkle|payloads|signing|statement|stream|vault)\\.',
    'static/src/state/(device|groups|idle|key-log|keys|log-store|people|session|status|updates|words)\\.',
    'static/src/worker/(rpc|sealing)\\.ts',
    'static/src/pages/sign-in\\.',
    'static/src/ui/(boundary|button|feedback|field|form|frame|icon|index|knot|language-switch|lazy-page|page)\\.',
    'static/src/ui/(days|problems|shortcuts|status-line|toast|update-banner|use-loaded|words)\\.',
  ].join('|'),
);

/** The next file: everything about cases but printing, so that a wizard opens without a network. */
const CASES = new RegExp(
  [
    'static/src/pages/(case|cases|inbox|new-case|opinion)\\.',
    'static/src/ui/cases/(?!print|pdf\\.)',
    'static/src/(outbox|photos)/',
    'static/src/state/(bodies|case|desk|draft|message|order|outbox|posting|sealing|thread)',
    'static/src/crypto/(case-chain|commitment|parts)\\.',
    'static/src/state/(group-roll|sharing)\\.',
    'static/src/ui/(picker|sharing|signed-people)\\.',
  ].join('|'),
);

/** Signing up and recovering share nearly everything. */
const JOINING = new RegExp(
  [
    'static/src/(invitation|pages/(joining|recovery|sign-up|waiting))',
    'static/src/state/(new-keys|rpps|strength)\\.',
    'static/src/ui/(new-password|qr|totp)\\.',
  ].join('|'),
);

/** What one comes to between cases: one page alone compresses badly. */
const OFFICE = new RegExp(
  [
    'static/src/pages/(demo-mails|groups|keyboard|office|print|settings)',
    'static/src/pages/(together|unsupported)',
    'static/src/push\\.',
  ].join('|'),
);

/**
 * The administrators' console: see docs/adr/0012. Pages under `pages/desk/` stay out of every list:
 * each is a file of its own, its style sheet too, that imports this one for what they share.
 */
const DESK = new RegExp(
  [
    'static/src/pages/(admin/|desk\\.)',
    'static/src/state/administration\\.',
    'styles/desk\\.',
  ].join('|'),
);

const shared: UserConfig = {
  root,
  base: '/static/',
  publicDir: resolve(here, 'static/public'),
  define: { __VERSION__: JSON.stringify(version) },
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  worker: {
    format: 'es',
    // @noble/post-quantum makes KEMs nobody asked for while loading; with them come two curves.
    rolldownOptions: {
      treeshake: { manualPureFunctions: ['QSF', 'createKitchenSink', 'ecdhKem'] },
    },
  },
  build: {
    outDir,
    target,
    cssTarget: target,
    // The policy allows neither data: nor inline scripts, so nothing may be inlined.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
  },
};

const application: UserConfig = {
  ...shared,
  plugins: [catalogue(resolve(here, 'app/translations'), 'fr'), chunkCycles()],
  build: {
    ...shared.build,
    emptyOutDir: true,
    manifest: true,
    rolldownOptions: {
      input: [resolve(root, 'main.tsx'), resolve(root, 'styles/main.css')],
      output: {
        chunkFileNames: chunkName,
        codeSplitting: {
          // With what they import, or a chunk would import another that imports it: see chunkCycles.
          includeDependenciesRecursively: true,
          groups: [
            { name: 'pdf', test: /node_modules\/(pdf-lib|@pdf-lib|pako)\// },
            { name: 'core', test: CORE },
            { name: 'cases', test: CASES },
            { name: 'joining', test: JOINING },
            { name: 'office', test: OFFICE },
            { name: 'desk', test: DESK },
          ],
        },
      },
    },
  },
};

const serviceWorker: UserConfig = {
  ...shared,
  publicDir: false,
  plugins: [shellAssets(outDir, '/static/')],
  build: {
    ...shared.build,
    emptyOutDir: false,
    manifest: false,
    rolldownOptions: {
      input: { sw: resolve(root, 'sw.ts') },
      output: { format: 'iife', entryFileNames: 'sw.js', codeSplitting: false },
    },
  },
};

const harness: UserConfig = {
  ...shared,
  base: '/',
  root: resolve(here, 'tests/web/harness'),
  publicDir: false,
  build: {
    ...shared.build,
    outDir: resolve(here, 'test-results/harness'),
    emptyOutDir: true,
    rolldownOptions: {
      input: { harness: resolve(here, 'tests/web/harness/harness.ts') },
      output: { entryFileNames: 'harness.js' },
    },
  },
};

export default defineConfig(({ mode }) => {
  if (mode === 'sw') return serviceWorker;
  if (mode === 'harness') return harness;
  return application;
});
