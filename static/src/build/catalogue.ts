import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { po } from 'gettext-parser';
import type { Plugin } from 'vite';
import type { Catalogue } from '../i18n.ts';
import { shortKey } from '../short-key.ts';

const PREFIX = 'virtual:catalogue/';
const RESOLVED = `\0${PREFIX}`;

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

/** `import messages from 'virtual:catalogue/fr'`; a language without a file is an empty catalogue. */
export function catalogue(translations: string): Plugin {
  const fileOf = (language: string) => join(translations, language, 'LC_MESSAGES', 'messages.po');
  return {
    name: 'cordee:catalogue',
    resolveId(id) {
      return id.startsWith(PREFIX) ? `\0${id}` : null;
    },
    load(id) {
      if (!id.startsWith(RESOLVED)) return null;
      const file = fileOf(id.slice(RESOLVED.length));
      if (!existsSync(file)) return 'export default {};';
      this.addWatchFile(file);
      return `export default ${JSON.stringify(shortKeys(compileCatalogue(readFileSync(file))))};`;
    },
  };
}
