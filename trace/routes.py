"""HTTP doors of the logs. Public: whoever asks sees the same, which is what a log is for."""

from __future__ import annotations

from flask import Blueprint, Response

from app.errors import ValidationFailed
from app.http import describe, parse, parse_query, reply
from trace import checkpoints
from trace.schemas import (
    MOST_LEAVES,
    CheckpointQuery,
    ConsistencyQuery,
    CosignatureBody,
    InclusionQuery,
    LeavesQuery,
    Proof,
)

logs = Blueprint("logs", __name__)


@logs.get("/log/checkpoint")
@describe(query=CheckpointQuery)
def get_checkpoint() -> Response:
    """The log's newest state that has its cosignatures, as a signed note."""
    query = parse_query(CheckpointQuery)
    note = checkpoints.newest(query.tree, cosigned=not query.newest)
    return _uncached(Response(note, mimetype="text/plain"))


@logs.get("/log/leaves")
@describe(query=LeavesQuery)
def get_leaves() -> Response:
    """Leaves of the key log from `start` up to but without `end`, 53 bytes each."""
    query = parse_query(LeavesQuery)
    if query.end - query.start > MOST_LEAVES:
        message = f"at most {MOST_LEAVES} leaves at once"
        raise ValidationFailed(errors=[{"field": "end", "message": message}])
    leaves = checkpoints.read_leaves(query.start, query.end)
    return _uncached(Response(leaves, mimetype="application/octet-stream"))


@logs.get("/log/consistency")
@describe(query=ConsistencyQuery, answer=Proof)
def get_consistency() -> Response:
    """That a later state of a log extends an earlier one (RFC 6962 section 2.1.2)."""
    query = parse_query(ConsistencyQuery)
    return reply(Proof(proof=checkpoints.prove_consistency(query.tree, query.from_, query.to)))


@logs.get("/log/inclusion")
@describe(query=InclusionQuery, answer=Proof)
def get_inclusion() -> Response:
    """That a leaf stands in a log of that size (RFC 6962 section 2.1.1)."""
    query = parse_query(InclusionQuery)
    return reply(Proof(proof=checkpoints.prove_inclusion(query.tree, query.index, query.size)))


@logs.post("/log/cosignatures")
@describe(body=CosignatureBody)
def post_cosignature() -> Response:
    """A witness's word. Its authority is its signature, so no session is asked."""
    body = parse(CosignatureBody)
    checkpoints.accept_cosignature(body.tree, body.size, body.line)
    return reply()


def _uncached(response: Response) -> Response:
    response.headers["Cache-Control"] = "no-store"
    return response
