"""Chains of statements: continuity from one to the next, and authority from the one before.

The authority of a statement never comes from itself: a policy's from the pinned root, a person's
from a registrar, a group's first statement from a registrar and each later one from a manager whom
the *previous* statement names. Every function takes the whole chain as received and returns its
last word, or raises the exact reason.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from protocol.contexts import parse_recipient
from protocol.encoding import b64, check_size, unb64
from protocol.errors import (
    ChainEmpty,
    EpochBroken,
    EventOutOfPlace,
    GenerationBroken,
    KeyChangeUnauthorised,
    KeySwapped,
    KeyUnchanged,
    ManagerUnknown,
    NetworkWrong,
    NotCertified,
    OutsideCareCircle,
    PreviousHashWrong,
    RegistrarUnknown,
    RemovalWithoutRotation,
    SequenceBroken,
    SignerUnknown,
    StatementTypeWrong,
    SubjectChanged,
)
from protocol.shapes import SIGN_KEY_SIZE
from protocol.statement import (
    Statement,
    parse_payload,
    statement_hash,
    statement_payload,
    statement_signers,
    verify_statement,
)
from protocol.statements import (
    AccountPayload,
    CaseEventPayload,
    GroupPayload,
    PolicyPayload,
    StatementPayload,
    read_payload,
)

SignKeys = Mapping[str, bytes | Collection[bytes]]
"""Account id → its verified signing key, or all keys it ever had, taken from verified chains."""

_P = TypeVar("_P", bound=StatementPayload)


@dataclass(frozen=True)
class Policy:
    """The network's rules, as its root last signed them."""

    payload: PolicyPayload
    hash: bytes
    root: bytes
    registrars: frozenset[bytes]
    """Signing keys of today's registrars."""
    former_registrars: frozenset[bytes]
    """Keys that only an earlier policy named: their signatures are known, without authority."""
    appointed: frozenset[tuple[str, str]]
    """Account and key of every registrar the root ever named: it vouched for that person."""

    @property
    def net(self) -> str:
        return self.payload.net


@dataclass(frozen=True)
class Account:
    """A person's keys, as last stated."""

    payload: AccountPayload
    hash: bytes
    certified: bool
    sign_keys: tuple[bytes, ...]
    """Every signing key of the chain, oldest first, to verify what was signed long ago."""

    @property
    def sign_key(self) -> bytes:
        return unb64(self.payload.sign_key)

    @property
    def kem_key(self) -> bytes:
        return unb64(self.payload.kem_key)


@dataclass(frozen=True)
class Group:
    """A pool or care team, as last stated."""

    payload: GroupPayload
    hash: bytes
    kem_keys: tuple[bytes, ...]
    """The public key of each epoch, by epoch: compare with the one derived from R_e."""
    since: tuple[frozenset[str], ...]
    """Account ids of who was a member in each epoch or later, by epoch: who could hold its key."""

    @property
    def everyone(self) -> frozenset[str]:
        """Account ids of all who ever were members, to judge what was signed long ago."""
        return self.since[0]

    @property
    def kem_key(self) -> bytes:
        return self.kem_keys[-1]


@dataclass(frozen=True)
class CaseChain:
    """The life of a case's key so far."""

    payload: CaseEventPayload
    hash: bytes
    commitments: tuple[bytes, ...]
    """``kc`` of each generation, by generation."""
    holders: tuple[tuple[str, ...], ...]
    """Who holds each generation, by generation, in the order of the grants."""
    opener: str
    closed: bool

    @property
    def recipients(self) -> tuple[str, ...]:
        """Who holds the current generation."""
        return self.holders[-1]


def verify_policy_chain(statements: Sequence[Statement], root_public: bytes) -> Policy:
    """Follow the policies from the first to today's; the root must have signed each.

    Caller's duty: ``root_public`` is the pinned key (invitation link, own keys blob), never one the
    server just named; and the last ``seq`` is not below one seen before.
    """
    check_size(root_public, SIGN_KEY_SIZE, "root key")
    last: PolicyPayload | None = None
    last_hash = b""
    appointed: set[tuple[str, str]] = set()
    for payload, statement in _read(PolicyPayload, statements):
        _follows(payload.seq, payload.prev, last.seq if last else None, last_hash)
        verify_statement(payload.TYPE, statement, root_public)
        if last and payload.net != last.net:
            raise SubjectChanged("a policy of another network")
        appointed.update((entry.account, entry.sign_key) for entry in payload.registrars)
        last, last_hash = payload, statement_hash(statement)
    assert last is not None
    today = frozenset(unb64(registrar.sign_key) for registrar in last.registrars)
    former = frozenset(unb64(key) for _, key in appointed) - today
    return Policy(last, last_hash, root_public, today, former, frozenset(appointed))


