/** Every fact a verifier can find wrong, and how one is rebuilt that crossed from a worker. */
import * as log from './errors/log.ts';
import { ProtocolError } from './errors/protocol-error.ts';
import * as sealing from './errors/sealing.ts';
import * as server from './errors/server.ts';
import * as statements from './errors/statements.ts';

export * from './errors/log.ts';
export * from './errors/protocol-error.ts';
export * from './errors/sealing.ts';
export * from './errors/server.ts';
export * from './errors/statements.ts';

const KINDS: readonly (new (message: string) => Error)[] = [
  ProtocolError,
  ...[sealing, statements, log, server].flatMap((kinds) => Object.values(kinds)),
];

/** Rebuild an error that crossed from a worker, so that `instanceof` works on this side too. */
export function errorNamed(name: string, message: string): Error {
  for (const Kind of KINDS) {
    const made = new Kind(message);
    if (made.name === name) return made;
  }
  if (name === 'AbortError') return new DOMException(message, 'AbortError');
  const error = new Error(message);
  error.name = name;
  return error;
}
