/// <reference lib="webworker" />
/**
 * The service worker: starts the application without a network, sends the outbox when the browser
 * wakes it, shows that a case waits. It holds no key; what it caches is the public shell, never an
 * answer of the API, never ciphertext.
 */
import { version } from 'virtual:shell-assets';
import { openCourier } from './outbox/courier.ts';
import { Outbox } from './outbox/db.ts';

declare const self: ServiceWorkerGlobalScope;

const CURRENT = `shell-${version}`;
const SHELL = '/';
const ASSETS = '/static/assets/';
/** A tab of the version before may still ask for its files after an update. */
const VERSIONS_KEPT = 2;

/** Background Sync: https://wicg.github.io/background-sync/spec/ (not in TypeScript's library). */
interface SyncEvent extends ExtendableEvent {
  readonly tag: string;
}

interface PushText {
  title?: string;
  body?: string;
  navigate?: string;
  tag?: string;
}

self.addEventListener('install', (event) => {
  event.waitUntil(
    caches.open(CURRENT).then(async (cache) => {
      const listed = await fetch('/static/offline.json', { cache: 'reload' });
      const offline = (await listed.json()) as { version: string; files: string[] };
      // A newer release arrived in between: its own worker will be installed next.
      if (offline.version !== version) throw new Error('another version');
      await cache.addAll(offline.files);
      await fetchShell(cache, 'reload');
    }),
  );
});

self.addEventListener('activate', (event) => {
  event.waitUntil(
    (async () => {
      const shells = (await caches.keys()).filter((name) => name.startsWith('shell-'));
      const old = shells.filter((name) => name !== CURRENT).slice(0, 1 - VERSIONS_KEPT);
      await Promise.all(old.map((name) => caches.delete(name)));
      await self.clients.claim();
    })(),
  );
});

self.addEventListener('message', (event) => {
  if (event.data === 'skip-waiting') void self.skipWaiting();
  if (event.data === 'version') event.source?.postMessage({ version });
});

self.addEventListener('fetch', (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (request.method !== 'GET' || url.origin !== self.location.origin) return;
  if (request.mode === 'navigate') {
    if (url.pathname.startsWith('/language/')) event.respondWith(inAnotherLanguage(request));
    else if (!/^\/(api|static|openapi|metrics|health)/.test(url.pathname)) {
      event.respondWith(shell(event));
    }
  } else if (url.pathname.startsWith(ASSETS)) event.respondWith(asset(request));
});

/** The shell at once, from here; the network only refreshes it for the next start. */
async function shell(event: FetchEvent): Promise<Response> {
  const cache = await caches.open(CURRENT);
  const kept = await cache.match(SHELL);
  const fresh = fetchShell(cache, 'no-cache');
  if (!kept) return fresh;
  event.waitUntil(fresh.catch(() => undefined));
  return kept;
}

/**
 * Fetch the shell, and keep it if it belongs to this version: its files are the ones kept here. The
 * kept one always asks who is signed in, which may have changed since.
 */
async function fetchShell(cache: Cache, mode: RequestCache): Promise<Response> {
  const answer = await fetch(SHELL, { cache: mode, credentials: 'same-origin' });
  if (!answer.ok || answer.redirected) return answer;
  const text = await answer.clone().text();
  const named = text.match(/\/static\/assets\/[\w.-]+/g) ?? [];
  const known = await Promise.all(named.map((file) => cache.match(file)));
  if (known.length > 0 && known.every(Boolean)) {
    const asking = text.replace(/<html(?![^>]* data-session)/, '<html data-session');
    const headers = new Headers(answer.headers);
    headers.delete('Vary');
    await cache.put(SHELL, new Response(asking, { headers }));
  }
  return answer;
}

/** The kept shell speaks the old language: forget it before the choice leads back to it. */
async function inAnotherLanguage(request: Request): Promise<Response> {
  const answer = await fetch(request);
  await (await caches.open(CURRENT)).delete(SHELL);
  return answer;
}

/** Names change with content, so what is here is right, whichever version it came with. */
async function asset(request: Request): Promise<Response> {
  const kept = await caches.match(request, { ignoreVary: true });
  if (kept) return kept;
  const answer = await fetch(request);
  if (answer.ok) await (await caches.open(CURRENT)).put(request, answer.clone());
  return answer;
}

self.addEventListener('sync', ((event: SyncEvent) => {
  if (event.tag !== 'cordee-outbox') return;
  event.waitUntil(openCourier(new Outbox(), () => {}).kick(true));
}) as EventListener);

/** Declarative Web Push: the same text that browsers which know it show by themselves. */
self.addEventListener('push', (event) => {
  let text: PushText = {};
  try {
    const said: { notification?: PushText } | undefined = event.data?.json();
    text = said?.notification ?? {};
  } catch {
    // A push without a readable text still must show something.
  }
  const { title = 'Cordée', body = '', navigate = '/', tag = navigate } = text;
  event.waitUntil(
    self.registration.showNotification(title, {
      body,
      tag,
      icon: '/static/icon-192.png',
      badge: '/static/badge-96.png',
      data: { navigate },
    }),
  );
});

self.addEventListener('notificationclick', (event) => {
  event.notification.close();
  const { navigate } = event.notification.data as { navigate: string };
  const url = new URL(navigate, self.location.origin);
  if (url.origin !== self.location.origin) return;
  event.waitUntil(open(url.pathname + url.search));
});

/** In a tab already open, without reloading it; else in a new one. */
async function open(path: string): Promise<void> {
  const tabs = await self.clients.matchAll({ type: 'window' });
  const tab = tabs.find((one) => one.visibilityState === 'visible') ?? tabs[0];
  if (!tab) {
    await self.clients.openWindow(path);
    return;
  }
  tab.postMessage({ type: 'open', path });
  await tab.focus();
}
