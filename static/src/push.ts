/**
 * Web Push on this device (RFC 8030): asking, subscribing with the network's VAPID key, and telling
 * the server. A push says only that somebody should look; nothing of a case travels in it.
 */
import { type Signal, signal } from '@preact/signals';
import { network } from './state/session.ts';
import { api } from './transport/http.ts';

export type PushState =
  /** This browser has no push at all. */
  | 'impossible'
  /** iPhone and iPad: only for an application added to the home screen. */
  | 'needs-install'
  /** The person said no in the browser; only there can it be undone. */
  | 'refused'
  | 'off'
  | 'on';

export const pushState: Signal<PushState> = signal('off');

function isAppleTouch(): boolean {
  return (
    /iPhone|iPad/.test(navigator.userAgent) ||
    (/Mac/.test(navigator.userAgent) && navigator.maxTouchPoints > 1)
  );
}

function isInstalled(): boolean {
  return matchMedia('(display-mode: standalone)').matches;
}

/** Look at what is possible and what is on. */
export async function readPushState(): Promise<PushState> {
  pushState.value = await currentState();
  return pushState.value;
}

async function currentState(): Promise<PushState> {
  if (!('serviceWorker' in navigator) || !('PushManager' in window) || !network.value?.vapid_key) {
    return isAppleTouch() && !isInstalled() ? 'needs-install' : 'impossible';
  }
  if (Notification.permission === 'denied') return 'refused';
  const registration = await navigator.serviceWorker.getRegistration('/');
  const subscription = await registration?.pushManager.getSubscription();
  return subscription ? 'on' : 'off';
}

/** base64url, as VAPID keys are written (RFC 8292), to bytes. */
export function vapidBytes(key: string): Uint8Array<ArrayBuffer> {
  const standard = key.replaceAll('-', '+').replaceAll('_', '/');
  return Uint8Array.from(atob(standard), (letter) => letter.charCodeAt(0));
}

/** Turn push on. Must be called from a tap: browsers ask for permission only then. */
export async function enablePush(): Promise<PushState> {
  const key = network.value?.vapid_key;
  if (!key) return readPushState();
  if ((await Notification.requestPermission()) !== 'granted') return readPushState();
  const registration = await navigator.serviceWorker.ready;
  const subscription = await registration.pushManager.subscribe({
    userVisibleOnly: true,
    applicationServerKey: vapidBytes(key),
  });
  const { endpoint, keys } = subscription.toJSON();
  await api('POST', '/account/push-subscriptions', {
    endpoint,
    keys: { p256dh: keys?.['p256dh'], auth: keys?.['auth'] },
  });
  return readPushState();
}

/** Turn push off on this device, at the server first: a lost line must not leave it half on. */
export async function disablePush(): Promise<PushState> {
  const registration = await navigator.serviceWorker.getRegistration('/');
  const subscription = await registration?.pushManager.getSubscription();
  if (subscription) {
    await api('DELETE', '/account/push-subscriptions', { endpoint: subscription.endpoint });
    await subscription.unsubscribe();
  }
  return readPushState();
}

/** Have the server send one push to every device of ours. */
export async function testPush(): Promise<void> {
  await api('POST', '/account/push-test');
}
