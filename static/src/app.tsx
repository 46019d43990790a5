import type { JSX } from 'preact';
import { useEffect } from 'preact/hooks';
import { t } from './i18n.ts';
import { Unlock } from './pages/unlock.tsx';
import { match, navigate, type Params, parseAddress, route, safePath } from './router.ts';
import { startGroups } from './state/groups.ts';
import { ended, locked, me } from './state/session.ts';
import { Boundary } from './ui/boundary.tsx';
import { Frame } from './ui/frame.tsx';
import { ButtonLink, Empty, Toasts } from './ui/index.ts';
import { LazyPage, type PageModule } from './ui/lazy-page.tsx';
import { explainPage, useShortcuts } from './ui/shortcuts.ts';
import { UpdateBanner } from './ui/update-banner.tsx';

type Load = () => Promise<PageModule>;

const settings = (name: keyof typeof import('./pages/settings/all.ts')): Load => {
  return async () => ({ default: (await import('./pages/settings/all.ts'))[name] });
};

const admin = (name: keyof typeof import('./pages/admin/all.ts')): Load => {
  return async () => ({ default: (await import('./pages/admin/all.ts'))[name] });
};

/**
 * - `open`: for anyone, outside the frame;
 * - `waiting`: signed in is enough;
 * - `certified`: for who may work;
 * - `administrator`: the console.
 */
type Access = 'open' | 'waiting' | 'certified' | 'administrator';

interface Place {
  pattern: string;
  /** The address whose page this one goes on with: moving between the two keeps what is on it. */
  continues?: string;
  load: Load;
  access: Access;
  /** Takes the whole screen of a phone. */
  focused?: boolean;
  /** No frame at all. */
  bare?: boolean;
}

const PLACES: readonly Place[] = [
  { pattern: '/sign-in', load: () => import('./pages/sign-in.tsx'), access: 'open' },
  { pattern: '/join', load: () => import('./pages/sign-up.tsx'), access: 'open' },
  { pattern: '/recovery', load: () => import('./pages/recovery.tsx'), access: 'open' },
  { pattern: '/demo/mails', load: () => import('./pages/demo-mails.tsx'), access: 'open' },
  { pattern: '/', load: () => import('./pages/inbox.tsx'), access: 'certified' },
  {
    pattern: '/new',
    load: () => import('./pages/new-case.tsx'),
    access: 'certified',
    focused: true,
  },
  {
    pattern: '/new/:draft',
    continues: '/new',
    load: () => import('./pages/new-case.tsx'),
    access: 'certified',
    focused: true,
  },
  {
    pattern: '/cases/:id',
    load: () => import('./pages/case.tsx'),
    access: 'certified',
    focused: true,
  },
  {
    pattern: '/cases/:id/opinion',
    load: () => import('./pages/opinion.tsx'),
    access: 'certified',
    focused: true,
  },
  {
    pattern: '/cases/:id/print',
    load: () => import('./pages/print.tsx'),
    access: 'certified',
    bare: true,
  },
  { pattern: '/waiting', load: () => import('./pages/waiting.tsx'), access: 'waiting' },
  { pattern: '/keyboard', load: () => import('./pages/keyboard.tsx'), access: 'waiting' },
  { pattern: '/settings', load: settings('Settings'), access: 'waiting' },
  { pattern: '/settings/password', load: settings('Password'), access: 'waiting' },
  { pattern: '/settings/recovery-code', load: settings('RecoveryCode'), access: 'waiting' },
  { pattern: '/settings/sessions', load: settings('Sessions'), access: 'waiting' },
  { pattern: '/settings/notifications', load: settings('Notifications'), access: 'waiting' },
  { pattern: '/settings/new-keys', load: settings('NewKeys'), access: 'waiting' },
  { pattern: '/settings/absence', load: settings('Absence'), access: 'certified' },
  { pattern: '/settings/groups', load: settings('MyGroups'), access: 'certified' },
  { pattern: '/settings/groups/:id', load: settings('MyGroup'), access: 'certified' },
  { pattern: '/people/:id', load: () => import('./pages/together.tsx'), access: 'certified' },
  { pattern: '/admin', load: admin('Administration'), access: 'administrator' },
  { pattern: '/admin/people', load: admin('People'), access: 'administrator' },
  { pattern: '/admin/people/:id', load: admin('PersonPage'), access: 'administrator' },
  { pattern: '/admin/organisations', load: admin('Organisations'), access: 'administrator' },
  { pattern: '/admin/pools', load: admin('Groups'), access: 'administrator' },
  { pattern: '/admin/pools/:id', load: admin('GroupPage'), access: 'administrator' },
  { pattern: '/admin/care-teams', load: admin('Groups'), access: 'administrator' },
  { pattern: '/admin/care-teams/:id', load: admin('GroupPage'), access: 'administrator' },
  { pattern: '/admin/trace', load: admin('Trace'), access: 'administrator' },
  { pattern: '/admin/seals', load: admin('Seals'), access: 'administrator' },
  { pattern: '/admin/notifications', load: admin('DeadNotifications'), access: 'administrator' },
];

