"""Key statements on their way into a person's chain: what the next one must say, and its place."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy import select

from app import clock
from app.db import session
from auth.errors import StatementNotAccepted
from auth.models import AccountStatement
from auth.service.network import the_network
from protocol import LogKind, statement_hash, verify_statement
from protocol.encoding import b64, unb64
from protocol.errors import (
    KeyUnchanged,
    NetworkWrong,
    PreviousHashWrong,
    ProtocolError,
    SequenceBroken,
    SubjectChanged,
)
from protocol.statement import ACCOUNT, Statement, parse_payload, statement_payload
from protocol.statements import AccountPayload, read_payload
from trace.keylog import append_leaf


def append_statement(account_id: UUID, statement: Statement) -> AccountStatement:
    """Add a verified statement to the person's chain, inside a transaction."""
    said = account_payload(statement)
    row = AccountStatement(
        account_id=account_id,
        seq=said.seq,
        statement=dict(statement),
        hash=statement_hash(statement),
        sign_key=unb64(said.sign_key),
        kem_key=unb64(said.kem_key),
        received_at=clock.now(),
    )
    session().add(row)
    session().flush()
    append_leaf(LogKind.ACCOUNT, account_id, said.seq, row.hash)
    return row


def statements_of(account_id: UUID) -> list[AccountStatement]:
    """The chain's rows, first to last, inside a transaction."""
    wanted = select(AccountStatement).where(AccountStatement.account_id == account_id)
    return list(session().scalars(wanted.order_by(AccountStatement.seq)))


def account_payload(statement: Statement) -> AccountPayload:
    """What the statement says, as typed; its signatures are not looked at."""
    return read_payload(AccountPayload, parse_payload(statement_payload(statement)))


def check_next_keys(
    account_id: UUID, statement: dict[str, Any], *, signed_before: bool
) -> AccountPayload:
    """New keys for a person who has some: the place in the chain, the name, and who signed.

    Signed by the new key and, with `signed_before`, by the one before it; by nobody else, so that
    a registrar's look at them stays a second step. Raises StatementNotAccepted with the reason.
    """
    chain = statements_of(account_id)
    try:
        said = account_payload(statement)
        _check_words(said, account_payload(chain[-1].statement), chain)
        signers: set[bytes] = {unb64(said.sign_key)}
        if signed_before:
            signers.add(chain[-1].sign_key)
        verify_statement(ACCOUNT, statement, *signers)
    except ProtocolError as error:
        raise StatementNotAccepted(reason=type(error).__name__) from error
    return said


def _check_words(
    said: AccountPayload, before: AccountPayload, chain: list[AccountStatement]
) -> None:
    if said.net != str(the_network().id):
        raise NetworkWrong("keys for another network")
    if said.account != before.account:
        raise SubjectChanged("the keys of another account")
    if said.seq != before.seq + 1:
        raise SequenceBroken("not the next statement of this person")
    if said.prev != b64(chain[-1].hash):
        raise PreviousHashWrong("prev is not the hash of the statement before")
    if (said.name, said.rpps) != (before.name, before.rpps):
        raise StatementNotAccepted(reason="PayloadDiffers")
    old = {key for row in chain for key in (row.sign_key, row.kem_key)}
    if {unb64(said.sign_key), unb64(said.kem_key)} & old:
        raise KeyUnchanged("a key of before would go on being used")
