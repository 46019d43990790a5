"""A locum's stay ends at the minute its manager signed; who is on leave, who takes over."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from flask import Flask
from sqlalchemy import text
from werkzeug.test import TestResponse

from app import background
from app import clock as house_clock
from app.db import database
from app.extensions import socketio
from auth.models import AccountLeave
from pools.rooms import leave_old_rooms
from pools.service.departures import CLOCK
from protocol.encoding import utc_time
from tests.conftest import MovedClock
from tests.factories.care import CareCircle, SealedGroup
from tests.factories.people import Person


def in_minutes(minutes: float) -> str:
    return utc_time(house_clock.now() + timedelta(minutes=minutes))


def departures_traced() -> list[tuple[str, str]]:
    rows = text("SELECT subject_id, detail FROM trace WHERE action = 'group:depart' ORDER BY id")
    with database().engine.connect() as connection:
        return [(str(row.subject_id), row.detail) for row in connection.execute(rows)]


def let_in(circle: CareCircle, until: str, group: SealedGroup | None = None) -> Any:
    """Dr Vidal joins the care team until then; Dr Favre manages it from now on."""
    team, admin = group or circle.team, circle.administrator
    stay = [circle.favre, circle.maret]
    assert team.state(admin, stay, [admin, circle.favre]).status_code == 201
    return team.state(
        circle.favre,
        [*stay, circle.vidal],
        [circle.favre],
        [circle.vidal],
        until={circle.vidal.id: until},
    )


def test_a_stay_ends_at_the_minute_signed(care_circle: CareCircle, clock: MovedClock) -> None:
    circle, team, vidal = care_circle, care_circle.team, care_circle.vidal
    case = circle.open_case()
    until = in_minutes(2)
    answer = let_in(circle, until)
    assert answer.status_code == 201, answer.text
    ends = {member["name"]: member["until"] for member in answer.json["members"]}
    assert ends == {"Claire Favre": None, "Julie Maret": None, "Paul Vidal": until}
    assert answer.json["departures_due"] is False
    assert vidal.get(f"/cases/{case.id}").status_code == 200
    assert sorted(team.reached_by(vidal)) == [0]

    clock.advance(seconds=90)
    assert vidal.get(f"/cases/{case.id}").status_code == 200
    clock.advance(seconds=31)
    assert vidal.get(f"/cases/{case.id}").json["code"] == "case_not_found"
    assert vidal.get("/cases").json["items"] == []
    assert vidal.get("/groups", kind="care_team").json["items"] == []
    shown = vidal.get(f"/groups/{team.id}").json
    assert (shown["grants"], shown["previous"], shown["mine"]) == ([], [], False)
    assert (shown["served_by"], shown["departures_due"]) == (2, True)
    assert case.post(vidal).json["code"] == "case_not_found"


def test_the_clock_tells_a_departure_once(care_circle: CareCircle, clock: MovedClock) -> None:
    circle, team = care_circle, care_circle.team
    let_in(circle, in_minutes(2))
    assert background.run_once(CLOCK) == 0
    clock.advance(minutes=3)
    assert background.run_once(CLOCK) == 1
    assert background.run_once(CLOCK) == 0
    ((group_id, detail),) = departures_traced()
    assert group_id.replace("-", "") == team.id.replace("-", "")
    assert circle.vidal.id in detail


def test_the_manager_s_device_removes_whoever_left(
    care_circle: CareCircle, clock: MovedClock
) -> None:
    circle, team, favre = care_circle, care_circle.team, care_circle.favre
    let_in(circle, in_minutes(2))
    assert favre.get("/pending-grants").json["departures"] == []
    clock.advance(minutes=3)
    due = [{"group": team.id, "members": [circle.vidal.id]}]
    assert favre.get("/pending-grants").json["departures"] == due
    for person in (circle.maret, circle.vidal, circle.administrator):
        assert person.get("/pending-grants").json["departures"] == []
    stay = [favre, circle.maret]
    link = team.rotate()
    answer = team.state(favre, stay, [favre], stay, previous=link)
    assert (answer.status_code, answer.json["departures_due"]) == (201, False)
    assert favre.get("/pending-grants").json["departures"] == []
    assert background.run_once(CLOCK) == 0


def test_whoever_left_hands_over_no_key(care_circle: CareCircle, clock: MovedClock) -> None:
    circle, team, vidal = care_circle, care_circle.team, care_circle.vidal
    let_in(circle, in_minutes(2))
    stay = [circle.favre, circle.maret, vidal]
    until = {vidal.id: in_minutes(2)}
    answer = team.state(circle.favre, [*stay, circle.roche], [circle.favre], until=until)
    assert answer.status_code == 201
    assert vidal.get("/pending-grants").json["items"][0]["member"] == circle.roche.id
    clock.advance(minutes=3)
    assert vidal.get("/pending-grants").json["items"] == []
    path = f"/groups/{team.id}/grants/0/{circle.roche.id}"
    assert vidal.put(path, team.grant(circle.roche)).json["code"] == "not_key_holder"
    to_vidal = circle.maret.put(f"/groups/{team.id}/grants/0/{vidal.id}", team.grant(vidal))
    assert to_vidal.json["code"] == "grant_refused"


def test_a_stay_is_prolonged_before_and_after_its_end(
    care_circle: CareCircle, clock: MovedClock
) -> None:
    circle, team, vidal = care_circle, care_circle.team, care_circle.vidal
    case = circle.open_case()
    let_in(circle, in_minutes(2))
    everybody = [circle.favre, circle.maret, vidal]
    longer = {vidal.id: in_minutes(4)}
    assert team.state(circle.favre, everybody, [circle.favre], until=longer).status_code == 201
    clock.advance(minutes=3)
    assert vidal.get(f"/cases/{case.id}").status_code == 200
    clock.advance(minutes=2)
    assert background.run_once(CLOCK) == 1
    assert vidal.get(f"/cases/{case.id}").status_code == 404
    again = {vidal.id: in_minutes(5)}
    assert team.state(circle.favre, everybody, [circle.favre], until=again).status_code == 201
    assert vidal.get(f"/cases/{case.id}").status_code == 200
    clock.advance(minutes=6)
    assert background.run_once(CLOCK) == 1
    assert len(departures_traced()) == 2


def test_a_shortened_stay_ends_at_once(care_circle: CareCircle) -> None:
    circle, team, vidal = care_circle, care_circle.team, care_circle.vidal
    let_in(circle, in_minutes(60))
    everybody = [circle.favre, circle.maret, vidal]
    over = {vidal.id: in_minutes(-1)}
    assert team.state(circle.favre, everybody, [circle.favre], until=over).status_code == 201
    assert vidal.get(f"/groups/{team.id}").json["mine"] is False
    assert background.run_once(CLOCK) == 1


def break_grant(circle: CareCircle, by: Person) -> None:
    """Vidal joins the pool; the grant `by` hands over opens nothing."""
    pool, admin = circle.pool, circle.administrator
    members = [circle.blanc, circle.roche, circle.vidal]
    assert pool.state(admin, members, [admin]).status_code == 201
    spoilt = {**pool.grant(circle.vidal), "wrapped": pool.grant(circle.blanc)["wrapped"]}
    assert by.put(f"/groups/{pool.id}/grants/0/{circle.vidal.id}", spoilt).status_code == 204


def test_a_broken_grant_is_refused_and_handed_anew_by_another(care_circle: CareCircle) -> None:
    circle, pool, vidal = care_circle, care_circle.pool, care_circle.vidal
    break_grant(circle, circle.blanc)
    assert circle.roche.get("/pending-grants").json["items"] == []
    mine = f"/groups/{pool.id}/grants/0/me"
    assert vidal.delete(mine).status_code == 204
    assert vidal.delete(mine).status_code == 204, "again changes nothing"
    assert vidal.get(f"/groups/{pool.id}").json["grants"] == []

    assert circle.blanc.get("/pending-grants").json["items"] == []
    path = f"/groups/{pool.id}/grants/0/{vidal.id}"
    second_try = circle.blanc.put(path, pool.grant(vidal))
    assert (second_try.status_code, second_try.json["code"]) == (422, "grant_refused")
    (wrap,) = circle.roche.get("/pending-grants").json["items"]
    assert wrap["member"] == vidal.id
    assert circle.roche.put(path, pool.grant(vidal)).status_code == 204
    assert sorted(pool.reached_by(vidal)) == [0]

    rows = text("SELECT actor_id, detail FROM trace WHERE action = 'group:grant_refused'")
    reports = text("SELECT subject_kind, verdict FROM seal_report")
    with database().engine.connect() as connection:
        ((_, detail),) = connection.execute(rows).all()
        (report,) = connection.execute(reports).all()
    assert circle.blanc.id in detail
    assert tuple(report) == ("group", "group_grant_unopened")


def test_nobody_refuses_another_s_grant(care_circle: CareCircle) -> None:
    circle, pool = care_circle, care_circle.pool
    for person in (circle.favre, circle.administrator):
        answer = person.delete(f"/groups/{pool.id}/grants/0/me")
        assert (answer.status_code, answer.json["code"]) == (403, "not_key_holder")
    for epoch in (1, 10**30):
        assert circle.blanc.delete(f"/groups/{pool.id}/grants/{epoch}/me").status_code == 204
    assert circle.blanc.delete(f"/groups/{uuid4()}/grants/0/me").status_code == 404
    assert sorted(pool.reached_by(circle.blanc)) == [0]


def found_pool(circle: CareCircle, name: str) -> SealedGroup:
    pool = SealedGroup(circle.net, "pool", name)
    assert pool.found(circle.administrator, [circle.vidal]).status_code == 201
    return pool


def declare(care_circle: CareCircle, overflow: list[str], **changes: Any) -> TestResponse:
    """The pool's next statement, by its manager, with these overflow pools."""
    admin, pool = care_circle.administrator, care_circle.pool
    pool.overflow = overflow
    signer = changes.pop("signer", admin)
    return pool.state(signer, [care_circle.blanc, care_circle.roche], [admin])


