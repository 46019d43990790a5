"""What can be wrong with an organisation or a group."""

from __future__ import annotations

from app.errors import DomainError


class GroupNotFound(DomainError):
    """There is no such group, or it is none of the actor's business."""

    code = "group_not_found"
    status = 404
    message = "This group does not exist or is not shown to you."


class OrganisationNotFound(DomainError):
    code = "organisation_not_found"
    status = 404
    message = "This organisation does not exist. Choose another in the list."


class StatementRefused(DomainError):
    """The signed statement breaks a rule of its chain; `reason` names it (protocol.errors)."""

    code = "statement_refused"
    status = 422
    message = "The signed statement was refused. Reload the page and do it again."


class GroupMoved(DomainError):
    """Another manager signed a statement in between: `seq` is the last one now."""

    code = "group_moved"
    status = 409
    message = "Somebody else has just changed this group. Reload the page and do it again."


class MemberUnknown(DomainError):
    """A statement names somebody without an account certified here."""

    code = "member_unknown"
    status = 422
    message = "One of these people is not certified yet, so cannot belong to a group."


class GrantRefused(DomainError):
    """A wrapped key for somebody outside the group, of another epoch, or to an old key."""

    code = "grant_refused"
    status = 422
    message = "The key of this group was not handed over as expected. Reload the page."


class NotKeyHolder(DomainError):
    """Only a member who holds the epoch's key can hand it over."""

    code = "not_key_holder"
    status = 403
    message = "Only a member who already reads this group can let another one in."


class NotGroupManager(DomainError):
    code = "not_group_manager"
    status = 403
    message = "Only a manager of this group can change it."


class LinkRefused(DomainError):
    """A link between epochs where there is none to make: same epoch, first or future one."""

    code = "link_refused"
    status = 422
    message = "The key to this group's history was not handed over as expected. Reload the page."


class OverflowRefused(DomainError):
    """Only pools overflow, and only into other pools that are open."""

    code = "overflow_refused"
    status = 422
    message = "Choose other open pools, each once, to take over this pool's cases."
