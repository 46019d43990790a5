"""The network and its policy."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from app.http import B64, Schema
from protocol.statements import SignedStatement


class NetworkLimits(Schema):
    attachment_bytes: int
    part_bytes: int
    message_bytes: int


class NetworkView(Schema):
    net: UUID
    name: str
    root: B64
    demo: bool
    policy: list[dict[str, Any]]
    minimum_client: str
    vapid_key: str | None
    version: str
    languages: list[str]
    limits: NetworkLimits


class StatementBody(Schema):
    statement: SignedStatement


class PolicyView(Schema):
    seq: int
    registrars: list[UUID]
