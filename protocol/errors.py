"""One class per fact a verifier can find wrong; the name says the fact.

Everything derives from ``ProtocolError``, so a caller that only needs "the seal is broken" catches
one class, while a log line or a test names the exact reason. Messages never carry a secret or a
plaintext, only names, lengths and public identifiers.
"""


class ProtocolError(Exception):
    """A byte, a statement or a chain does not say what it should."""


# Encodings and places


class EncodingRefused(ProtocolError):
    """A value is not written in the one accepted way."""


class NotCanonicalBase64(EncodingRefused):
    """Not standard base64 (RFC 4648 section 4) with padding and zero trailing bits."""


class WrongLength(EncodingRefused):
    """A key, hash or salt has another size than the protocol gives it."""


class NotLowerCaseUuid(EncodingRefused):
    """Not a UUID in its 36-character lower-case form."""


class NotUtcTime(EncodingRefused):
    """Not an RFC 3339 time in UTC ending in Z."""


class ContextRefused(EncodingRefused):
    """A part of a context or recipient could be confused with another place."""


# Shapes and seals


class ShapeRefused(ProtocolError):
    """The size or header of a blob cannot be one that a client made."""


class SealedTooShort(ShapeRefused):
    """Fewer bytes than a header and one authentication tag."""


class SealedHeaderUnknown(ShapeRefused):
    """The first byte is not the header length of the streaming format."""


class SealedLengthImpossible(ShapeRefused):
    """No plaintext length seals to this many bytes."""


class WrappedSizeWrong(ShapeRefused):
    """A wrapped key is not exactly an encapsulation and an encrypted 32-byte secret."""


class OpeningRefused(ProtocolError):
    """A blob did not open."""


class SealBroken(OpeningRefused):
    """Wrong key, wrong place, or changed, cut, moved bytes: authentication cannot tell which."""


class WrapBroken(OpeningRefused):
    """The wrapped key was not made for this private key and this place."""


class KeyCommitmentWrong(OpeningRefused):
    """The unwrapped key is not the one the case event committed to: a planted key."""


class SealedSizeChanged(OpeningRefused):
    """A source gave more or fewer bytes than it had announced."""


# Statements


class StatementRefused(ProtocolError):
    """A signed statement cannot be believed."""


class StatementMalformed(StatementRefused):
    """Not an object ``{t, p, s: [{k, sig}]}`` with canonical encodings."""


class StatementTooLarge(StatementRefused):
    """The payload is longer than any client makes, or signed by more keys than any may be."""


class StatementTypeWrong(StatementRefused):
    """The statement speaks of something else than what was asked."""


class SignatureInvalid(StatementRefused):
    """A signature does not fit the bytes received."""


class SignatureMissing(StatementRefused):
    """A key that had to sign did not."""


class SignerUnknown(StatementRefused):
    """A key signed that has no standing here."""


class SignerRepeated(StatementRefused):
    """The same key appears twice among the signatures."""


class PayloadMalformed(StatementRefused):
    """The payload is not one UTF-8 JSON object both languages read alike."""


class PayloadKeyRepeated(PayloadMalformed):
    """A JSON object names a field twice: two readers could see two values."""


class PayloadFieldsWrong(StatementRefused):
    """The fields are not exactly those of this type of statement."""


# Chains


class ChainRefused(ProtocolError):
    """A chain of statements breaks a rule of continuity or of authority."""


class ChainEmpty(ChainRefused):
    """There is no statement to start from."""


class SequenceBroken(ChainRefused):
    """A number was skipped, repeated or does not start at zero."""


class PreviousHashWrong(ChainRefused):
    """``prev`` is not the hash of the statement before."""


class SubjectChanged(ChainRefused):
    """A later statement speaks of another network, person, group or case."""


class NetworkWrong(ChainRefused):
    """The statement belongs to another deployment."""


class NotCertified(ChainRefused):
    """No registrar has vouched for this person's keys."""


class RegistrarUnknown(ChainRefused):
    """The signer is not a registrar of the policy."""


class ManagerUnknown(ChainRefused):
    """The signer is not a manager named by the previous statement."""


class KeyChangeUnauthorised(ChainRefused):
    """A new account key is signed neither by the key before it nor by a registrar."""


class KeyUnchanged(ChainRefused):
    """An epoch or generation moved without a new key."""


class KeySwapped(ChainRefused):
    """A key changed though the epoch or generation did not."""


class EpochBroken(ChainRefused):
    """The epoch neither stayed nor advanced by one."""


class RemovalWithoutRotation(ChainRefused):
    """A member left and the group key stayed: the member could still read."""


class GenerationBroken(ChainRefused):
    """The generation of a case does not follow from its event."""


class EventOutOfPlace(ChainRefused):
    """This event cannot happen at this point of the case."""


class OutsideCareCircle(ChainRefused):
    """The author had no part in the case when the event was signed."""


# Passwords and recovery


class KdfRefused(ProtocolError):
    """The server proposes parameters no client accepts."""


class KdfUnknown(KdfRefused):
    """The algorithm is not argon2id, or fields are missing or foreign."""


class KdfTooWeak(KdfRefused):
    """Below the least memory or time: a downgrade that would ease guessing."""


class KdfTooCostly(KdfRefused):
    """So much memory or time that a phone could not finish."""


class RecoveryCodeMalformed(ProtocolError):
    """Not 32 symbols (or 36 with the check) of the recovery alphabet."""


class RecoveryCodeMistyped(ProtocolError):
    """The check symbols do not fit the rest: a symbol was misread."""


class PostQuantumMissing(ProtocolError):
    """This build of ``cryptography`` lacks HPKE with MLKEM768-X25519."""


# The key log


class LogRefused(ProtocolError):
    """A log, or a proof about it, does not hold."""


class ProofOutOfRange(LogRefused):
    """A size or an index that the tree cannot have."""


class InclusionWrong(LogRefused):
    """The leaf is not in the tree where it is said to be."""


class ConsistencyWrong(LogRefused):
    """The later tree does not extend the earlier one: something logged was changed or dropped."""


class NoteMalformed(LogRefused):
    """Not a signed note, or its text not that of a checkpoint."""


class NoteForeign(LogRefused):
    """A checkpoint of another log or network than the one asked for."""


class NoteUnsigned(LogRefused):
    """The log's own key did not sign, or its signature does not fit."""


class CosignatureWrong(LogRefused):
    """A witness's line does not fit the checkpoint."""


class WitnessesTooFew(LogRefused):
    """Fewer witnesses than the policy asks for have cosigned."""
