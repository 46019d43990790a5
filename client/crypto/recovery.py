"""The recovery code: 160 random bits on paper, for whoever lost password and devices.

Written in Crockford's base32 (https://www.crockford.com/base32.html): no I, L, O or U to misread,
32 symbols in groups of four. So many random bits need no slow hash.
"""

import os
from base64 import b32decode, b32encode

from client.crypto.derive import derive
from client.crypto.password import split_master
from protocol.encoding import check_size
from protocol.errors import RecoveryCodeMalformed, RecoveryCodeMistyped

CODE_SIZE = 20
SYMBOLS = 32

_RFC4648 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
_CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_CHECK = _CROCKFORD + "*~$=U"
_WRITE = str.maketrans(_RFC4648, _CROCKFORD)
_READ = str.maketrans(_CROCKFORD, _RFC4648)
_AS_MEANT = str.maketrans(
    "OIL", "011", "\t\n\r -\u00a0\u00ad\u2009\u2010\u2011\u2012\u2013\u2014\u202f\u2212"
)
"""Letters read as digits; spaces, dashes and their typographic kin dropped."""


def new_recovery_code() -> bytes:
    """20 random bytes."""
    return os.urandom(CODE_SIZE)


def format_recovery_code(code: bytes) -> str:
    """``XXXX-XXXX-…``: eight groups of four symbols."""
    check_size(code, CODE_SIZE, "recovery code")
    symbols = b32encode(code).decode("ascii").translate(_WRITE)
    return "-".join(symbols[start : start + 4] for start in range(0, SYMBOLS, 4))


def read_recovery_code(typed: str) -> bytes:
    """The 20 bytes of a code as somebody typed it.

    Case, spaces and dashes do not matter; O is 0, I and L are 1. Crockford's check symbol may
    follow (a password manager may have added it) and is then verified.
    """
    symbols = typed.upper().translate(_AS_MEANT)
    symbols, check = symbols[:SYMBOLS], symbols[SYMBOLS:]
    if len(symbols) != SYMBOLS or len(check) > 1 or set(symbols) - set(_CROCKFORD):
        raise RecoveryCodeMalformed(f"a recovery code has {SYMBOLS} letters and digits")
    code = b32decode(symbols.translate(_READ))
    if check and _CHECK[int.from_bytes(code, "big") % 37] != check:
        raise RecoveryCodeMistyped("the check symbol does not fit the code")
    return code


def recovery_keys(code: bytes) -> tuple[bytes, bytes]:
    """``(auth, kek)`` of a recovery code, derived from its master as a password's are."""
    check_size(code, CODE_SIZE, "recovery code")
    return split_master(derive(code, b"cordee1 recovery"))
