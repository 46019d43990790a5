"""The key log as this client verified it: what is shown to one reader is shown to all.

All leaves are mirrored (53 bytes each, 530 KB for 10 000 people) and the root is recomputed, so a
log that drops, reorders or rewrites a leaf gives itself away; later only what is new is fetched and
hashed. A state counts when the log's key and k witnesses of the policy have signed it. A person, a
group or a policy is believed when each of its statements is a leaf and none came after the last one
shown. Colleagues write the state they saw into their signed messages: `check_gossip` compares.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping, Sequence
from threading import RLock
from typing import Any

from client.errors import (
    About,
    CheckpointForged,
    LogForked,
    LogRolledBack,
    NotInLog,
    StatementWithheld,
    WitnessMissing,
)
from client.network import Network
from client.transport import Transport
from protocol import LogKind, Policy, statement_hash
from protocol.encoding import b64, unb64
from protocol.errors import ProtocolError, WitnessesTooFew
from protocol.log import GrowingTree
from protocol.merkle import LEAF_SIZE
from protocol.note import Checkpoint, key_log_origin, read_note, verify_checkpoint
from protocol.shapes import HASH_SIZE
from protocol.statement import Statement

KINDS = {"account": LogKind.ACCOUNT, "group": LogKind.GROUP, "policy": LogKind.POLICY}
AT_ONCE = 20_000
"""Leaves in one request."""
FRESH = 30.0
"""Seconds for which a state is new enough to notice that a statement is held back."""
PATIENCE = 10.0
"""Seconds for which witnesses may take to see a statement that was signed a moment ago."""
PAUSE = 0.5


class KeyLog:
    """The log of one network, followed as it grows. Threads may share it."""

    def __init__(
        self,
        transport: Transport,
        network: Network,
        *,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._transport = transport
        self._network = network
        self._sleep = sleep
        self._clock = clock
        self._lock = RLock()
        self._policy: Policy | None = None
        self._following = False
        self._kept: tuple[str, Checkpoint | None, bytes] | None = None
        self._start()
        network.on_policy = self.follow

    def _start(self) -> None:
        self._tree = GrowingTree()
        self._leaves = bytearray()
        self._places: dict[bytes, dict[int, bytes]] = {}
        """Kind and subject, as in a leaf → hash of each of its statements."""
        self._twice: set[bytes] = set()
        """Subjects of which the log names two statements under one number."""
        self._anchor: tuple[int, bytes] | None = None
        """The size and root that were believed when this device last looked."""
        self._seen_at = float("-inf")

    def forget(self) -> None:
        """For another account or network; what a device keeps is `kept()`."""
        with self._lock:
            self._policy = None
            self._start()

    # the state of the log

    def follow(self, policy: Policy, statements: Sequence[Statement]) -> None:
        """Take the log's key and its witnesses from a policy, which must itself be in the log."""
        with self._lock:
            before, self._policy = self._policy, policy
            outer, self._following = self._following, True
            self._recall(policy.net)
            try:
                logged = self._places.get(_place(LogKind.POLICY, policy.net), {})
                if not policy.payload.log_key and max(logged, default=-1) > policy.payload.seq:
                    # Rules of before there was a log would otherwise do away with it.
                    raise StatementWithheld("the log knows a later policy", self._about())
                self.require_logged("policy", policy.net, statements)
            except BaseException:
                self._policy = before
                raise
            finally:
                self._following = outer

    def latest_checkpoint(self) -> dict[str, Any] | None:
        """The newest state verified here, as a message carries it; None without a log."""
        with self._lock:
            if not self._watched() or not len(self._tree):
                return None
            return {"size": len(self._tree), "root": b64(self._tree.root())}

    def refresh(self) -> None:
        """Fetch the newest witnessed state and what is new in it.

        Raises ``CheckpointForged``, ``WitnessMissing``, ``LogRolledBack``, ``LogForked``. What was
        verified before stays as it was.
        """
        with self._lock:
            policy = self._watched()
            if policy is None:
                return
            try:
                self._take(self._checkpoint(policy))
            except (WitnessMissing, CheckpointForged):
                # A newer policy may name another log key or other witnesses.
                if not self._renewed(policy):
                    raise
                return
            self._seen_at = self._clock()
            logged = self._places.get(_place(LogKind.POLICY, policy.net), {})
            if max(logged, default=-1) > policy.payload.seq:
                self._renewed(policy)

    def _renewed(self, policy: Policy) -> bool:
        """Ask for the newest policy, unless one is just being followed; True if there is one.

        ``follow`` then refreshes this log under it.
        """
        if self._following:
            return False
        return self._network.policy(refresh=True).payload.seq > policy.payload.seq

    def check_gossip(self, seen: Mapping[str, Any]) -> None:
        """Compare the state a colleague saw, from a message they signed, with one's own.

        Raises ``LogForked``, and ``LogRolledBack`` when they saw more than we are shown.
        """
        with self._lock:
            if self._watched() is None:
                return
            size, root = int(seen["size"]), unb64(str(seen["root"]), HASH_SIZE)
            if size > len(self._tree):
                self.refresh()
            if size > len(self._tree):
                raise LogRolledBack(
                    f"a colleague saw {size} entries, this server shows {len(self._tree)}",
                    self._about(),
                )
            if self._tree.root(size) != root:
                raise LogForked(f"a colleague saw another log of {size} entries", self._about())

    # what it says of somebody

    def require_logged(self, kind: str, subject: str, statements: Sequence[Statement]) -> None:
        """Refuse a chain that is not exactly what the log holds of this subject.

        Statements signed a moment ago are waited for. Raises ``NotInLog``, ``WitnessMissing`` when
        the witnesses lag behind and, when the log knows a later statement, ``StatementWithheld``:
        it may have come between two requests, so fetch the chain once more before believing it.
        """
        with self._lock:
            if self._watched() is None:
                return
            hashes = [statement_hash(statement) for statement in statements]
            place = _place(KINDS[kind], subject)
            if self._clock() - self._seen_at > FRESH:
                self._refreshed_in_time(0)
            began = self._clock()
            while not self._holds(place, hashes, f"{kind} {subject}"):
                waited = self._clock() - began
                if waited > PATIENCE:
                    if self._runs_ahead():
                        words = f"{kind} {subject}: logged, but no witness has seen it yet"
                        raise WitnessMissing(words, self._about())
                    raise NotInLog(f"{kind} {subject}: not in the log", self._about())
                self._refreshed_in_time(waited)
                if not self._holds(place, hashes, f"{kind} {subject}"):
                    self._sleep(PAUSE)

    def statements_of(self, kind: str, subject: str) -> dict[int, bytes]:
        """What the log holds of a subject: sequence → hash."""
        with self._lock:
            return dict(self._places.get(_place(KINDS[kind], subject), {}))

    # from one run to the next

    def kept(self) -> bytes | None:
        """What a device keeps, so that its next run can tell whether the log only grew."""
        with self._lock:
            if self._policy is None or not len(self._tree):
                return None
            head = {
                "net": self._policy.net,
                "size": len(self._tree),
                "root": b64(self._tree.root()),
            }
            return json.dumps(head).encode() + b"\n" + bytes(self._leaves)

    def remember(self, kept: bytes) -> None:
        """Take up what an earlier run kept; it counts once the network is known to be the same."""
        head, _, leaves = kept.partition(b"\n")
        try:
            fields = json.loads(head)
            point = Checkpoint(fields["net"], int(fields["size"]), unb64(fields["root"], HASH_SIZE))
        except (ValueError, KeyError, TypeError, ProtocolError):
            return
        self._kept = (point.origin, point, leaves)

    def _recall(self, net: str) -> None:
        """Leaves that do not give the root they were kept with are fetched again, and then must."""
        if self._kept is None or self._kept[0] != net or len(self._tree):
            return
        _, point, leaves = self._kept
        self._kept = None
        if point is None:
            return
        self._anchor = (point.size, point.root)
        if len(leaves) == point.size * LEAF_SIZE:
            grown = _grown(GrowingTree(), leaves)
            if grown.root() == point.root:
                self._keep(grown, leaves)

    # the rest is inside

    def _watched(self) -> Policy | None:
        """The policy, if it names a log."""
        policy = self._policy
        return policy if policy and policy.payload.log_key else None

    def _refreshed_in_time(self, waited: float) -> None:
        """Refresh; that witnesses have not come yet is borne for as long as they may take."""
        began = self._clock()
        while True:
            try:
                return self.refresh()
            except WitnessMissing:
                if waited + self._clock() - began > PATIENCE:
                    raise
                self._sleep(PAUSE)

    def _runs_ahead(self) -> bool:
        """Whether the log is longer than its witnesses know: what is missing may come yet."""
        policy = self._policy
        if policy is None or not policy.payload.k:
            return False
        return self._checkpoint(policy, witnessed=False).size > len(self._tree)

    def _checkpoint(self, policy: Policy, *, witnessed: bool = True) -> Checkpoint:
        said = policy.payload
        asked = {} if witnessed else {"newest": "true"}
        written = self._transport.send("GET", "/log/checkpoint", params=asked).text
        try:
            return verify_checkpoint(
                read_note(written),
                key_log_origin(policy.net),
                unb64(said.log_key or ""),
                [unb64(key) for key in said.witnesses],
                said.k if witnessed else 0,
            )
        except WitnessesTooFew as error:
            raise WitnessMissing(str(error), self._about()) from error
        except ProtocolError as error:
            raise CheckpointForged(f"{type(error).__name__}: {error}", self._about()) from error

    def _take(self, point: Checkpoint) -> None:
        known = max(len(self._tree), self._anchor[0] if self._anchor else 0)
        if point.size < known:
            raise LogRolledBack(
                f"the log had {known} entries and now shows {point.size}", self._about()
            )
        fresh = self._fetch(len(self._tree), point.size)
        grown = _grown(self._tree.copy() if fresh else self._tree, fresh)
        if grown.root() != point.root:
            raise LogForked(
                f"the {point.size} entries shown do not give the root signed for them",
                self._about(),
            )
        if self._anchor and grown.root(self._anchor[0]) != self._anchor[1]:
            raise LogForked(
                f"the first {self._anchor[0]} entries are not those of before", self._about()
            )
        self._keep(grown, fresh)

    def _fetch(self, start: int, end: int) -> bytes:
        found = bytearray()
        for low in range(start, end, AT_ONCE):
            high = min(low + AT_ONCE, end)
            answer = self._transport.send(
                "GET", "/log/leaves", params={"start": low, "end": high}
            ).content
            if len(answer) != (high - low) * LEAF_SIZE:
                raise LogForked(
                    f"{high - low} entries were asked for, {len(answer)} bytes came", self._about()
                )
            found += answer
        return bytes(found)

    def _keep(self, grown: GrowingTree, fresh: bytes) -> None:
        self._tree = grown
        self._leaves += fresh
        for start in range(0, len(fresh), LEAF_SIZE):
            leaf = fresh[start : start + LEAF_SIZE]
            place, seq = leaf[:17], int.from_bytes(leaf[17:21], "big")
            hashes = self._places.setdefault(place, {})
            if hashes.setdefault(seq, leaf[21:]) != leaf[21:]:
                self._twice.add(place)

    def _holds(self, place: bytes, hashes: Sequence[bytes], what: str) -> bool:
        """False while the log lacks a statement; raises when it contradicts the chain."""
        logged = self._places.get(place, {})
        if place in self._twice:
            raise LogForked(f"{what}: the log holds two statements of one number", self._about())
        if any(logged.get(seq, value) != value for seq, value in enumerate(hashes)):
            raise NotInLog(f"{what}: the log holds another statement than shown", self._about())
        if logged and max(logged) >= len(hashes):
            raise StatementWithheld(f"{what}: the log knows a later statement", self._about())
        return len(logged) == len(hashes)

    def _about(self) -> About | None:
        return About("log", self._policy.net) if self._policy else None


def _place(kind: LogKind, subject: str) -> bytes:
    return bytes([kind]) + bytes.fromhex(subject.replace("-", ""))


def _grown(tree: GrowingTree, leaves: bytes) -> GrowingTree:
    for start in range(0, len(leaves), LEAF_SIZE):
        tree.append(leaves[start : start + LEAF_SIZE])
    return tree
