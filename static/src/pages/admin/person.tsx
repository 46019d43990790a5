import { useSignal } from '@preact/signals';
import type { JSX } from 'preact';
import { t } from '../../i18n.ts';
import type { Params } from '../../router.ts';
import { type Candidate, candidate, certify } from '../../state/administration.ts';
import { me } from '../../state/session.ts';
import { api } from '../../transport/http.ts';
import { ticked } from '../../ui/form.ts';
import {
  Banner,
  Button,
  Checkbox,
  Confirm,
  Problems,
  Select,
  Tag,
  toast,
  Waiting,
} from '../../ui/index.ts';
import { useLoaded } from '../../ui/use-loaded.ts';
import { dateTimeWord, professionWord, specialtyWord } from '../../ui/words.ts';
import { AdminPage } from './layout.tsx';
import { LostEverything } from './return.tsx';
import { type Archivable, fetchOrganisations, organisationOptions } from './shared.tsx';

interface Loaded {
  found: Candidate;
  organisations: Archivable[];
}

async function fetchPerson(id: string): Promise<Loaded> {
  const [found, organisations] = await Promise.all([candidate(id), fetchOrganisations()]);
  return { found, organisations };
}

/** The identity check, point by point: the signature says that somebody really looked. */
function Certification({
  found,
  onDone,
}: {
  found: Candidate;
  onDone: () => Promise<void>;
}): JSX.Element {
  const identity = useSignal(false);
  const number = useSignal(false);
  const keys = useSignal(false);
  const error = useSignal<unknown>(null);
  const { name, rpps } = found.chain.payload;
  const ready = identity.value && keys.value && (number.value || !rpps);
  return (
    <section class="card stack" aria-labelledby="certify">
      <h2 id="certify">{t('Certify this person')}</h2>
      <p>
        {t(
          'Your signature tells every colleague that these keys belong to this person. Check each point with them, face to face or on a number you know.',
        )}
      </p>
      <div>
        <Checkbox
          name="identity"
          label={t('I know or have identified {name}.', { name })}
          {...ticked(identity)}
        />
        {rpps && (
          <Checkbox
            name="rpps"
            label={t('RPPS number {rpps} is theirs in the national directory.', { rpps })}
            {...ticked(number)}
          />
        )}
        <Checkbox
          name="keys"
          label={t('They read out these very words from their screen:')}
          {...ticked(keys)}
        />
        <p class="fingerprint" translate={false}>
          {found.words}
        </p>
      </div>
      <Problems error={error.value} />
      <div>
        <Button
          kind="primary"
          icon="seal"
          disabled={!ready}
          onClick={async () => {
            try {
              await certify(found);
              toast(t('{name} is certified.', { name }));
              await onDone();
            } catch (caught) {
              error.value = caught;
            }
          }}
        >
          {t('Certify')}
        </Button>
      </div>
    </section>
  );
}

export default function PersonPage({ params }: { params: Params }): JSX.Element {
  const id = params['id'] as string;
  const { value, error, reload } = useLoaded(id, () => fetchPerson(id));
  const loaded = value.value;
  if (!loaded) {
    return (
      <AdminPage title={t('Person')} back="/admin/people">
        {error.value ? <Problems error={error.value} /> : <Waiting />}
      </AdminPage>
    );
  }
  const { found, organisations } = loaded;
  const { entry, chain, words } = found;
  const suspended = entry.archived;
  const change = async (deed: () => Promise<unknown>) => {
    try {
      await deed();
      await reload();
    } catch (caught) {
      error.value = caught;
    }
  };
  return (
    <AdminPage
      title={entry.name}
      back="/admin/people"
      actions={
        suspended ? (
          <Tag tone="urgent">{t('Suspended')}</Tag>
        ) : chain.certified ? (
          <Tag tone="done" icon="seal">
            {t('Certified')}
          </Tag>
        ) : (
          <Tag tone="wait">{t('To certify')}</Tag>
        )
      }
    >
      <div class="stack" data-gap="large">
        <Problems error={error.value} />
        {entry.certified && !chain.certified && (
          <Banner tone="problem" title={t('The server says certified, the signatures do not')}>
            {t(
              'No administrator of this network signed these keys. Call your operator before doing anything.',
            )}
          </Banner>
        )}
        {!chain.certified && !suspended && <Certification found={found} onDone={reload} />}
        <section class="card stack">
          <dl class="fact-list">
            <dt>{t('Profession')}</dt>
            <dd>
              {[professionWord(entry.profession), specialtyWord(entry.specialty)]
                .filter(Boolean)
                .join(', ')}
            </dd>
            <dt>{t('RPPS number')}</dt>
            <dd class="tabular">{chain.payload.rpps ?? '—'}</dd>
            <dt>{t('Mail address')}</dt>
            <dd>{entry.mail}</dd>
            <dt>{t('Words of the keys')}</dt>
            <dd translate={false}>
              <code>{words}</code>
            </dd>
            {entry.created_at && (
              <>
                <dt>{t('Signed up')}</dt>
                <dd>{dateTimeWord(entry.created_at)}</dd>
              </>
            )}
            <dt>{t('Last signed in')}</dt>
            <dd>{entry.last_sign_in_at ? dateTimeWord(entry.last_sign_in_at) : t('Never')}</dd>
          </dl>
          <Select
            label={t('Organisation')}
            name="organisation"
            optional
            value={entry.organisation?.id ?? ''}
            options={organisationOptions(organisations, entry.organisation?.id)}
            onChange={(organisation) =>
              void change(async () => {
                await api('PATCH', `/accounts/${id}`, { organisation: organisation || null });
                toast(t('Organisation changed.'));
              })
            }
          />
        </section>
        {id !== me.value?.id && !suspended && <LostEverything entry={entry} />}
        {id !== me.value?.id && (
          <section class="stack" data-gap="small">
            <h2>{t('Access')}</h2>
            {suspended ? (
              <div>
                <Button
                  icon="unlock"
                  onClick={() =>
                    change(async () => {
                      await api('DELETE', `/accounts/${id}/suspension`);
                      toast(t('{name} may sign in again.', { name: entry.name }));
                    })
                  }
                >
                  {t('End the suspension')}
                </Button>
              </div>
            ) : (
              <Confirm
                action={t('Suspend')}
                icon="lock"
                question={t(
                  '{name} is signed out everywhere at once and can no longer sign in. Cases already opened stay with their colleagues.',
                  { name: entry.name },
                )}
                yes={t('Suspend {name}', { name: entry.name })}
                onConfirm={() =>
                  change(async () => {
                    await api('POST', `/accounts/${id}/suspension`);
                    toast(t('{name} is suspended.', { name: entry.name }));
                  })
                }
              />
            )}
          </section>
        )}
      </div>
    </AdminPage>
  );
}
