"""The `cordee` command line, in processes of its own, against the served application."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from app.migrate import migrate
from client.demo_pictures import ecg_strip
from protocol.encoding import b64
from tests.support.serving import ROOT, ServedApp


@pytest.fixture(scope="module")
def demonstration(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServedApp]:
    """A seeded demonstration, as `make run` makes it."""
    folder = tmp_path_factory.mktemp("demonstration")
    database = f"sqlite:///{folder / 'cordee.sqlite3'}"
    migrate(database)
    served = ServedApp(folder, database, CORDEE_DEMO="1", CORDEE_SMTP_URL="")
    seed(served)
    yield served
    served.stop()


def seed(served: ServedApp) -> None:
    subprocess.run(
        [sys.executable, "-m", "client.demo", "--url", served.url, "--instance", served.folder],
        cwd=ROOT,
        env=served.environment,
        check=True,
    )


class Terminal:
    """One person's terminal."""

    def __init__(self, served: ServedApp, state: Path) -> None:
        self.served = served
        self.state = state
        self.environment = {**os.environ, "CORDEE_STATE": str(state), "CORDEE_URL": served.url}

    def run(self, *arguments: str, code: int = 0, **environment: str) -> str:
        done = subprocess.run(
            [sys.executable, "-m", "protocol.command", *arguments],
            cwd=ROOT,
            env={**self.environment, **environment},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == code, done.stdout + done.stderr
        return done.stdout if code == 0 else done.stderr

    def json(self, *arguments: str) -> Any:
        return json.loads(self.run(*arguments, "--json"))

    def sign_in(self, mail: str) -> None:
        people = json.loads((self.served.folder / "demo-people.json").read_text())
        person = next(entry for entry in people if entry["mail"] == mail)
        code = json.loads(_get(f"{self.served.url}/api/v1/demo/people/{mail}/code"))
        time.sleep(code["wait"])
        told = self.run("sign-in", mail, "--code", code["code"], CORDEE_PASSWORD=person["password"])
        assert person["name"] in told


def _get(url: str) -> bytes:
    import httpx

    return httpx.get(url).raise_for_status().content


@pytest.fixture
def favre(demonstration: ServedApp, tmp_path: Path) -> Iterator[Terminal]:
    terminal = Terminal(demonstration, tmp_path / "favre")
    terminal.sign_in("claire.favre@demo.cordee.invalid")
    yield terminal
    terminal.run("sign-out")


def test_seeding_again_changes_nothing(demonstration: ServedApp) -> None:
    before = (demonstration.folder / "demo-people.json").read_bytes()
    seed(demonstration)
    assert (demonstration.folder / "demo-people.json").read_bytes() == before
    assert not (demonstration.folder / "demo-progress.json").exists()
    assert (demonstration.folder / "demo-root.key").stat().st_mode & 0o777 == 0o600


def test_a_case_from_terminal_to_terminal(
    demonstration: ServedApp, favre: Terminal, tmp_path: Path
) -> None:
    blanc = Terminal(demonstration, tmp_path / "blanc")
    blanc.sign_in("sophie.blanc@demo.cordee.invalid")
    strip = tmp_path / "tracé.png"
    strip.write_bytes(ecg_strip())

    opened = favre.json(
        "open", "Dermatologie", "--birth-name", "PASQUIER-FICTIF", "--given-names", "Ève",
        "--sex", "F", "--birth-date", "1970-02-03", "--question", "Que faire ?",
        "--consent", "oral", "--urgency", "urgent", "--file", str(strip),
    )  # fmt: skip
    number = opened["number"]
    assert opened["header"]["patient"]["birth_name"] == "PASQUIER-FICTIF"
    assert opened["care_team"]["name"] == "Cabinets des Portes du Soleil"
    assert "key" not in opened["header"]["attachments"][0]

    assert number in blanc.run("cases", "--box", "unclaimed", "--urgency", "urgent")
    assert "is yours" in blanc.run("claim", number)
    assert "Posted as message 1" in blanc.run("post", number, "Depuis quand ?")
    told = favre.json("attach", number, str(strip), "--text", "Voici le tracé")
    assert told["sequence"] == 2
    opinion = ("--conclusion", "Rien d’inquiétant", "--recommendations", "Surveiller")
    assert blanc.json("opinion", number, *opinion)["state"] == "opinion_given"

    page = favre.run("read", number, "--save", str(tmp_path / "saved"))
    assert "Rien d’inquiétant" in page and "Dr Sophie Blanc" in page
    assert sorted(path.suffix for path in (tmp_path / "saved").iterdir()) == [".jpg", ".jpg"]
    assert favre.json("acknowledge", number)["state"] == "acknowledged"
    assert favre.json("close", number)["state"] == "closed"
    assert favre.run("claim", number, code=1).startswith("Error: ")
    blanc.run("sign-out")


def test_who_reads_a_case_from_a_terminal(favre: Terminal) -> None:
    opened = favre.json(
        "open", "Orthopédie", "--birth-name", "DUPONT-FICTIF", "--given-names", "Luc",
        "--sex", "M", "--birth-date", "1961-04-05", "--question", "Que faire ?",
        "--consent", "oral",
    )  # fmt: skip
    number = opened["number"]
    assert "Orthopédie (Dr Paul Jacquier): answers the request" in favre.run("circle", number)

    said = favre.run("forward", number, "Rhumatologie")
    assert f"Case {number} waits in Rhumatologie now." in said
    assert "Orthopédie (Dr Paul Jacquier): was asked before" in said
    told = favre.json("second-opinion", number, "Radiologie")
    assert {one["role"] for one in told["circle"]} == {
        "pool", "former_pool", "second_opinion", "opener", "care_team",
    }  # fmt: skip
    said = favre.run("bring-in", number, "Dr Marie Chevallay", "--as", "named-expert")
    assert "Dr Marie Chevallay: was asked by name" in said
    said = favre.run("take-off", number, "Orthopédie")
    assert "no longer reads" in said and "was asked before" not in said
    assert "0 readers" in favre.run("take-off", number, "Orthopédie", code=1)

    team = favre.run("members", "Cabinets des Portes du Soleil")
    assert "Dr Claire Favre" in team and "governed by" in team
    assert favre.run("members", "Cabinets des Portes du Soleil", "--add", "Personne", code=1)
    assert favre.json("heal")["broken"] == []


def test_what_is_kept_is_private_and_goes_with_sign_out(
    demonstration: ServedApp, tmp_path: Path
) -> None:
    terminal = Terminal(demonstration, tmp_path / "morel")
    terminal.sign_in("ines.morel@demo.cordee.invalid")
    kept = sorted(terminal.state.iterdir())
    assert [path.name for path in kept] == ["device.key", "key-log", "session.json"]
    assert all(path.stat().st_mode & 0o777 == 0o600 for path in kept)
    session = kept[2].read_text()
    assert "Polyarthr" not in session and "_seed" not in session  # no sign of base64 is a "_"
    terminal.run("sign-out")
    assert [path.name for path in terminal.state.iterdir()] == ["key-log"]
    assert "sign-in" in terminal.run("cases", code=1)


def test_a_server_that_takes_the_log_back_is_noticed_by_the_next_run(
    demonstration: ServedApp, tmp_path: Path
) -> None:
    """What an earlier command verified is held against the server, even after signing out."""
    terminal = Terminal(demonstration, tmp_path / "jacquier")
    terminal.sign_in("paul.jacquier@demo.cordee.invalid")
    terminal.run("sign-out")
    path = terminal.state / "key-log"
    head, _, leaves = path.read_bytes().partition(b"\n")
    seen = json.loads(head)
    longer = {**seen, "size": seen["size"] + 1, "root": b64(bytes(32))}
    path.write_bytes(json.dumps(longer).encode() + b"\n" + leaves + bytes(53))
    with pytest.raises(AssertionError, match="older log of keys"):
        terminal.sign_in("paul.jacquier@demo.cordee.invalid")
    path.write_bytes(head + b"\n" + leaves)
    terminal.sign_in("paul.jacquier@demo.cordee.invalid")


def test_a_device_key_that_does_not_fit_is_a_broken_seal(
    demonstration: ServedApp, tmp_path: Path
) -> None:
    terminal = Terminal(demonstration, tmp_path / "jacquier")
    terminal.sign_in("paul.jacquier@demo.cordee.invalid")
    key = terminal.state / "device.key"
    kept = key.read_text()
    key.write_text("A" * 43 + "=")
    assert "are not yours" in terminal.run("cases", code=3)
    key.write_text(kept)
    assert "urgent" in terminal.run("cases")
    terminal.run("sign-out")


def test_every_state_is_there_to_be_shown(demonstration: ServedApp, tmp_path: Path) -> None:
    states = set()
    for mail in ("hugo.mermet", "anne.vulliez"):  # who between them see every case
        terminal = Terminal(demonstration, tmp_path / mail)
        terminal.sign_in(f"{mail}@demo.cordee.invalid")
        states |= {case["state"] for case in terminal.json("cases")}
        terminal.run("sign-out")
    assert {"submitted", "claimed", "information_requested", "answered"} <= states
    assert {"opinion_given", "acknowledged", "closed", "refused"} <= states
