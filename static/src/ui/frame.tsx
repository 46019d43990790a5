import type { ComponentChildren, JSX } from 'preact';
import { t } from '../i18n.ts';
import { Link, route } from '../router.ts';
import { me, network } from '../state/session.ts';
import { Icon, type IconName } from './icon.tsx';
import { Knot } from './knot.tsx';
import { LogBanner } from './log-banner.tsx';
import { StatusLine } from './status-line.tsx';

interface Place {
  to: string;
  words: string;
  icon: IconName;
}

function places(): Place[] {
  const settings: Place = { to: '/settings', words: t('Settings'), icon: 'settings' };
  if (me.value?.kind === 'administrator') {
    return [{ to: '/admin', words: t('Administration'), icon: 'building' }, settings];
  }
  if (!me.value?.certified) return [{ to: '/', words: t('Home'), icon: 'cases' }, settings];
  return [
    { to: '/', words: t('Cases'), icon: 'cases' },
    { to: '/new', words: t('New case'), icon: 'plus' },
    settings,
  ];
}

/** Unmistakable: nothing here is real. */
export function DemoStrip(): JSX.Element | null {
  if (!network.value?.demo) return null;
  return (
    <aside class="demo-strip" aria-label={t('Demonstration')}>
      <span>{t('Demonstration, fictional people')}</span>
    </aside>
  );
}

export function SkipLink(): JSX.Element {
  return (
    <a class="skip" href="#main">
      {t('Skip to the content')}
    </a>
  );
}

/** Top bar, navigation and content. `focused` leaves a phone's whole screen to the task. */
export function Frame({
  focused = false,
  children,
}: {
  focused?: boolean;
  children: ComponentChildren;
}): JSX.Element {
  const { path } = route.value;
  return (
    <div class="frame" data-chrome={focused ? 'focused' : undefined}>
      <SkipLink />
      <DemoStrip />
      <header class="topbar">
        <Link to="/" class="brand" aria-label={t('Cordée, home')}>
          <Knot />
          <span>Cordée</span>
        </Link>
        <nav class="nav" aria-label={t('Main')}>
          {places().map(({ to, words, icon }) => (
            <Link key={to} to={to} data-within={isWithin(to, path) || undefined}>
              <Icon name={icon} />
              <span>{words}</span>
            </Link>
          ))}
        </nav>
        <StatusLine />
      </header>
      <main id="main" class="content" tabIndex={-1}>
        <LogBanner />
        {children}
      </main>
    </div>
  );
}

/** Whether a path lies below a place of the navigation. */
export function isWithin(place: string, path: string): boolean {
  if (place === '/') return path.startsWith('/cases/');
  return path.startsWith(`${place}/`);
}