def test_a_pool_declares_which_take_over(care_circle: CareCircle) -> None:
    admin, path = care_circle.administrator, f"/groups/{care_circle.pool.id}"
    lyon, geneva = found_pool(care_circle, "Lyon"), found_pool(care_circle, "Genève")
    assert admin.get(path).json["overflow"] == []
    answer = declare(care_circle, [lyon.id, geneva.id])
    assert answer.status_code == 201, answer.text
    named = [{"id": lyon.id, "name": "Lyon"}, {"id": geneva.id, "name": "Genève"}]
    assert admin.get(path).json["overflow"] == named
    assert admin.patch(path, {"territory": "Léman"}).json["overflow"] == named
    assert declare(care_circle, [geneva.id, lyon.id]).status_code == 201
    turned = admin.get(path).json["overflow"]
    assert [one["name"] for one in turned] == ["Genève", "Lyon"]
    assert admin.patch(f"/groups/{geneva.id}", {"archived": True}).status_code == 200
    (shown,) = care_circle.favre.get("/groups", kind="pool").json["items"][:1]
    assert [one["name"] for one in shown["overflow"]] == ["Lyon"]
    assert declare(care_circle, [geneva.id]).status_code == 201, "closed since, and still named"
    assert admin.get(path).json["overflow"] == []
    assert declare(care_circle, []).status_code == 201


