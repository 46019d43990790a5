import '../../styles/desk.css';
import type { ComponentChildren, JSX } from 'preact';
import { useEffect } from 'preact/hooks';
import { t, tn } from '../../i18n.ts';
import { Link, route } from '../../router.ts';
import { isWithin } from '../../ui/frame.tsx';
import { Icon, type IconName, Page, Tag } from '../../ui/index.ts';
import { followReports, openReports } from './seal-count.ts';

export interface AdminPlace {
  to: string;
  icon: IconName;
  words: string;
  hint: string;
  /** What waits there. */
  note?: string | undefined;
}

export function adminPlaces(): AdminPlace[] {
  return [
    {
      to: '/admin/people',
      icon: 'people',
      words: t('People'),
      hint: t('Invite, certify, suspend'),
    },
    {
      to: '/admin/organisations',
      icon: 'building',
      words: t('Organisations'),
      hint: t('Hospitals, practices, nursing homes'),
    },
    {
      to: '/admin/pools',
      icon: 'pool',
      words: t('Pools'),
      hint: t('Specialists who share an inbox'),
    },
    {
      to: '/admin/care-teams',
      icon: 'team',
      words: t('Care teams'),
      hint: t('Requesters who share their cases'),
    },
    {
      to: '/admin/trace',
      icon: 'trace',
      words: t('Trace'),
      hint: t('Who did or read what, when'),
    },
    {
      to: '/admin/seals',
      icon: 'broken-seal',
      words: t('Broken seals'),
      hint: t('What devices refused to open'),
      note: openReports.value
        ? tn('{n} to look at', '{n} to look at', openReports.value)
        : undefined,
    },
    {
      to: '/admin/notifications',
      icon: 'bell',
      words: t('Undelivered notifications'),
      hint: t('Mails and pushes that were given up'),
    },
  ];
}

/** A page of the console: its rooms stay beside it where there is space. */
export function AdminPage({
  title,
  lead,
  back = '/admin',
  actions,
  children,
}: {
  title: string;
  lead?: ComponentChildren;
  back?: string;
  actions?: ComponentChildren;
  children: ComponentChildren;
}): JSX.Element {
  const { path } = route.value;
  useEffect(followReports, []);
  return (
    <div class="admin">
      <nav class="admin-nav" aria-label={t('Administration')}>
        {adminPlaces().map(({ to, icon, words, note }) => (
          <Link key={to} to={to} data-within={isWithin(to, path) || undefined}>
            <Icon name={icon} />
            <span class="grow">{words}</span>
            {note && <Tag tone="urgent">{openReports.value}</Tag>}
          </Link>
        ))}
      </nav>
      <div class="admin-content" data-top={back === '/admin' || undefined}>
        <Page title={title} back={back} lead={lead} actions={actions}>
          {children}
        </Page>
      </div>
    </div>
  );
}
