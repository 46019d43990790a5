import { useSignal } from '@preact/signals';
import type { JSX } from 'preact';
import { useEffect } from 'preact/hooks';
import { language, t, tn } from '../../i18n.ts';
import { Link } from '../../router.ts';
import { plain } from '../../state/order.ts';
import type { AccountKind, DirectoryEntry, Named } from '../../state/types.ts';
import { api, fetchAll } from '../../transport/http.ts';
import { on } from '../../transport/socket.ts';
import { picked, typed, useForm } from '../../ui/form.ts';
import {
  Avatar,
  Button,
  Choice,
  Empty,
  Field,
  Icon,
  Problems,
  Select,
  Send,
  Tag,
  toast,
  undoable,
  Waiting,
} from '../../ui/index.ts';
import { useLoaded } from '../../ui/use-loaded.ts';
import { agoWord, dateTimeWord, professionOf } from '../../ui/words.ts';
import { AdminPage } from './layout.tsx';
import { type Archivable, fetchOrganisations, organisationOptions } from './shared.tsx';

interface Invitation {
  id: string;
  mail: string;
  kind: AccountKind;
  organisation: Named | null;
  created_at: string;
  expires_at: string;
  used_at: string | null;
  state: 'sent' | 'used' | 'expired';
  link: string | null;
}

interface Everything {
  people: DirectoryEntry[];
  invitations: Invitation[];
  organisations: Archivable[];
}

async function fetchEverything(): Promise<Everything> {
  const [people, invitations, organisations] = await Promise.all([
    fetchAll<DirectoryEntry>('/accounts'),
    fetchAll<Invitation>('/invitations'),
    fetchOrganisations(),
  ]);
  return { people, invitations, organisations };
}

function Invite({
  organisations,
  onDone,
}: {
  organisations: Everything['organisations'];
  onDone: (invitation: Invitation) => Promise<void>;
}): JSX.Element {
  const mail = useSignal('');
  const kind = useSignal<AccountKind>('clinician');
  const organisation = useSignal('');
  const form = useForm(async () => {
    const invitation = await api<Invitation>('POST', '/invitations', {
      mail: mail.value.trim(),
      kind: kind.value,
      ...(organisation.value ? { organisation: organisation.value } : {}),
      language: language(),
    });
    mail.value = '';
    toast(t('Invitation sent to {mail}.', { mail: invitation.mail }));
    await onDone(invitation);
  });
  return (
    <form class="card stack" onSubmit={form.submit}>
      <h2>{t('Invite somebody')}</h2>
      <Field
        label={t('Mail address')}
        name="mail"
        type="email"
        autocomplete="off"
        error={form.field('mail')}
        {...typed(mail)}
      />
      <Select
        label={t('Organisation')}
        name="organisation"
        optional
        options={organisationOptions(organisations)}
        {...picked(organisation)}
      />
      <Choice
        legend={t('As')}
        name="kind"
        options={[
          { value: 'clinician', label: t('Health professional') },
          { value: 'administrator', label: t('Administrator') },
        ]}
        {...picked(kind)}
      />
      <Send form={form} icon="mail">
        {t('Send the invitation')}
      </Send>
    </form>
  );
}

