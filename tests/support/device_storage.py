"""What a browser keeps on the disk of a device, in bytes that can be searched."""

from __future__ import annotations

from base64 import b64decode

from playwright.sync_api import Page

DUMP = """
async () => {
  const pieces = [];
  const seen = new Set();
  async function put(value) {
    if (value === null || value === undefined) return;
    if (typeof value === 'string') return void pieces.push(value);
    if (value instanceof Blob) return void pieces.push(new Uint8Array(await value.arrayBuffer()));
    if (value instanceof ArrayBuffer) return void pieces.push(new Uint8Array(value));
    if (ArrayBuffer.isView(value)) {
      return void pieces.push(new Uint8Array(value.buffer, value.byteOffset, value.byteLength));
    }
    if (value instanceof CryptoKey) return void pieces.push(value.extractable ? 'EXTRACTABLE KEY' : '');
    if (typeof value !== 'object') return void pieces.push(String(value));
    if (seen.has(value)) return;
    seen.add(value);
    for (const [key, inner] of value instanceof Map ? value : Object.entries(value)) {
      await put(key);
      await put(inner);
    }
  }
  const done = (request) =>
    new Promise((resolve, reject) => {
      request.onsuccess = () => resolve(request.result);
      request.onerror = () => reject(request.error);
    });
  for (const { name } of await indexedDB.databases()) {
    const db = await done(indexedDB.open(name));
    for (const store of db.objectStoreNames) {
      const rows = db.transaction(store).objectStore(store);
      const [keys, values] = await Promise.all([done(rows.getAllKeys()), done(rows.getAll())]);
      await put(keys);
      await put(values);
    }
    db.close();
  }
  await put({ ...localStorage });
  await put({ ...sessionStorage });
  for (const name of await caches.keys()) {
    const cache = await caches.open(name);
    for (const request of await cache.keys()) {
      if (new URL(request.url).pathname.startsWith('/static/')) continue;
      await put(request.url);
      await put(await (await cache.match(request)).arrayBuffer());
    }
  }
  await put(history.state);
  const bytes = new Uint8Array(await new Blob(pieces.flatMap((one) => [one, '\\n'])).arrayBuffer());
  let text = '';
  for (let i = 0; i < bytes.length; i += 8192) {
    text += String.fromCharCode(...bytes.subarray(i, i + 8192));
  }
  return btoa(text);
}
"""


DRAFTS = """
async () => {
  const done = (request) => new Promise((resolve) => {
    request.onsuccess = () => resolve(request.result);
  });
  const db = await done(indexedDB.open('cordee-outbox'));
  const rows = await done(db.transaction('drafts').objectStore('drafts').getAll());
  db.close();
  return Object.fromEntries(rows.map(({ id, sealed }) => [id, sealed.join()]));
}
"""


def drafts_on(page: Page) -> dict[str, str]:
    """The drafts that lie on the device, sealed: kept again, a draft never looks the same."""
    return dict(page.evaluate(DRAFTS))


def stored_on(page: Page) -> bytes:
    """Everything in IndexedDB, web storage, caches and history of the page's origin."""
    return b64decode(page.evaluate(DUMP))
