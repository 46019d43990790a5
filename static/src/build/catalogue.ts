import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { po } from 'gettext-parser';
import type { Plugin } from 'vite';
import type { Catalogue } from '../i18n.ts';
import { shortKey } from '../short-key.ts';

/**
 * Turn one gettext file into what the client needs: msgid → translation(s).
 *
 * The same .po feeds the server's templates and mails; messages whose references never name
 * `static/src` are left out so that phones on EDGE do not download the server's sentences.
 * Fuzzy and empty translations are left out too: English is better than a guess.
 */
export function compileCatalogue(source: Buffer | string): Catalogue {
  const parsed = po.parse(source);
  const compiled: Catalogue = {};
  for (const message of Object.values(parsed.translations[''] ?? {})) {
    const { msgid, msgstr, comments } = message;
    if (msgid === '' || msgstr.some((text) => text === '')) continue;
    if (comments?.flag?.includes('fuzzy')) continue;
    if (!comments?.reference?.includes('static/src/')) continue;
    const [singular] = msgstr;
    if (singular === undefined) continue;
    compiled[msgid] = message.msgid_plural === undefined ? singular : [...msgstr];
  }
  return compiled;
}

/**
 * Keys by which the client looks its sentences up: six characters instead of the English text, which
 * the code holds already. Halves what a phone downloads.
 *
 * @throws Error in the unlikely case that two sentences share a key: reword one.
 */
export function shortKeys(catalogue: Catalogue): Catalogue {
  const short: Catalogue = {};
  for (const [msgid, translation] of Object.entries(catalogue)) {
    const key = shortKey(msgid);
    if (Object.hasOwn(short, key)) throw new Error(`“${msgid}” shares its key with another`);
    short[key] = translation;
  }
  return short;
}

/**
 * One gettext file as `assets/fr-*.json`, data and no script: a phone parses it faster, and nothing
 * in it can run. The manifest names it `catalogue/fr.json`; the shell links it and the client
 * fetches what is linked. A language without a file is an empty catalogue.
 */
export function catalogue(translations: string, language: string): Plugin {
  const file = join(translations, language, 'LC_MESSAGES', 'messages.po');
  return {
    name: 'cordee:catalogue',
    apply: 'build',
    generateBundle() {
      const compiled = existsSync(file) ? shortKeys(compileCatalogue(readFileSync(file))) : {};
      this.emitFile({
        type: 'asset',
        name: `${language}.json`,
        originalFileName: `catalogue/${language}.json`,
        source: JSON.stringify(compiled),
      });
    },
  };
}
