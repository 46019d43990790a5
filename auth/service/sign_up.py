"""From an invitation to an account that waits to be certified."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import select

from app import clock
from app.announcements import announce_on_commit
from app.db import session
from app.errors import Conflict, ValidationFailed
from app.transactions import transactional
from auth.actor import Visitor
from auth.announced import AccountSignedUp
from auth.errors import CodeWrong, InvitationUnusable, RppsTaken, StatementNotAccepted
from auth.limits import spend_address, spend_key
from auth.models import Account, Invitation
from auth.schemas import SignedIn, SignUpBody
from auth.service.chains import append_statement
from auth.service.credentials import hash_auth, hash_recovery, same
from auth.service.invitations import find_by_token, find_usable
from auth.service.network import current_policy
from auth.service.second_factor import matching_step, open_secret
from auth.service.sign_in import enter
from protocol import verify_account_chain
from protocol.errors import ProtocolError
from trace import Action, record_refusal

RESEND = timedelta(minutes=15)
"""How long the same sign-up, sent again because its answer was lost, is answered again."""


def sign_up(body: SignUpBody, address: str) -> tuple[SignedIn, str]:
    """Make the account and its first session; answers a session and its token.

    Raises InvitationUnusable, CodeWrong, RppsTaken, Conflict, StatementNotAccepted,
    ValidationFailed (a clinician without RPPS).
    """
    spend_address("sign-up", address, 300, per=600)
    spend_key("sign-up:token", body.token, 30, per=600)
    return _sign_up(body, address)


@transactional
def _sign_up(body: SignUpBody, address: str) -> tuple[SignedIn, str]:
    if again := _sent_again(body):
        return enter(again, body.device, address, Action.ACCOUNT_SIGN_IN)
    invitation = find_usable(body.token, address)
    _check_person(body, invitation)
    step = _accepted_step(body, invitation, address)
    _check_keys(body)
    now = clock.now()
    account = _account_of(body, invitation, step, now)
    session().add(account)
    session().flush()
    append_statement(account.id, body.statement.model_dump(mode="json"))
    invitation.used_at = now
    invitation.account_id = account.id
    announce_on_commit(AccountSignedUp(account_id=account.id, kind=account.kind))
    return enter(account, body.device, address, Action.ACCOUNT_SIGN_UP)


def _accepted_step(body: SignUpBody, invitation: Invitation, address: str) -> int:
    """The TOTP step the code belongs to, so that no one can use it twice. Raises CodeWrong."""
    step = matching_step(open_secret(invitation.totp_secret), body.totp_code)
    if step is None:
        record_refusal(
            Visitor(address),
            Action.ACCOUNT_SIGN_UP_FAILURE,
            ("invitation", invitation.id),
            result="refused",
            detail={"reason": "code"},
        )
        raise CodeWrong()
    return step


def _account_of(body: SignUpBody, invitation: Invitation, step: int, now: datetime) -> Account:
    return Account(
        id=body.account,
        mail=invitation.mail,
        kind=invitation.kind,
        name=body.name,
        profession=body.profession,
        specialty=body.specialty,
        rpps=body.rpps,
        organisation_id=invitation.organisation_id,
        language=body.language,
        salt=body.salt,
        kdf=body.kdf.model_dump(),
        auth_hash=hash_auth(body.account, body.auth),
        recovery_hash=hash_recovery(body.account, body.recovery_auth),
        totp_secret=invitation.totp_secret,
        totp_step=step,
        ak_password=body.ak_password,
        ak_recovery=body.ak_recovery,
        keys=body.keys,
        created_at=now,
        certified_at=None,
        certified_by=None,
        suspended_at=None,
        last_sign_in_at=None,
    )


def _sent_again(body: SignUpBody) -> Account | None:
    """The account this very sign-up made a moment ago, when its answer did not arrive."""
    invitation = find_by_token(body.token)
    if invitation is None or invitation.used_at is None or invitation.account_id != body.account:
        return None
    account = session().get_one(Account, body.account)
    fresh = clock.now() - invitation.used_at < RESEND and account.suspended_at is None
    if fresh and same(account.auth_hash, hash_auth(account.id, body.auth)):
        return account
    raise InvitationUnusable()


def _check_person(body: SignUpBody, invitation: Invitation) -> None:
    if invitation.kind == "clinician" and body.rpps is None:
        errors = [{"field": "rpps", "message": "a clinician has an RPPS number"}]
        raise ValidationFailed(errors=errors)
    if session().get(Account, body.account):
        raise Conflict()
    taken = select(Account.id).where(Account.rpps == body.rpps)
    if body.rpps and session().scalars(taken).first():
        raise RppsTaken()


def _check_keys(body: SignUpBody) -> None:
    """Refuse a statement that is not the person's own or says other than the form."""
    try:
        keys = verify_account_chain(
            [body.statement.model_dump(mode="json")], current_policy(), certified=False
        )
    except ProtocolError as error:
        raise StatementNotAccepted(reason=type(error).__name__) from error
    said = keys.payload
    if (said.account, said.name, said.rpps) != (str(body.account), body.name, body.rpps):
        raise StatementNotAccepted(reason="PayloadDiffers")
    if keys.certified:
        # Only the root or a registrar may vouch, and neither does so before the person exists.
        raise StatementNotAccepted(reason="CertifiedTooEarly")
