/** A log of keys that cannot be believed, or does not hold what it should. */
import { ProtocolError } from './protocol-error.ts';

/** What the key log shows cannot be believed, or does not hold what it should. */
export class LogRefused extends ProtocolError {
  override name = 'LogRefused';
}

/** Not a checkpoint in the one accepted form. */
export class NoteMalformed extends LogRefused {
  override name = 'NoteMalformed';
}

/** A checkpoint of another log. */
export class NoteForeign extends LogRefused {
  override name = 'NoteForeign';
}

/** The log's key did not sign this checkpoint. */
export class NoteUnsigned extends LogRefused {
  override name = 'NoteUnsigned';
}

/** Signed in the name of a witness, and not by it. */
export class CosignatureWrong extends LogRefused {
  override name = 'CosignatureWrong';
}

/** Two people were shown two histories: roots, or two hashes for one statement, differ. */
export class LogForked extends LogRefused {
  override name = 'LogForked';
}

/** The log is shorter than this device or a colleague has seen it. */
export class LogRolledBack extends LogRefused {
  override name = 'LogRolledBack';
}

/** A statement that the log does not hold: perhaps shown to us alone. */
export class NotInLog extends LogRefused {
  override name = 'NotInLog';
}

/** The log holds a later statement of this person, group or network than the server shows. */
export class StatementWithheld extends LogRefused {
  override name = 'StatementWithheld';
}

/** The log holds later rules of the network than the server shows, or this device has seen them. */
export class PolicyWithheld extends StatementWithheld {
  override name = 'PolicyWithheld';
}

/** Fewer witnesses vouch for the checkpoint than the network's rules ask. */
export class WitnessMissing extends LogRefused {
  override name = 'WitnessMissing';
}
