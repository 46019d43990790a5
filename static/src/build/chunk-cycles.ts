import type { Plugin } from 'vite';

/** Follow static imports until one comes back: the files of the first circle found, or null. */
export function findCycle(imports: ReadonlyMap<string, readonly string[]>): string[] | null {
  const done = new Set<string>();
  const visit = (file: string, path: readonly string[]): string[] | null => {
    if (path.includes(file)) return [...path.slice(path.indexOf(file)), file];
    if (done.has(file)) return null;
    for (const next of imports.get(file) ?? []) {
      const cycle = visit(next, [...path, file]);
      if (cycle) return cycle;
    }
    done.add(file);
    return null;
  };
  for (const file of imports.keys()) {
    const cycle = visit(file, []);
    if (cycle) return cycle;
  }
  return null;
}

/**
 * Refuse chunks that import one another in a circle. One of them then runs before what it imports
 * exists: a table keyed by classes, say, silently holds nothing. Modules of a chunk that every visit
 * loads belong into that chunk: see the lists in vite.config.ts.
 */
export function chunkCycles(): Plugin {
  return {
    name: 'cordee:chunk-cycles',
    generateBundle(_options, bundle) {
      const imports = new Map(
        Object.values(bundle).flatMap((file) =>
          file.type === 'chunk' ? [[file.fileName, file.imports] as const] : [],
        ),
      );
      const cycle = findCycle(imports);
      if (cycle) this.error(`chunks import one another: ${cycle.join(' → ')}`);
    },
  };
}
