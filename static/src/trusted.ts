/**
 * The one Trusted Types policy, `cordee`: the only scripts ever started by address are our own
 * service worker and our own built workers. Nothing else in the page may turn text into code, and
 * the content security policy names no second policy.
 */
interface ScriptPolicy {
  createScriptURL(url: string): unknown;
}

interface TrustedTypes {
  createPolicy(name: string, rules: { createScriptURL(url: string): string }): ScriptPolicy;
}

const SERVICE_WORKER = '/sw.js';
const BUILT_WORKER = /^assets\/[\w-]+\.worker-[\w-]+\.js$/;

/** @throws TypeError for any address but those of our own workers on this very origin. */
function ownScript(address: string): string {
  const url = new URL(address, location.origin);
  const base = import.meta.env.BASE_URL;
  const built = url.pathname.startsWith(base) && BUILT_WORKER.test(url.pathname.slice(base.length));
  const own = url.origin === location.origin && !url.search && !url.hash;
  if (!own || !(built || url.pathname === SERVICE_WORKER)) {
    throw new TypeError(`not a script of ours: ${url.pathname}`);
  }
  return url.href;
}

let policy: ScriptPolicy | undefined;

/** Browsers without Trusted Types get the checked address itself. */
function trustedScript(address: string): string {
  const { trustedTypes } = globalThis as { trustedTypes?: TrustedTypes };
  policy ??= trustedTypes?.createPolicy('cordee', { createScriptURL: ownScript });
  // The DOM typings take text where browsers that enforce the policy want its TrustedScriptURL.
  return policy ? (policy.createScriptURL(address) as string) : ownScript(address);
}

/** Start a module worker from `import url from './name.worker.ts?worker&url'`. */
export function startWorker(url: string): Worker {
  return new Worker(trustedScript(url), { type: 'module' });
}

/** Register the service worker for the whole origin; `updateViaCache` keeps updates prompt. */
export function registerServiceWorker(): Promise<ServiceWorkerRegistration> {
  return navigator.serviceWorker.register(trustedScript(SERVICE_WORKER), {
    scope: '/',
    updateViaCache: 'none',
  });
}
