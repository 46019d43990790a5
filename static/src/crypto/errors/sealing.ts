/** Bytes, keys and blobs that are not written, sized or sealed as they must be. */
import { ProtocolError } from './protocol-error.ts';

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

/** A true key, or a secret wrapped to one, of the protocol's second suite: not ours to use. */
export class SuiteUnsupported extends ProtocolError {
  override name = 'SuiteUnsupported';
  /** Whose key, for the person to read; empty where nobody knows. */
  readonly whose: string;

  constructor(message: string, whose = '') {
    super(message);
    this.whose = whose;
  }
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
