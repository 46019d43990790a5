import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { po } from 'gettext-parser';
import type { Plugin } from 'vite';
import type { Catalogue } from '../i18n.ts';
import { shortKey } from '../short-key.ts';

const CLIENT = 'static/src/';
const DESK = /^static\/src\/pages\/(admin|desk)[./]/;

/** By who reads them. */
export type Words = Record<'everybody' | 'desk', Catalogue>;

/**
 * Turn one gettext file into what the client needs: msgid → translation(s).
 *
 * The same .po feeds the server's templates and mails; messages whose references never name
 * `static/src` are left out so that phones on EDGE do not download the server's sentences.
 * Fuzzy and empty translations are left out too: English is better than a guess. What only the
 * pages of the desk say lies apart, and comes with them.
 */
export function compileCatalogue(source: Buffer | string): Words {
  const parsed = po.parse(source);
  const compiled: Words = { everybody: {}, desk: {} };
  for (const message of Object.values(parsed.translations[''] ?? {})) {
    const { msgid, msgstr, comments } = message;
    if (msgid === '' || msgstr.some((text) => text === '')) continue;
    if (comments?.flag?.includes('fuzzy')) continue;
    const places = comments?.reference?.split(/\s+/).filter((place) => place.startsWith(CLIENT));
    if (!places?.length) continue;
    const [singular] = msgstr;
    if (singular === undefined) continue;
    const readers = places.every((place) => DESK.test(place)) ? 'desk' : 'everybody';
    compiled[readers][msgid] = message.msgid_plural === undefined ? singular : [...msgstr];
  }
  return compiled;
}

/**
 * Keys by which the client looks its sentences up: six characters instead of the English text, which
 * the code holds already. Halves what a phone downloads.
 *
 * @throws Error in the unlikely case that two sentences share a key: reword one.
 */
export function shortKeys(words: Words): Words {
  const taken = new Set<string>();
  const shorten = (catalogue: Catalogue): Catalogue =>
    Object.fromEntries(
      Object.entries(catalogue).map(([msgid, translation]) => {
        const key = shortKey(msgid);
        if (taken.has(key)) throw new Error(`“${msgid}” shares its key with another`);
        taken.add(key);
        return [key, translation];
      }),
    );
  return { everybody: shorten(words.everybody), desk: shorten(words.desk) };
}

const ID = 'virtual:desk-words';

/**
 * One gettext file as `assets/fr-*.json`, data and no script: a phone parses it faster, and nothing
 * in it can run. The manifest names it `catalogue/fr.json`; the shell links it and the client
 * fetches what is linked. A language without a file is an empty catalogue. `virtual:desk-words`
 * gives, by language, the address of the words that only the desk says.
 */
export function catalogue(translations: string, language: string): Plugin {
  const file = join(translations, language, 'LC_MESSAGES', 'messages.po');
  const asset = (name: string, words: Catalogue) =>
    ({
      type: 'asset',
      name: `${name}.json`,
      originalFileName: `catalogue/${name}.json`,
      source: JSON.stringify(words),
    }) as const;
  const read = (): Words =>
    existsSync(file)
      ? shortKeys(compileCatalogue(readFileSync(file)))
      : { everybody: {}, desk: {} };
  return {
    name: 'cordee:catalogue',
    apply: 'build',
    resolveId: (id) => (id === ID ? `\0${ID}` : null),
    load(id) {
      if (id !== `\0${ID}`) return null;
      const reference = this.emitFile(asset(`${language}-desk`, read().desk));
      return `export const words = { ${language}: import.meta.ROLLUP_FILE_URL_${reference} };`;
    },
    generateBundle() {
      this.emitFile(asset(language, read().everybody));
    },
  };
}