function placeOf(path: string): { place: Place; params: Params } | null {
  for (const place of PLACES) {
    const params = match(place.pattern, path);
    if (params) return { place, params };
  }
  return null;
}

function Content({ place, params }: { place: Place; params: Params }): JSX.Element {
  return <LazyPage name={place.continues ?? place.pattern} load={place.load} params={params} />;
}

function NotFound(): JSX.Element {
  return (
    <Empty
      alone
      title={t('There is nothing at this address')}
      action={
        <ButtonLink kind="primary" to="/">
          {t('Go to the start')}
        </ButtonLink>
      }
    >
      {t('The link may be old or mistyped.')}
    </Empty>
  );
}

/** Where this person must be instead of where the address says, if anywhere. */
export function redirection(path: string, access: Access | null): string | null {
  const account = me.value;
  if (access === 'open') {
    if (!account || path === '/demo/mails') return null;
    return path === '/join' ? null : safePath(parseAddress(location.href).query.get('next'));
  }
  if (!account) {
    if (path === '/' || ended.value === 'left') return '/sign-in';
    return `/sign-in?next=${encodeURIComponent(path)}`;
  }
  if (access === 'waiting') return path === '/waiting' && account.certified ? '/' : null;
  if (!account.certified) return '/waiting';
  if (path === '/' && account.kind === 'administrator') return '/admin';
  if (access === 'administrator' && account.kind !== 'administrator') return '/';
  return null;
}

function Shown(): JSX.Element | null {
  const { path } = route.value;
  const found = placeOf(path);
  const target = redirection(path, found?.place.access ?? null);
  useEffect(() => {
    if (target) navigate(target, { replace: true });
  }, [target]);
  if (target) return null;
  if (me.value && locked.value && found?.place.access !== 'open') return <Unlock />;
  if (!found) {
    return (
      <Frame>
        <NotFound />
      </Frame>
    );
  }
  const { place, params } = found;
  if (place.access === 'open' || place.bare) return <Content place={place} params={params} />;
  return (
    <Frame focused={place.focused ?? false}>
      <Content place={place} params={params} />
    </Frame>
  );
}

export function App(): JSX.Element {
  const working = me.value?.certified === true && !locked.value;
  useEffect(() => {
    if (working) startGroups();
  }, [working]);
  useShortcuts({
    '?': {
      words: t('This help'),
      run: () => {
        explainPage();
        navigate('/keyboard');
      },
    },
    '/': {
      words: t('Search'),
      run: () => document.querySelector<HTMLInputElement>('input[type=search]')?.focus(),
    },
    ...(working && me.value?.kind === 'clinician'
      ? { n: { words: t('New case'), run: () => navigate('/new') } }
      : {}),
  });
  return (
    <Boundary place={route.value.path}>
      <UpdateBanner />
      <Shown />
      <Toasts />
    </Boundary>
  );
}
