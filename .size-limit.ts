import { resolve } from 'node:path';
import type { SizeLimitConfig } from 'size-limit';
import { deskFiles, firstLoadFiles, readManifest } from './static/src/build/shell-assets.ts';

/**
 * Budgets in gzip, what the proxy sends. Apart: password dictionaries and the PDF writer, lazily
 * loaded, and the administrators' desk, which no clinician downloads (docs/adr/0012).
 */
const dist = resolve(import.meta.dirname, 'static/dist');
const manifest = readManifest(dist);
const french = manifest['catalogue/fr.json']?.file ?? [];
const first = firstLoadFiles(manifest).filter((file) => file.endsWith('.js'));
const worker = 'static/dist/assets/sealing.worker-*.js';
const desk = deskFiles(manifest).map((file) => `static/dist/${file}`);
const scripts = desk.filter((file) => file.endsWith('.js'));
const sheets = desk.filter((file) => file.endsWith('.css'));
const but = (files: string[]) => files.map((file) => `!${file}`);

export default [
  {
    name: 'first-load JavaScript, crypto worker and French words included',
    path: [...[...first, french].flat().map((file) => `static/dist/${file}`), worker],
    limit: '95 kB',
    gzip: true,
  },
  {
    name: 'all JavaScript of a clinician but password dictionaries and the PDF writer',
    path: ['static/dist/assets/*.js', '!static/dist/assets/{zxcvbn,pdf}*.js', ...but(scripts)],
    limit: '160 kB',
    gzip: true,
  },
  {
    name: 'CSS of a clinician',
    path: ['static/dist/assets/*.css', ...but(sheets)],
    limit: '10 kB',
    gzip: true,
  },
  { name: 'desk, its words and styles included', path: desk, limit: '60 kB', gzip: true },
  { name: 'service worker', path: 'static/dist/sw.js', limit: '5 kB', gzip: true },
] satisfies SizeLimitConfig;
