"""The short code two people compare in person: equal on both screens, or somebody was swapped.

    SHA-512( "cordee1 safety\\0" ‖ network root ‖ person ‖ person )      people by ascending id
    person = UUID(16) ‖ uint32 number of key statements ‖ their hashes, first to last

Each of the first eight groups of five bytes, big-endian modulo 100 000, gives five digits.
"""

from collections.abc import Sequence
from hashlib import sha512

from protocol.contexts import Id
from protocol.encoding import check_size, check_uuid
from protocol.shapes import HASH_SIZE, SIGN_KEY_SIZE

GROUPS = 8
GROUP_BYTES = 5


def safety_code(
    root: bytes, one: tuple[Id, Sequence[bytes]], other: tuple[Id, Sequence[bytes]]
) -> str:
    """Eight groups of five digits over two people's ids and all their statements' hashes."""
    digest = sha512(b"cordee1 safety\x00" + check_size(root, SIGN_KEY_SIZE, "root key"))
    for account, hashes in sorted(
        (check_uuid(account), list(hashes)) for account, hashes in (one, other)
    ):
        digest.update(bytes.fromhex(account.replace("-", "")))
        digest.update(len(hashes).to_bytes(4, "big"))
        for value in hashes:
            digest.update(check_size(value, HASH_SIZE, "statement hash"))
    raw = digest.digest()
    groups = (
        raw[start : start + GROUP_BYTES] for start in range(0, GROUPS * GROUP_BYTES, GROUP_BYTES)
    )
    return " ".join(f"{int.from_bytes(group, 'big') % 100_000:05d}" for group in groups)
