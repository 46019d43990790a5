"""A thousand random things that honest people do, and not one false alarm.

Members come and go, with and without haste; people have two devices that know different things; a
message is sealed just before the key changes and sent just after; cases are opened, forwarded, shown
to a doctor and taken back. Real server in this process, real keys. Every client reports a broken
seal by itself: at the end no server may have received one.
"""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Any
from uuid import uuid4

import pytest

from client import CordeeClient
from client.errors import BrokenSeal, PartyKnown, Refused
from client.thread import Sealed
from tests.unit.client.conftest import REQUEST, LyingServer, Village

RUNS, STEPS = 10, 100
"""Ten pools with a short life each: what a device verifies grows with a group's history."""
SEED = 20_261_122
EXPERTS = ("blanc", "benali", "pinget")


class Crowd:
    """People with two devices each, one pool, some cases, and the next random thing they do."""

    def __init__(self, village: Village, random: Random, run: int) -> None:
        self.village, self.random = village, random
        self.names = (f"Infectiologie {run}", f"Parasitologie {run}")
        self.servers: list[LyingServer] = []
        self.devices = {
            name: [self.device(name), self.device(name)] for name in (*EXPERTS, "favre", "mermet")
        }
        office = village.administrator.administration
        ids = [village.people[name].account.id for name in EXPERTS]
        self.pool = office.create_pool(
            self.names[0], specialty="other", territory="Chablais", members=ids
        )
        self.other = office.create_pool(
            self.names[1], specialty="other", territory="Chablais", members=ids[:1]
        )
        self.members = set(EXPERTS)
        self.cases: list[str] = []
        self.guests: dict[str, bool] = {}
        self.moved: set[str] = set()
        self.open()

    def device(self, name: str) -> CordeeClient:
        device, server = self.village.lying_to(name)
        self.servers.append(server)
        return device

    def one_of(self, name: str) -> CordeeClient:
        return self.random.choice(self.devices[name])

    @property
    def case(self) -> str:
        return self.random.choice(self.cases[-4:])

    def step(self) -> None:
        deeds: list[tuple[int, Callable[[], None]]] = [
            (30, self.post),
            (20, self.read),
            (8, self.come_or_go),
            (8, self.heal),
            (6, self.send_late),
            (4, self.new_device),
            (5, self.list_cases),
            (4, self.doctor),
            (3, self.open),
            (2, self.forward),
        ]
        weights, verbs = zip(*deeds, strict=True)
        [verb] = self.random.choices(verbs, weights)
        verb()

    def close(self) -> None:
        for device in (device for devices in self.devices.values() for device in devices):
            device.close()

    # deeds

    def open(self) -> None:
        favre = self.one_of("favre") if self.cases else self.devices["favre"][0]
        favre.directory.groups()
        self.cases.append(favre.cases.open_case(self.names[0], REQUEST).id)

    def reader(self) -> str:
        return self.random.choice(["favre", *sorted(self.members)])

    def post(self) -> None:
        self.one_of(self.reader()).thread.post(self.case, "Un mot")

    def read(self) -> None:
        self.one_of(self.reader()).thread.read(self.case)

    def list_cases(self) -> None:
        for case in self.one_of(self.reader()).cases.in_box("all"):
            assert case.broken is None

    def heal(self) -> None:
        healed = self.one_of(self.random.choice(EXPERTS)).heal()
        assert healed.broken == []

    def come_or_go(self) -> None:
        governing = self.village.administrator.governing
        outside = sorted(set(EXPERTS[1:]) - self.members)
        leaving = sorted(self.members - {EXPERTS[0]})
        if outside and (not leaving or self.random.random() < 0.6):
            name = self.random.choice(outside)
            governing.add(self.pool, self.village.people[name].account.id)
            self.members.add(name)
        else:
            name = self.random.choice(leaving)
            self.members.discard(name)
            now = self.random.random() < 0.3
            governing.remove(self.pool, self.village.people[name].account.id, now=now)
        # The first of the pool comes online and hands over what is owed.
        assert self.devices[EXPERTS[0]][0].heal().broken == []

    def send_late(self) -> None:
        """Sealed without a line; when the line is back, the pool has changed."""
        device, case = self.one_of("favre"), self.case
        sent: list[str] = []

        def send(case: str, sealed: Sealed) -> dict[str, Any]:
            if not sent:
                self.come_or_go()
            sent.append(sealed.id)
            address = f"/cases/{case}/messages/{sealed.id}"
            answer: dict[str, Any] = device.transport.put(address, sealed.fields())
            return answer

        ident = str(uuid4())
        assert device.thread.deliver(case, "text", {"text": "Tard"}, send, message=ident)
        assert set(sent) == {ident}

    def new_device(self) -> None:
        name = self.random.choice(["favre", *EXPERTS])
        self.devices[name].pop(0).close()
        self.devices[name].append(self.device(name))

    def doctor(self) -> None:
        case, favre = self.case, self.one_of("favre")
        mermet = self.village.people["mermet"].account.id
        if self.guests.get(case):
            favre.circle.take_off(case, mermet)
        else:
            favre.circle.doctor(case, mermet)
            self.one_of("mermet").thread.read(case)
        self.guests[case] = not self.guests.get(case)

    def forward(self) -> None:
        case = self.case
        if case not in self.moved:
            self.moved.add(case)
            try:
                self.one_of("favre").circle.forward(case, self.names[1])
            except PartyKnown:
                return


@pytest.mark.timeout(1200)
def test_a_thousand_honest_steps_raise_no_alarm(village: Village) -> None:
    village.sign_up("pinget", "Dr Anne Pinget", specialty="dermatology")
    random = Random(SEED)
    for run in range(RUNS):
        crowd = Crowd(village, random, run)
        for step in range(STEPS):
            try:
                crowd.step()
            except (BrokenSeal, Refused) as error:
                raise AssertionError(f"run {run}, step {step}: {error!r}") from error
        assert [report for server in crowd.servers for report in server.reported] == []
        crowd.close()
