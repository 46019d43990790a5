"""Invitations: a single-use link by mail, good for 72 hours."""

from __future__ import annotations

import base64
import secrets
from datetime import timedelta
from uuid import UUID, uuid4

from sqlalchemy import and_, or_, select

from app import clock, sealing
from app.announcements import announce_on_commit
from app.config import Config
from app.db import session
from app.transactions import transactional
from auth.actor import Actor, Visitor
from auth.announced import InvitationMade
from auth.errors import InvitationNotFound, InvitationUnusable, MailTaken
from auth.limits import spend, spend_address, spend_key
from auth.models import Account, Invitation
from auth.schemas import (
    InvitationBody,
    InvitationList,
    InvitationView,
    OrganisationName,
    PageQuery,
    SignUpOpened,
)
from auth.service.network import the_network
from auth.service.organisations import check_organisation, organisation_names
from auth.service.paging import instant, read_cursor, write_cursor
from auth.service.second_factor import close_secret, enrolment_uri, new_secret, open_secret
from trace import Action, record, record_refusal

LIFE = timedelta(hours=72)

_base_url = ""


def bind(config: Config) -> None:
    global _base_url
    _base_url = config.base_url


def invite(actor: Actor, body: InvitationBody) -> InvitationView:
    """Make an invitation and announce its mail. Raises MailTaken, OrganisationUnknown.

    Earlier unused invitations to the same address stop working.
    """
    spend(actor, "invitation", 200, per=3600)
    return _invite(actor, body)


@transactional
def _invite(actor: Actor, body: InvitationBody) -> InvitationView:
    check_organisation(body.organisation)
    invitation, link = make_invitation(
        body.mail, body.kind, body.language, body.organisation, actor.account_id
    )
    record(actor, Action.INVITATION_MAKE, ("invitation", invitation.id), detail={"kind": body.kind})
    _announce(invitation, link)
    return _view(invitation, organisation_names([invitation.organisation_id]), link)


@transactional
def invite_first_administrator(mail: str, language: str = "fr") -> str:
    """The link the operator hands over; no mail is sent. For `cordee init`."""
    invitation, link = make_invitation(mail, "administrator", language, None, None)
    record(None, Action.INVITATION_MAKE, ("invitation", invitation.id))
    return link


def make_invitation(
    mail: str, kind: str, language: str, organisation_id: UUID | None, invited_by: UUID | None
) -> tuple[Invitation, str]:
    """A new invitation and its link, inside the caller's transaction."""
    the_network()
    if session().scalars(select(Account.id).where(Account.mail == mail)).first():
        raise MailTaken()
    now = clock.now()
    for older in session().scalars(
        select(Invitation).where(
            Invitation.mail == mail,
            Invitation.used_at.is_(None),
            Invitation.revoked_at.is_(None),
        )
    ):
        older.revoked_at = now
    token = secrets.token_urlsafe(32)
    invitation = Invitation(
        id=uuid4(),
        mail=mail,
        kind=kind,
        organisation_id=organisation_id,
        language=language,
        token_hash=_hash(token),
        totp_secret=close_secret(new_secret()),
        invited_by=invited_by,
        created_at=now,
        expires_at=now + LIFE,
        used_at=None,
        revoked_at=None,
        account_id=None,
    )
    session().add(invitation)
    session().flush()
    return invitation, join_link(token)


@transactional
def renew_invitation(actor: Actor, invitation_id: UUID) -> InvitationView:
    """A new link for the same person; the old one stops working. Raises InvitationNotFound."""
    invitation = _pending(invitation_id)
    token = secrets.token_urlsafe(32)
    invitation.token_hash = _hash(token)
    invitation.expires_at = clock.now() + LIFE
    record(actor, Action.INVITATION_RENEW, ("invitation", invitation.id))
    link = join_link(token)
    _announce(invitation, link)
    return _view(invitation, organisation_names([invitation.organisation_id]), link)


@transactional
def revoke_invitation(actor: Actor, invitation_id: UUID) -> None:
    """The link stops working. Raises InvitationNotFound."""
    invitation = _pending(invitation_id)
    invitation.revoked_at = clock.now()
    record(actor, Action.INVITATION_REVOKE, ("invitation", invitation.id))


