"""Checkpoints of a log as signed notes, and the cosignatures of witnesses.

Formats: https://c2sp.org/signed-note, https://c2sp.org/tlog-checkpoint and
https://c2sp.org/tlog-cosignature (``cosignature/v1``). A checkpoint's text is three lines: origin,
size, root. The log signs the text; a witness signs the time and the text, after it saw the log
grow. A key's id is the start of SHA-256(name, newline, kind, public key); a witness is known by its
public key, which the policy names, under whatever name it signs.

Nothing here holds a private key: callers sign ``text`` and hand the signature over.
"""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from hashlib import sha256

from protocol.encoding import b64, check_uuid, unb64
from protocol.errors import (
    CosignatureWrong,
    EncodingRefused,
    NoteForeign,
    NoteMalformed,
    NoteUnsigned,
    SignatureInvalid,
    WitnessesTooFew,
)
from protocol.shapes import HASH_SIZE, SIGN_KEY_SIZE, SIGNATURE_SIZE
from protocol.statement import verify_signature

ED25519 = 0x01
COSIGNATURE = 0x04
KEY_ID_SIZE = 4
TIME_SIZE = 8
MAX_NOTE = 16 * 1024
MAX_SIGNATURES = 64

_LINE = re.compile("\u2014 ([^\\s+]+) ([A-Za-z0-9+/=]+)")
_SIZE = re.compile(r"0|[1-9][0-9]{0,15}", re.ASCII)
_CONTROL = re.compile("[\x00-\x09\x0b-\x1f]")


@dataclass(frozen=True)
class NoteSignature:
    """One signature line: the name its key goes by, the key's id, what was signed with it."""

    name: str
    key_id: bytes
    signature: bytes

    def line(self) -> str:
        """The line without its newline."""
        return f"\u2014 {self.name} {b64(self.key_id + self.signature)}"


@dataclass(frozen=True)
class Checkpoint:
    """A log's size and root. Not believed before ``verify_checkpoint``."""

    origin: str
    size: int
    root: bytes

    def text(self) -> str:
        """What is signed."""
        return f"{self.origin}\n{self.size}\n{b64(self.root)}\n"


@dataclass(frozen=True)
class Note:
    """A checkpoint with its signature lines, as received."""

    checkpoint: Checkpoint
    text: str
    signatures: tuple[NoteSignature, ...]

    def written(self) -> str:
        lines = "".join(signature.line() + "\n" for signature in self.signatures)
        return f"{self.text}\n{lines}"


def key_log_origin(net: str) -> str:
    """The log of key statements of one network."""
    return f"cordee.log/{check_uuid(net)}"


def trace_origin(net: str) -> str:
    """The log of the act trace of one network."""
    return f"cordee.trace/{check_uuid(net)}"


def key_id(name: str, kind: int, public_key: bytes) -> bytes:
    return sha256(name.encode() + b"\n" + bytes([kind]) + public_key).digest()[:KEY_ID_SIZE]


def log_signature(name: str, public_key: bytes, signature: bytes) -> NoteSignature:
    """The log's own line; ``signature`` is Ed25519 over the note's text."""
    return NoteSignature(name, key_id(name, ED25519, public_key), signature)


def cosigned_message(text: str, time: int) -> bytes:
    """What a witness signs, ``time`` in seconds since 1970."""
    return f"cosignature/v1\ntime {time}\n{text}".encode()


def cosignature(name: str, public_key: bytes, time: int, signature: bytes) -> NoteSignature:
    """A witness's line; ``signature`` is Ed25519 over ``cosigned_message``."""
    stamped = time.to_bytes(TIME_SIZE, "big") + signature
    return NoteSignature(name, key_id(name, COSIGNATURE, public_key), stamped)


def read_note(written: str) -> Note:
    """Take a checkpoint note apart. Raises ``NoteMalformed``."""
    if len(written.encode()) > MAX_NOTE or _CONTROL.search(written):
        raise NoteMalformed("too long, or with control characters")
    text, blank, below = written.rpartition("\n\n")
    lines = below.split("\n")
    if not blank or lines.pop() != "" or not lines or len(lines) > MAX_SIGNATURES:
        raise NoteMalformed("a note is text, an empty line, and lines of signatures")
    return Note(_checkpoint(text + "\n"), text + "\n", tuple(map(read_signature, lines)))


