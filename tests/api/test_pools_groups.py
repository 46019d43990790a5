"""Pools and care teams: founded by registrars, changed by managers, opened by wrapped keys."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest

from client.crypto import sign_statement, unwrap
from protocol.contexts import group_context
from protocol.encoding import unb64
from tests.factories.care import CareCircle, SealedGroup
from tests.factories.people import b64


def test_a_pool_shows_who_serves_it_and_its_chain(care_circle: CareCircle) -> None:
    (pool,) = care_circle.favre.get("/groups", kind="pool").json["items"]
    assert pool["name"] == "Dermatologie du Chablais"
    assert [member["name"] for member in pool["members"]] == ["Hugo Blanc", "Inès Roche"]
    assert pool["served_by"] == 2 and pool["median_answer_minutes"] is None
    assert pool["deadlines"] == {"urgent": 240, "priority": 2880, "routine": 10080}
    assert len(pool["statements"]) == 1
    assert (pool["mine"], pool["managed"], pool["frozen"]) == (False, False, False)
    assert care_circle.blanc.get("/groups").json["items"][0]["mine"] is True


def test_members_open_the_secret_and_others_have_no_grant(care_circle: CareCircle) -> None:
    pool = care_circle.pool
    for member in (care_circle.blanc, care_circle.roche):
        (grant,) = member.get(f"/groups/{pool.id}").json["grants"]
        context = group_context(care_circle.net, pool.id, 0, member.id, 0)
        assert unwrap(member.kem_seed, context, unb64(grant["wrapped"])) == pool.secret
    assert care_circle.administrator.get(f"/groups/{pool.id}").json["grants"] == []


def test_care_teams_are_listed_to_their_own(care_circle: CareCircle) -> None:
    def teams(role: str) -> list[str]:
        answer = care_circle.person(role).get("/groups", kind="care_team").json
        return [group["name"] for group in answer["items"]]

    assert teams("nurse") == teams("administrator") == ["EHPAD Les Balcons"]
    assert teams("expert") == []


def test_founding_again_changes_nothing_and_another_is_a_conflict(care_circle: CareCircle) -> None:
    group = SealedGroup(care_circle.net, "pool", "Rhumatologie")
    admin, members = care_circle.administrator, [care_circle.vidal]
    body = {
        "kind": "pool",
        "name": group.name,
        "statement": group.statement(admin, members, [admin]),
        "grants": {},
    }
    assert admin.put(f"/groups/{group.id}", body).status_code == 201
    assert admin.put(f"/groups/{group.id}", body).status_code == 201
    other = {**body, "statement": group.statement(admin, members, [admin, care_circle.blanc])}
    answer = admin.put(f"/groups/{group.id}", other)
    assert (answer.status_code, answer.json["code"]) == (409, "conflict")


Spoil = Callable[[CareCircle, SealedGroup, dict[str, Any]], None]


def _by_nobody_known(circle: CareCircle, group: SealedGroup, body: dict[str, Any]) -> None:
    body["statement"]["s"][0] = {"k": b64(bytes(32)), "sig": b64(bytes(64))}


def _by_another_registrar(circle: CareCircle, group: SealedGroup, body: dict[str, Any]) -> None:
    body["statement"] = group.statement(circle.blanc, [circle.blanc], [circle.blanc])


def _of_another_group(circle: CareCircle, group: SealedGroup, body: dict[str, Any]) -> None:
    admin = circle.administrator
    body["statement"] = group.statement(admin, [circle.blanc], [admin], group=str(uuid4()))


def _of_another_kind(circle: CareCircle, group: SealedGroup, body: dict[str, Any]) -> None:
    body["kind"] = "care_team"


def _of_another_network(circle: CareCircle, group: SealedGroup, body: dict[str, Any]) -> None:
    admin = circle.administrator
    body["statement"] = group.statement(admin, [circle.blanc], [admin], net=str(uuid4()))


def _tampered(circle: CareCircle, group: SealedGroup, body: dict[str, Any]) -> None:
    body["statement"]["s"][0]["sig"] = b64(bytes(64))


def _later_epoch(circle: CareCircle, group: SealedGroup, body: dict[str, Any]) -> None:
    admin = circle.administrator
    body["statement"] = group.statement(admin, [circle.blanc], [admin], epoch=1)


def _with_a_stranger(circle: CareCircle, group: SealedGroup, body: dict[str, Any]) -> None:
    admin = circle.administrator
    stranger = circle.network.waiting("luc.morel@evian.test", "Luc Morel")
    body["statement"] = group.statement(admin, [stranger], [admin])
    body["grants"] = {}


def _grant_to_an_outsider(circle: CareCircle, group: SealedGroup, body: dict[str, Any]) -> None:
    body["grants"] = {circle.vidal.id: group.grant(circle.vidal)}


def _grant_to_an_old_key(circle: CareCircle, group: SealedGroup, body: dict[str, Any]) -> None:
    body["grants"] = {circle.blanc.id: group.grant(circle.blanc, member_seq=4)}


@pytest.mark.parametrize(
    ("spoil", "status", "code"),
    [
        (_by_nobody_known, 403, "not_group_manager"),
        (_by_another_registrar, 403, "not_group_manager"),
        (_of_another_group, 422, "statement_refused"),
        (_of_another_kind, 422, "statement_refused"),
        (_of_another_network, 422, "statement_refused"),
        (_tampered, 422, "statement_refused"),
        (_later_epoch, 422, "statement_refused"),
        (_with_a_stranger, 422, "member_unknown"),
        (_grant_to_an_outsider, 422, "grant_refused"),
        (_grant_to_an_old_key, 422, "grant_refused"),
    ],
)
def test_a_founding_is_refused_by_name(
    care_circle: CareCircle, spoil: Spoil, status: int, code: str
) -> None:
    admin = care_circle.administrator
    group = SealedGroup(care_circle.net, "pool", "Rhumatologie")
    body = {
        "kind": "pool",
        "name": group.name,
        "statement": group.statement(admin, [care_circle.blanc], [admin]),
        "grants": {care_circle.blanc.id: group.grant(care_circle.blanc)},
    }
    spoil(care_circle, group, body)
    answer = admin.put(f"/groups/{group.id}", body)
    assert (answer.status_code, answer.json["code"]) == (status, code), answer.text
    assert admin.get(f"/groups/{group.id}").status_code == 404


def test_only_administrators_found_groups(care_circle: CareCircle) -> None:
    group = SealedGroup(care_circle.net, "pool", "Rhumatologie")
    answer = group.found(care_circle.blanc, [care_circle.blanc])
    assert (answer.status_code, answer.json["code"]) == (403, "not_permitted")


def add_member(circle: CareCircle, group: SealedGroup, *, grant: bool) -> Any:
    admin = circle.administrator
    members = [circle.blanc, circle.roche, circle.vidal]
    statement = group.statement(admin, members, [admin])
    grants = {circle.vidal.id: group.grant(circle.vidal)} if grant else {}
    body = {"statement": statement, "grants": grants}
    answer = admin.post(f"/groups/{group.id}/statements", body)
    if answer.status_code == 201:
        group.chain.append(statement)
    return answer


def test_a_new_member_waits_until_another_hands_over_the_key(care_circle: CareCircle) -> None:
    pool, blanc, vidal = care_circle.pool, care_circle.blanc, care_circle.vidal
    case = care_circle.open_case()
    assert vidal.get(f"/cases/{case.id}").status_code == 404
    assert add_member(care_circle, pool, grant=False).status_code == 201
    assert vidal.get(f"/cases/{case.id}").status_code == 200
    assert vidal.get(f"/groups/{pool.id}").json["grants"] == []

    (pending,) = blanc.get("/pending-grants").json["items"]
    assert (pending["group"], pending["member"], pending["epoch"]) == (pool.id, vidal.id, 0)
    assert pending["statements"][0]["t"] == "cordee1.account"
    assert vidal.get("/pending-grants").json["items"] == []

    path = f"/groups/{pool.id}/grants/0/{vidal.id}"
    assert blanc.put(path, pool.grant(vidal)).status_code == 204
    first = vidal.get(f"/groups/{pool.id}").json["grants"]
    assert care_circle.roche.put(path, pool.grant(vidal)).status_code == 204
    assert vidal.get(f"/groups/{pool.id}").json["grants"] == first
    assert blanc.get("/pending-grants").json["items"] == []
    row = vidal.get(f"/cases/{case.id}").json
    assert care_circle.case_key(vidal, pool, row) == case.key


def test_the_key_is_handed_over_by_its_holders_only(care_circle: CareCircle) -> None:
    pool = care_circle.pool
    add_member(care_circle, pool, grant=False)
    path = f"/groups/{pool.id}/grants/0/{care_circle.vidal.id}"
    for person in (care_circle.vidal, care_circle.favre, care_circle.administrator):
        answer = person.put(path, pool.grant(care_circle.vidal))
        assert (answer.status_code, answer.json["code"]) == (403, "not_key_holder")
    for epoch in (1, 10**30):
        late = f"/groups/{pool.id}/grants/{epoch}/{care_circle.vidal.id}"
        answer = care_circle.blanc.put(late, pool.grant(care_circle.vidal))
        assert (answer.status_code, answer.json["code"]) == (422, "grant_refused")
    elsewhere = f"/groups/{pool.id}/grants/0/{care_circle.favre.id}"
    answer = care_circle.blanc.put(elsewhere, pool.grant(care_circle.favre))
    assert (answer.status_code, answer.json["code"]) == (422, "grant_refused")


def test_a_chain_goes_on_by_its_managers_alone(care_circle: CareCircle) -> None:
    pool, blanc = care_circle.pool, care_circle.blanc
    members = [blanc, care_circle.roche]
    usurped = {"statement": pool.statement(blanc, members, [blanc]), "grants": {}}
    answer = blanc.post(f"/groups/{pool.id}/statements", usurped)
    assert (answer.status_code, answer.json["code"]) == (403, "not_group_manager")

    admin = care_circle.administrator
    passed_on = pool.statement(admin, members, [admin, blanc])
    body = {"statement": passed_on, "grants": {}}
    assert admin.post(f"/groups/{pool.id}/statements", body).status_code == 201
    pool.chain.append(passed_on)
    own = {"statement": pool.statement(blanc, members, [blanc], name="Peau"), "grants": {}}
    answer = blanc.post(f"/groups/{pool.id}/statements", own)
    assert answer.status_code == 201 and answer.json["name"] == "Peau"
    assert answer.json["managed"] is True
    again = blanc.post(f"/groups/{pool.id}/statements", own)
    assert again.status_code == 201 and len(again.json["statements"]) == 3


def test_the_second_of_two_managers_is_told_that_the_group_moved(care_circle: CareCircle) -> None:
    pool, admin = care_circle.pool, care_circle.administrator
    members = [care_circle.blanc, care_circle.roche]
    late = pool.statement(admin, members, [admin], name="Tard")
    assert add_member(care_circle, pool, grant=True).status_code == 201
    answer = admin.post(f"/groups/{pool.id}/statements", {"statement": late, "grants": {}})
    assert (answer.status_code, answer.json["code"]) == (409, "group_moved")
    assert answer.json["seq"] == 1


def test_a_member_does_not_leave_without_a_new_key(care_circle: CareCircle) -> None:
    pool, admin = care_circle.pool, care_circle.administrator
    body = {"statement": pool.statement(admin, [care_circle.blanc], [admin]), "grants": {}}
    answer = admin.post(f"/groups/{pool.id}/statements", body)
    assert (answer.status_code, answer.json["code"]) == (422, "statement_refused")
    assert answer.json["reason"] == "RemovalWithoutRotation"


def test_a_statement_of_a_stranger_s_making_is_no_statement(care_circle: CareCircle) -> None:
    admin, pool = care_circle.administrator, care_circle.pool
    forged = sign_statement("cordee1.group", {"v": 1}, admin.sign_seed)
    answer = admin.post(f"/groups/{pool.id}/statements", {"statement": forged, "grants": {}})
    assert (answer.status_code, answer.json["code"]) == (422, "statement_refused")


def test_names_deadlines_and_archive_are_display(care_circle: CareCircle) -> None:
    admin, path = care_circle.administrator, f"/groups/{care_circle.pool.id}"
    change = {"name": "Peau", "territory": "Léman", "deadlines": {"urgent": 60}, "archived": True}
    answer = admin.patch(path, change)
    assert answer.status_code == 200
    assert (answer.json["name"], answer.json["territory"]) == ("Peau", "Léman")
    assert answer.json["deadlines"]["urgent"] == 60 and answer.json["archived"] is True
    assert admin.patch(path, {"archived": False}).json["archived"] is False
    assert care_circle.blanc.patch(path, {"name": "Non"}).status_code == 403
    long = admin.patch(path, {"deadlines": {"routine": 10081}})
    assert (long.status_code, long.json["code"]) == (422, "validation_failed")
