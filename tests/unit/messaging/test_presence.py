"""Who is seen in a case, by sockets that come, go and turn away."""

from __future__ import annotations

from uuid import uuid4

import pytest

from app.config import Config
from messaging import presence

CASE, OTHER, FAVRE, BLANC = uuid4(), uuid4(), uuid4(), uuid4()


@pytest.fixture(autouse=True)
def nobody(tmp_path: object) -> None:
    presence.bind(Config("http://localhost", "x" * 32, f"sqlite:///{tmp_path}/x", "memory://"))


def said(changes: list[presence.Change]) -> list[tuple[object, bool]]:
    return [(change.account_id, change.present) for change in changes]


def test_two_devices_are_one_person() -> None:
    assert said(presence.enter("phone", CASE, FAVRE)) == [(FAVRE, True)]
    assert presence.enter("desk", CASE, FAVRE) == []
    assert presence.leave("phone", CASE) == []
    assert presence.present_in(CASE) == {FAVRE}
    assert said(presence.leave("desk", CASE)) == [(FAVRE, False)]


def test_away_is_not_there_and_comes_back() -> None:
    presence.enter("phone", CASE, FAVRE)
    presence.enter("phone", OTHER, FAVRE)
    gone = presence.turn_away("phone", True)
    assert {change.case_id for change in gone} == {CASE, OTHER}
    assert presence.present_in(CASE) == set()
    assert presence.turn_away("phone", True) == []
    assert len(presence.turn_away("phone", False)) == 2


def test_a_lost_socket_is_forgotten_everywhere() -> None:
    presence.enter("phone", CASE, FAVRE)
    presence.enter("desk", CASE, BLANC)
    assert said(presence.forget("phone")) == [(FAVRE, False)]
    assert presence.forget("phone") == []
    assert not presence.looks_at("phone", CASE)
    assert presence.present_in(CASE) == {BLANC}


def test_leaving_where_one_is_not_changes_nothing() -> None:
    assert presence.leave("phone", CASE) == []
    assert not presence.looks_at("phone", CASE)


def test_typing_is_told_on_change_and_once_a_second(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [100.0]
    monkeypatch.setattr(presence.time, "monotonic", lambda: now[0])
    assert not presence.may_tell_typing("phone", CASE, False)
    assert presence.may_tell_typing("phone", CASE, True)
    assert not presence.may_tell_typing("phone", CASE, True)
    now[0] += 1.1
    assert presence.may_tell_typing("phone", CASE, True)
    assert presence.may_tell_typing("phone", CASE, False)
