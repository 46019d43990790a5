"""What can be traced: one name per act, and the only details each may carry."""

from __future__ import annotations

from enum import StrEnum


class Action(StrEnum):
    """Names read `subject:verb`. Removing or renaming one would orphan rows already chained."""

    NETWORK_INSTALL = "network:install"
    NETWORK_POLICY = "network:policy"

    INVITATION_MAKE = "invitation:make"
    INVITATION_RENEW = "invitation:renew"
    INVITATION_REVOKE = "invitation:revoke"
    INVITATION_LIST = "invitation:list"

    ACCOUNT_SIGN_UP = "account:sign_up"
    ACCOUNT_SIGN_UP_FAILURE = "account:sign_up_failure"
    ACCOUNT_SIGN_IN = "account:sign_in"
    ACCOUNT_SIGN_IN_FAILURE = "account:sign_in_failure"
    ACCOUNT_SIGN_OUT = "account:sign_out"
    ACCOUNT_KEYS_READ = "account:keys_read"
    ACCOUNT_PASSWORD = "account:password"  # noqa: S105 (an act, not a secret)
    ACCOUNT_RECOVERY_CODE = "account:recovery_code"
    ACCOUNT_RECOVERY_ASK = "account:recovery_ask"
    ACCOUNT_RECOVERY_FAILURE = "account:recovery_failure"
    ACCOUNT_RECOVER = "account:recover"
    ACCOUNT_CERTIFY = "account:certify"
    ACCOUNT_SUSPEND = "account:suspend"
    ACCOUNT_REINSTATE = "account:reinstate"
    ACCOUNT_CHANGE = "account:change"
    ACCOUNT_LIST = "account:list"
    ACCOUNT_DENY = "account:deny"
    """A door refused by role: which endpoint is in the detail."""
    ACCOUNT_KEYS_RENEW = "account:keys_renew"
    """New keys in place of ones that may be in other hands."""
    ACCOUNT_RETURN_START = "account:return_start"
    """A registrar checked somebody who lost everything; how is in the detail."""
    ACCOUNT_RETURN = "account:return"
    ACCOUNT_RETURN_FAILURE = "account:return_failure"
    ACCOUNT_LEAVE = "account:leave"
    ACCOUNT_LEAVE_END = "account:leave_end"
    SESSION_REVOKE = "session:revoke"

    SEAL_REPORT = "seal:report"
    """A device found a seal broken: what and where, by a code."""
    SEAL_LIST = "seal:list"
    SEAL_SETTLE = "seal:settle"

    CUSTODIAN_OPEN = "custodian:open"
    """A case was restored from a backup with the archive key; why, by a code, is in the detail."""

    ORGANISATION_CREATE = "organisation:create"
    ORGANISATION_CHANGE = "organisation:change"
    ORGANISATION_ARCHIVE = "organisation:archive"
    ORGANISATION_LIST = "organisation:list"

    GROUP_CREATE = "group:create"
    GROUP_CHANGE = "group:change"
    GROUP_ARCHIVE = "group:archive"
    GROUP_STATE = "group:state"
    """A manager's next signed statement: members, managers or name."""
    GROUP_GRANT = "group:grant"
    GROUP_GRANT_BROKEN = "group:grant_refused"
    """A holder could not open what was handed over; who had wrapped it is in the detail."""
    GROUP_LINK = "group:link"
    """The secret of one epoch sealed under the next: history for those who come later."""
    GROUP_DEPART = "group:depart"
    """An end date came."""
    GROUP_READ = "group:read"
    GROUP_LIST = "group:list"
    GROUP_DENY = "group:deny"

    CASE_OPEN = "case:open"
    CASE_READ = "case:read"
    CASE_LIST = "case:list"
    CASE_TRACE = "case:trace"
    CASE_CLAIM = "case:claim"
    CASE_RELEASE = "case:release"
    CASE_REQUEST_INFORMATION = "case:request_information"
    CASE_ANSWER_INFORMATION = "case:answer_information"
    CASE_GIVE_OPINION = "case:give_opinion"
    CASE_AMEND_OPINION = "case:amend_opinion"
    CASE_ACKNOWLEDGE = "case:acknowledge"
    CASE_CLOSE = "case:close"
    CASE_REFUSE = "case:refuse"
    CASE_CANCEL = "case:cancel"
    CASE_ASK_AGAIN = "case:ask_again"
    CASE_GIVE_SECOND_OPINION = "case:give_second_opinion"
    CASE_TAKE_OVER = "case:take_over"
    CASE_JOIN = "case:join"
    CASE_FORWARD = "case:forward"
    CASE_OVERFLOW = "case:overflow"
    """Passed on to the next pool that was prepared at the opening."""
    CASE_SECOND_OPINION = "case:second_opinion"
    CASE_BRING_IN = "case:bring_in"
    """A person by name: an expert or the patient's own doctor, as the detail says."""
    CASE_TAKE_OFF = "case:take_off"
    CASE_REKEY = "case:rekey"
    CASE_REGRANT = "case:regrant"
    CASE_STEP_REFUSED = "case:step_refused"
    CASE_DENY = "case:deny"

    MESSAGE_POST = "message:post"
    MESSAGE_READ = "message:read"

    ATTACHMENT_UPLOAD = "attachment:upload"
    ATTACHMENT_STORE = "attachment:store"
    ATTACHMENT_DOWNLOAD = "attachment:download"
    ATTACHMENT_DISCARD = "attachment:discard"
    ATTACHMENT_DENY = "attachment:deny"

    NOTIFICATION_PREFERENCES = "notification:preferences"
    NOTIFICATION_SUBSCRIBE = "notification:subscribe"
    NOTIFICATION_UNSUBSCRIBE = "notification:unsubscribe"
    NOTIFICATION_TEST = "notification:test"
    NOTIFICATION_DEAD_LIST = "notification:dead_list"
    NOTIFICATION_RETRY = "notification:retry"

    TRACE_READ = "trace:read"
    TRACE_EXPORT = "trace:export"


SECURITY_ACTIONS: frozenset[Action] = frozenset(
    {
        Action.ACCOUNT_SIGN_UP_FAILURE,
        Action.ACCOUNT_SIGN_IN,
        Action.ACCOUNT_SIGN_IN_FAILURE,
        Action.ACCOUNT_SIGN_OUT,
        Action.ACCOUNT_KEYS_READ,
        Action.ACCOUNT_RECOVERY_ASK,
        Action.ACCOUNT_RECOVERY_FAILURE,
        Action.ACCOUNT_RETURN_FAILURE,
        Action.ACCOUNT_DENY,
        Action.SESSION_REVOKE,
    }
)
"""Ways in and out, tried or taken: the security log, kept a year (CNIL, recommendation 2021-122 on
logging: six months to a year). All else is the act trace, kept as long as the record it belongs to:
twenty years (Code de la santé publique, R1112-7)."""


DETAIL_KEYS: frozenset[str] = frozenset(
    {
        "after",
        "before",
        "count",
        "device",
        "endpoint",
        "epoch",
        "event",
        "format",
        "from_state",
        "generation",
        "granted_by",
        "holder",
        "kind",
        "member",
        "member_seq",
        "part",
        "reason",
        "seq",
        "sequence",
        "size",
        "state",
        "step",
        "to_state",
        "urgency",
        "version",
    }
)
"""The only details a row may carry: codes, numbers and ids. Nothing here can hold clinical text."""
