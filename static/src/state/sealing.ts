/** Where this client's sealing is done: beside the page, so that the interface never stutters. */
export { kemPublic, seal, unseal, unwrap, wrap, wrapToAll } from '../worker/sealing.ts';
