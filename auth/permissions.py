"""The one table of who may pass which door. Deny by default.

A role opens the door only; whether a case, a group or a file is this person's concern is decided
by the room that holds it.
"""

from __future__ import annotations

from enum import StrEnum


class Permission(StrEnum):
    """A door. Every route and every socket event names exactly one."""

    SESSION_OWN = "session:own"
    ACCOUNT_OWN = "account:own"
    NOTIFICATION_OWN = "notification:own"
    SEAL_REPORT = "seal:report"

    ACCOUNT_READ = "account:read"
    ACCOUNT_INVITE = "account:invite"
    ACCOUNT_CERTIFY = "account:certify"
    ACCOUNT_SUSPEND = "account:suspend"
    ACCOUNT_WRITE = "account:write"

    ORGANISATION_READ = "organisation:read"
    ORGANISATION_WRITE = "organisation:write"

    GROUP_READ = "group:read"
    GROUP_CREATE = "group:create"
    GROUP_WRITE = "group:write"
    """Rename, deadlines, archive: the display, not the chain."""
    GROUP_STATE = "group:state"
    """Post the next signed statement; the chain decides whether the signer is a manager."""
    GROUP_GRANT = "group:grant"

    CASE_LIST = "case:list"
    CASE_OPEN = "case:open"
    CASE_READ = "case:read"
    CASE_WRITE = "case:write"
    CASE_ANSWER = "case:answer"
    CASE_TRACE = "case:trace"
    CASE_PASS_ON = "case:pass_on"  # noqa: S105 (a door, not a secret)
    """Pass a case one cannot read on to its next pool, when nobody of the present one does."""

    ATTACHMENT_WRITE = "attachment:write"
    ATTACHMENT_READ = "attachment:read"

    NOTIFICATION_ADMIN = "notification:admin"
    SEAL_ADMIN = "seal:admin"
    """Read and settle what devices report; a report holds no content."""

    TRACE_READ = "trace:read"


P = Permission

_ANYONE_SIGNED_IN = frozenset({P.SESSION_OWN, P.ACCOUNT_OWN, P.NOTIFICATION_OWN, P.SEAL_REPORT})

_CLINICIAN = _ANYONE_SIGNED_IN | {
    P.ACCOUNT_READ,
    P.ORGANISATION_READ,
    P.GROUP_READ,
    P.GROUP_STATE,
    P.GROUP_GRANT,
    P.CASE_LIST,
    P.CASE_OPEN,
    P.CASE_READ,
    P.CASE_WRITE,
    P.CASE_ANSWER,
    P.CASE_TRACE,
    P.ATTACHMENT_WRITE,
    P.ATTACHMENT_READ,
}

_ADMINISTRATOR = _CLINICIAN | {
    # An administrator may be a doctor too: the case's own circle says whether they read it.
    P.ACCOUNT_INVITE,
    P.ACCOUNT_CERTIFY,
    P.ACCOUNT_SUSPEND,
    P.ACCOUNT_WRITE,
    P.ORGANISATION_WRITE,
    P.GROUP_CREATE,
    P.GROUP_WRITE,
    P.CASE_PASS_ON,
    P.NOTIFICATION_ADMIN,
    P.SEAL_ADMIN,
    P.TRACE_READ,
}

ROLES: dict[str, frozenset[Permission]] = {
    "uncertified": _ANYONE_SIGNED_IN,
    "clinician": _CLINICIAN,
    "administrator": frozenset(_ADMINISTRATOR),
}

PUBLIC_ENDPOINTS: tuple[str, ...] = (
    "health.alive",
    "health.ready",
    "health.metrics",
    "openapi_api/v1/openapi",
    "pages.shell",
    "pages.static_file",
    "pages.service_worker",
    "pages.manifest",
    "pages.choose_language",
    "auth.get_network",
    "auth.put_policy",
    "auth.post_sign_up_opening",
    "auth.post_sign_up",
    "auth.post_sign_in_opening",
    "auth.post_sign_in",
    "auth.post_recovery_opening",
    "auth.post_recovery_code",
    "auth.post_recovery_completion",
    "auth.post_return_opening",
    "auth.post_return",
    "logs.get_checkpoint",
    "logs.get_leaves",
    "logs.get_consistency",
    "logs.get_inclusion",
    "logs.post_cosignature",
    "demo.get_people",
    "demo.get_code",
    "demo.get_mails",
    "attachments.get_capabilities",
)
"""Every endpoint without a signed-in person, in one place. `demo` answers 404 outside demo mode."""