@transactional
def list_invitations(actor: Actor, query: PageQuery) -> InvitationList:
    """Invitations, newest first, without those revoked."""
    wanted = select(Invitation).where(Invitation.revoked_at.is_(None))
    if query.cursor:
        at, ident = read_cursor(query.cursor, instant, UUID)
        wanted = wanted.where(
            or_(
                Invitation.created_at < at,
                and_(Invitation.created_at == at, Invitation.id < ident),
            )
        )
    wanted = wanted.order_by(Invitation.created_at.desc(), Invitation.id.desc())
    found = list(session().scalars(wanted.limit(query.limit + 1)))
    page = found[: query.limit]
    names = organisation_names(invitation.organisation_id for invitation in page)
    record(actor, Action.INVITATION_LIST, ("invitation", None), detail={"count": len(page)})
    more = len(found) > query.limit
    return InvitationList(
        items=[_view(invitation, names) for invitation in page],
        next=write_cursor(page[-1].created_at.isoformat(), page[-1].id) if more else None,
    )


def open_invitation(token: str, address: str) -> SignUpOpened:
    """What a person with the link needs to begin signing up. Raises InvitationUnusable."""
    spend_address("sign-up", address, 300, per=600)
    spend_key("sign-up:token", token, 30, per=600)
    return _open(token, address)


@transactional(read_only=True)
def _open(token: str, address: str) -> SignUpOpened:
    invitation = find_usable(token, address)
    secret = open_secret(invitation.totp_secret)
    organisation_id = invitation.organisation_id
    return SignUpOpened(
        mail=invitation.mail,
        kind=invitation.kind,  # type: ignore[arg-type]
        organisation=organisation_names([organisation_id]).get(organisation_id)
        if organisation_id
        else None,
        net=the_network().id,
        totp_secret=secret,
        totp_uri=enrolment_uri(secret, invitation.mail),
    )


def find_usable(token: str, address: str) -> Invitation:
    """The living invitation behind a token, locked, inside the caller's transaction."""
    invitation = find_by_token(token)
    now = clock.now()
    if (
        invitation is None
        or invitation.used_at
        or invitation.revoked_at
        or invitation.expires_at <= now
    ):
        record_refusal(
            Visitor(address),
            Action.ACCOUNT_SIGN_UP_FAILURE,
            ("invitation", invitation.id if invitation else None),
            result="refused",
            detail={"reason": "link"},
        )
        raise InvitationUnusable()
    return invitation


def find_by_token(token: str) -> Invitation | None:
    """Whatever its state."""
    return (
        session()
        .scalars(select(Invitation).where(Invitation.token_hash == _hash(token)).with_for_update())
        .first()
    )


def _pending(invitation_id: UUID) -> Invitation:
    invitation = (
        session()
        .scalars(select(Invitation).where(Invitation.id == invitation_id).with_for_update())
        .first()
    )
    if invitation is None or invitation.used_at or invitation.revoked_at:
        raise InvitationNotFound()
    return invitation


def _announce(invitation: Invitation, link: str) -> None:
    announce_on_commit(
        InvitationMade(
            invitation_id=invitation.id,
            mail=invitation.mail,
            kind=invitation.kind,
            language=invitation.language,
            link=link,
            expires_at=invitation.expires_at,
        )
    )


def _hash(token: str) -> bytes:
    return sealing.keyed_hash("invitation token", token.encode())


def join_link(token: str) -> str:
    """Token and pin travel in the fragment, which browsers send to nobody."""
    root = base64.urlsafe_b64encode(the_network().root).decode().rstrip("=")
    return f"{_base_url}/join#token={token}&root={root}"


def _view(
    invitation: Invitation, names: dict[UUID, OrganisationName], link: str | None = None
) -> InvitationView:
    expired = invitation.expires_at <= clock.now()
    return InvitationView(
        id=invitation.id,
        mail=invitation.mail,
        kind=invitation.kind,  # type: ignore[arg-type]
        organisation=names.get(invitation.organisation_id) if invitation.organisation_id else None,
        language=invitation.language,
        created_at=invitation.created_at,
        expires_at=invitation.expires_at,
        used_at=invitation.used_at,
        state="used" if invitation.used_at else "expired" if expired else "sent",
        link=link,
    )
