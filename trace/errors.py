"""Refusals of the logs."""

from __future__ import annotations

from app.errors import DomainError


class NetworkNotFounded(DomainError):
    code = "network_missing"
    status = 503
    message = "This service is not set up yet: its operator must run the initial command."


class CheckpointNotFound(DomainError):
    code = "checkpoint_not_found"
    status = 404
    message = "The log has no signed state of this size. Fetch the newest one."


class CosignatureRefused(DomainError):
    """`reason` names the protocol's own refusal."""

    code = "cosignature_refused"
    status = 422
    message = "This cosignature does not fit the log's state, or is of no witness of the policy."
