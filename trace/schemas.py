"""The shapes of the logs as clients and witnesses ask for them."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from app.http import B64, Schema
from trace.trees import Tree

MOST_LEAVES = 20_000
Count = Annotated[int, Field(ge=0, lt=2**53)]


class CheckpointQuery(Schema):
    tree: Tree = Tree.KEY
    newest: bool = False
    """Signed now, whatever its cosignatures: for witnesses."""


class LeavesQuery(Schema):
    start: Count
    end: Count


class ConsistencyQuery(Schema):
    tree: Tree = Tree.KEY
    from_: Count = Field(alias="from")
    to: Count


class InclusionQuery(Schema):
    tree: Tree = Tree.KEY
    index: Count
    size: Count


class Proof(Schema):
    proof: list[B64]


class CosignatureBody(Schema):
    tree: Tree
    size: Count
    line: Annotated[str, Field(max_length=1024)]
    """One signature line of c2sp.org/tlog-cosignature, without its newline."""
