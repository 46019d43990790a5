"""What people read of a broken seal, in their language, and what the administrator is told."""

from __future__ import annotations

from typing import Any

import pytest

from client import errors
from client.errors import About, BrokenSeal, MessageBroken, NetworkDown
from client.verdicts import SENTENCES, Reporting, SealReports, sentence, verdict_of

SECRET = "Mélanome"


def every_kind() -> set[type[BrokenSeal]]:
    found: set[type[BrokenSeal]] = set()
    waiting = [BrokenSeal]
    while waiting:
        kind = waiting.pop()
        found.add(kind)
        waiting.extend(kind.__subclasses__())
    return found


@pytest.mark.parametrize(
    "kind", sorted(every_kind(), key=lambda kind: kind.__name__), ids=lambda kind: kind.__name__
)
def test_every_verdict_has_a_sentence_of_its_own(kind: type[BrokenSeal]) -> None:
    assert kind in SENTENCES
    told = sentence(kind("for whoever looks into it", About("account", "x", name="Dr Blanc")))
    assert told.endswith(".") and "%(" not in told
    assert "for whoever" not in told
    assert sentence(kind("with nothing to name")).endswith(".")


def test_a_message_is_named_by_number_and_author() -> None:
    broken = MessageBroken("…", About("message", "m", "c", "3 (Dr Sophie Blanc)"))
    assert sentence(broken) == (
        "Message 3 (Dr Sophie Blanc) is not what its author sealed and signed; it is not shown."
    )


def test_a_language_without_catalogue_reads_english() -> None:
    assert sentence(errors.KdfDowngraded("…"), "xx") == sentence(errors.KdfDowngraded("…"))


def test_codes_are_stable() -> None:
    assert verdict_of(MessageBroken("…")) == "message_broken"
    assert verdict_of(errors.NotInLog("…")) == "not_in_log"
    assert all(len(verdict_of(kind("…"))) <= 64 for kind in every_kind())


class Line:
    """A transport that keeps what it is given, or breaks."""

    def __init__(self, broken: bool = False) -> None:
        self.sent: list[Any] = []
        self.broken = broken

    def post(self, path: str, body: Any) -> None:
        if self.broken:
            raise NetworkDown("no line")
        self.sent.append((path, body))


class Reader(Reporting):
    def read(self) -> None:
        raise MessageBroken(f"{SECRET} inside", About("message", "m", "c", SECRET))


def reader(line: Line, account: str | None = "a") -> Reader:
    made = Reader()
    made.reports = SealReports(line)  # type: ignore[arg-type]
    made.reports.account = account
    return made


def test_a_report_says_which_and_not_what() -> None:
    line = Line()
    one = reader(line)
    for _ in range(2):
        with pytest.raises(MessageBroken):
            one.read()
    [(path, body)] = line.sent
    assert path == "/seal-reports"
    assert body == {
        "id": body["id"],
        "subject_kind": "message",
        "subject_id": "m",
        "case": "c",
        "verdict": "message_broken",
    }
    assert SECRET not in str(body)


@pytest.mark.parametrize("account", ["a", None], ids=["no line", "nobody signed in"])
def test_a_report_that_cannot_be_sent_hides_nothing(account: str | None) -> None:
    with pytest.raises(MessageBroken):
        reader(Line(broken=True), account).read()
