"""Who can read which message, against a model of a few sets; real server, real keys.

Members are let in and taken out, devices are lost, colleagues heal or not, people write with whatever
they last knew. After every step: whoever belongs reads everything said so far; whoever does not is
refused, and with the keys they kept opens, in the raw rows, only what was said while they belonged.
"""

from __future__ import annotations

from uuid import uuid4

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from client import CordeeClient
from client.errors import CaseNotFound, KeyPending
from tests.support.old_keys import KeptKeys, Row, rows_of
from tests.unit.client.conftest import REQUEST, Village

EXPERTS = ("blanc", "benali", "pinget", "dunand")
WHO = st.sampled_from(EXPERTS)


class Membership(RuleBasedStateMachine):
    """One pool and one case; ``village`` and ``database_url`` are set by the test."""

    village: Village
    database_url: str

    def __init__(self) -> None:
        super().__init__()
        self.devices: dict[str, CordeeClient] = {}
        self.members: set[str] = set()
        self.epoch = 0
        self.granted: dict[str, set[int]] = {name: set() for name in EXPERTS}
        """The epochs whose secret somebody wrapped to a person."""
        self.links: set[int] = set()
        """Epochs under which the one before is sealed."""
        self.wrapped = 0
        """The pool's epoch to which the case's present key is wrapped."""
        self.due = False
        """Whether the case's key is to change at once."""
        self.kept: dict[str, tuple[KeptKeys, set[str]]] = {}
        """Who left → what they kept, and the messages said until then."""
        self.said: list[str] = []
        self.guest = False

    @initialize(first=st.lists(WHO, min_size=1, max_size=3, unique=True))
    def found(self, first: list[str]) -> None:
        village = self.village
        for name in (*EXPERTS, "favre", "mermet"):
            self.devices[name] = village.lying_to(name)[0]
        self.pool = village.administrator.administration.create_pool(
            f"Pool {uuid4()}",
            specialty="other",
            territory="Chablais",
            members=[self.ident(name) for name in first],
        )
        self.members = set(first)
        for name in first:
            self.granted[name].add(0)
        self.case = self.devices["favre"].cases.open_case(self.pool, REQUEST).id

    def teardown(self) -> None:
        for device in self.devices.values():
            device.close()

    def ident(self, name: str) -> str:
        return self.village.people[name].account.id

    # what people do

    @rule(who=WHO)
    def add(self, who: str) -> None:
        self.village.administrator.governing.add(self.pool, self.ident(who))
        self.members.add(who)
        self.kept.pop(who, None)

    @precondition(lambda self: len(self.members) > 1)
    @rule(who=WHO, now=st.booleans())
    def remove(self, who: str, now: bool) -> None:
        if who not in self.members or self.members == {who}:
            return
        known: set[str] = set()
        held = KeptKeys(self.village.root.net, self.ident(who), {})
        if self.reads(who):
            self.devices[who].thread.read(self.case)
            held, known = KeptKeys.of(self.devices[who], [self.case]), set(self.said)
        self.village.administrator.governing.remove(self.pool, self.ident(who), now=now)
        self.members.discard(who)
        self.epoch += 1
        self.due |= now
        for name in self.members:
            self.granted[name].add(self.epoch)
        self.kept[who] = (held, known)

    @rule(who=st.sampled_from([*EXPERTS, "favre"]))
    def heal(self, who: str) -> None:
        assert self.devices[who].heal().broken == []
        if who in self.members:
            if self.epoch in self.granted[who]:
                for name in self.members:
                    self.granted[name].add(self.epoch)
            mine = self.granted[who]
            self.links |= {epoch for epoch in mine if epoch - 1 in mine}
        if self.due and self.reads(who):
            self.wrapped, self.due = self.epoch, False

    @rule(who=st.sampled_from([*EXPERTS, "favre", "mermet"]))
    def post(self, who: str) -> None:
        if not self.reads(who):
            return
        ident = str(uuid4())
        self.devices[who].thread.post(self.case, "…", message=ident)
        self.said.append(ident)
        self.wrapped, self.due = self.epoch, False

    @rule(who=st.sampled_from([*EXPERTS, "favre", "mermet"]))
    def lose_the_device(self, who: str) -> None:
        self.devices[who].close()
        self.devices[who] = self.village.lying_to(who)[0]

    @precondition(lambda self: not self.guest)
    @rule()
    def bring_in_the_doctor(self) -> None:
        self.devices["favre"].circle.doctor(self.case, self.ident("mermet"))
        self.guest = True
        self.kept.pop("mermet", None)

    @precondition(lambda self: self.guest)
    @rule()
    def take_the_doctor_off(self) -> None:
        self.devices["mermet"].thread.read(self.case)
        kept = KeptKeys.of(self.devices["mermet"], [self.case])
        self.devices["favre"].circle.take_off(self.case, self.ident("mermet"))
        self.guest = False
        self.wrapped, self.due = self.epoch, False
        self.kept["mermet"] = (kept, set(self.said))

    # what must hold

    def reads(self, who: str) -> bool:
        """The model: may read, and can come from a key they were given to the case's."""
        if who == "favre":
            return True
        if who == "mermet":
            return self.guest
        return who in self.members and any(
            self.links.issuperset(range(self.wrapped + 1, held + 1))
            for held in self.granted[who]
            if held >= self.wrapped
        )

    @invariant()
    def whoever_belongs_reads_all(self) -> None:
        for who in ("favre", "mermet", *sorted(self.members)):
            if self.members and self.reads(who):
                read = [message.id for message in self.devices[who].thread.read(self.case)]
                assert read == self.said, who

    @invariant()
    def whoever_waits_for_a_key_has_none(self) -> None:
        for who in sorted(self.members):
            if not self.reads(who):
                with pytest.raises(KeyPending):
                    self.devices[who].cases.read(self.case)

    @invariant()
    def whoever_does_not_is_refused(self) -> None:
        if not self.members:
            return
        outside = set(EXPERTS) - self.members | (set() if self.guest else {"mermet"})
        for who in sorted(outside):
            with pytest.raises(CaseNotFound):
                self.devices[who].cases.read(self.case)

    @invariant()
    def old_keys_open_nothing_new(self) -> None:
        rows = self.rows() if self.kept else {}
        for who, (kept, known) in self.kept.items():
            kept.try_all(rows)
            assert kept.messages <= known, who

    def rows(self) -> dict[str, list[Row]]:
        """The raw rows of this pool and case."""
        return {
            table: [
                row
                for row in found
                if self.pool == row.get("group_id") or self.case == row.get("case_id")
            ]
            for table, found in rows_of(self.database_url).items()
        }


@pytest.mark.timeout(900)
def test_membership_against_its_model(village: Village) -> None:
    for key in ("pinget", "dunand"):
        village.sign_up(key, f"Dr {key.title()}", specialty="dermatology")
    Membership.village = village
    Membership.database_url = village.app.config["CORDEE"].database_url
    run_state_machine_as_test(
        Membership,
        settings=settings(
            max_examples=10,
            stateful_step_count=12,
            phases=[Phase.generate],
            deadline=None,
            derandomize=True,
            database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