def read_signature(line: str) -> NoteSignature:
    """One signature line, without its newline. Raises ``NoteMalformed``."""
    found = _LINE.fullmatch(line)
    try:
        raw = unb64(found[2]) if found else b""
    except EncodingRefused as error:
        raise NoteMalformed("a signature is not standard base64") from error
    if found is None or len(raw) <= KEY_ID_SIZE:
        raise NoteMalformed("a signature line is a dash, a name and base64")
    return NoteSignature(found[1], raw[:KEY_ID_SIZE], raw[KEY_ID_SIZE:])


def verify_checkpoint(
    note: Note, origin: str, log_key: bytes, witnesses: Collection[bytes] = (), k: int = 0
) -> Checkpoint:
    """The checkpoint, once the log and at least ``k`` different witnesses have signed it.

    Signatures of keys we do not know are ignored, as the format asks; one of a key we know that
    does not fit refuses the whole note. Raises ``NoteForeign``, ``NoteUnsigned``,
    ``CosignatureWrong``, ``WitnessesTooFew``.
    """
    if note.checkpoint.origin != origin:
        raise NoteForeign(f"a checkpoint of {note.checkpoint.origin}, not of {origin}")
    verify_log_signature(note, origin, log_key)
    seen = cosigners(note.text, note.signatures, witnesses)
    if len(seen) < k:
        raise WitnessesTooFew(f"{len(seen)} of the {k} witnesses asked for have cosigned")
    return note.checkpoint


def verify_log_signature(note: Note, name: str, log_key: bytes) -> None:
    """Raises ``NoteUnsigned`` unless the key of that name signed the text."""
    wanted = key_id(name, ED25519, log_key)
    mine = [one for one in note.signatures if (one.name, one.key_id) == (name, wanted)]
    if not mine:
        raise NoteUnsigned("not signed by the log's key that the policy names")
    for one in mine:
        try:
            if len(one.signature) != SIGNATURE_SIZE:
                raise NoteUnsigned("the log's signature has another size")
            verify_signature(log_key, one.signature, note.text.encode())
        except SignatureInvalid as error:
            raise NoteUnsigned("the log's signature does not fit the checkpoint") from error


def cosigners(
    text: str, signatures: Sequence[NoteSignature], witnesses: Collection[bytes]
) -> dict[bytes, int]:
    """Public key of each known witness that cosigned, and when (seconds since 1970)."""
    found: dict[bytes, int] = {}
    for one in signatures:
        for witness in witnesses:
            if one.key_id == key_id(one.name, COSIGNATURE, witness):
                time = verify_cosignature(text, one, witness)
                found[witness] = max(time, found.get(witness, 0))
    return found


def verify_cosignature(text: str, line: NoteSignature, witness: bytes) -> int:
    """When this witness cosigned. Raises ``CosignatureWrong``."""
    if line.key_id != key_id(line.name, COSIGNATURE, witness):
        raise CosignatureWrong("signed by another key than this witness's")
    if len(line.signature) != TIME_SIZE + SIGNATURE_SIZE:
        raise CosignatureWrong("a cosignature is a time and a signature")
    time = int.from_bytes(line.signature[:TIME_SIZE], "big")
    try:
        verify_signature(witness, line.signature[TIME_SIZE:], cosigned_message(text, time))
    except SignatureInvalid as error:
        raise CosignatureWrong("a witness's signature does not fit the checkpoint") from error
    return time


def verifier_key(name: str, kind: int, public_key: bytes) -> str:
    """The one-line form in which keys are handed over: ``name+id+base64(kind ‖ key)``."""
    return f"{name}+{key_id(name, kind, public_key).hex()}+{b64(bytes([kind]) + public_key)}"


def read_verifier_key(text: str, kind: int) -> tuple[str, bytes]:
    """Name and public key of such a line. Raises ``NoteMalformed``."""
    name, _, rest = text.strip().partition("+")
    ident, _, encoded = rest.partition("+")
    try:
        raw = unb64(encoded, 1 + SIGN_KEY_SIZE)
    except EncodingRefused as error:
        raise NoteMalformed("not a verifier key") from error
    if raw[0] != kind or not name or ident != key_id(name, kind, raw[1:]).hex():
        raise NoteMalformed("the verifier key's id does not fit its name and key")
    return name, raw[1:]


def _checkpoint(text: str) -> Checkpoint:
    lines = text.split("\n")
    if len(lines) != 4 or lines[3] or not lines[0] or not _SIZE.fullmatch(lines[1]):
        raise NoteMalformed("a checkpoint is three lines: origin, size, root")
    try:
        root = unb64(lines[2], HASH_SIZE)
    except EncodingRefused as error:
        raise NoteMalformed("the root is not a hash in base64") from error
    return Checkpoint(lines[0], int(lines[1]), root)
