import { afterEach, describe, expect, it, vi } from 'vitest';
import { compileCatalogue, shortKeys } from '../../static/src/build/catalogue.ts';
import { deskFiles, firstLoadFiles, offlineFiles } from '../../static/src/build/shell-assets.ts';
import { addCatalogue, t, tn, useCatalogue } from '../../static/src/i18n.ts';

const FRENCH = `
msgid ""
msgstr ""
"Content-Type: text/plain; charset=utf-8\\n"
"Plural-Forms: nplurals=2; plural=(n > 1);\\n"

#: static/src/pages/inbox.tsx:12
msgid "Claimed by {name}"
msgstr "Pris en charge par {name}"

#: static/src/pages/photos.tsx:3
msgid "{n} photo"
msgid_plural "{n} photos"
msgstr[0] "{n} cliché"
msgstr[1] "{n} clichés"

#: static/src/pages/admin/people.tsx static/src/pages/desk/roster.tsx
msgid "Suspend"
msgstr "Suspendre"

#: static/src/pages/admin/people.tsx static/src/ui/frame.tsx
msgid "People"
msgstr "Personnes"

#: templates/mail.txt:1
msgid "A case awaits you"
msgstr "Un dossier vous attend"

#: static/src/pages/inbox.tsx:20
#, fuzzy
msgid "Close"
msgstr "Proche"

#: static/src/pages/inbox.tsx:21
msgid "Send"
msgstr ""
`;

afterEach(() => useCatalogue('en', {}));

describe('words', () => {
  const catalogue = compileCatalogue(FRENCH);

  it('come from the part of the gettext file that the client uses', () => {
    expect(catalogue).toEqual({
      everybody: {
        'Claimed by {name}': 'Pris en charge par {name}',
        '{n} photo': ['{n} cliché', '{n} clichés'],
        People: 'Personnes',
      },
      desk: { Suspend: 'Suspendre' },
    });
  });

  it('are French with French plurals', () => {
    useCatalogue('fr', shortKeys(catalogue).everybody);
    expect(t('Claimed by {name}', { name: 'Dr Blanc' })).toBe('Pris en charge par Dr Blanc');
    const photos = (n: number) => tn('{n} photo', '{n} photos', n);
    expect([0, 1, 2].map(photos)).toEqual(['0 cliché', '1 cliché', '2 clichés']);
  });

  it('of the desk come with its pages, and leave the others', async () => {
    const { everybody, desk } = shortKeys(catalogue);
    useCatalogue('fr', everybody);
    const answer = vi.spyOn(globalThis, 'fetch').mockResolvedValueOnce(Response.json(desk));
    answer.mockRejectedValueOnce(new TypeError('no network'));
    await addCatalogue('/static/assets/fr-desk-1.json');
    await addCatalogue('/static/assets/fr-desk-1.json');
    expect([t('Suspend'), t('People')]).toEqual(['Suspendre', 'Personnes']);
    await addCatalogue(undefined);
    expect(answer).toHaveBeenCalledTimes(2);
    answer.mockRestore();
  });

  it('are the English msgids where nothing is translated', () => {
    const photos = (n: number) => tn('{n} photo', '{n} photos', n);
    expect([0, 1, 2].map(photos)).toEqual(['0 photos', '1 photo', '2 photos']);
    expect(t('Send')).toBe('Send');
    expect(t('toString')).toBe('toString');
  });

  it('leave an unknown hole visible', () => {
    expect(t('Claimed by {name} in {place}', { name: '{place}' })).toBe(
      'Claimed by {place} in {place}',
    );
  });
});

describe('the build manifest', () => {
  const manifest = {
    'main.tsx': {
      file: 'assets/main-1.js',
      isEntry: true,
      imports: ['_shared.js'],
      dynamicImports: ['strength.ts', 'pages/desk.ts', 'pages/desk/charts.tsx'],
      assets: ['assets/sealing.worker-1.js', 'assets/fr-desk-1.json'],
    },
    '_desk.js': { file: 'assets/desk-2.js', imports: ['_shared.js'], css: ['assets/desk-1.css'] },
    'pages/desk.ts': { file: 'assets/desk-1.js', imports: ['_desk.js'] },
    'pages/desk/charts.tsx': {
      file: 'assets/charts-1.js',
      imports: ['_desk.js'],
      dynamicImports: ['strength.ts'],
    },
    'catalogue/fr-desk.json': { file: 'assets/fr-desk-1.json' },
    '_shared.js': { file: 'assets/shared-1.js', css: ['assets/shared-1.css'] },
    'strength.ts': { file: 'assets/strength-1.js' },
    'catalogue/fr.json': { file: 'assets/fr-1.json' },
    '_zxcvbn.js': { file: 'assets/zxcvbn-fr-1.js' },
  };

  it('tells what a first visit loads', () => {
    expect(firstLoadFiles(manifest)).toEqual([
      'assets/main-1.js',
      'assets/shared-1.css',
      'assets/shared-1.js',
    ]);
  });

  it('tells what works offline', () => {
    expect(offlineFiles(manifest)).toContain('assets/strength-1.js');
    expect(offlineFiles(manifest)).toContain('assets/sealing.worker-1.js');
    expect(offlineFiles(manifest)).toContain('assets/fr-1.json');
    expect(offlineFiles(manifest)).not.toContain('assets/zxcvbn-fr-1.js');
  });

  it('tells what administrators alone download', () => {
    expect(deskFiles(manifest)).toEqual([
      'assets/charts-1.js',
      'assets/desk-1.css',
      'assets/desk-1.js',
      'assets/desk-2.js',
      'assets/fr-desk-1.json',
    ]);
    const desk = new Set(deskFiles(manifest));
    expect(offlineFiles(manifest).filter((file) => desk.has(file))).toEqual([]);
  });
});
