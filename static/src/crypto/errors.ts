/**
 * Why the protocol refused something.
 *
 * Each refusal has a name of its own because the interface says different things: a wrong password
 * is the person's affair, a broken seal is the server's or the line's and is shown, never hidden.
 * `code` survives a trip through a worker, where classes do not.
 */
export class ProtocolError extends Error {
  static readonly code: string = 'protocol_error';
  readonly code: string;

  constructor(message: string) {
    super(message);
    this.name = new.target.name;
    this.code = new.target.code;
  }
}

/** Sealed bytes that do not open under this key and context: changed, cut, moved or foreign. */
export class BrokenSeal extends ProtocolError {
  static override readonly code = 'broken_seal';
}

/** A wrapped key that this private key and context do not open. */
export class BrokenWrap extends ProtocolError {
  static override readonly code = 'broken_wrap';
}

/** A statement of the wrong shape or type, or whose signature does not hold. */
export class BrokenStatement extends ProtocolError {
  static override readonly code = 'broken_statement';
}

/** A chain of statements with a gap, a fork, or a link nobody had the authority to add. */
export class BrokenChain extends ProtocolError {
  static override readonly code = 'broken_chain';
}

/** A key that is not the one its signed commitment announced. */
export class BrokenCommitment extends ProtocolError {
  static override readonly code = 'broken_commitment';
}

/** Password hashing parameters below our minimum: a server asking for an easy guess. */
export class WeakParameters extends ProtocolError {
  static override readonly code = 'weak_parameters';
}

/** A recovery code that was mistyped. */
export class BadRecoveryCode extends ProtocolError {
  static override readonly code = 'bad_recovery_code';
}

/** A value of the wrong size or form handed to the protocol. */
export class BadInput extends ProtocolError {
  static override readonly code = 'bad_input';
}

const CLASSES = [
  BrokenSeal,
  BrokenWrap,
  BrokenStatement,
  BrokenChain,
  BrokenCommitment,
  WeakParameters,
  BadRecoveryCode,
  BadInput,
];

/** Rebuild the error a worker reported, so that `instanceof` works on both sides. */
export function errorFromCode(code: string, message: string): Error {
  const found = CLASSES.find((candidate) => candidate.code === code);
  return found ? new found(message) : new Error(message);
}
