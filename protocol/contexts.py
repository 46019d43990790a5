"""Where a blob belongs: every string that binds ciphertext to its place.

The context enters the key derivation (seal) or the HPKE ``info`` (wrap), so a server that moves a
blob to another case, epoch or index makes it unreadable. Parts are joined with ``|``; each part is
a lower-case UUID, a plain decimal number or a word of a closed list, so no part can hold a ``|``
and no two places share a string.
"""

import re
from dataclasses import dataclass
from typing import Literal, NewType
from uuid import UUID

from protocol.encoding import check_uuid
from protocol.errors import ContextRefused

Context = NewType("Context", str)
Recipient = NewType("Recipient", str)
Id = str | UUID

_NUMBER = re.compile(r"0|[1-9][0-9]{0,15}", re.ASCII)
_CREDENTIAL = re.compile(r"[A-Za-z0-9_-]{1,1364}", re.ASCII)
"""A WebAuthn credential id is at most 1023 bytes (Level 3 section 4), in base64url here."""
MAX_NUMBER = 2**53 - 1
"""The largest integer JavaScript holds exactly."""


def _number(value: int) -> str:
    if type(value) is not int or not 0 <= value <= MAX_NUMBER:
        raise ContextRefused("a number in a context is a plain integer of at most 2^53 - 1")
    return str(value)


def _context(purpose: str, *parts: str) -> Context:
    return Context("|".join(("cordee1", purpose, *parts)))


# Recipients of a case key


@dataclass(frozen=True)
class ParsedRecipient:
    """What a recipient string names; ``id`` is empty for a custodian."""

    kind: Literal["group", "account", "custodian"]
    id: str
    number: int
    """The group's epoch, the account's key sequence, or the custodian's index in the policy."""


def group_recipient(group: Id, epoch: int) -> Recipient:
    """A pool or care team, by the epoch whose key was used."""
    return Recipient(f"group:{check_uuid(group)}@{_number(epoch)}")


def account_recipient(account: Id, seq: int) -> Recipient:
    """A person, by the key statement that was used."""
    return Recipient(f"account:{check_uuid(account)}@{_number(seq)}")


def custodian_recipient(index: int) -> Recipient:
    """The holder of an archive key, by its index in the policy."""
    return Recipient(f"custodian:{_number(index)}")


def parse_recipient(text: str) -> ParsedRecipient:
    """Read a recipient string, refusing every spelling but the one these functions write."""
    kind, _, rest = text.partition(":")
    if kind == "custodian":
        return ParsedRecipient("custodian", "", _parse_number(rest))
    if kind in ("group", "account"):
        ident, _, number = rest.partition("@")
        named = check_uuid(ident)
        place = _parse_number(number)
        return ParsedRecipient("group" if kind == "group" else "account", named, place)
    raise ContextRefused("a recipient is a group, an account or a custodian")


def _parse_number(text: str) -> int:
    if not _NUMBER.fullmatch(text) or int(text) > MAX_NUMBER:
        raise ContextRefused("not a plain decimal number")
    return int(text)


# Accounts


def account_key_context(net: Id, account: Id, way: Literal["password", "recovery"]) -> Context:
    """The account key sealed under the password's or the recovery code's key."""
    if way not in ("password", "recovery"):
        raise ContextRefused("an account key opens by password, recovery or passkey")
    return _context("ak", check_uuid(net), check_uuid(account), way)


def passkey_context(net: Id, account: Id, credential: str) -> Context:
    """The account key sealed under a passkey; ``credential`` is its id in base64url."""
    if not _CREDENTIAL.fullmatch(credential):
        raise ContextRefused("a credential id is written in base64url without padding")
    return _context("ak", check_uuid(net), check_uuid(account), f"passkey:{credential}")


def keys_context(net: Id, account: Id, seq: int) -> Context:
    """The signing and KEM seeds of an account, sealed under its account key."""
    return _context("keys", check_uuid(net), check_uuid(account), _number(seq))


# Groups


def group_context(net: Id, group: Id, epoch: int, member: Id, member_seq: int) -> Context:
    """The secret of a group's epoch, wrapped to one member's key."""
    return _context(
        "group",
        check_uuid(net),
        check_uuid(group),
        _number(epoch),
        check_uuid(member),
        _number(member_seq),
    )


def group_prev_context(net: Id, group: Id, epoch: int) -> Context:
    """The secret of epoch - 1, sealed under the chain key of ``epoch``."""
    return _context("group-prev", check_uuid(net), check_uuid(group), _number(epoch))


# Cases


def case_context(net: Id, case: Id, generation: int, recipient: str) -> Context:
    """The key of a case's generation, wrapped to one recipient."""
    parse_recipient(recipient)
    return _context("case", check_uuid(net), check_uuid(case), _number(generation), recipient)


def case_prev_context(net: Id, case: Id, generation: int) -> Context:
    """The key of generation - 1, sealed under the key of ``generation``."""
    return _context("case-prev", check_uuid(net), check_uuid(case), _number(generation))


def header_context(net: Id, case: Id, generation: int, version: int) -> Context:
    """A version of the sealed header: patient, consent, question."""
    return _context(
        "header", check_uuid(net), check_uuid(case), _number(generation), _number(version)
    )


def message_context(net: Id, case: Id, generation: int, message: Id) -> Context:
    """One message or opinion."""
    return _context(
        "message", check_uuid(net), check_uuid(case), _number(generation), check_uuid(message)
    )


def attachment_context(net: Id, case: Id, attachment: Id, index: int, count: int) -> Context:
    """Part ``index`` of ``count``: parts cannot change place, and none can be dropped."""
    if not _number(index) or not 0 <= index < count:
        raise ContextRefused("the index of a part is below the number of parts")
    return _context(
        "att",
        check_uuid(net),
        check_uuid(case),
        check_uuid(attachment),
        _number(index),
        _number(count),
    )
