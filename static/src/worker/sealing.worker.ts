import { operations } from './operations.ts';
import { serve } from './rpc.ts';

declare const self: DedicatedWorkerGlobalScope;

serve(self, operations);
