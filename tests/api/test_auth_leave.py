"""Being away, and who stands in."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from typing import Any
from uuid import UUID

import pytest

from app import clock as house_clock
from app.transactions import transaction
from auth.routes.keys import LEAVES
from auth.service.leave import away_today, represented_by, stand_ins
from protocol.encoding import utc_time
from tests.conftest import MovedClock
from tests.factories.care import CareCircle
from tests.factories.people import Person


def leave(person: Person, delegate: Person | None, begin: int, end: int) -> Any:
    """Ask for a leave from `begin` to `end` days from now."""
    now = house_clock.now()
    return person.put(
        "/account/leave",
        {
            "from": utc_time(now + timedelta(days=begin)),
            "until": utc_time(now + timedelta(days=end)),
            "delegate": delegate.id if delegate else None,
        },
    )


def told_instead(person: Person) -> UUID | None:
    with transaction(read_only=True):
        return stand_ins([person.uuid]).get(person.uuid)


def test_a_delegate_stands_in_from_the_first_day_to_the_last(
    care_circle: CareCircle, clock: MovedClock
) -> None:
    blanc, roche = care_circle.blanc, care_circle.roche
    answer = leave(blanc, roche, 1, 8)
    assert answer.status_code == 200, answer.text
    assert answer.json["delegate"] == {"id": roche.id, "name": "Inès Roche"}
    assert told_instead(blanc) is None
    shown = roche.get("/accounts", ids=blanc.id).json["items"][0]["leave"]
    assert shown == answer.json
    clock.advance(days=2)
    assert told_instead(blanc) == roche.uuid
    with transaction(read_only=True):
        assert represented_by(roche.uuid) == {blanc.uuid}
        assert represented_by(blanc.uuid) == set()
        assert set(away_today([blanc.uuid, roche.uuid])) == {blanc.uuid}
    clock.advance(days=7)
    assert told_instead(blanc) is None


def test_a_leave_replaces_the_one_before_and_ends_when_one_is_back(
    care_circle: CareCircle,
) -> None:
    blanc, roche = care_circle.blanc, care_circle.roche
    assert leave(blanc, roche, -1, 3).status_code == 200
    assert told_instead(blanc) == roche.uuid
    assert leave(blanc, None, -1, 5).json["delegate"] is None
    assert told_instead(blanc) is None
    assert leave(blanc, roche, -1, 5).status_code == 200
    assert blanc.delete("/account/leave").status_code == 204
    assert blanc.delete("/account/leave").status_code == 204
    assert told_instead(blanc) is None
    assert roche.get("/accounts", ids=blanc.id).json["items"][0]["leave"] is None


def test_overlapping_leaves(care_circle: CareCircle) -> None:
    """A delegate who is away too cannot be named; who goes away later is no dead end."""
    blanc, roche = care_circle.blanc, care_circle.roche
    assert leave(roche, None, 2, 4).status_code == 200
    refused = leave(blanc, roche, 3, 6)
    assert (refused.status_code, refused.json["reason"]) == (422, "delegate_away")
    assert leave(blanc, roche, 4, 6).status_code == 200
    assert leave(blanc, roche, -1, 1).status_code == 200
    assert told_instead(blanc) == roche.uuid
    assert leave(roche, None, -1, 4).status_code == 200
    assert told_instead(blanc) is None  # both are away: the person is told, not nobody


def test_a_suspended_delegate_stands_in_for_nobody(care_circle: CareCircle) -> None:
    blanc, roche = care_circle.blanc, care_circle.roche
    assert leave(blanc, roche, -1, 3).status_code == 200
    path = f"/accounts/{roche.id}/suspension"
    assert care_circle.administrator.post(path).status_code == 204
    assert told_instead(blanc) is None


@pytest.mark.parametrize(
    ("begin", "end", "reason"), [(3, 2, "dates"), (-5, -1, "dates"), (0, 1000, "dates")]
)
def test_dates_that_cannot_be(care_circle: CareCircle, begin: int, end: int, reason: str) -> None:
    refused = leave(care_circle.blanc, None, begin, end)
    assert (refused.status_code, refused.json["reason"]) == (422, reason)


def test_a_delegate_shares_a_group(care_circle: CareCircle) -> None:
    blanc = care_circle.blanc
    for stranger in (care_circle.favre, blanc, care_circle.administrator):
        refused = leave(blanc, stranger, 0, 3)
        assert (refused.status_code, refused.json["reason"]) == (422, "delegate")
    naive = {"from": "2026-01-01T00:00:00", "until": "2030-01-01T00:00:00"}
    assert blanc.put("/account/leave", naive).json["code"] == "leave_impossible"


def test_the_end_of_the_calendar_is_no_fault(care_circle: CareCircle) -> None:
    dates = {"from": "9999-11-01T00:00:00Z", "until": "9999-12-31T23:59:59Z"}
    assert care_circle.blanc.put("/account/leave", dates).status_code == 200


def test_colleagues_are_not_told_of_it_without_end(care_circle: CareCircle) -> None:
    answers = [leave(care_circle.blanc, None, 1, 2).status_code for _ in range(LEAVES + 1)]
    assert answers == [200] * LEAVES + [429]


def test_a_double_click_is_one_leave(care_circle: CareCircle) -> None:
    blanc = care_circle.blanc
    again = blanc.other_device()
    again.sign_in()
    gate = Barrier(2)

    def go(person: Person) -> int:
        gate.wait(timeout=30)
        return int(leave(person, None, 1, 2).status_code)

    with ThreadPoolExecutor(2) as pool:
        assert list(pool.map(go, (blanc, again))) == [200, 200]