def test_overflow_is_signed_by_a_manager_and_not_said(care_circle: CareCircle) -> None:
    """What decides where case keys go does not rest on the server's word."""
    lyon, path = found_pool(care_circle, "Lyon"), f"/groups/{care_circle.pool.id}"
    said = care_circle.administrator.patch(path, {"overflow": [lyon.id]})
    assert (said.status_code, said.json["code"]) == (422, "validation_failed")
    assert declare(care_circle, [lyon.id], signer=care_circle.blanc).status_code == 403
    assert care_circle.administrator.get(path).json["overflow"] == []


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ("itself", "statement_refused"),
        ("twice", "statement_refused"),
        ("five", "statement_refused"),
        ("a team", "overflow_refused"),
        ("nothing", "overflow_refused"),
        ("archived", "overflow_refused"),
    ],
)
def test_an_overflow_that_cannot_be_is_refused(
    care_circle: CareCircle, wrong: str, code: str
) -> None:
    admin, pool = care_circle.administrator, care_circle.pool
    lyon = found_pool(care_circle, "Lyon")
    if wrong == "archived":
        admin.patch(f"/groups/{lyon.id}", {"archived": True})
    pools = {
        "itself": [pool.id],
        "twice": [lyon.id, lyon.id],
        "five": [str(uuid4()) for _ in range(5)],
        "a team": [care_circle.team.id],
        "nothing": [str(uuid4())],
        "archived": [lyon.id],
    }[wrong]
    answer = declare(care_circle, pools)
    assert (answer.status_code, answer.json["code"]) == (422, code)
    assert admin.get(f"/groups/{pool.id}").json["overflow"] == []


