/**
 * Who is signed in, to what network, and whether the server can be reached.
 *
 * The session itself is a cookie no script sees. What is kept here survives a reload without
 * network: the application then opens with what the device remembers.
 */
import { type Signal, signal } from '@preact/signals';
import { fromBase64, toBase64 } from '../crypto/bytes.ts';
import { api, NetworkDown, onReached, onSignedOut, Problem, setCsrf } from '../transport/http.ts';
import { connect, disconnect, on, onConnect, onRefused } from '../transport/socket.ts';
import { closeSealing, passwordKeys } from '../worker/sealing.ts';
import { forget, forgetEverything, type Profile, recall, remember } from './device.ts';
import { forgetTouch, touch, wasIdle } from './idle.ts';
import {
  dropKeys,
  keepKeys,
  lock,
  openSealed,
  requireOwn,
  sequenceOf,
  takeBackKeys,
} from './keys.ts';
import type { Account, Kdf, Network, SessionInfo, SignedIn } from './types.ts';

export { locked } from './keys.ts';

export const me: Signal<Account | null> = signal(null);
export const network: Signal<Network | null> = signal(null);
export const sessionInfo: Signal<SessionInfo | null> = signal(null);
export const online: Signal<boolean> = signal(
  typeof navigator === 'undefined' || navigator.onLine !== false,
);

/** Why the last session ended, for the sign-in page to say; `left` when the person asked. */
export const ended: Signal<'expired' | 'revoked' | 'left' | null> = signal(null);

/** The network's id, part of every context. @throws NetworkDown */
export function netId(): string {
  const net = network.value?.net;
  if (!net) throw new NetworkDown();
  return net;
}

const leavers = new Set<() => unknown>();

/** Clean up when the person signs out: the outbox and drafts of this device go with them. */
export function onSignOut(fn: () => unknown): () => void {
  leavers.add(fn);
  return () => leavers.delete(fn);
}

/** The network's public face; remembered for starts without a network. */
export async function loadNetwork(): Promise<void> {
  try {
    network.value = await api<Network>('GET', '/network');
    await remember('network', network.value);
  } catch (error) {
    if (!(error instanceof NetworkDown) && !(error instanceof Problem)) throw error;
    network.value ??= (await recall('network')) ?? null;
  }
}

interface SessionReply {
  account: Account;
  csrf: string;
  session: SessionInfo;
}

/** Ask the server who we are. Without an answer, what the device remembers stands. */
export async function refreshSession(): Promise<void> {
  const reply = await api<SessionReply>('GET', '/session');
  setCsrf(reply.csrf);
  sessionInfo.value = reply.session;
  const profile = await recall('profile');
  if (profile && profile.account.id !== reply.account.id) {
    // Another account signed in with this browser's cookie: nothing of ours is theirs.
    await forgetEverything();
    await dropKeys();
  }
  me.value = reply.account;
  if (profile && profile.account.id === reply.account.id) {
    await remember('profile', { ...profile, account: reply.account });
  } else {
    await refreshSealed(reply.account);
  }
}

/** Fetch our sealed keys again, for the lock page: after a lost memory or a new certification. */
export async function refreshSealed(account: Account): Promise<void> {
  const { statements, ...sealed } = await api<SignedIn['sealed'] & Pick<SignedIn, 'statements'>>(
    'GET',
    '/account/keys',
  );
  await remember('profile', { account, sealed, statements });
}

/** First thing at start. Never throws for a missing network. */
export async function boot(): Promise<void> {
  const [profile] = await Promise.all([recall('profile'), loadNetwork()]);
  // The shell says whether a session cookie came with it; without one there is nobody to ask for.
  if (!profile && !('session' in document.documentElement.dataset)) return;
  try {
    await refreshSession();
  } catch (error) {
    if (error instanceof Problem && error.status === 401) {
      await forget('secrets', 'profile');
      me.value = null;
      return;
    }
    if (!(error instanceof NetworkDown) && !(error instanceof Problem)) throw error;
    me.value = profile?.account ?? null;
  }
  if (!me.value) return;
  if (wasIdle()) await lock();
  else await takeBackKeys(me.value.id);
  void connect();
}