def verify_account_chain(
    statements: Sequence[Statement],
    policy: Policy,
    *,
    certified: bool = True,
    former_registrars: bool = False,
) -> Account:
    """Follow a person's keys; each statement is signed by the key it names.

    A statement is certified when a registrar of today's policy, or the root, co-signed it, or when
    a policy named this very account with this very key as registrar. A registrar who leaves is
    followed by another who co-signs: hashes do not change. ``former_registrars=True`` also accepts
    those of earlier policies; pass it only for what the key log shows to precede their leaving.
    ``certified=False`` lets a person wait uncertified: ``Account.certified`` then tells. From the
    second statement on, the previous key or a registrar must have signed as well.

    Caller's duty: compare ``payload.account`` with the person asked for, and the hash with the
    key log.
    """
    authorities = policy.registrars | {policy.root}
    if former_registrars:
        authorities |= policy.former_registrars
    known = authorities | policy.former_registrars
    last: AccountPayload | None = None
    last_hash = b""
    keys: list[bytes] = []
    vouched = False
    for payload, statement in _read(AccountPayload, statements):
        _follows(payload.seq, payload.prev, last.seq if last else None, last_hash)
        own = unb64(payload.sign_key)
        signers = statement_signers(statement).keys()
        previous = {keys[-1]} if keys else set()
        _only_known(signers, known | previous | {own})
        verify_statement(payload.TYPE, statement, *(signers | {own}))
        if payload.net != policy.net:
            raise NetworkWrong("an account of another network")
        if last and payload.account != last.account:
            raise SubjectChanged("the keys of another account")
        endorsed = bool(signers & (authorities - {own}))
        if previous and not endorsed and not signers & previous:
            raise KeyChangeUnauthorised("signed neither by the previous key nor by a registrar")
        vouched = endorsed or (payload.account, payload.sign_key) in policy.appointed
        if certified and not vouched:
            raise NotCertified("no registrar has co-signed this person's keys")
        keys.append(own)
        last, last_hash = payload, statement_hash(statement)
    assert last is not None
    return Account(last, last_hash, vouched, tuple(keys))


def verify_group_chain(
    statements: Sequence[Statement],
    policy: Policy,
    accounts: SignKeys,
    *,
    former_registrars: bool = False,
) -> Group:
    """Follow a group from the registrar who created it through the managers who changed it.

    Caller's duty: ``accounts`` holds verified keys of the managers; compare ``payload.group`` with
    the group asked for; after unwrapping R_e compare the derived public key with ``kem_keys[e]``.
    """
    creators = policy.registrars
    if former_registrars:
        creators |= policy.former_registrars
    last: GroupPayload | None = None
    last_hash = b""
    kem_keys: list[bytes] = []
    since: list[set[str]] = []
    for payload, statement in _read(GroupPayload, statements):
        _follows(payload.seq, payload.prev, last.seq if last else None, last_hash)
        signers = statement_signers(statement).keys()
        if last is None:
            if not signers <= creators:
                raise RegistrarUnknown("a group is created by a registrar of the policy")
        elif not signers <= _keys_of(accounts, last.managers):
            raise ManagerUnknown("signed by nobody the previous statement names as manager")
        verify_statement(payload.TYPE, statement, *signers)
        if payload.net != policy.net:
            raise NetworkWrong("a group of another network")
        _epoch_follows(payload, last)
        if len(kem_keys) == payload.epoch:
            kem_keys.append(unb64(payload.kem_key))
            since.append(set())
        for known in since:
            known.update(payload.members)
        last, last_hash = payload, statement_hash(statement)
    assert last is not None
    return Group(last, last_hash, tuple(kem_keys), tuple(map(frozenset, since)))


def verify_case_events(
    statements: Sequence[Statement],
    accounts: SignKeys,
    groups: Mapping[str, Collection[str]],
    *,
    net: str,
) -> CaseChain:
    """Follow the key of a case from its opening through grants, rotations and closure.

    ``groups`` maps ``id@epoch`` to the account ids of who was a member from that epoch on
    (``Group.since``) to follow a past, or a plain id to today's ``payload.members`` to judge an
    event just received: who left before a key was made has no part in it. The author of each event
    after the opening is the opener, an account granted before, or a member of a group granted
    before. A grant or rotation after a closure reopens the case.

    Caller's duty: ``accounts`` and ``groups`` come from verified chains; compare ``payload.case``
    with the case asked for; after unwrapping K_g call ``check_key_commitment`` with
    ``commitments[g]``.
    """
    last: CaseChain | None = None
    for payload, statement in _read(CaseEventPayload, statements):
        number, digest = (last.payload.n, last.hash) if last else (None, b"")
        _follows(payload.n, payload.prev, number, digest)
        allowed = _keys_of(accounts, [payload.by])
        signers = statement_signers(statement).keys()
        _only_known(signers, allowed)
        verify_statement(payload.TYPE, statement, *signers)
        if payload.net != net:
            raise NetworkWrong("a case of another network")
        if last and payload.case != last.payload.case:
            raise SubjectChanged("an event of another case")
        if last and payload.by != last.opener and not holds(last.recipients, payload.by, groups):
            raise OutsideCareCircle("the author had no part in the case at that time")
        last = _after(last, payload, statement_hash(statement))
    assert last is not None
    return last