def test_a_care_team_does_not_overflow(care_circle: CareCircle) -> None:
    admin, lyon = care_circle.administrator, found_pool(care_circle, "Lyon")
    care_circle.team.overflow = [lyon.id]
    answer = care_circle.team.state(admin, [care_circle.favre, care_circle.maret], [admin])
    assert answer.json["code"] == "statement_refused"


def test_tiles_show_who_is_away_and_who_stands_in(
    care_circle: CareCircle, clock: MovedClock
) -> None:
    blanc, roche, now = care_circle.blanc, care_circle.roche, house_clock.now()
    ends = now + timedelta(minutes=10)
    with database().sessions() as writing, writing.begin():
        writing.add(
            AccountLeave(
                account_id=blanc.uuid,
                starts_at=now - timedelta(minutes=1),
                ends_at=ends,
                delegate_id=roche.uuid,
                created_at=now,
            )
        )
    (shown,) = care_circle.favre.get("/groups", kind="pool").json["items"]
    stands_in = {"id": roche.id, "name": "Inès Roche"}
    assert shown["away"] == [{"id": blanc.id, "until": utc_time(ends), "delegate": stands_in}]
    clock.advance(minutes=11)
    assert care_circle.favre.get(f"/groups/{care_circle.pool.id}").json["away"] == []


def test_what_another_process_did_not_tell_is_put_right(
    app: Flask, care_circle: CareCircle, clock: MovedClock
) -> None:
    """Every process looks at its own sockets each minute, whoever runs the clocks."""
    circle = care_circle
    let_in(circle, in_minutes(2))
    locum = socketio.test_client(app, flask_test_client=circle.vidal.http)
    nurse = socketio.test_client(app, flask_test_client=circle.maret.http)
    everybody = (circle.vidal.uuid, circle.maret.uuid)
    leave_old_rooms(everybody)
    assert locum.is_connected() and nurse.is_connected()
    clock.advance(minutes=3)
    leave_old_rooms(everybody)
    assert not locum.is_connected() and nurse.is_connected()
    told = [(heard["name"], heard["args"]) for heard in nurse.get_received()]
    assert ("group:left", [{"group": circle.team.id}]) not in told
    nurse.disconnect()


def test_who_wrapped_a_broken_grant_gives_no_second_one_by_a_statement(
    care_circle: CareCircle,
) -> None:
    admin, blanc, pool = care_circle.administrator, care_circle.blanc, care_circle.pool
    mine, members = f"/groups/{pool.id}/grants/0/me", [blanc, care_circle.roche]
    assert blanc.delete(mine).status_code == 204
    assert pool.state(admin, members, [admin], granted=[blanc]).status_code == 201
    assert blanc.get(f"/groups/{pool.id}").json["grants"] == []
    assert blanc.delete(mine).status_code == 204
    path = f"/groups/{pool.id}/grants/0/{blanc.id}"
    assert care_circle.roche.put(path, pool.grant(blanc)).status_code == 204
    assert len(blanc.get(f"/groups/{pool.id}").json["grants"]) == 1
