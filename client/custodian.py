"""The archive key: made offline, split among people, named in the policy the root signs.

Every client wraps the key of every case to it, so that one case can be opened from a backup when
nobody else is left who could. The seed exists only while shares are made or brought together; the
shares are words of SLIP-0039 (Shamir's scheme over GF(256) with checksums), written on paper and
kept by different people. Fewer than the threshold tell nothing.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path

from shamir_mnemonic import MnemonicError, combine_mnemonics, generate_mnemonics

from client.crypto import kem_public, random_key
from client.errors import CordeeError
from client.operator import RootKey, install_policy, next_policy, todays_policy
from client.private_files import write_private
from protocol.encoding import b64, unb64
from protocol.errors import ProtocolError
from protocol.shapes import KEY_SIZE, check_kem_public

WORDS = "Words:"
WORDS_A_LINE = 11


class SharesRefused(CordeeError):
    """Too few shares, one that was mistyped, or shares of different keys."""


class ArchiveKeyRefused(CordeeError):
    """A public file that holds no archive key, or one the network already has."""


@dataclass(frozen=True)
class ArchiveKey:
    """The custodian's key while it is whole: between two moments, never on disk."""

    seed: bytes = field(repr=False)
    suite: int = 1

    @classmethod
    def fresh(cls, suite: int = 1) -> ArchiveKey:
        return cls(random_key(), suite)

    @property
    def public(self) -> bytes:
        return kem_public(self.seed, self.suite)

    def split(self, shares: int, threshold: int) -> list[str]:
        """SLIP-0039 words, ``threshold`` of which bring the key back.

        Raises ``SharesRefused`` for numbers that split nothing.
        """
        if not 2 <= threshold <= shares <= 16:
            raise SharesRefused(
                "a key is split into 2 to 16 shares, and at least 2 of them are asked for"
            )
        (group,) = generate_mnemonics(1, [(threshold, shares)], self.seed)
        return list(group)


def fingerprint(public: bytes) -> str:
    """What two people read to each other to know that they hold the same archive key."""
    text = sha256(public).hexdigest()[:20]
    return " ".join(text[start : start + 4] for start in range(0, len(text), 4))


def create_custodian(folder: Path, shares: int = 3, threshold: int = 2, suite: int = 1) -> str:
    """Make an archive key: ``custodian.pub`` and one file a share into ``folder``.

    Gives the fingerprint. The seed is not written. Raises ``ArchiveKeyRefused`` when the folder
    already holds a key, since overwriting a share would lose every case wrapped to it.
    """
    if (folder / "custodian.pub").exists():
        raise ArchiveKeyRefused(f"{folder} already holds an archive key")
    key = ArchiveKey.fresh(suite)
    split = key.split(shares, threshold)
    named = fingerprint(key.public)
    for number, words in enumerate(split, 1):
        text = _share_text(words, number, shares, threshold, named)
        write_private(folder / f"share-{number}.txt", text.encode())
    record = {"about": "Cordée archive key, public half", "fingerprint": named}
    public = json.dumps({**record, "public": b64(key.public)}, indent=1, ensure_ascii=False)
    write_private(folder / "custodian.pub", public.encode())
    return named


def read_public(path: Path) -> bytes:
    """The public half a custodian handed over. Raises ``ArchiveKeyRefused``."""
    try:
        public = unb64(json.loads(path.read_text())["public"])
        check_kem_public(public)
    except (OSError, ValueError, KeyError, TypeError, ProtocolError) as error:
        raise ArchiveKeyRefused(f"{path} holds no public half of an archive key") from error
    return public


def read_share(path: Path) -> str:
    """The words of one share file; line breaks between them do not matter."""
    try:
        text = path.read_text()
    except (OSError, ValueError) as error:
        raise SharesRefused(f"{path} cannot be read") from error
    _, found, words = text.partition(WORDS)
    if not found:
        raise SharesRefused(f"{path} is not a share of an archive key")
    return " ".join(words.split())


def join_shares(shares: Sequence[str]) -> bytes:
    """The seed again. Raises ``SharesRefused`` with the reason of SLIP-0039's checks."""
    try:
        seed = combine_mnemonics(list(dict.fromkeys(shares)))
    except MnemonicError as error:
        raise SharesRefused(f"these shares do not bring a key back: {error}") from error
    if len(seed) != KEY_SIZE:
        raise SharesRefused("these shares are of another kind of key")
    return bytes(seed)


def appoint_custodian(root: RootKey, public: bytes) -> int:
    """Name an archive key in the network's next policy; its place among the custodians.

    From then on clients wrap every new case key to it, and open cases as their keys change. Raises
    ``ArchiveKeyRefused`` when it is named already.
    """
    policy = todays_policy(root)
    known = list(policy.payload.custodians)
    if b64(public) in known:
        raise ArchiveKeyRefused("this archive key is already named in the network's policy")
    install_policy(next_policy(root, policy, custodians=[*known, b64(public)]))
    return len(known)


def _share_text(words: str, number: int, shares: int, threshold: int, named: str) -> str:
    split = words.split()
    lines = [
        " ".join(split[start : start + WORDS_A_LINE])
        for start in range(0, len(split), WORDS_A_LINE)
    ]
    return "\n".join(
        [
            f"Cordée archive key, share {number} of {shares} (SLIP-0039).",
            f"Any {threshold} shares open every case of the network: keep this one offline, alone.",
            f"Key fingerprint: {named}",
            "",
            WORDS,
            *lines,
            "",
        ]
    )
