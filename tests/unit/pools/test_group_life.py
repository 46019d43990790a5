"""Any sequence of joining, leaving, rotating, handing over and refusing keys agrees with a model.

The model knows in a few lines who should read what. After every step each person opens all that the
server hands them, with their own keys: they reach exactly the epochs the model says, and whoever is
out reaches none.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from app import background
from app import clock as house_clock
from pools.service.departures import CLOCK
from protocol.encoding import utc_time
from tests.conftest import MovedClock
from tests.factories.care import CareCircle, SealedCase, SealedGroup
from tests.factories.people import FoundedNetwork, Person

NAMES = ("blanc", "roche", "vidal", "favre")
WHO = st.sampled_from(NAMES)
BY = st.sampled_from(("administrator", *NAMES))


class GroupLife(RuleBasedStateMachine):
    """One pool from its founding on, beside what should be true of it."""

    def __init__(self, circle: CareCircle, clock: MovedClock) -> None:
        super().__init__()
        self.circle, self.clock = circle, clock
        self.people: dict[str, Person] = {
            name: getattr(circle, name) for name in ("administrator", *NAMES)
        }

    @initialize()
    def found(self) -> None:
        self.pool = SealedGroup(self.circle.net, "pool", "Rhumatologie")
        members = [self.people["blanc"], self.people["roche"]]
        admin = self.circle.administrator
        assert self.pool.found(admin, members).status_code == 201
        assert self.pool.state(admin, members, [admin, *members]).status_code == 201
        self.case = SealedCase(self.circle.net, self.circle.maret, self.pool)
        opened = self.circle.maret.put(f"/cases/{self.case.id}", self.case.body())
        assert opened.status_code == 201, opened.text

        self.roll: dict[str, datetime | None] = {"blanc": None, "roche": None}
        self.managers = {"administrator", "blanc", "roche"}
        self.secrets = {0: self.pool.secret}
        self.granted = {(0, "blanc"), (0, "roche")}
        self.linked: set[int] = set()
        self.spoilt: set[tuple[int, str, str]] = set()
        """Epoch, holder, and who handed them a key that opened nothing."""
        # Whoever comes from now on reads the beginning through a link alone.
        link = self.pool.rotate()
        self.secrets[1] = self.pool.secret
        self.state("blanc", self.roll, {"blanc", "roche"}, previous=link)
        self.linked.add(1)

    @property
    def epoch(self) -> int:
        return self.pool.epoch

    def present(self) -> set[str]:
        now = house_clock.now()
        return {name for name, until in self.roll.items() if until is None or now < until}

    def reach(self, name: str) -> set[int]:
        """The epochs a person should open now."""
        if name not in self.present():
            return set()
        epochs = {epoch for epoch, holder in self.granted if holder == name}
        for epoch in range(self.epoch, 0, -1):
            if epoch in epochs and epoch in self.linked:
                epochs.add(epoch - 1)
        return epochs

    def wraps(self, by: str) -> set[str]:
        """Whom a person should be asked to hand today's key to."""
        if self.epoch not in self.reach(by) or (self.epoch, by) not in self.granted:
            return set()
        missing = {name for name in self.present() if (self.epoch, name) not in self.granted}
        return {name for name in missing if (self.epoch, name, by) not in self.spoilt}

    def links(self, by: str) -> set[int]:
        """The links a person should be asked to make."""
        held = {epoch for epoch, holder in self.granted if holder == by}
        both = {epoch for epoch in held if epoch - 1 in held} - self.linked
        return both if by in self.present() else set()

    def ask(self, by: str, roll: dict[str, datetime | None], granted: set[str], **rest: Any) -> Any:
        managers = rest.pop("managers", self.managers)
        return self.pool.state(
            self.people[by],
            [self.people[name] for name in sorted(roll)],
            [self.people[name] for name in sorted(managers)],
            [self.people[name] for name in sorted(granted)],
            until={self.people[name].id: utc_time(end) for name, end in roll.items() if end},
            **rest,
        )

    def state(
        self, by: str, roll: dict[str, datetime | None], granted: set[str], **rest: Any
    ) -> None:
        answer = self.ask(by, roll, granted, **rest)
        assert answer.status_code == 201, answer.text
        self.roll, self.managers = dict(roll), set(rest.get("managers", self.managers))
        self.granted |= {(self.epoch, name) for name in granted}

    @rule(name=WHO, minutes=st.sampled_from((None, 3, 6)), hand=st.booleans(), data=st.data())
    def add(self, name: str, minutes: int | None, hand: bool, data: st.DataObject) -> None:
        """A newcomer, or other end dates for somebody; a manager who knows the key may hand it."""
        by = data.draw(st.sampled_from(sorted(self.managers)))
        ends = house_clock.now() + timedelta(minutes=minutes) if minutes else None
        knows = (self.epoch, by) in self.granted and by in self.present()
        fresh = (self.epoch, name) not in self.granted
        self.state(by, {**self.roll, name: ends}, {name} if hand and knows and fresh else set())

    @rule(gone=st.sets(WHO, max_size=2), now=st.booleans(), data=st.data())
    def rotate(self, gone: set[str], now: bool, data: st.DataObject) -> None:
        """Remove some, or just change the key; wrapped to a part of those who stay."""
        by = data.draw(st.sampled_from(sorted(self.managers)))
        stay = {name: end for name, end in self.roll.items() if name not in gone}
        there = sorted(self.present() - gone)
        if not there:
            return
        granted = data.draw(st.sets(st.sampled_from(there), min_size=1))
        knows = self.epoch in self.reach(by)
        link = self.pool.rotate()
        self.secrets[self.epoch] = self.pool.secret
        self.state(by, stay, granted, now=now, **({"previous": link} if knows else {}))
        if knows:
            self.linked.add(self.epoch)

    @rule(managers=st.sets(WHO), data=st.data())
    def pass_on(self, managers: set[str], data: st.DataObject) -> None:
        """Other managers; members or not."""
        by = data.draw(st.sampled_from(sorted(self.managers)))
        self.state(by, self.roll, set(), managers={"administrator", *managers})

    @rule(by=WHO)
    def usurp(self, by: str) -> None:
        """Whoever does not manage today changes nothing, former managers neither."""
        if by not in self.managers:
            answer = self.ask(by, self.roll, set(), managers={by})
            assert (answer.status_code, answer.json["code"]) == (403, "not_group_manager")

    @rule(by=WHO)
    def mend(self, by: str) -> None:
        """A device does all that it is asked to."""
        asked = self.people[by].get("/pending-grants").json
        for wrap in asked["items"]:
            if wrap["group"] == self.pool.id:
                name = self.name_of(wrap["member"])
                assert self.hand(by, name, self.pool.grant(self.people[name])) == 204
                self.granted.add((self.epoch, name))
        for link in asked["links"]:
            if link["group"] == self.pool.id:
                self.link(by, link["epoch"])

    @rule(by=BY, name=WHO)
    def hand_what_opens_nothing(self, by: str, name: str) -> None:
        """A broken grant is refused by its holder, and its author gets no second try."""
        other = next(one for one in NAMES if one != name)
        broken = self.pool.grant(self.people[name]) | {
            "wrapped": self.pool.grant(self.people[other])["wrapped"]
        }
        asked = name in self.wraps(by)
        status = self.hand(by, name, broken)
        assert status == 204 or not asked
        if asked:
            path = f"/groups/{self.pool.id}/grants/{self.epoch}/me"
            assert self.people[name].delete(path).status_code == 204
            self.spoilt.add((self.epoch, name, by))

    @rule(tell=st.booleans())
    def wait(self, tell: bool) -> None:
        """Two minutes pass; the clock looks or not."""
        self.clock.advance(minutes=2)
        if tell:
            background.run_once(CLOCK)

    @precondition(lambda self: self.epoch > 0)
    @rule(by=WHO)
    def link_without_right(self, by: str) -> None:
        """Whoever was not handed both secrets links nothing."""
        if self.epoch in self.links(by) or self.epoch in self.linked:
            return
        path = f"/groups/{self.pool.id}/previous/{self.epoch}"
        assert self.people[by].put(path, {"sealed": self.sealed(self.epoch)}).status_code == 403

    @invariant()
    def everybody_reads_what_they_should(self) -> None:
        for name in NAMES:
            person = self.people[name]
            expected = {epoch: self.secrets[epoch] for epoch in self.reach(name)}
            assert self.pool.reached_by(person) == expected, name
            read = person.get(f"/cases/{self.case.id}").status_code
            assert read == (200 if name in self.present() else 404), name

    @invariant()
    def what_is_missing_is_asked_of_those_who_can(self) -> None:
        for name in NAMES:
            asked = self.people[name].get("/pending-grants").json
            mine = [one for one in asked["items"] if one["group"] == self.pool.id]
            assert {self.name_of(one["member"]) for one in mine} == self.wraps(name)
            links = {one["epoch"] for one in asked["links"] if one["group"] == self.pool.id}
            assert links == self.links(name)
            due = {who for one in asked["departures"] for who in self.due(one)}
            gone = set(self.roll) - self.present()
            assert due == (gone if name in self.managers else set())

    @invariant()
    def the_tile_says_so(self) -> None:
        shown = self.circle.maret.get(f"/groups/{self.pool.id}").json
        waiting = {self.name_of(one["id"]): one["waiting"] for one in shown["members"]}
        missing = {name: (self.epoch, name) not in self.granted for name in self.present()}
        assert waiting == missing
        assert shown["departures_due"] == (set(self.roll) != self.present())
        assert len(shown["statements"]) == len(self.pool.chain)

    def due(self, departure: dict[str, Any]) -> set[str]:
        if departure["group"] != self.pool.id:
            return set()
        return {self.name_of(who) for who in departure["members"]}

    def hand(self, by: str, name: str, grant: dict[str, Any]) -> int:
        path = f"/groups/{self.pool.id}/grants/{self.epoch}/{self.people[name].id}"
        return self.people[by].put(path, grant).status_code

    def link(self, by: str, epoch: int) -> None:
        path = f"/groups/{self.pool.id}/previous/{epoch}"
        answer = self.people[by].put(path, {"sealed": self.sealed(epoch)})
        assert answer.status_code == 204, answer.text
        self.linked.add(epoch)

    def sealed(self, epoch: int) -> str:
        return self.pool.link(epoch, self.secrets[epoch], self.secrets[epoch - 1])

    def name_of(self, account: str) -> str:
        return next(name for name, person in self.people.items() if person.id == account)


@pytest.fixture
def care_circle(app: Flask) -> CareCircle:
    """On SQLite alone: what databases do differently is tested door by door."""
    return CareCircle(FoundedNetwork(app))


def test_a_group_s_life_agrees_with_the_model(care_circle: CareCircle, clock: MovedClock) -> None:
    run_state_machine_as_test(  # type: ignore[no-untyped-call]
        lambda: GroupLife(care_circle, clock),
        settings=settings(
            max_examples=10,
            stateful_step_count=20,
            deadline=None,
            derandomize=True,
            database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
