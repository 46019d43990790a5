import type { JSX } from 'preact';
import { useEffect } from 'preact/hooks';
import { t } from './i18n.ts';
import { Unlock } from './pages/unlock.tsx';
import { match, navigate, type Params, parseAddress, route, safePath } from './router.ts';
import { startGroups } from './state/groups.ts';
import { locked, me } from './state/session.ts';
import { Boundary } from './ui/boundary.tsx';
import { Frame } from './ui/frame.tsx';
import { ButtonLink, Empty, Toasts } from './ui/index.ts';
import { LazyPage, type PageModule } from './ui/lazy-page.tsx';
import { useShortcuts } from './ui/shortcuts.ts';
import { UpdateBanner } from './ui/update-banner.tsx';

/** Page code by file name, each its own chunk. */
const modules = import.meta.glob<PageModule>('./pages/**/*.tsx');

/**
 * - `open`: for anyone, outside the frame;
 * - `waiting`: signed in is enough;
 * - `certified`: for who may work;
 * - `administrator`: the console.
 */
type Access = 'open' | 'waiting' | 'certified' | 'administrator';

interface Place {
  pattern: string;
  page: string;
  access: Access;
  /** Takes the whole screen of a phone. */
  focused?: boolean;
  /** No frame at all. */
  bare?: boolean;
}

const PLACES: readonly Place[] = [
  { pattern: '/sign-in', page: 'sign-in', access: 'open' },
  { pattern: '/join', page: 'sign-up', access: 'open' },
  { pattern: '/recovery', page: 'recovery', access: 'open' },
  { pattern: '/demo/mails', page: 'demo-mails', access: 'open' },
  { pattern: '/', page: 'inbox', access: 'certified' },
  { pattern: '/new', page: 'new-case', access: 'certified', focused: true },
  { pattern: '/new/:draft', page: 'new-case', access: 'certified', focused: true },
  { pattern: '/cases/:id', page: 'case', access: 'certified', focused: true },
  { pattern: '/cases/:id/opinion', page: 'opinion', access: 'certified', focused: true },
  { pattern: '/cases/:id/print', page: 'print', access: 'certified', bare: true },
  { pattern: '/waiting', page: 'waiting', access: 'waiting' },
  { pattern: '/keyboard', page: 'keyboard', access: 'waiting' },
  { pattern: '/settings', page: 'settings/index', access: 'waiting' },
  { pattern: '/settings/password', page: 'settings/password', access: 'waiting' },
  { pattern: '/settings/recovery-code', page: 'settings/recovery-code', access: 'waiting' },
  { pattern: '/settings/sessions', page: 'settings/sessions', access: 'waiting' },
  { pattern: '/settings/notifications', page: 'settings/notifications', access: 'waiting' },
  { pattern: '/admin', page: 'admin/index', access: 'administrator' },
  { pattern: '/admin/people', page: 'admin/people', access: 'administrator' },
  { pattern: '/admin/people/:id', page: 'admin/person', access: 'administrator' },
  { pattern: '/admin/organisations', page: 'admin/organisations', access: 'administrator' },
  { pattern: '/admin/pools', page: 'admin/groups', access: 'administrator' },
  { pattern: '/admin/pools/:id', page: 'admin/group', access: 'administrator' },
  { pattern: '/admin/care-teams', page: 'admin/groups', access: 'administrator' },
  { pattern: '/admin/care-teams/:id', page: 'admin/group', access: 'administrator' },
  { pattern: '/admin/trace', page: 'admin/trace', access: 'administrator' },
  { pattern: '/admin/notifications', page: 'admin/notifications', access: 'administrator' },
];

function placeOf(path: string): { place: Place; params: Params } | null {
  for (const place of PLACES) {
    const params = match(place.pattern, path);
    if (params) return { place, params };
  }
  return null;
}

function Content({ place, params }: { place: Place; params: Params }): JSX.Element {
  const load = modules[`./pages/${place.page}.tsx`];
  return load ? <LazyPage name={place.page} load={load} params={params} /> : <NotFound />;
}

function NotFound(): JSX.Element {
  return (
    <Empty
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
  if (!account) return path === '/' ? '/sign-in' : `/sign-in?next=${encodeURIComponent(path)}`;
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
    '?': { words: t('This help'), run: () => navigate('/keyboard') },
  });
  return (
    <Boundary place={route.value.path}>
      <UpdateBanner />
      <Shown />
      <Toasts />
    </Boundary>
  );
}
