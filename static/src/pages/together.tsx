import type { JSX } from 'preact';
import { sameBytes } from '../crypto/bytes.ts';
import { SubjectChanged } from '../crypto/errors.ts';
import { safetyCode } from '../crypto/safety.ts';
import { t } from '../i18n.ts';
import type { Params } from '../router.ts';
import { fingerprintOf } from '../state/key-log.ts';
import { myKeys } from '../state/keys.ts';
import { type VerifiedPerson, verifyPerson } from '../state/people.ts';
import type { DirectoryEntry } from '../state/types.ts';
import { api, type Page as Listed, Problem } from '../transport/http.ts';
import { Avatar, Page, Problems, Waiting } from '../ui/index.ts';
import { QrCode } from '../ui/qr.tsx';
import { useLoaded } from '../ui/use-loaded.ts';
import { professionOf } from '../ui/words.ts';

interface Compared {
  person: VerifiedPerson;
  code: string;
}

/** The code of both of us, over the chains that this device has just verified. */
async function compare(id: string): Promise<Compared> {
  const { account, root, signPublic } = await myKeys();
  const query = `/accounts?ids=${account},${id}`;
  const { items } = await api<Listed<DirectoryEntry>>('GET', query);
  const [mine, theirs] = [account, id].map((one) => items.find((entry) => entry.id === one));
  if (!mine || !theirs || id === account) throw new Problem(404, 'account_not_found', '');
  const [self, person] = await Promise.all([verifyPerson(mine), verifyPerson(theirs)]);
  if (!sameBytes(self.signKey, signPublic))
    throw new SubjectChanged('other keys under our own name');
  const code = await safetyCode(root, await fingerprintOf(mine), await fingerprintOf(theirs));
  return { person, code };
}

/** Two people, two screens, one code: equal, or somebody stands between. */
export default function Together({ params }: { params: Params }): JSX.Element {
  const id = params['id'] as string;
  const { value, error } = useLoaded(id, () => compare(id));
  const found = value.value;
  return (
    <Page title={t('Check together')} back="/" width="narrow">
      <div class="stack">
        <Problems error={error.value} />
        {!found && !error.value && <Waiting />}
        {found && (
          <>
            <div class="row">
              <Avatar name={found.person.name} />
              <div class="grow">
                <p class="strong">{found.person.name}</p>
                <p class="quiet">
                  {[
                    professionOf({ kind: 'clinician', ...found.person }),
                    found.person.organisation?.name,
                  ]
                    .filter(Boolean)
                    .join(', ')}
                </p>
              </div>
            </div>
            <p>
              {t(
                'Open this page on both phones, each on the other’s name: the numbers must be the same. If one differs, send nothing more and call your administrator: somebody may stand between you.',
              )}
            </p>
            <ol
              class="recovery-code safety-code"
              aria-label={t('Numbers to compare')}
              translate={false}
            >
              {found.code.split(' ').map((digits, place) => (
                <li key={place}>{digits}</li>
              ))}
            </ol>
            <QrCode
              text={`cordee1 safety ${found.code.replaceAll(' ', '')}`}
              label={t('The same numbers as a QR code')}
            />
          </>
        )}
      </div>
    </Page>
  );
}
