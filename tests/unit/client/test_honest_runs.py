"""A thousand random lives of honest people, and not one false alarm; one lie, and an alarm.

`make soak` plays the thousand, an ordinary run of the tests the first of them: CORDEE_RUNS says
how many, CORDEE_SEED which. Every client reports a broken seal by itself, so an alarm is whatever
a verb raises, whatever it holds back, and whatever the server was told.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Any

import pytest

from app import clock
from client.crypto import password_keys
from client.errors import BrokenSeal, CordeeError
from protocol.encoding import b64, unb64
from tests.unit.client.conftest import founded_village
from tests.unit.client.lives import Devices, Life

RUNS = int(os.environ.get("CORDEE_RUNS", "20"))
SEED = int(os.environ.get("CORDEE_SEED", "20261122"))
BLOCK = 20
"""Runs in one village: what a network keeps for good, its key log and its people, grows on."""
LEAST, MOST = 10, 18
"""Deeds in a run."""
MEMORY = Path("/dev/shm")


@pytest.fixture(autouse=True)
def one_salt(monkeypatch: pytest.MonkeyPatch) -> None:
    """Everybody has one password here: with one salt as well, Argon2id is paid for once."""
    paid: dict[tuple[str, bytes, str], tuple[bytes, bytes]] = {}

    def once(password: str, salt: bytes, kdf: Mapping[str, Any]) -> tuple[bytes, bytes]:
        place = (password, salt, str(kdf))
        if place not in paid:
            paid[place] = password_keys(password, salt, kdf)
        return paid[place]

    monkeypatch.setattr("client.account.password_keys", once)
    monkeypatch.setattr("client.account.random_salt", lambda: bytes(16))


@pytest.fixture
def devices(migrated_template: Path) -> Iterator[Devices]:
    """In memory where there is such a folder: nothing here has to outlive a power cut."""
    where = MEMORY if MEMORY.is_dir() else None
    with (
        TemporaryDirectory(prefix="cordee-lives-", dir=where) as folder,
        founded_village(Path(folder), migrated_template) as village,
    ):
        village.sign_up("pinget", "Dr Anne Pinget", specialty="dermatology")
        devices = Devices(village)
        yield devices
        for name in village.people:
            devices.lose(name)
    clock.use(None)


def live(life: Life, seed: str) -> int:
    """Play a run to its end; gives how many steps it had."""
    steps = Random(seed).randint(LEAST, MOST)
    for step in range(steps):
        deed = life.step()
        assert life.devices.reported == [], f"reported at step {step}, {deed}"
    life.end()
    assert life.devices.reported == [], "reported at the end"
    return steps


@pytest.mark.timeout(1200)
@pytest.mark.parametrize("block", range(-(-RUNS // BLOCK)))
def test_honest_lives_raise_no_alarm(
    block: int, devices: Devices, record_testsuite_property: Callable[[str, object], None]
) -> None:
    steps = 0
    for run in range(block * BLOCK, min(RUNS, (block + 1) * BLOCK)):
        seed = f"{SEED}.{run}"
        life = Life(devices, seed)
        try:
            steps += live(life, seed)
        except (CordeeError, AssertionError) as error:
            raise AssertionError(f"run {seed}: {error!r}") from error
    record_testsuite_property(f"steps of block {block}", steps)


def flipped(_: str, answer: Any) -> Any:
    for row in answer.get("items", []):
        sealed = bytearray(unb64(row["sealed"]))
        sealed[-1] ^= 1
        row["sealed"] = b64(bytes(sealed))
    return answer


def withheld(_: str, answer: Any) -> Any:
    return {**answer, "items": answer["items"][1:]} if "items" in answer else answer


def hidden(_: str, answer: Any) -> Any:
    if "circle" not in answer:
        return answer
    return {**answer, "circle": [one for one in answer["circle"] if one["role"] != "pool"]}


@pytest.mark.timeout(600)
def test_one_lie_in_such_a_life_raises_the_alarm(devices: Devices) -> None:
    for place, lie in (("/messages", flipped), ("/messages", withheld), ("/cases/", hidden)):
        life = Life(devices, f"{SEED}.{lie.__name__}")
        for _ in range(5):
            life.step()
        life.post()
        assert devices.reported == []
        devices.lies[place] = lie
        with pytest.raises(BrokenSeal):
            life.end()
        assert devices.reported != [], lie.__name__
        devices.lies.clear()
        devices.reported.clear()
        life.end()
        assert devices.reported == []
