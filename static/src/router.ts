/**
 * The address bar is the state of navigation: one signal, real links, no history of our own.
 *
 * `Link` renders an ordinary anchor, so that opening in another tab, copying an address and a
 * browser without our script still work.
 */
import { signal } from '@preact/signals';
import type {
  ComponentChildren,
  PartialAnchorHTMLAttributes,
  TargetedMouseEvent,
  VNode,
} from 'preact';
import { h } from 'preact';

export interface Route {
  /** Path without the trailing slash, `/` for home. */
  readonly path: string;
  readonly query: URLSearchParams;
  /** Without the leading `#`. Invitation links carry their secret here: it never reaches a server. */
  readonly hash: string;
}

export type Params = Readonly<Record<string, string>>;

function normal(path: string): string {
  return path.length > 1 ? path.replace(/\/+$/, '') || '/' : '/';
}

export function parseAddress(address: string, base = 'http://localhost'): Route {
  const url = new URL(address, base);
  return { path: normal(url.pathname), query: url.searchParams, hash: url.hash.slice(1) };
}

const here = typeof location === 'undefined' ? 'http://localhost/' : location.href;

export const route = signal<Route>(parseAddress(here));

/**
 * Parameters of a path that fits a pattern, or null: `match('/cases/:id', '/cases/7')` → `{id: '7'}`.
 * Segments are compared whole; a parameter is never empty.
 */
export function match(pattern: string, path: string): Params | null {
  const expected = normal(pattern).split('/');
  const given = normal(path).split('/');
  if (expected.length !== given.length) return null;
  const params: Record<string, string> = {};
  for (let i = 0; i < expected.length; i++) {
    const name = expected[i] as string;
    const value = given[i] as string;
    if (!name.startsWith(':')) {
      if (name !== value) return null;
      continue;
    }
    if (value === '') return null;
    try {
      params[name.slice(1)] = decodeURIComponent(value);
    } catch {
      return null;
    }
  }
  return params;
}

/** A path of our own, or `/`: what a stored or received address may lead to after sign-in. */
export function safePath(path: string | null | undefined): string {
  if (!path?.startsWith('/') || path.startsWith('//') || path.includes('\\')) return '/';
  return path;
}

/** Go to a path of the application. The same path again only scrolls to the top. */
export function navigate(path: string, options: { replace?: boolean } = {}): void {
  const next = parseAddress(path, location.origin);
  const target = path.startsWith('/') ? path : next.path;
  if (options.replace) history.replaceState(history.state, '', target);
  else if (target !== location.pathname + location.search + location.hash) {
    history.pushState({ depth: depth() + 1 }, '', target);
  }
  route.value = next;
  window.scrollTo(0, 0);
}

/** How many of our own pages lie behind this one in the browser's history. */
function depth(): number {
  const state = history.state as { depth?: number } | null;
  return state?.depth ?? 0;
}

/** Go back inside the application, or to `fallback` when this page was opened directly. */
export function goBack(fallback = '/'): void {
  if (depth() > 0) history.back();
  else navigate(fallback, { replace: true });
}

/** Follow the browser's own back and forward. Called once, at start. */
export function startRouter(): void {
  window.addEventListener('popstate', () => {
    route.value = parseAddress(location.href);
  });
}

type LinkProps = Omit<PartialAnchorHTMLAttributes<HTMLAnchorElement>, 'href'> & {
  to: string;
  replace?: boolean;
  children?: ComponentChildren;
};

/** Only a plain click is ours; with a modifier or another target it is the browser's. */
function isPlainClick(event: MouseEvent): boolean {
  return event.button === 0 && !event.metaKey && !event.ctrlKey && !event.shiftKey && !event.altKey;
}

export function Link({ to, replace, children, onClick, ...rest }: LinkProps): VNode {
  const follow = (event: TargetedMouseEvent<HTMLAnchorElement>) => {
    (onClick as ((event: MouseEvent) => void) | undefined)?.(event);
    if (event.defaultPrevented || !isPlainClick(event) || rest['target']) return;
    event.preventDefault();
    navigate(to, replace === undefined ? {} : { replace });
  };
  const current = isCurrent(to, route.value.path);
  return h(
    'a',
    { 'aria-current': current ? 'page' : undefined, ...rest, href: to, onClick: follow },
    children,
  ) as VNode;
}

/** Whether a link leads to the page shown, for `aria-current`. */
export function isCurrent(to: string, path: string): boolean {
  return parseAddress(to).path === path;
}
