import { utf8 } from './bytes.ts';

/** What the protocol needs of a browser, by the name the interface explains. */
export type Feature =
  | 'secure-context'
  | 'webcrypto'
  | 'ed25519'
  | 'webassembly'
  | 'indexeddb'
  | 'workers'
  | 'well-formed-strings';

async function hasEd25519(): Promise<boolean> {
  try {
    const pair = (await crypto.subtle.generateKey('Ed25519', false, [
      'sign',
      'verify',
    ])) as CryptoKeyPair;
    const signature = await crypto.subtle.sign('Ed25519', pair.privateKey, utf8('cordee1'));
    return signature.byteLength === 64;
  } catch {
    return false;
  }
}

/**
 * Which of our needs this browser lacks, empty when it has all. Ed25519 in WebCrypto came with
 * Chrome 137, Firefox 129 and Safari 17: older ones must be told plainly, before anything is typed.
 */
export async function missingFeatures(): Promise<Feature[]> {
  const has: Record<Feature, boolean> = {
    'secure-context': globalThis.isSecureContext !== false,
    webcrypto: typeof globalThis.crypto?.subtle !== 'undefined',
    ed25519: typeof globalThis.crypto?.subtle !== 'undefined' && (await hasEd25519()),
    webassembly: typeof WebAssembly !== 'undefined',
    indexeddb: typeof indexedDB !== 'undefined',
    workers: typeof Worker !== 'undefined',
    'well-formed-strings': typeof String.prototype.isWellFormed === 'function',
  };
  return (Object.keys(has) as Feature[]).filter((feature) => !has[feature]);
}
