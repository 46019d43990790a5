"""The network one talks to: who is registrar, as the pinned root last said.

The root's public key comes with the invitation (in the link's fragment, which no server sees) and
later from one's own keys blob. Everything a server says about people and pools is believed only as
far as this key reaches.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from client.errors import ClientTooOld, PolicyNotTrusted, StatementWithheld, broken_as
from client.transport import Transport
from client.version import VERSION, older
from protocol import Policy, verify_policy_chain
from protocol.statement import Statement


class Network:
    """The network's facts (as the server says) and its policy (as the root signed)."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport
        self._root: bytes | None = None
        self._facts: dict[str, Any] | None = None
        self._policy: Policy | None = None
        self.on_policy: Callable[[Policy, Sequence[Statement]], None] | None = None
        """Told of every policy that was verified, before it counts; may refuse it."""

    def facts(self, refresh: bool = False) -> dict[str, Any]:
        """The server's own description: name, id, limits, languages. Not verified."""
        if self._facts is None or refresh:
            self._facts = self._transport.get("/network")
        return self._facts

    @property
    def net(self) -> str:
        """The deployment's id."""
        if self._policy:
            return self._policy.net
        return str(self.facts()["net"])

    def pin(self, root: bytes) -> None:
        """Trust this root from now on; another root later is refused."""
        if self._root is not None and self._root != root:
            raise PolicyNotTrusted("another root is already pinned on this device")
        self._root = root

    def policy(self, refresh: bool = False) -> Policy:
        """The policy, verified from its first statement under the pinned root.

        Raises ``PolicyNotTrusted`` (also when the server shows an older policy than before) and
        ``ClientTooOld``.
        """
        if self._policy is None or refresh:
            try:
                self._policy = self._verified(self.facts(refresh=self._policy is not None))
            except StatementWithheld:
                # It may have been signed between our two questions: ask once more.
                self._policy = self._verified(self.facts(refresh=True))
        return self._policy

    def forget(self) -> None:
        """Back to an unpinned state, for another account."""
        self._root = self._policy = self._facts = None

    def _verified(self, facts: dict[str, Any]) -> Policy:
        if self._root is None:
            raise PolicyNotTrusted("no root is pinned: sign in, or use an invitation link")
        with broken_as(PolicyNotTrusted, "the network's policy"):
            policy = verify_policy_chain(facts["policy"], self._root)
        if policy.net != facts["net"]:
            raise PolicyNotTrusted("the policy is of another network than the server names")
        if self._policy and policy.payload.seq < self._policy.payload.seq:
            raise PolicyNotTrusted("the server shows an older policy than before")
        if older(VERSION, policy.payload.minimum_client):
            raise ClientTooOld(f"version {policy.payload.minimum_client} or later is needed")
        if self.on_policy:
            self.on_policy(policy, facts["policy"])
        return policy
