"""Sockets and groups: whoever leaves falls at once, whoever stays or comes hears of it."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import timedelta

from app import clock
from protocol.encoding import utc_time
from tests.factories.care import CareCircle
from tests.factories.people import Person
from tests.support.live import Device, LiveHttp, go_live

Connect = Callable[[Person], Device]


def test_the_sockets_of_who_is_removed_fall_at_once(
    care_circle: CareCircle, connect: Connect
) -> None:
    """Told first, cut then; back again, they are in no room of the group, on any instance."""
    circle, pool = care_circle, care_circle.pool
    case = circle.open_case()
    roche, phone, blanc = connect(circle.roche), connect(circle.roche), connect(circle.blanc)
    assert roche.call("case:join", case=case.id)["code"] == "ok"

    pool.rotate()
    answer = pool.state(
        circle.administrator, [circle.blanc], [circle.administrator], [circle.blanc]
    )
    assert answer.status_code == 201, answer.text
    for device in (roche, phone):
        assert device.wait_for("group:left") == {"group": pool.id}
        device.wait_for("disconnect")
        names = device.names()
        assert names.index("group:left") < names.index("disconnect")
    assert blanc.wait_for("group:changed") == {"group": pool.id}

    back = connect(circle.roche)
    assert back.call("case:join", case=case.id)["code"] == "case_not_found"
    case.post(circle.favre)
    opened = circle.open_case().id
    blanc.wait_for("case:changed", lambda told: told["case"] == opened)
    time.sleep(0.5)
    assert not {"case:changed", "message:posted"} & set(back.names())
    assert "disconnect" not in blanc.names()


def test_a_pool_s_change_reaches_everybody_who_may_ask_it(
    care_circle: CareCircle, connect: Connect
) -> None:
    circle, pool, admin = care_circle, care_circle.pool, care_circle.administrator
    waiting = circle.network.waiting("luc.morel@evian.test", "Luc Morel")
    favre_http = circle.favre.http
    assert isinstance(favre_http, LiveHttp)
    go_live(waiting, favre_http.url)
    outsider, newcomer, expert = connect(circle.vidal), connect(waiting), connect(circle.blanc)
    members = [circle.blanc, circle.roche, circle.vidal]

    assert admin.patch(f"/groups/{pool.id}", {"territory": "Léman"}).status_code == 200
    for device in (outsider, expert):
        assert device.wait_for("group:changed") == {"group": pool.id}
    assert len(expert.all("group:changed")) == 1, "in both rooms, told once"
    assert "group:changed" not in newcomer.names()

    circle.network.certify(waiting)
    newcomer.wait_for("account:changed")
    again = newcomer.hears(
        "group:changed", lambda: admin.patch(f"/groups/{pool.id}", {"territory": "Chablais"})
    )
    assert newcomer.wait_for("group:changed") == {"group": pool.id}
    assert outsider.count("group:changed", 1 + again) == 1 + again

    newcomer.call("presence:post", away=False)  # its answer comes after all that was said before
    heard = len(newcomer.all("group:changed"))
    assert pool.state(admin, members, [admin]).status_code == 201
    assert newcomer.count("group:changed", heard + 1) == heard + 1
    path = f"/groups/{pool.id}/grants/0/{circle.vidal.id}"
    assert circle.blanc.put(path, pool.grant(circle.vidal)).status_code == 204
    assert outsider.count("group:changed", 3 + again) == 3 + again
    assert len(newcomer.all("group:changed")) == heard + 1, "a key concerns members only"


def test_a_team_s_change_reaches_its_own_alone(care_circle: CareCircle, connect: Connect) -> None:
    circle, team, admin = care_circle, care_circle.team, care_circle.administrator
    nurse, stranger, manager = connect(circle.maret), connect(circle.vidal), connect(admin)
    assert admin.patch(f"/groups/{team.id}", {"territory": "Léman"}).status_code == 200
    for device in (nurse, manager):
        assert device.wait_for("group:changed") == {"group": team.id}
    time.sleep(0.3)
    assert "group:changed" not in stranger.names()


def test_sockets_fall_when_a_stay_ends(care_circle: CareCircle, connect: Connect) -> None:
    """Within a minute and by the server's clock alone: nobody signs anything that day."""
    circle, team, vidal = care_circle, care_circle.team, care_circle.vidal
    case = circle.open_case()
    # Sockets are looked over once a minute: the stay is over long before, and long after its start.
    until = utc_time(clock.now() + timedelta(seconds=30))
    answer = team.state(
        circle.administrator,
        [circle.favre, circle.maret, vidal],
        [circle.favre],
        [vidal],
        until={vidal.id: until},
    )
    assert answer.status_code == 201, answer.text
    locum, nurse = connect(vidal), connect(circle.maret)
    assert locum.call("case:join", case=case.id)["code"] == "ok"
    assert locum.wait_for("group:left", seconds=180) == {"group": team.id}
    locum.wait_for("disconnect")
    assert nurse.wait_for("group:changed") == {"group": team.id}
    assert connect(vidal).call("case:join", case=case.id)["code"] == "case_not_found"
    due = circle.favre.get("/pending-grants").json["departures"]
    assert due == [{"group": team.id, "members": [vidal.id]}]
