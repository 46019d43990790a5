"""The network and its policy."""

from __future__ import annotations

from uuid import UUID

from flask import Response

from app.config import Config
from app.extensions import LANGUAGES
from app.http import describe, parse, reply
from app.security import remote_address
from auth.gate import configuration
from auth.limits import spend_address
from auth.routes import auth
from auth.schemas import NetworkLimits, NetworkView, PolicyView, StatementBody
from auth.service import network
from protocol.shapes import PART_SIZE

VERSION = "0.1.0"
MESSAGE_BYTES = 48 * 1024


@auth.get("/network")
@describe(answer=NetworkView)
def get_network() -> Response:
    """What anyone may know: the network's name, its root, its policy, our limits."""
    config = configuration()
    row, policy, chain = network.read_network()
    return reply(
        NetworkView(
            net=row.id,
            name=row.name,
            root=row.root,
            demo=config.demo,
            policy=chain,
            minimum_client=policy.payload.minimum_client,
            vapid_key=network.vapid_key(),
            version=VERSION,
            languages=list(LANGUAGES),
            limits=_limits(config),
        )
    )


def _limits(config: Config) -> NetworkLimits:
    return NetworkLimits(
        attachment_bytes=config.attachment_bytes,
        part_bytes=PART_SIZE,
        message_bytes=MESSAGE_BYTES,
    )


@auth.put("/network/policy")
@describe(body=StatementBody, answer=PolicyView)
def put_policy() -> Response:
    """Install the next policy. The root's signature is the authority, so no session is asked."""
    spend_address("policy", remote_address(), 20, per=3600)
    body = parse(StatementBody)
    policy = network.install_policy(body.statement.model_dump(mode="json"), remote_address())
    registrars = [UUID(entry.account) for entry in policy.payload.registrars]
    return reply(PolicyView(seq=policy.payload.seq, registrars=registrars))
