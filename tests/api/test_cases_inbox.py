"""The inbox: boxes, order, counts, pages, and a number of queries that does not grow."""

from __future__ import annotations

import pytest

from tests.conftest import MovedClock
from tests.factories.care import CareCircle
from tests.support.statements import statements_sent


def questions(sent: list[str]) -> list[str]:
    return [one for one in sent if one.lstrip().upper().startswith(("SELECT", "WITH"))]


def test_open_cases_come_by_urgency_then_deadline(
    care_circle: CareCircle, clock: MovedClock
) -> None:
    opened = []
    for urgency in ("routine", "urgent", "priority", "urgent"):
        opened.append((urgency, care_circle.open_case(urgency).id))
        clock.advance(seconds=1)
    wanted = [opened[1][1], opened[3][1], opened[2][1], opened[0][1]]
    for person in (care_circle.blanc, care_circle.favre, care_circle.maret):
        items = person.get("/cases").json["items"]
        assert [row["id"] for row in items] == wanted


def test_pages_follow_each_other_without_gap_or_repeat(
    care_circle: CareCircle, clock: MovedClock
) -> None:
    ids = []
    for number in range(7):
        case = care_circle.open_case(("urgent", "priority", "routine")[number % 3])
        clock.advance(seconds=1)
        if number % 2:
            case.step(care_circle.favre, "cancel")
        ids.append(case.id)
    for box in ("all", "done", "mine"):
        whole = care_circle.favre.get("/cases", box=box).json["items"]
        paged, cursor = [], None
        while True:
            query = {"box": box, "limit": 2} | ({"cursor": cursor} if cursor else {})
            page = care_circle.favre.get("/cases", **query).json
            paged += page["items"]
            cursor = page["next"]
            if cursor is None:
                break
        assert [row["id"] for row in paged] == [row["id"] for row in whole]
    assert {row["id"] for row in care_circle.favre.get("/cases").json["items"]} == set(ids)


@pytest.mark.parametrize("cursor", ["x", "W10", "!!!!", "WyJvcGVuIiwwLCJ4IiwieSJd"])
def test_a_made_up_cursor_is_refused(care_circle: CareCircle, cursor: str) -> None:
    answer = care_circle.favre.get("/cases", cursor=cursor)
    assert (answer.status_code, answer.json["code"]) == (422, "validation_failed")


def test_boxes_hold_what_they_say(care_circle: CareCircle) -> None:
    fresh = care_circle.open_case()
    claimed = care_circle.open_case()
    claimed.step(care_circle.blanc, "claim")
    asked = care_circle.open_case()
    asked.step(care_circle.blanc, "claim")
    asked.step(care_circle.blanc, "request_information")
    answered = care_circle.open_case()
    answered.step(care_circle.blanc, "claim")
    answered.step(care_circle.blanc, "give_opinion")
    over = care_circle.open_case()
    over.step(care_circle.blanc, "refuse")

    def box(who: str, name: str, **query: str) -> set[str]:
        answer = care_circle.person(who).get("/cases", box=name, **query).json
        ids = {row["id"] for row in answer["items"]}
        assert "counts" in answer
        return ids

    assert box("expert", "unclaimed") == {fresh.id}
    assert box("expert", "mine") == {claimed.id}
    assert box("expert", "waiting") == {asked.id, answered.id}
    assert box("expert", "done") == {over.id}
    assert box("colleague", "unclaimed") == {fresh.id}
    assert box("colleague", "mine") == box("colleague", "waiting") == set()
    assert box("colleague", "all") == {c.id for c in (fresh, claimed, asked, answered, over)}
    for role in ("requester", "nurse"):
        assert box(role, "mine") == {fresh.id, claimed.id, asked.id, answered.id}
        assert box(role, "waiting") == {asked.id, answered.id}
        assert box(role, "done") == {over.id}
        assert box(role, "unclaimed") == set()
    assert box("requester", "all", role="expert") == set()
    assert box("expert", "all", role="requester") == set()
    counts = care_circle.blanc.get("/cases", limit=1).json["counts"]
    assert counts == {"unclaimed": 1, "mine": 1, "waiting": 2, "done": 1}


def test_filters_narrow_the_page(care_circle: CareCircle) -> None:
    urgent, routine = care_circle.open_case("urgent"), care_circle.open_case("routine")
    blanc = care_circle.blanc
    only = blanc.get("/cases", urgency="urgent").json["items"]
    assert [row["id"] for row in only] == [urgent.id]
    pool = blanc.get("/cases", pool=care_circle.pool.id).json["items"]
    assert [row["id"] for row in pool] == [urgent.id, routine.id]
    assert blanc.get("/cases", pool=care_circle.team.id).json["items"] == []


def test_a_longer_inbox_asks_the_database_no_more_often(care_circle: CareCircle) -> None:
    def asked() -> int:
        with statements_sent() as sent:
            assert care_circle.blanc.get("/cases").status_code == 200
        return len(questions(sent))

    case = care_circle.open_case()
    case.post(care_circle.favre)
    few = asked()
    for _ in range(6):
        case = care_circle.open_case()
        case.post(care_circle.favre)
        case.step(care_circle.roche, "claim")
    assert asked() == few
    assert few <= 18


def test_reading_the_inbox_is_traced(care_circle: CareCircle) -> None:
    care_circle.open_case()
    care_circle.blanc.get("/cases")
    rows = care_circle.administrator.get("/trace", action="case:list").json["items"]
    assert rows[0]["actor"]["name"] == "Hugo Blanc"
    assert rows[0]["detail"] == {"count": 1}
