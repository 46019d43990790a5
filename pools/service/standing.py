"""Whose signature counts here: people's keys as the server verified them when they came in."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Any
from uuid import UUID

from sqlalchemy import func, select

from app.db import session
from auth.models import Account, AccountStatement
from pools.errors import MemberUnknown


def sign_keys(accounts: Iterable[UUID]) -> dict[str, tuple[bytes, ...]]:
    """Every signing key each of these people ever had, by account id as statements write it."""
    rows = session().execute(
        select(AccountStatement.account_id, AccountStatement.sign_key)
        .where(AccountStatement.account_id.in_(list(accounts)))
        .order_by(AccountStatement.seq)
    )
    keys: dict[str, tuple[bytes, ...]] = defaultdict(tuple)
    for account_id, key in rows:
        keys[str(account_id)] += (key,)
    return dict(keys)


def key_sequences(accounts: Iterable[UUID]) -> dict[UUID, int]:
    """The sequence of each person's last key statement: what is wrapped now is wrapped to it."""
    rows = session().execute(
        select(AccountStatement.account_id, func.max(AccountStatement.seq))
        .where(AccountStatement.account_id.in_(list(accounts)))
        .group_by(AccountStatement.account_id)
    )
    return dict(rows.all())


def key_chains(accounts: Iterable[UUID]) -> dict[UUID, list[dict[str, Any]]]:
    """Each person's whole key chain, as their readers verify it."""
    chains: dict[UUID, list[dict[str, Any]]] = defaultdict(list)
    for row in session().scalars(
        select(AccountStatement)
        .where(AccountStatement.account_id.in_(list(accounts)))
        .order_by(AccountStatement.seq)
    ):
        chains[row.account_id].append(row.statement)
    return chains


def require_certified(accounts: Iterable[UUID]) -> None:
    """Raise MemberUnknown unless each is a person certified here and not suspended."""
    wanted = set(accounts)
    known = session().scalar(
        select(func.count())
        .select_from(Account)
        .where(
            Account.id.in_(wanted),
            Account.certified_at.is_not(None),
            Account.suspended_at.is_(None),
        )
    )
    if known != len(wanted):
        raise MemberUnknown()
