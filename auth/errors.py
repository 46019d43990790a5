"""What the doors refuse, each by name."""

from __future__ import annotations

from app.errors import DomainError


class NotSignedIn(DomainError):
    code = "not_signed_in"
    status = 401
    message = "You are not signed in, or your session has ended. Sign in again."


class NotCertified(DomainError):
    code = "not_certified"
    status = 403
    message = "Your account waits for an administrator to confirm who you are."


class NotPermitted(DomainError):
    code = "not_permitted"
    status = 403
    message = "Your role does not allow this. Ask an administrator of your network."


class CsrfFailed(DomainError):
    code = "csrf_failed"
    status = 403
    message = "The request did not come from this page. Reload the page and try again."


class SignInFailed(DomainError):
    """One refusal for every reason, so that nobody learns which accounts exist."""

    code = "sign_in_failed"
    status = 401
    message = (
        "Mail, password or code do not match. Check them; a code works once, so wait for the next."
    )


class AccountIsSuspended(DomainError):
    code = "account_suspended"
    status = 403
    message = "This account is suspended. Ask an administrator of your network."


class AccountNotFound(DomainError):
    code = "account_not_found"
    status = 404
    message = "There is no such account."


class CodeWrong(DomainError):
    """The second factor, shown by someone whose password or link was right."""

    code = "code_wrong"
    status = 422
    message = "This code is not right, or was used before. Wait for the next one and type it."


class InvitationUnusable(DomainError):
    """Unknown, expired, revoked and used look alike to whoever holds the link."""

    code = "invitation_unusable"
    status = 410
    message = "This link is no longer valid. Ask the administrator who invited you for a new one."


class InvitationNotFound(DomainError):
    code = "invitation_not_found"
    status = 404
    message = "There is no such invitation."


class MailTaken(DomainError):
    code = "mail_taken"
    status = 409
    message = "An account already uses this mail address."


class RppsTaken(DomainError):
    code = "rpps_taken"
    status = 409
    message = "An account already uses this RPPS number. Ask an administrator of your network."


class OrganisationUnknown(DomainError):
    code = "organisation_unknown"
    status = 422
    message = "There is no such organisation."


class StatementNotAccepted(DomainError):
    """A signed statement whose shape, signature, sequence or authority is wrong; `reason` says."""

    code = "statement_refused"
    status = 422
    message = "The signed keys could not be accepted. Update the application and try again."


class RecoveryFailed(DomainError):
    code = "recovery_failed"
    status = 401
    message = "This code is not right or has expired. Start the recovery again."


class SessionNotFound(DomainError):
    code = "session_not_found"
    status = 404
    message = "This session has already ended."


class NotYourself(DomainError):
    code = "not_yourself"
    status = 409
    message = "You cannot do this to your own account. Ask another administrator."


class NetworkMissing(DomainError):
    code = "network_missing"
    status = 503
    message = "This service is not set up yet: its operator must run the initial command."


class AlreadyInstalled(DomainError):
    code = "already_installed"
    status = 409
    message = "This service already has its network."


class KeysWaiting(DomainError):
    """New keys are not changed again before a registrar has looked at them."""

    code = "keys_waiting"
    status = 409
    message = (
        "Your new keys wait for an administrator to confirm them. Ask one to do so, "
        "then start again."
    )


class NeverCertified(DomainError):
    code = "never_certified"
    status = 409
    message = (
        "This person was never confirmed, so there is nothing to come back to. "
        "Confirm them, or invite them with another mail address."
    )


class ReturnUnusable(DomainError):
    """Unknown, expired, replaced and used look alike to whoever holds the link."""

    code = "return_unusable"
    status = 410
    message = "This link is no longer valid. Ask the administrator who checked you for a new one."


class LeaveImpossible(DomainError):
    """The dates, or the delegate, cannot be; `reason` says which."""

    code = "leave_impossible"
    status = 422
    message = (
        "This leave is not possible: it ends after it begins, within two years, and the delegate "
        "shares a group with you and is there when you are not."
    )


class ReportNotFound(DomainError):
    code = "report_not_found"
    status = 404
    message = "There is no such report."
