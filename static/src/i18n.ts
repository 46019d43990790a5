/**
 * Words of the interface. Msgids are English sentences, collected by Babel's JavaScript extractor
 * (`t` and `tn` as keywords) into the same gettext file as the server's.
 */

import { shortKey } from './short-key.ts';

/** Key → translation, or the list of plural forms. Keys are msgids, or their `shortKey`. */
export type Catalogue = Record<string, string | string[]>;
export type Parameters = Record<string, string | number>;

type Plural = (n: number) => number;

/** gettext's plural rules: French counts zero as singular, English does not. */
const PLURALS: Record<string, Plural> = {
  en: (n) => (n === 1 ? 0 : 1),
  fr: (n) => (n > 1 ? 1 : 0),
};

const english = PLURALS['en'] as Plural;
let messages: Catalogue = {};
let pluralForm: Plural = english;

/** Language of the page, as the server chose it: `<html lang>`. */
export function language(): string {
  const declared = typeof document === 'undefined' ? '' : document.documentElement.lang;
  return declared.split('-')[0]?.toLowerCase() || 'en';
}

/** Use a catalogue by short keys, as the build makes it. */
export function useCatalogue(code: string, catalogue: Catalogue): void {
  messages = catalogue;
  pluralForm = PLURALS[code] ?? english;
}

/**
 * Load the catalogue that the shell links for the page's language. English needs none: its msgids
 * are the sentences. Without an answer they are shown too: English words beat no page.
 */
export async function loadCatalogue(code: string = language()): Promise<void> {
  const link = document.querySelector<HTMLLinkElement>('link[rel="preload"][as="fetch"]');
  try {
    const answer = link ? await fetch(link.href) : null;
    useCatalogue(code, answer?.ok ? ((await answer.json()) as Catalogue) : {});
  } catch {
    useCatalogue(code, {});
  }
}

/** Add the words of pages that not everybody visits. Without an answer they speak English. */
export async function addCatalogue(address: string | undefined): Promise<void> {
  if (!address) return;
  try {
    const answer = await fetch(address);
    if (answer.ok) messages = { ...messages, ...((await answer.json()) as Catalogue) };
  } catch {
    // English words beat no page.
  }
}

/** Replace `{name}` by its value; an unknown name stays visible, so that a typo is seen. */
function fill(sentence: string, parameters?: Parameters): string {
  if (!parameters) return sentence;
  return sentence.replace(/\{(\w+)\}/g, (hole, name: string) => {
    const value = Object.hasOwn(parameters, name) ? parameters[name] : undefined;
    return value === undefined ? hole : String(value);
  });
}

function find(msgid: string): string | string[] | undefined {
  const key = shortKey(msgid);
  return Object.hasOwn(messages, key) ? messages[key] : undefined;
}

/** Translate a sentence: `t('Claimed by {name}', { name })`. */
export function t(msgid: string, parameters?: Parameters): string {
  const found = find(msgid);
  return fill((Array.isArray(found) ? found[0] : found) ?? msgid, parameters);
}

/** Translate with a number: `tn('{n} photo', '{n} photos', 3)`. `{n}` is always filled. */
export function tn(singular: string, plural: string, n: number, parameters?: Parameters): string {
  const found = find(singular);
  const translated = Array.isArray(found) ? found[pluralForm(n)] : undefined;
  return fill(translated ?? (english(n) === 0 ? singular : plural), { n, ...parameters });
}
