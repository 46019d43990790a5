import { runVectors } from './run-vectors.ts';

declare const self: DedicatedWorkerGlobalScope;

self.postMessage(await runVectors());
