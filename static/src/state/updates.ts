import { type Signal, signal } from '@preact/signals';
import { registerServiceWorker } from '../trusted.ts';

/** Whether a newer version is installed and waits for the person's word. */
export const updateReady: Signal<boolean> = signal(false);

let registration: ServiceWorkerRegistration | null = null;

const CHECK_EVERY = 60 * 60 * 1000;

/** Install the service worker and watch for newer ones. Called once, after first paint. */
export async function watchUpdates(): Promise<void> {
  if (!('serviceWorker' in navigator)) return;
  try {
    registration = await registerServiceWorker();
  } catch {
    // Private windows may refuse it; the application works without, only not offline.
    return;
  }
  if (registration?.waiting && navigator.serviceWorker.controller) updateReady.value = true;
  registration?.addEventListener('updatefound', () => {
    const next = registration?.installing;
    next?.addEventListener('statechange', () => {
      if (next.state === 'installed' && navigator.serviceWorker.controller)
        updateReady.value = true;
    });
  });
  setInterval(() => void registration?.update().catch(() => undefined), CHECK_EVERY);
}

/** Let the waiting version take over, and reload once it has. */
export function applyUpdate(): void {
  navigator.serviceWorker.addEventListener('controllerchange', () => location.reload(), {
    once: true,
  });
  registration?.waiting?.postMessage('skip-waiting');
}
