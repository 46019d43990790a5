/**
 * One class per fact a verifier can find wrong, with the names the Python client uses.
 *
 * Who only needs "the seal is broken" catches `ProtocolError`; the interface tells a mistyped
 * password from a server that cheats. Messages never carry a secret or a plaintext. `name` is
 * written out because minifiers rename classes and workers lose them.
 */
export class ProtocolError extends Error {
  override name = 'ProtocolError';
}

/** A value is not written in the one accepted way. */
export class EncodingRefused extends ProtocolError {
  override name = 'EncodingRefused';
}

/** Not standard base64 with padding and zero trailing bits. */
export class NotCanonicalBase64 extends EncodingRefused {
  override name = 'NotCanonicalBase64';
}

/** Bytes that are no text. */
export class NotUtf8 extends EncodingRefused {
  override name = 'NotUtf8';
}

/** A key, hash or salt of another size than the protocol gives it. */
export class WrongLength extends EncodingRefused {
  override name = 'WrongLength';
}

/** Not a UUID in its 36-character lower-case form. */
export class NotLowerCaseUuid extends EncodingRefused {
  override name = 'NotLowerCaseUuid';
}

/** Not an RFC 3339 time in UTC ending in Z. */
export class NotUtcTime extends EncodingRefused {
  override name = 'NotUtcTime';
}

/** A part of a context or recipient could be confused with another place. */
export class ContextRefused extends EncodingRefused {
  override name = 'ContextRefused';
}

/** The size or header of a blob cannot be one that a client made. */
export class ShapeRefused extends ProtocolError {
  override name = 'ShapeRefused';
}

/** Fewer bytes than a header and one authentication tag. */
export class SealedTooShort extends ShapeRefused {
  override name = 'SealedTooShort';
}

/** The first byte is not the header length of the streaming format. */
export class SealedHeaderUnknown extends ShapeRefused {
  override name = 'SealedHeaderUnknown';
}

/** No plaintext length seals to this many bytes. */
export class SealedLengthImpossible extends ShapeRefused {
  override name = 'SealedLengthImpossible';
}

/** A wrapped key is not exactly an encapsulation and an encrypted 32-byte secret. */
export class WrappedSizeWrong extends ShapeRefused {
  override name = 'WrappedSizeWrong';
}

/** A blob did not open. */
export class OpeningRefused extends ProtocolError {
  override name = 'OpeningRefused';
}

/** Wrong key, wrong place, or changed, cut, moved bytes: authentication cannot tell which. */
export class SealBroken extends OpeningRefused {
  override name = 'SealBroken';
}

/** The wrapped key was not made for this private key and this place. */
export class WrapBroken extends OpeningRefused {
  override name = 'WrapBroken';
}

/** The unwrapped key is not the one committed to: a planted key. */
export class KeyCommitmentWrong extends OpeningRefused {
  override name = 'KeyCommitmentWrong';
}

/** A source gave more or fewer bytes than it had announced. */
export class SealedSizeChanged extends OpeningRefused {
  override name = 'SealedSizeChanged';
}

/** More bytes than the format can number. */
export class TooLong extends ProtocolError {
  override name = 'TooLong';
}

/** Not a key anything can be wrapped to. */
export class PublicKeyRefused extends ProtocolError {
  override name = 'PublicKeyRefused';
}

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

/** Fewer witnesses vouch for the checkpoint than the network's rules ask. */
export class WitnessMissing extends LogRefused {
  override name = 'WitnessMissing';
}

/** The circle shown hides somebody who holds the key, or shows somebody who does not. */
export class CircleFalsified extends ProtocolError {
  override name = 'CircleFalsified';
}

/** The server names an author whom it cannot show. */
export class AuthorUnknown extends ProtocolError {
  override name = 'AuthorUnknown';
}

/** A message that a colleague had read is not shown. */
export class MessageWithheld extends ProtocolError {
  override name = 'MessageWithheld';
}

/** A message shown twice, before what it answers, or under a key given up before it. */
export class MessageMisplaced extends ProtocolError {
  override name = 'MessageMisplaced';
}

/** The server asks to remove a member whose time no manager has said is over. */
export class RemovalNotDue extends ProtocolError {
  override name = 'RemovalNotDue';
}

/** The server proposes parameters no client accepts. */
export class KdfRefused extends ProtocolError {
  override name = 'KdfRefused';
}

/** The algorithm is not argon2id, or fields are missing or foreign. */
export class KdfUnknown extends KdfRefused {
  override name = 'KdfUnknown';
}

/** Below the least memory or time: a downgrade that would ease guessing. */
export class KdfTooWeak extends KdfRefused {
  override name = 'KdfTooWeak';
}

/** So much memory or time that a phone could not finish. */
export class KdfTooCostly extends KdfRefused {
  override name = 'KdfTooCostly';
}

/** Not 32 symbols of the recovery alphabet. */
export class RecoveryCodeMalformed extends ProtocolError {
  override name = 'RecoveryCodeMalformed';
}

/** The check symbols do not fit the rest: a symbol was misread. */
export class RecoveryCodeMistyped extends ProtocolError {
  override name = 'RecoveryCodeMistyped';
}

const KINDS: readonly (new (message: string) => Error)[] = [
  ProtocolError,
  EncodingRefused,
  NotCanonicalBase64,
  NotUtf8,
  WrongLength,
  NotLowerCaseUuid,
  NotUtcTime,
  ContextRefused,
  ShapeRefused,
  SealedTooShort,
  SealedHeaderUnknown,
  SealedLengthImpossible,
  WrappedSizeWrong,
  OpeningRefused,
  SealBroken,
  WrapBroken,
  KeyCommitmentWrong,
  SealedSizeChanged,
  TooLong,
  PublicKeyRefused,
  StatementRefused,
  StatementMalformed,
  StatementTooLarge,
  StatementTypeWrong,
  SignatureInvalid,
  SignatureMissing,
  SignerUnknown,
  SignerRepeated,
  PayloadMalformed,
  PayloadKeyRepeated,
  PayloadFieldsWrong,
  ChainRefused,
  ChainEmpty,
  SequenceBroken,
  PreviousHashWrong,
  SubjectChanged,
  NetworkWrong,
  NotCertified,
  RegistrarUnknown,
  ManagerUnknown,
  KeyChangeUnauthorised,
  KeyUnchanged,
  KeySwapped,
  EpochBroken,
  RemovalWithoutRotation,
  GenerationBroken,
  EventOutOfPlace,
  OutsideCareCircle,
  CircleFalsified,
  AuthorUnknown,
  MessageWithheld,
  MessageMisplaced,
  RemovalNotDue,
  LogRefused,
  NoteMalformed,
  NoteForeign,
  NoteUnsigned,
  CosignatureWrong,
  LogForked,
  LogRolledBack,
  NotInLog,
  StatementWithheld,
  WitnessMissing,
  KdfRefused,
  KdfUnknown,
  KdfTooWeak,
  KdfTooCostly,
  RecoveryCodeMalformed,
  RecoveryCodeMistyped,
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
