"""What the tests of a lying server share: a case to lie about, and how a refusal must look."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from client.errors import BrokenSeal
from client.verdicts import sentence, verdict_of
from tests.unit.client.conftest import REQUEST, LyingServer, Village

WRITES = ("PUT", "POST", "PATCH")


@contextmanager
def refused(
    kind: type[BrokenSeal],
    said: str,
    server: LyingServer | None = None,
    match: str | None = None,
    writes: tuple[str, ...] = (),
) -> Iterator[None]:
    """The exact class is raised and the person reads exactly ``said``.

    With ``server`` also: the administrator is told the verdict without content, and nothing else
    was written to the server but what ``writes`` allows.
    """
    if server:
        server.asked.clear()
    with pytest.raises(BrokenSeal, match=match) as met:
        yield
    assert type(met.value) is kind, repr(met.value)
    assert sentence(met.value) == said
    if server is None:
        return
    assert [report["verdict"] for report in server.reported] == [verdict_of(met.value)]
    assert set(server.reported[0]) == {"id", "subject_kind", "subject_id", "case", "verdict"}
    written = [
        asked
        for asked in server.asked
        if asked.startswith(WRITES) and not asked.endswith("/seal-reports")
    ]
    assert [asked for asked in written if not asked.endswith(writes or "\0")] == []


@pytest.fixture(scope="module")
def case(village: Village) -> str:
    """A claimed case with three messages."""
    favre, blanc = village.people["favre"], village.people["blanc"]
    opened = favre.cases.open_case("dermatology", REQUEST)
    blanc.steps.claim(opened.id)
    blanc.thread.post(opened.id, "Depuis quand ?")
    favre.thread.post(opened.id, "Depuis juin.")
    blanc.thread.read(opened.id)
    blanc.thread.post(opened.id, "Merci.")
    return opened.id


@pytest.fixture(scope="module")
def number(village: Village, case: str) -> str:
    """How the people call the case."""
    return village.people["favre"].cases.read(case).number


@pytest.fixture(scope="module")
def other_case(village: Village) -> str:
    opened = village.people["favre"].cases.open_case("dermatology", REQUEST)
    village.people["favre"].thread.post(opened.id, "Autre patient.")
    return opened.id
