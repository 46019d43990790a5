import type { JSX } from 'preact';
import { t } from '../i18n.ts';
import { Page } from '../ui/index.ts';
import { explained } from '../ui/shortcuts.ts';

type Keys = [combination: string[], words: string][];

/** Keys of the page one comes from first, then all the others, the same words everywhere. */
export default function Keyboard(): JSX.Element {
  const everywhere: Keys = [
    [['?'], t('This help')],
    [['/'], t('Search')],
    [['n'], t('New case')],
    [['Tab'], t('Next control')],
    [['Esc'], t('Close what is open')],
  ];
  const known = new Set(everywhere.map(([[key]]) => key));
  const here: Keys = explained.value
    .filter(([key]) => !known.has(key))
    .map(([key, words]) => [key.split('+'), words]);
  const sections: [string, Keys][] = [
    [t('On the page you come from'), here],
    [t('Everywhere'), everywhere],
    [
      t('Cases'),
      [
        [['j'], t('Next case')],
        [['k'], t('Previous case')],
        [['c'], t('Claim the case')],
        [['r'], t('Reply')],
        [['Ctrl', 'Enter'], t('Send')],
      ],
    ],
  ];
  const groups = sections.filter(([, keys]) => keys.length > 0);
  return (
    <Page title={t('Keyboard')} back="/" width="narrow">
      <div class="stack" data-gap="large">
        {groups.map(([title, keys]) => (
          <section key={title} class="stack" data-gap="small">
            <h2>{title}</h2>
            <dl class="list keys">
              {keys.map(([combination, words]) => (
                <div key={words} class="list-item">
                  <dt>
                    {combination.map((key, i) => (
                      <span key={key}>
                        {i > 0 && ' + '}
                        <kbd>{key}</kbd>
                      </span>
                    ))}
                  </dt>
                  <dd class="main">{words}</dd>
                </div>
              ))}
            </dl>
          </section>
        ))}
      </div>
    </Page>
  );
}
