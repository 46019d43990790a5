import { words } from 'virtual:desk-words';
import type { JSX } from 'preact';
import { useEffect } from 'preact/hooks';
import { addCatalogue, language, t } from './i18n.ts';
import * as signIn from './pages/sign-in.tsx';
import { Unlock } from './pages/unlock.tsx';
import { match, navigate, type Params, parseAddress, route, safePath } from './router.ts';
import { startGroups } from './state/groups.ts';
import { ended, locked, me } from './state/session.ts';
import { Boundary } from './ui/boundary.tsx';
import { Frame } from './ui/frame.tsx';
import { ButtonLink, Empty, Toasts } from './ui/index.ts';
import { LazyPage, type PageComponent, type PageModule } from './ui/lazy-page.tsx';
import { explainPage, useShortcuts } from './ui/shortcuts.ts';
import { UpdateBanner } from './ui/update-banner.tsx';

type Load = () => Promise<PageModule>;

/** A page by its name in a chunk that several share. */
function of<M extends Record<N, PageComponent>, N extends keyof M>(
  load: () => Promise<M>,
  name: N,
): Load {
  return async () => ({ default: (await load())[name] });
}

let deskWords: Promise<void> | undefined;

/** A file of the desk (`pages/desk.ts`, `pages/desk/`), with the words that nobody else needs. */
function atDesk<M>(load: () => Promise<M>): () => Promise<M> {
  return async () => {
    deskWords ??= addCatalogue(words[language()]);
    const [module] = await Promise.all([load(), deskWords]);
    return module;
  };
}

const caseFile = () => import('./pages/cases.ts');
const office = () => import('./pages/office.ts');
const desk = atDesk(() => import('./pages/desk.ts'));
const joining = () => import('./pages/joining.ts');

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
  { pattern: '/sign-in', load: async () => signIn, access: 'open' },
  { pattern: '/join', load: of(joining, 'SignUp'), access: 'open' },
  { pattern: '/recovery', load: of(joining, 'Recovery'), access: 'open' },
  { pattern: '/demo/mails', load: of(office, 'DemoMails'), access: 'open' },
  { pattern: '/', load: of(caseFile, 'Inbox'), access: 'certified' },
  {
    pattern: '/new',
    load: of(caseFile, 'NewCase'),
    access: 'certified',
    focused: true,
  },
  {
    pattern: '/new/:draft',
    continues: '/new',
    load: of(caseFile, 'NewCase'),
    access: 'certified',
    focused: true,
  },
  {
    pattern: '/cases/:id',
    load: of(caseFile, 'Case'),
    access: 'certified',
    focused: true,
  },
  {
    pattern: '/cases/:id/opinion',
    load: of(caseFile, 'Opinion'),
    access: 'certified',
    focused: true,
  },
  {
    pattern: '/cases/:id/print',
    load: of(office, 'Print'),
    access: 'certified',
    bare: true,
  },
  { pattern: '/waiting', load: of(joining, 'Waiting'), access: 'waiting' },
  { pattern: '/keyboard', load: of(office, 'Keyboard'), access: 'waiting' },
  { pattern: '/settings', load: of(office, 'Settings'), access: 'waiting' },
  { pattern: '/settings/password', load: of(office, 'Password'), access: 'waiting' },
  { pattern: '/settings/recovery-code', load: of(office, 'RecoveryCode'), access: 'waiting' },
  { pattern: '/settings/sessions', load: of(office, 'Sessions'), access: 'waiting' },
  { pattern: '/settings/notifications', load: of(office, 'Notifications'), access: 'waiting' },
  { pattern: '/settings/new-keys', load: of(office, 'NewKeys'), access: 'waiting' },
  { pattern: '/settings/absence', load: of(office, 'Absence'), access: 'certified' },
  { pattern: '/settings/groups', load: of(office, 'MyGroups'), access: 'certified' },
  { pattern: '/settings/groups/:id', load: of(office, 'MyGroup'), access: 'certified' },
  { pattern: '/people/:id', load: of(office, 'Together'), access: 'certified' },
  { pattern: '/admin', load: of(desk, 'Administration'), access: 'administrator' },
  { pattern: '/admin/people', load: of(desk, 'People'), access: 'administrator' },
  { pattern: '/admin/people/:id', load: of(desk, 'PersonPage'), access: 'administrator' },
  {
    pattern: '/admin/organisations',
    load: of(desk, 'Organisations'),
    access: 'administrator',
  },
  { pattern: '/admin/pools', load: of(desk, 'Groups'), access: 'administrator' },
  { pattern: '/admin/pools/:id', load: of(desk, 'GroupPage'), access: 'administrator' },
  { pattern: '/admin/care-teams', load: of(desk, 'Groups'), access: 'administrator' },
  {
    pattern: '/admin/care-teams/:id',
    load: of(desk, 'GroupPage'),
    access: 'administrator',
  },
  { pattern: '/admin/trace', load: of(desk, 'Trace'), access: 'administrator' },
  { pattern: '/admin/seals', load: of(desk, 'Seals'), access: 'administrator' },
  {
    pattern: '/admin/notifications',
    load: of(desk, 'DeadNotifications'),
    access: 'administrator',
  },
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
