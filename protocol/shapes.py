"""Sizes of sealed and wrapped blobs: all a server can check of what it cannot open.

``seal`` is Tink's AES256-GCM-HKDF streaming format with 1 MiB segments: a header of one length
byte, a 32-byte salt and a 7-byte nonce prefix, then segments that each end in a 16-byte tag. The
header counts as part of the first segment. ``wrap`` is HPKE: an encapsulation, 32 bytes of secret,
16 of tag. Two suites exist, and a public key's length tells which: MLKEM768-X25519 (KEM 0x647a),
and MLKEM1024-P384 (KEM 0x0051) to which a network may move (draft-ietf-hpke-pq).
"""

from protocol.errors import (
    SealedHeaderUnknown,
    SealedLengthImpossible,
    SealedTooShort,
    WrappedSizeWrong,
    WrongLength,
)

KEY_SIZE = 32
SEGMENT_SIZE = 1024 * 1024
TAG_SIZE = 16
SALT_SIZE = 32
PREFIX_SIZE = 7
HEADER_SIZE = 1 + SALT_SIZE + PREFIX_SIZE
FIRST_PLAIN = SEGMENT_SIZE - HEADER_SIZE - TAG_SIZE
NEXT_PLAIN = SEGMENT_SIZE - TAG_SIZE
PART_SIZE = 8 * 1024 * 1024
"""Plaintext bytes of each attachment part but the last."""

KEM_PUBLIC_SIZE = 1216
KEM_ENC_SIZE = 1120
WRAPPED_SIZE = KEM_ENC_SIZE + KEY_SIZE + TAG_SIZE
KEM2_PUBLIC_SIZE = 1665
KEM2_ENC_SIZE = 1665
WRAPPED2_SIZE = KEM2_ENC_SIZE + KEY_SIZE + TAG_SIZE
WRAPPED_SIZES = {KEM_PUBLIC_SIZE: WRAPPED_SIZE, KEM2_PUBLIC_SIZE: WRAPPED2_SIZE}
"""Bytes that ``wrap`` gives, by the length of the public key."""
SIGN_KEY_SIZE = 32
SIGNATURE_SIZE = 64
HASH_SIZE = 32


def segment_count(plain_size: int) -> int:
    """How many segments hold ``plain_size`` bytes; an empty plaintext still has one."""
    if plain_size <= FIRST_PLAIN:
        return 1
    return 1 + -(-(plain_size - FIRST_PLAIN) // NEXT_PLAIN)


def sealed_size(plain_size: int) -> int:
    """Bytes that ``seal`` gives for a plaintext of ``plain_size`` bytes."""
    if plain_size < 0:
        raise SealedLengthImpossible("a plaintext cannot have a negative size")
    return HEADER_SIZE + plain_size + TAG_SIZE * segment_count(plain_size)


def plain_size(sealed: int) -> int:
    """Bytes of plaintext behind ``sealed`` bytes; refuses a length no plaintext gives.

    A last segment after the first holds at least one byte: an encoder never adds an empty one.
    """
    if sealed < HEADER_SIZE + TAG_SIZE:
        raise SealedTooShort(f"{sealed} bytes cannot hold a header and a tag")
    segments = -(-sealed // SEGMENT_SIZE)
    last = sealed - (segments - 1) * SEGMENT_SIZE
    if segments > 1 and last <= TAG_SIZE:
        raise SealedLengthImpossible(f"a last segment of {last} bytes holds no plaintext")
    return sealed - HEADER_SIZE - TAG_SIZE * segments


def part_count(size: int) -> int:
    """How many parts an attachment of ``size`` bytes has; an empty file still has one."""
    return max(1, -(-size // PART_SIZE))


def check_sealed(head: bytes, size: int | None = None) -> int:
    """Refuse what no client sealed; return the size of the plaintext.

    ``head`` is the blob, or its first bytes when ``size`` gives its full length.
    """
    total = len(head) if size is None else size
    plain = plain_size(total)
    if head[:1] != bytes([HEADER_SIZE]):
        raise SealedHeaderUnknown("the first byte is not the header length of the format")
    return plain


def check_kem_public(public: bytes) -> None:
    """Refuse a length that is no suite's public key."""
    if len(public) not in WRAPPED_SIZES:
        named = " or ".join(str(size) for size in WRAPPED_SIZES)
        raise WrongLength(f"a KEM public key has {named} bytes, not {len(public)}")


def check_wrapped(wrapped: bytes) -> None:
    """Refuse what cannot be a wrapped 32-byte secret."""
    sizes = WRAPPED_SIZES.values()
    if len(wrapped) not in sizes:
        named = " or ".join(str(size) for size in sizes)
        raise WrappedSizeWrong(f"a wrapped key has {named} bytes, not {len(wrapped)}")
