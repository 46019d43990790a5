/// <reference lib="webworker" />
import { version } from 'virtual:shell-assets';

declare const self: ServiceWorkerGlobalScope;

self.addEventListener('message', (event) => {
  if (event.data === 'version') event.source?.postMessage({ version });
});
