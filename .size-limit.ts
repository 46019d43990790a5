import { resolve } from 'node:path';
import type { SizeLimitConfig } from 'size-limit';
import { firstLoadFiles, readManifest } from './static/src/build/shell-assets.ts';

/** Budgets in gzip, what the proxy sends. Lazily loaded dictionaries and the PDF writer apart. */
const dist = resolve(import.meta.dirname, 'static/dist');
const manifest = readManifest(dist);
const french = manifest['catalogue/fr.json']?.file ?? [];
const first = firstLoadFiles(manifest).filter((file) => file.endsWith('.js'));
const worker = 'static/dist/assets/sealing.worker-*.js';

export default [
  {
    name: 'first-load JavaScript, crypto worker and French words included',
    path: [...[...first, french].flat().map((file) => `static/dist/${file}`), worker],
    limit: '95 kB',
    gzip: true,
  },
  {
    name: 'all JavaScript but password dictionaries and the PDF writer',
    path: ['static/dist/assets/*.js', '!static/dist/assets/{zxcvbn,pdf}*.js'],
    limit: '160 kB',
    gzip: true,
  },
  { name: 'CSS', path: 'static/dist/assets/*.css', limit: '10 kB', gzip: true },
  { name: 'service worker', path: 'static/dist/sw.js', limit: '5 kB', gzip: true },
] satisfies SizeLimitConfig;