def _after(last: CaseChain | None, event: CaseEventPayload, digest: bytes) -> CaseChain:
    """The chain with one more event whose signature and place are already checked."""
    if last is None:
        return _opened(event, digest)
    if event.event == "open":
        raise EventOutOfPlace("a case opens once")
    if event.event == "rotate":
        return _rotated(last, event, digest)
    if event.generation != last.payload.generation:
        raise GenerationBroken(f"a {event.event} stays in its generation")
    if unb64(event.kc) != last.commitments[-1]:
        raise KeySwapped("the key changed though the generation did not")
    if event.event == "close" and (last.closed or event.to):
        raise EventOutOfPlace("a case closes once and grants nothing then")
    if event.event == "grant" and not event.to:
        raise EventOutOfPlace("a grant names somebody")
    added = tuple(name for name in event.to if name not in last.recipients)
    holders, closed = (*last.holders[:-1], last.recipients + added), event.event == "close"
    return CaseChain(event, digest, last.commitments, holders, last.opener, closed)


def _opened(event: CaseEventPayload, digest: bytes) -> CaseChain:
    if event.event != "open":
        raise EventOutOfPlace("a case begins with its opening")
    if event.generation != 0:
        raise GenerationBroken("a case opens with generation 0")
    if not event.to:
        raise EventOutOfPlace("a case is opened to somebody")
    return CaseChain(event, digest, (unb64(event.kc),), (event.to,), event.by, closed=False)


def _rotated(last: CaseChain, event: CaseEventPayload, digest: bytes) -> CaseChain:
    kc = unb64(event.kc)
    if event.generation != last.payload.generation + 1:
        raise GenerationBroken("a rotation advances the generation by one")
    if kc in last.commitments:
        raise KeyUnchanged("a rotation brings a new key")
    if not event.to:
        raise EventOutOfPlace("a rotation keeps somebody")
    commitments, holders = (*last.commitments, kc), (*last.holders, event.to)
    return CaseChain(event, digest, commitments, holders, last.opener, closed=False)


def holds(recipients: Collection[str], account: str, groups: Mapping[str, Collection[str]]) -> bool:
    """Whether an account is among the recipients, itself or by a group; ``groups`` as above."""
    for recipient in map(parse_recipient, recipients):
        if recipient.kind == "account" and recipient.id == account:
            return True
        if recipient.kind == "group" and account in groups.get(
            f"{recipient.id}@{recipient.number}", groups.get(recipient.id, ())
        ):
            return True
    return False


def _epoch_follows(payload: GroupPayload, last: GroupPayload | None) -> None:
    if last is None:
        if payload.epoch != 0:
            raise EpochBroken("a group begins with epoch 0")
        return
    if (payload.group, payload.kind) != (last.group, last.kind):
        raise SubjectChanged("a statement of another group")
    if payload.epoch not in (last.epoch, last.epoch + 1):
        raise EpochBroken("the epoch stays or advances by one")
    if payload.epoch == last.epoch:
        if payload.kem_key != last.kem_key:
            raise KeySwapped("the key changed though the epoch did not")
        if set(last.members) - set(payload.members):
            raise RemovalWithoutRotation("a member left and the key stayed")
    elif payload.kem_key == last.kem_key:
        raise KeyUnchanged("a new epoch brings a new key")


def _read(model: type[_P], statements: Sequence[Statement]) -> Iterator[tuple[_P, Statement]]:
    """Each payload as typed, before its signature is checked: it names the keys to check with."""
    if not statements:
        raise ChainEmpty("a chain has at least one statement")
    for statement in statements:
        raw = statement_payload(statement)
        if statement["t"] != model.TYPE:
            raise StatementTypeWrong(f"expected {model.TYPE}, got {statement['t']}")
        yield read_payload(model, parse_payload(raw)), statement


def _follows(number: int, prev: str | None, last: int | None, last_hash: bytes) -> None:
    if number != (0 if last is None else last + 1):
        raise SequenceBroken(f"number {number} does not follow {last}")
    if prev != (None if last is None else b64(last_hash)):
        raise PreviousHashWrong("prev is not the hash of the statement before")


def _keys_of(accounts: SignKeys, ids: Collection[str]) -> set[bytes]:
    keys: set[bytes] = set()
    for ident in ids:
        named = accounts.get(ident, ())
        keys.update([named] if isinstance(named, bytes) else named)
    return keys


def _only_known(signers: Collection[bytes], known: Collection[bytes]) -> None:
    if not set(signers) <= set(known):
        raise SignerUnknown("signed by a key that has no standing here")