function Pending({
  invitations,
  reload,
}: {
  invitations: readonly Invitation[];
  reload: () => Promise<void>;
}): JSX.Element | null {
  const hidden = useSignal<ReadonlySet<string>>(new Set());
  const shown = invitations.filter(({ id, state }) => state !== 'used' && !hidden.value.has(id));
  if (shown.length === 0) return null;
  const cancel = ({ id, mail }: Invitation) => {
    hidden.value = new Set([...hidden.value, id]);
    undoable(
      t('Invitation of {mail} cancelled.', { mail }),
      () => api('DELETE', `/invitations/${id}`).then(reload, reload),
      {
        back: () => {
          hidden.value = new Set([...hidden.value].filter((other) => other !== id));
        },
      },
    );
  };
  return (
    <section class="stack" data-gap="small">
      <h2>{t('Pending invitations')}</h2>
      <ul class="list">
        {shown.map((invitation) => (
          <li key={invitation.id} class="list-item">
            <Icon name="mail" />
            <div class="main">
              <p class="strong">{invitation.mail}</p>
              <p class="quiet small">
                {invitation.state === 'expired'
                  ? t('Expired {when}', { when: agoWord(invitation.expires_at) })
                  : t('Valid until {when}', { when: dateTimeWord(invitation.expires_at) })}
              </p>
            </div>
            {invitation.state === 'expired' && <Tag tone="wait">{t('Expired')}</Tag>}
            <Button
              icon="refresh"
              aria-label={t('Send again to {mail}', { mail: invitation.mail })}
              onClick={async () => {
                await api('POST', `/invitations/${invitation.id}/renewal`);
                toast(t('Invitation sent to {mail}.', { mail: invitation.mail }));
                await reload();
              }}
            >
              {t('Send again')}
            </Button>
            <Button
              kind="danger"
              aria-label={t('Cancel the invitation of {mail}', { mail: invitation.mail })}
              onClick={() => cancel(invitation)}
            >
              {t('Cancel')}
            </Button>
          </li>
        ))}
      </ul>
    </section>
  );
}

function state(person: DirectoryEntry): JSX.Element {
  if (person.archived) return <Tag tone="urgent">{t('Suspended')}</Tag>;
  if (!person.certified) return <Tag tone="wait">{t('To certify')}</Tag>;
  return (
    <Tag tone="done" icon="seal">
      {t('Certified')}
    </Tag>
  );
}

function PersonRow({ person }: { person: DirectoryEntry }): JSX.Element {
  return (
    <Link to={`/admin/people/${person.id}`} class="list-item">
      <Avatar name={person.name} />
      <span class="main">
        <span class="strong">{person.name}</span>
        <br />
        <span class="quiet small">
          {[professionOf(person), person.organisation?.name].filter(Boolean).join(', ')}
        </span>
      </span>
      {state(person)}
      <Icon name="forward" />
    </Link>
  );
}

export default function People(): JSX.Element {
  const { value, error, reload } = useLoaded('people', fetchEverything);
  const search = useSignal('');
  useEffect(() => on('account:changed', () => void reload()), [reload]);
  const all = value.value;
  const waiting = all?.people.filter(({ certified, archived }) => !certified && !archived) ?? [];
  const wanted = plain(search.value);
  const others = (all?.people ?? [])
    .filter((person) => !waiting.includes(person))
    .filter(({ name, mail }) => plain(`${name} ${mail ?? ''}`).includes(wanted))
    .toSorted((a, b) => a.name.localeCompare(b.name));
  return (
    <AdminPage title={t('People')}>
      <div class="stack" data-gap="large">
        <Problems error={error.value} />
        {!all && !error.value && <Waiting />}
        {waiting.length > 0 && (
          <section class="stack" data-gap="small">
            <h2>{tn('{n} person to certify', '{n} people to certify', waiting.length)}</h2>
            <div class="list">
              {waiting.map((person) => (
                <PersonRow key={person.id} person={person} />
              ))}
            </div>
          </section>
        )}
        {all && <Invite organisations={all.organisations} onDone={reload} />}
        {all && <Pending invitations={all.invitations} reload={reload} />}
        {all && (
          <section class="stack" data-gap="small">
            <h2>{t('Everyone')}</h2>
            <Field
              label={t('Search by name or mail')}
              name="search"
              type="search"
              optional="unmarked"
              {...typed(search)}
            />
            {others.length > 0 ? (
              <div class="list">
                {others.map((person) => (
                  <PersonRow key={person.id} person={person} />
                ))}
              </div>
            ) : (
              <Empty icon="people" title={t('Nobody found')}>
                {t('Search with fewer letters, or send an invitation.')}
              </Empty>
            )}
          </section>
        )}
      </div>
    </AdminPage>
  );
}
