"""Who is in the network: for colleagues to verify keys, for administrators to look after people."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, func, or_, select

from app.db import session
from app.errors import ValidationFailed
from app.transactions import transactional
from auth.actor import Actor
from auth.models import Account, AccountPending
from auth.permissions import Permission
from auth.schemas import AccountList, AccountQuery
from auth.service.accounts import account_chains, view_account
from auth.service.organisations import organisation_names
from auth.service.paging import read_cursor, write_cursor
from auth.service.standing import standings_of
from trace import Action, record

MAX_IDS = 100


@transactional
def list_accounts(actor: Actor, query: AccountQuery) -> AccountList:
    """Certified people with their key chains; for administrators, everybody and more of each.

    Asked for by `ids`, people whose new keys wait are shown too, with the chain of before: what
    they signed stays verifiable. `waiting` keeps those not certified. Looking is traced.
    """
    sees_all = actor.may(Permission.ACCOUNT_INVITE)
    wanted: Select[Account] = select(Account)
    if not sees_all:
        known: ColumnElement[bool] = Account.certified_at.is_not(None)
        if query.ids:
            known = or_(known, Account.id.in_(select(AccountPending.account_id)))
        wanted = wanted.where(known)
    if query.ids:
        wanted = wanted.where(Account.id.in_(_ids(query.ids)))
    if query.q:
        pattern = "%" + _escape(query.q.strip().lower()) + "%"
        found = [func.lower(Account.name).like(pattern, escape="\\")]
        if sees_all:
            found.append(Account.mail.like(pattern, escape="\\"))
        wanted = wanted.where(or_(*found))
    if query.waiting == "1":
        wanted = wanted.where(Account.certified_at.is_(None), Account.suspended_at.is_(None))
    if query.cursor:
        name, ident = read_cursor(query.cursor, str, UUID)
        wanted = wanted.where(
            or_(Account.name > name, and_(Account.name == name, Account.id > ident))
        )
    wanted = wanted.order_by(Account.name, Account.id).limit(query.limit + 1)
    accounts = list(session().scalars(wanted))
    page = accounts[: query.limit]
    chains = account_chains(account.id for account in page)
    organisations = organisation_names(account.organisation_id for account in page)
    standings = standings_of(page)
    record(
        actor,
        Action.ACCOUNT_LIST,
        ("account", None),
        detail={"count": len(page), "kind": "keys" if query.ids else "directory"},
    )
    return AccountList(
        items=[
            view_account(
                account,
                full=sees_all or account.id == actor.account_id,
                organisations=organisations,
                chain=chains[account.id],
                standings=standings,
            )
            for account in page
        ],
        next=write_cursor(page[-1].name, page[-1].id) if len(accounts) > query.limit else None,
    )


def _ids(text: str) -> list[UUID]:
    try:
        ids = [UUID(part) for part in text.split(",") if part]
    except ValueError:
        errors = [{"field": "ids", "message": "identifiers separated by commas expected"}]
        raise ValidationFailed(errors=errors) from None
    if len(ids) > MAX_IDS:
        errors = [{"field": "ids", "message": f"at most {MAX_IDS} identifiers"}]
        raise ValidationFailed(errors=errors)
    return ids


def _escape(text: str) -> str:
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
