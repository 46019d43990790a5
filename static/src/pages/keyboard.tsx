import type { JSX } from 'preact';
import { t } from '../i18n.ts';
import { Page } from '../ui/index.ts';

/** Every key the application answers to, the same words wherever they work. */
export default function Keyboard(): JSX.Element {
  const groups: [string, [string[], string][]][] = [
    [
      t('Everywhere'),
      [
        [['?'], t('This help')],
        [['Tab'], t('Next control')],
        [['Esc'], t('Close what is open')],
      ],
    ],
    [
      t('Cases'),
      [
        [['j'], t('Next case')],
        [['k'], t('Previous case')],
        [['Enter'], t('Open the case')],
        [['n'], t('New case')],
        [['/'], t('Search')],
      ],
    ],
    [
      t('In a case'),
      [
        [['c'], t('Claim the case')],
        [['r'], t('Reply')],
        [['Ctrl', 'Enter'], t('Send')],
      ],
    ],
  ];
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
