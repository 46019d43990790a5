/** How hard a password is to guess, judged by zxcvbn: length and surprise, not kinds of characters. */
import type { ZxcvbnFactory } from '@zxcvbn-ts/core';
import { language } from '../i18n.ts';

export const LEAST_LENGTH = 10;
/** zxcvbn's “safely unguessable”: beyond 10^8 guesses, each made slow by Argon2id. */
export const LEAST_SCORE = 3;
/** Beyond this the verdict no longer changes and the judging gets slow. */
const LONGEST_JUDGED = 72;

export interface Strength {
  /** 0 to 4. */
  score: number;
  enough: boolean;
  /** In the page's language, from the dictionaries themselves. */
  advice: string[];
}

let judge: Promise<ZxcvbnFactory> | null = null;

/** The dictionaries are large and most visits need none: they come when a password is chosen. */
function loadJudge(): Promise<ZxcvbnFactory> {
  judge ??= Promise.all([
    import('@zxcvbn-ts/core'),
    import('@zxcvbn-ts/language-common'),
    language() === 'fr' ? import('@zxcvbn-ts/language-fr') : import('@zxcvbn-ts/language-en'),
  ]).then(
    ([core, common, words]) =>
      new core.ZxcvbnFactory({
        translations: words.translations,
        graphs: common.adjacencyGraphs,
        dictionary: { ...common.dictionary, ...words.dictionary },
      }),
  );
  return judge;
}

/** `about`: words others would try first, such as the person's own name. */
export async function passwordStrength(password: string, about: string[]): Promise<Strength> {
  const factory = await loadJudge();
  const known = ['cordee', 'cordée', ...about.flatMap((text) => text.split(/[\s@.]+/))].filter(
    Boolean,
  );
  const { score, feedback } = factory.check(password.slice(0, LONGEST_JUDGED), known);
  const advice = [feedback.warning ?? '', ...feedback.suggestions].filter(Boolean);
  return { score, enough: score >= LEAST_SCORE && password.length >= LEAST_LENGTH, advice };
}
