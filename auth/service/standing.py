"""How people stand today, beside their row: keys that wait, leave, who vouched for them."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import select

from app import clock
from app.db import session
from auth.models import Account, AccountLeave, AccountPending, AccountStatement
from auth.schemas import AccountName, LeaveView, PendingKeys


@dataclass(frozen=True)
class Standings:
    """What a view of several people needs, looked up once."""

    pending: dict[UUID, PendingKeys]
    leaves: dict[UUID, LeaveView]
    names: dict[UUID, str]

    def vouched_by(self, account: Account) -> AccountName | None:
        """The registrar who co-signed; None for those the root itself vouches for."""
        by = account.certified_by
        return AccountName(id=by, name=self.names[by]) if by in self.names else None


def standings_of(accounts: Collection[Account]) -> Standings:
    """Inside a transaction."""
    ids = {account.id for account in accounts}
    now = clock.now()
    away = select(AccountLeave).where(AccountLeave.account_id.in_(ids), AccountLeave.ends_at > now)
    leaves = list(session().scalars(away))
    waiting = select(AccountPending).where(AccountPending.account_id.in_(ids))
    names = _names(
        {account.certified_by for account in accounts} | {leave.delegate_id for leave in leaves}
    )
    return Standings(
        pending={
            row.account_id: PendingKeys(
                statement=row.statement,
                reason=row.reason,
                since=row.received_at,
            )
            for row in session().scalars(waiting)
        },
        leaves={leave.account_id: view_leave(leave, names) for leave in leaves},
        names=names,
    )


def view_leave(leave: AccountLeave, names: dict[UUID, str]) -> LeaveView:
    delegate = leave.delegate_id
    return LeaveView(
        **{"from": leave.starts_at},
        until=leave.ends_at,
        delegate=AccountName(id=delegate, name=names[delegate]) if delegate else None,
    )


def own_chain(account_id: UUID) -> list[dict[str, Any]]:
    """The person's statements as they themselves need them: those that wait come last."""
    chain = select(AccountStatement.statement).where(AccountStatement.account_id == account_id)
    waiting = select(AccountPending.statement).where(AccountPending.account_id == account_id)
    return [
        *session().scalars(chain.order_by(AccountStatement.seq)),
        *session().scalars(waiting),
    ]


def _names(ids: Iterable[UUID | None]) -> dict[UUID, str]:
    wanted = {ident for ident in ids if ident}
    if not wanted:
        return {}
    rows = session().execute(select(Account.id, Account.name).where(Account.id.in_(wanted)))
    return {row.id: row.name for row in rows}
