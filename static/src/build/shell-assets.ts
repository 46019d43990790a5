import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Plugin } from 'vite';

const ID = 'virtual:shell-assets';

/** One entry of Vite's manifest, as far as we read it. */
export interface ManifestEntry {
  file: string;
  isEntry?: boolean;
  imports?: string[];
  dynamicImports?: string[];
  css?: string[];
  assets?: string[];
}

export type Manifest = Record<string, ManifestEntry>;

export function readManifest(outDir: string): Manifest {
  return JSON.parse(readFileSync(join(outDir, '.vite/manifest.json'), 'utf8')) as Manifest;
}

/** Files a first visit loads: the entries and everything they import statically. */
export function firstLoadFiles(manifest: Manifest): string[] {
  const files = new Set<string>();
  const visit = (key: string) => {
    const entry = manifest[key];
    if (!entry || files.has(entry.file)) return;
    files.add(entry.file);
    for (const file of entry.css ?? []) files.add(file);
    for (const next of entry.imports ?? []) visit(next);
  };
  for (const [key, entry] of Object.entries(manifest)) if (entry.isEntry) visit(key);
  return [...files].sort();
}

/** Pages that administrators alone visit, and their words, by their names in the manifest. */
const DESK = /^(pages\/desk[./]|catalogue\/.*-desk\.)/;
/** What a visit may never need: password dictionaries, the PDF writer. */
const RARE = /\/(zxcvbn|pdf)[-.]/;

function filesOf({ file, css = [], assets = [] }: ManifestEntry): string[] {
  return [file, ...css, ...assets];
}

/** Every file found from the entries without passing by the desk, and the words of each language. */
function beforeTheDesk(manifest: Manifest): Set<string> {
  const files = new Set<string>();
  const seen = new Set<string>();
  const visit = (key: string) => {
    const entry = manifest[key];
    if (!entry || seen.has(key) || DESK.test(key)) return;
    seen.add(key);
    for (const file of filesOf(entry)) files.add(file);
    for (const next of [...(entry.imports ?? []), ...(entry.dynamicImports ?? [])]) visit(next);
  };
  for (const [key, entry] of Object.entries(manifest)) {
    if (entry.isEntry || key.startsWith('catalogue/')) visit(key);
  }
  // The application knows the address of the desk's words; that does not load them.
  for (const [key, { file }] of Object.entries(manifest)) if (DESK.test(key)) files.delete(file);
  return files;
}

/** Every file that only the administrators' pages need: see docs/adr/0012. */
export function deskFiles(manifest: Manifest): string[] {
  const others = beforeTheDesk(manifest);
  const files = new Set(Object.values(manifest).flatMap(filesOf));
  return [...files].filter((file) => !others.has(file) && !RARE.test(file)).sort();
}

/** Every built file but what a clinician may never need: the administrators' pages are not kept. */
export function offlineFiles(manifest: Manifest): string[] {
  return [...beforeTheDesk(manifest)].filter((file) => !RARE.test(file)).sort();
}

/**
 * `virtual:shell-assets` gives the service worker a version that changes exactly when a hashed file
 * of the offline shell does. The list itself lies beside it in `offline.json`, fetched once at
 * installation, so that the worker stays small. Needs the application's build to have run.
 */
export function shellAssets(outDir: string, base: string): Plugin {
  return {
    name: 'cordee:shell-assets',
    resolveId(id) {
      return id === ID ? `\0${ID}` : null;
    },
    load(id) {
      if (id !== `\0${ID}`) return null;
      const files = offlineFiles(readManifest(outDir)).map((file) => base + file);
      const version = createHash('sha256').update(files.join('\n')).digest('hex').slice(0, 16);
      const source = JSON.stringify({ version, files });
      this.emitFile({ type: 'asset', fileName: 'offline.json', source });
      return `export const version = ${JSON.stringify(version)};`;
    },
  };
}
