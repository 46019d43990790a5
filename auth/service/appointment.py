"""Making an administrator a registrar: the operator signs with the network's root, offline."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy import select

from app.db import session
from app.transactions import transactional
from auth.errors import AccountNotFound
from auth.models import Account
from auth.schemas import normalise_mail
from auth.service.accounts import announce_changed, get_account
from auth.service.certification import store_cosigned
from auth.service.network import append_policy, policy_statements
from auth.service.standing import own_chain
from protocol.errors import ProtocolError
from protocol.statement import Statement, parse_payload, statement_payload
from protocol.statements import AccountPayload, read_payload
from trace import Action, record


@transactional(read_only=True)
def pending_registrar(mail: str) -> dict[str, Any]:
    """What the operator needs to check and sign. Raises AccountNotFound."""
    account = session().scalars(select(Account).where(Account.mail == normalise_mail(mail))).first()
    if account is None:
        raise AccountNotFound()
    return {
        "account": str(account.id),
        "name": account.name,
        "statements": own_chain(account.id),
        "policy": policy_statements(),
    }


@transactional
def install_appointment(policy: Statement, cosigned: Statement) -> UUID:
    """Store the policy that names the new registrar and the root's signature on their keys.

    The person becomes an administrator. Running it twice changes nothing. Raises
    StatementNotAccepted, AccountNotFound.
    """
    append_policy(policy, None)
    account = get_account(_account_named(cosigned), lock=True)
    store_cosigned(account, cosigned, certified_by=None)
    account.kind = "administrator"
    record(None, Action.ACCOUNT_CERTIFY, ("account", account.id), detail={"kind": "registrar"})
    announce_changed(account)
    return account.id


def _account_named(statement: Statement) -> UUID:
    try:
        payload = read_payload(AccountPayload, parse_payload(statement_payload(statement)))
    except ProtocolError as error:
        raise AccountNotFound() from error
    return UUID(payload.account)
