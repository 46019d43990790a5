"""The network this deployment serves, and the policy its root last signed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import select

from app import clock
from app.announcements import announce_on_commit
from app.db import session
from app.transactions import transactional
from auth.actor import Visitor
from auth.announced import PolicyInstalled
from auth.errors import AlreadyInstalled, NetworkMissing, StatementNotAccepted
from auth.models import Network, PolicyStatement
from protocol import LogKind, Policy, statement_hash, verify_policy_chain
from protocol.errors import ProtocolError
from protocol.statement import Statement
from trace import Action, record, record_refusal
from trace.keylog import append_leaf

_verified: dict[bytes, Policy] = {}
"""Last policy by the hash of its statement: a chain is checked once per process."""
_vapid_key: Callable[[], str | None] = lambda: None  # noqa: E731


def publish_vapid_key(source: Callable[[], str | None]) -> None:
    """Let the room that sends pushes say which public key browsers subscribe with."""
    global _vapid_key
    _vapid_key = source


def vapid_key() -> str | None:
    return _vapid_key()


def the_network() -> Network:
    """Inside a transaction. Raises NetworkMissing before `cordee init`."""
    network = session().scalars(select(Network).limit(1)).first()
    if network is None:
        raise NetworkMissing()
    return network


def policy_statements() -> list[dict[str, Any]]:
    """The policy chain, first to last, inside a transaction."""
    return list(session().scalars(select(PolicyStatement.statement).order_by(PolicyStatement.seq)))


def current_policy() -> Policy:
    """Today's verified policy, inside a transaction. Raises NetworkMissing."""
    network = the_network()
    newest = session().scalars(
        select(PolicyStatement.hash).order_by(PolicyStatement.seq.desc()).limit(1)
    )
    key = network.root + newest.one()
    if key not in _verified:
        _verified.clear()
        _verified[key] = verify_policy_chain(policy_statements(), network.root)
    return _verified[key]


def registrar_ids() -> frozenset[UUID]:
    """Accounts the policy names as registrars, inside a transaction."""
    return frozenset(UUID(entry.account) for entry in current_policy().payload.registrars)


@transactional(read_only=True)
def read_network() -> tuple[Network, Policy, list[dict[str, Any]]]:
    """The network, its policy, and the chain that proves it."""
    return the_network(), current_policy(), policy_statements()


@transactional
def install_network(net: UUID, name: str, root: bytes, statement: Statement) -> None:
    """Give this deployment its network, once. Raises AlreadyInstalled, StatementNotAccepted."""
    if session().scalars(select(Network).limit(1)).first():
        raise AlreadyInstalled()
    policy = _checked([statement], root)
    if policy.net != str(net):
        raise StatementNotAccepted(reason="NetworkWrong")
    session().add(Network(id=net, name=name, root=root, created_at=clock.now()))
    _store(policy, statement)
    record(None, Action.NETWORK_INSTALL, ("network", net))


@transactional
def install_policy(statement: Statement, address: str | None = None) -> Policy:
    """Append the next policy, in a transaction of its own. See `append_policy`."""
    try:
        return append_policy(statement, address)
    except StatementNotAccepted as refusal:
        record_refusal(
            Visitor(address),
            Action.NETWORK_POLICY,
            ("network", None),
            result="refused",
            detail={"reason": refusal.extra["reason"]},
        )
        raise


def append_policy(statement: Statement, address: str | None) -> Policy:
    """Append the next policy. Its authority is the root's signature, whoever carries it here.

    Registrars it newly names become certified if their keys are those it names: see
    `auth.service.certification`. Installing the last policy again changes nothing. Raises
    StatementNotAccepted.
    """
    network = the_network()
    before = current_policy()
    try:
        if statement_hash(statement) == before.hash:
            return before
    except ProtocolError as error:
        raise StatementNotAccepted(reason=type(error).__name__) from error
    policy = _checked([*policy_statements(), statement], network.root)
    _store(policy, statement)
    session().flush()
    record(
        Visitor(address),
        Action.NETWORK_POLICY,
        ("network", network.id),
        detail={"seq": policy.payload.seq},
    )
    announce_on_commit(PolicyInstalled(seq=policy.payload.seq))
    return policy


def _checked(chain: list[Any], root: bytes) -> Policy:
    try:
        return verify_policy_chain(chain, root)
    except ProtocolError as error:
        raise StatementNotAccepted(reason=type(error).__name__) from error


def _store(policy: Policy, statement: Mapping[str, Any]) -> None:
    session().add(
        PolicyStatement(
            seq=policy.payload.seq,
            statement=dict(statement),
            hash=policy.hash,
            received_at=clock.now(),
        )
    )
    append_leaf(LogKind.POLICY, UUID(policy.net), policy.payload.seq, policy.hash)
