import type { JSX } from 'preact';
import { language } from '../i18n.ts';

const LANGUAGES: Record<string, string> = { fr: 'Français', en: 'English' };

/** Each language in its own words. A full load: the server picks the page's language. */
export function LanguageSwitch(): JSX.Element {
  const current = language();
  return (
    <>
      {Object.entries(LANGUAGES)
        .filter(([code]) => code !== current)
        .map(([code, words]) => (
          <a key={code} href={`/language/${code}`} lang={code} hreflang={code}>
            {words}
          </a>
        ))}
    </>
  );
}
