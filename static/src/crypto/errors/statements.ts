/** Signed statements, and chains of them, that cannot be believed. */
import { ProtocolError } from './protocol-error.ts';

/** A signed statement cannot be believed. */
export class StatementRefused extends ProtocolError {
  override name = 'StatementRefused';
}

/** Not an object `{t, p, s: [{k, sig}]}` with canonical encodings. */
export class StatementMalformed extends StatementRefused {
  override name = 'StatementMalformed';
}

/** Longer than any client makes, or signed by more keys than any may be. */
export class StatementTooLarge extends StatementRefused {
  override name = 'StatementTooLarge';
}

/** The statement speaks of something else than what was asked. */
export class StatementTypeWrong extends StatementRefused {
  override name = 'StatementTypeWrong';
}

/** A signature does not fit the bytes received. */
export class SignatureInvalid extends StatementRefused {
  override name = 'SignatureInvalid';
}

/** A key that had to sign did not. */
export class SignatureMissing extends StatementRefused {
  override name = 'SignatureMissing';
}

/** A key signed that has no standing here. */
export class SignerUnknown extends StatementRefused {
  override name = 'SignerUnknown';
}

/** The same key appears twice among the signatures. */
export class SignerRepeated extends StatementRefused {
  override name = 'SignerRepeated';
}

/** The payload is not one UTF-8 JSON object both languages read alike. */
export class PayloadMalformed extends StatementRefused {
  override name = 'PayloadMalformed';
}

/** A JSON object names a field twice: two readers could see two values. */
export class PayloadKeyRepeated extends PayloadMalformed {
  override name = 'PayloadKeyRepeated';
}

/** The fields are not exactly those of this type of statement. */
export class PayloadFieldsWrong extends StatementRefused {
  override name = 'PayloadFieldsWrong';
}

/** A chain of statements breaks a rule of continuity or of authority. */
export class ChainRefused extends ProtocolError {
  override name = 'ChainRefused';
}

/** There is no statement to start from. */
export class ChainEmpty extends ChainRefused {
  override name = 'ChainEmpty';
}

/** A number was skipped, repeated or does not start at zero. */
export class SequenceBroken extends ChainRefused {
  override name = 'SequenceBroken';
}

/** `prev` is not the hash of the statement before. */
export class PreviousHashWrong extends ChainRefused {
  override name = 'PreviousHashWrong';
}

/** A later statement speaks of another network, person, group or case. */
export class SubjectChanged extends ChainRefused {
  override name = 'SubjectChanged';
}

/** The statement belongs to another deployment. */
export class NetworkWrong extends ChainRefused {
  override name = 'NetworkWrong';
}

/** No registrar has vouched for this person's keys. */
export class NotCertified extends ChainRefused {
  override name = 'NotCertified';
}

/** The signer is not a registrar of the policy. */
export class RegistrarUnknown extends ChainRefused {
  override name = 'RegistrarUnknown';
}

/** The signer is not a manager named by the previous statement. */
export class ManagerUnknown extends ChainRefused {
  override name = 'ManagerUnknown';
}

/** A new account key signed neither by the key before it nor by a registrar. */
export class KeyChangeUnauthorised extends ChainRefused {
  override name = 'KeyChangeUnauthorised';
}

/** An epoch or generation moved without a new key. */
export class KeyUnchanged extends ChainRefused {
  override name = 'KeyUnchanged';
}

/** A key changed though the epoch or generation did not. */
export class KeySwapped extends ChainRefused {
  override name = 'KeySwapped';
}

/** The epoch neither stayed nor advanced by one. */
export class EpochBroken extends ChainRefused {
  override name = 'EpochBroken';
}

/** A member left and the group key stayed: the member could still read. */
export class RemovalWithoutRotation extends ChainRefused {
  override name = 'RemovalWithoutRotation';
}

/** The generation of a case does not follow from its event. */
export class GenerationBroken extends ChainRefused {
  override name = 'GenerationBroken';
}

/** This event cannot happen at this point of the case. */
export class EventOutOfPlace extends ChainRefused {
  override name = 'EventOutOfPlace';
}

/** The author had no part in the case when the event was signed. */
export class OutsideCareCircle extends ChainRefused {
  override name = 'OutsideCareCircle';
}
