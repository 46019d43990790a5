"""A short life of a pool and its people, each next thing drawn by chance, all of it honest.

Members come and go in two pools, with and without haste; people have two devices that know
different things, lose one, take a new one, renew their keys; words are sealed without a line and
leave when the pool, the case's key or the author's own keys are other ones; cases are opened,
forwarded, shown to a second pool and to a doctor, and taken back. The server is the real one, in
this process, and so are the keys.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any
from uuid import uuid4

import pyotp

from app import clock
from client import CordeeClient
from client.errors import CaseNotFound, KeyPending, NetworkDown
from client.thread import Sealed
from tests.unit.client.conftest import PASSWORD, REQUEST, Lie, Village

EXPERTS = ("blanc", "benali", "pinget")
"""The first stays in both pools: somebody must hold the keys."""
OWN, OTHER = 0, 1


@dataclass
class Told:
    """A case: which pools read it in which part, who else does, and every word said in it."""

    pools: dict[int, str]
    doctor: bool = False
    words: list[str] = field(default_factory=list)


@dataclass
class Held:
    """Words sealed without a line. `heard` when only the answer was lost."""

    author: str
    case: str
    ident: str
    text: str
    sealed: Sealed
    heard: bool


@dataclass
class Devices:
    """What the people of a village hold in their hands: two each, kept from one life to the next.

    All hear one server; ``lies`` is what it tells them.
    """

    village: Village
    lies: dict[str, Lie] = field(default_factory=dict)
    reported: list[dict[str, Any]] = field(default_factory=list)
    of: dict[str, list[CordeeClient]] = field(default_factory=dict)

    def get(self, name: str, which: int) -> CordeeClient:
        """One of two devices of this person."""
        held = self.of.setdefault(name, [])
        while len(held) <= which:
            device, server = self.village.lying_to(name)
            server.swallowed.clear()
            server.lies, server.reported = self.lies, self.reported
            held.append(device)
        return held[which]

    def lose(self, name: str, most: int = 2) -> None:
        """Their next device is a new one, which knows nothing."""
        lost, self.of[name] = self.of.get(name, [])[:most], self.of.get(name, [])[most:]
        for device in lost:
            device.close()


class Life:
    """One run: its own pools and cases among the people of a village."""

    def __init__(self, devices: Devices, seed: str) -> None:
        self.village, self.random, self.devices = devices.village, Random(seed), devices
        self.names = (f"Infectiologie {seed}", f"Parasitologie {seed}")
        self.cases: dict[str, Told] = {}
        self.held: list[Held] = []
        self.waits = 0
        office = self.village.administrator.administration
        ids = [self.village.people[name].account.id for name in EXPERTS]
        self.members = [set(EXPERTS[:2]), set(EXPERTS[:1])]
        self.pools = [
            office.create_pool(name, specialty="other", territory="Chablais", members=ids[:count])
            for name, count in zip(self.names, (2, 1), strict=True)
        ]
        self.open()

    def step(self) -> str:
        """The next thing somebody does; gives its name."""
        deeds: list[tuple[int, Callable[[], None]]] = [
            (20, self.post),
            (10, self.read),
            (12, self.come_or_go),
            (6, self.heal),
            (10, self.hold),
            (8, self.release),
            (5, self.new_device),
            (4, self.renew),
            (4, self.list_cases),
            (5, self.doctor),
            (5, self.second_opinion),
            (5, self.forward),
            (5, self.take_off),
            (2, self.open),
        ]
        weights, verbs = zip(*deeds, strict=True)
        [verb] = self.random.choices(verbs, weights)
        with self.waiting():
            verb()
        return str(verb.__name__)

    def end(self) -> None:
        """Everybody comes online; each reads every word of their cases, once, and nothing else."""
        while self.held:
            self.release()
        for name in (*EXPERTS, "favre", EXPERTS[0]):
            assert self.one_of(name).heal().broken == []
        for case, told in self.cases.items():
            for name in self.readers(case):
                device = self.one_of(name)
                assert device.cases.read(case).header is not None
                read = [message.text for message in device.thread.read(case)]
                assert sorted(read) == sorted(told.words), name

    @contextmanager
    def waiting(self) -> Iterator[None]:
        """A key that nobody has handed over yet is waited for: no alarm, and none is shown."""
        try:
            yield
        except KeyPending:
            self.waits += 1

    # who

    def one_of(self, name: str) -> CordeeClient:
        return self.devices.get(name, self.random.randrange(2))

    def case(self) -> str:
        return self.random.choice(list(self.cases))

    def readers(self, case: str) -> list[str]:
        told = self.cases[case]
        people = {name for pool in told.pools for name in self.members[pool]}
        return ["favre", *sorted(people), *(["mermet"] if told.doctor else [])]

    def someone(self, case: str) -> str:
        return self.random.choice(self.readers(case))

    def id_of(self, name: str) -> str:
        return self.village.people[name].account.id

    def word(self, case: str) -> str:
        return f"Mot {len(self.cases[case].words)} {uuid4()}"

    # deeds

    def open(self) -> None:
        favre = self.one_of("favre")
        favre.directory.groups()
        self.cases[favre.cases.open_case(self.names[OWN], REQUEST).id] = Told({OWN: "pool"})

    def post(self) -> None:
        case = self.case()
        text = self.word(case)
        self.one_of(self.someone(case)).thread.post(case, text)
        self.cases[case].words.append(text)

    def read(self) -> None:
        case = self.case()
        self.one_of(self.someone(case)).thread.read(case)

    def list_cases(self) -> None:
        case = self.case()
        for shown in self.one_of(self.someone(case)).cases.in_box("all"):
            assert shown.broken is None or isinstance(shown.broken, KeyPending), shown.broken

    def heal(self) -> None:
        assert self.one_of(self.random.choice(["favre", *EXPERTS])).heal().broken == []

    def come_or_go(self) -> None:
        governing = self.village.administrator.governing
        pool = self.random.choice((OWN, OTHER))
        members = self.members[pool]
        name = self.random.choice(EXPERTS[1:])
        if name in members:
            members.discard(name)
            now = self.random.random() < 0.4
            governing.remove(self.pools[pool], self.id_of(name), now=now)
        else:
            governing.add(self.pools[pool], self.id_of(name))
            members.add(name)
        if self.random.random() < 0.7:  # else the newcomer waits for a colleague
            assert self.one_of(EXPERTS[0]).heal().broken == []

    def hold(self) -> None:
        """Sealed without a line, or heard by the server whose answer was lost."""
        case, ident = self.case(), str(uuid4())
        author, text, heard = self.someone(case), self.word(case), self.random.random() < 0.4
        device, kept = self.one_of(author), list[Sealed]()

        def send(case: str, sealed: Sealed) -> dict[str, Any]:
            kept.append(sealed)
            if heard:
                device.transport.put(f"/cases/{case}/messages/{sealed.id}", sealed.fields())
            raise NetworkDown("the line fell")

        try:
            device.thread.deliver(case, "text", {"text": text}, send, message=ident)
        except NetworkDown:
            self.held.append(Held(author, case, ident, text, kept[-1], heard))
            if heard:
                self.cases[case].words.append(text)

    def release(self) -> None:
        """What was held back leaves as it was sealed, and is sealed anew if the server asks."""
        if not self.held:
            return
        held = self.held.pop(self.random.randrange(len(self.held)))
        device, left = self.one_of(held.author), [held.sealed]

        def send(case: str, sealed: Sealed) -> dict[str, Any]:
            sent = left.pop() if left else sealed
            address = f"/cases/{case}/messages/{sent.id}"
            answer: dict[str, Any] = device.transport.put(address, sent.fields())
            return answer

        try:
            with self.waiting():
                said = {"text": held.text}
                device.thread.deliver(held.case, "text", said, send, message=held.ident)
                if not held.heard:
                    self.cases[held.case].words.append(held.text)
        except CaseNotFound:
            assert held.author not in self.readers(held.case)

    def new_device(self) -> None:
        self.devices.lose(self.random.choice(["favre", *EXPERTS]), 1)

    def renew(self) -> None:
        """Somebody suspects a theft: new keys, confirmed; every other device signs in again."""
        name = self.random.choice(["favre", "mermet", *EXPERTS])
        person, moved = self.village.people[name], clock.now() + timedelta(seconds=90)
        shift = moved - datetime.now(UTC)
        clock.use(lambda: datetime.now(UTC) + shift)
        code = pyotp.TOTP(self.village.secrets[name]).at(moved)
        person.account.renew_keys(PASSWORD, PASSWORD, code)
        self.village.administrator.administration.certify(person.account.id)
        person.account.refresh()
        self.devices.lose(name)

    def doctor(self) -> None:
        case, favre = self.case(), self.one_of("favre")
        told = self.cases[case]
        if told.doctor:
            favre.circle.take_off(case, self.id_of("mermet"))
        else:
            favre.circle.doctor(case, self.id_of("mermet"))
        told.doctor = not told.doctor

    def second_opinion(self) -> None:
        case = self.case()
        pools = self.cases[case].pools
        away = [pool for pool in (OWN, OTHER) if pools.get(pool) in (None, "former_pool")]
        if away:
            self.one_of("favre").circle.second_opinion(case, self.names[away[0]])
            pools[away[0]] = "second_opinion"

    def forward(self) -> None:
        case = self.case()
        pools = self.cases[case].pools
        [now] = [pool for pool, part in pools.items() if part == "pool"]
        self.one_of("favre").circle.forward(case, self.names[1 - now])
        pools |= {now: "former_pool", 1 - now: "pool"}

    def take_off(self) -> None:
        case = self.case()
        pools = self.cases[case].pools
        for pool in [pool for pool, part in pools.items() if part != "pool"]:
            self.one_of("favre").circle.take_off(case, self.pools[pool])
            del pools[pool]