/** A name for this device in the person's own list of sessions. */
export function deviceName(agent = navigator.userAgent): string {
  const browser = /Edg\//.test(agent)
    ? 'Edge'
    : /Firefox\//.test(agent)
      ? 'Firefox'
      : /Chrome\//.test(agent)
        ? 'Chrome'
        : /Safari\//.test(agent)
          ? 'Safari'
          : 'Browser';
  const system = /Android/.test(agent)
    ? 'Android'
    : /iPhone|iPad/.test(agent)
      ? 'iOS'
      : /Windows/.test(agent)
        ? 'Windows'
        : /Mac OS X/.test(agent)
          ? 'macOS'
          : /Linux/.test(agent)
            ? 'Linux'
            : '';
  return system ? `${browser}, ${system}` : browser;
}

/** Take in what sign-in, sign-up or recovery answered, once the keys are open. */
export async function adopt(reply: SignedIn): Promise<void> {
  setCsrf(reply.csrf);
  sessionInfo.value = reply.session;
  ended.value = null;
  const profile: Profile = {
    account: reply.account,
    sealed: reply.sealed,
    statements: reply.statements,
  };
  await remember('profile', profile);
  touch();
  if (network.value) await remember('network', network.value);
  me.value = reply.account;
  void connect();
}

/**
 * Sign in: the password becomes two keys here, of which the server only ever sees one.
 *
 * @throws Problem `sign_in_failed` for any wrong part; KdfTooWeak when the server asks for less
 *   than our minimum.
 */
export async function signIn(mail: string, password: string, totpCode: string): Promise<void> {
  if (!network.value) await loadNetwork();
  const { salt, kdf } = await api<{ salt: string; kdf: Kdf }>('POST', '/sign-in/opening', { mail });
  const { auth, kek } = await passwordKeys(password, fromBase64(salt, 16), kdf);
  const reply = await api<SignedIn>(
    'POST',
    '/sign-in',
    { mail, auth: toBase64(auth), totp_code: totpCode, device: deviceName() },
    { keepSession: true },
  );
  const seq = sequenceOf(reply);
  const { secrets } = await openSealed(netId(), reply.account.id, seq, reply.sealed, kek);
  await requireOwn(reply.statements, reply.account.id, secrets);
  await keepKeys(reply.account.id, seq, secrets);
  closeSealing();
  await adopt(reply);
}

/** Leave: the server forgets the session, this device everything. */
export async function signOut(): Promise<void> {
  try {
    await api('DELETE', '/session', undefined, { keepSession: true });
  } catch (error) {
    // Without a network the session lives on at the server until it idles out; the cookie does too,
    // but the keys are gone from here.
    if (!(error instanceof NetworkDown) && !(error instanceof Problem)) throw error;
  }
  disconnect();
  setCsrf(null);
  await dropKeys();
  for (const fn of leavers) await fn();
  await forgetEverything();
  forgetTouch();
  sessionInfo.value = null;
  ended.value = 'left';
  me.value = null;
}

/** The server no longer knows us. What waits to leave stays on the device for the next sign-in. */
async function loseSession(reason: 'expired' | 'revoked'): Promise<void> {
  if (!me.value) return;
  disconnect();
  setCsrf(null);
  ended.value = reason;
  me.value = null;
  sessionInfo.value = null;
  await dropKeys();
}

const KNOCK_EVERY = 7_000;

/** Wire the events that change who we are. Called once, at start. */
export function watchSession(): void {
  onSignedOut(() => void loseSession('expired'));
  on('session:revoked', () => void loseSession('revoked'));
  on<{ account: string }>('account:changed', ({ account }) => {
    // An appointment changes the network's rules with the person.
    if (account === me.value?.id) {
      void Promise.all([refreshSession(), loadNetwork()]).catch(() => undefined);
    }
  });
  onRefused((code) => {
    if (code === 'not_signed_in') void refreshSession().catch(() => undefined);
  });
  onReached((reached) => {
    online.value = reached;
  });
  addEventListener('offline', () => {
    online.value = false;
  });
  onConnect(() => {
    online.value = true;
  });
  const knock = () => {
    if (me.value) void refreshSession().catch(() => undefined);
  };
  addEventListener('online', knock);
  // Browsers miss the end of many outages: while the line is down, try it from time to time.
  setInterval(() => {
    if (!online.value && document.visibilityState === 'visible') knock();
  }, KNOCK_EVERY);
}
