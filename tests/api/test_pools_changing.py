"""Groups that change: members removed by a new epoch, history through links, managers in turn."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from sqlalchemy import text

from app import announcements
from app.announcements import on_record
from app.db import database
from client.crypto import cosign_statement
from pools.announced import GroupRekeyed
from tests.factories.care import CareCircle, SealedGroup
from tests.factories.people import Person, b64


@pytest.fixture
def pool(care_circle: CareCircle) -> SealedGroup:
    """The pool, whose members manage it beside the administrator."""
    circle = care_circle
    answer = circle.pool.state(
        circle.administrator,
        [circle.blanc, circle.roche],
        [circle.administrator, circle.blanc, circle.roche],
    )
    assert answer.status_code == 201, answer.text
    return circle.pool


@pytest.fixture
def rekeyed() -> Iterator[list[GroupRekeyed]]:
    """What rooms above hear of epochs."""
    heard: list[GroupRekeyed] = []
    listener = heard.append
    on_record(GroupRekeyed, listener)
    yield heard
    announcements._recorders[GroupRekeyed].remove(listener)


def traced(action: str) -> list[tuple[str, str | None]]:
    """Result and detail of each act of this name, oldest first."""
    rows = text("SELECT result, detail FROM trace WHERE action = :action ORDER BY id")
    with database().engine.connect() as connection:
        return [(row.result, row.detail) for row in connection.execute(rows, {"action": action})]


def remove_roche(circle: CareCircle, pool: SealedGroup, **besides: Any) -> Any:
    """Blanc takes Roche off with the next epoch, and links it to the one before."""
    previous = pool.rotate()
    return pool.state(
        circle.blanc, [circle.blanc], [circle.blanc], [circle.blanc], previous=previous, **besides
    )


def test_who_is_removed_is_handed_nothing_more(care_circle: CareCircle, pool: SealedGroup) -> None:
    roche, blanc = care_circle.roche, care_circle.blanc
    case = care_circle.open_case()
    assert roche.get(f"/cases/{case.id}").status_code == 200
    answer = remove_roche(care_circle, pool)
    assert answer.status_code == 201, answer.text
    assert [member["name"] for member in answer.json["members"]] == ["Hugo Blanc"]
    assert (answer.json["mine"], answer.json["managed"]) == (True, True)

    shown = roche.get(f"/groups/{pool.id}").json
    assert (shown["grants"], shown["previous"]) == ([], [])
    assert (shown["mine"], shown["managed"]) == (False, False)
    for path in (f"/cases/{case.id}", f"/cases/{case.id}/messages"):
        assert roche.get(path).json["code"] == "case_not_found"
    assert roche.get("/cases").json["items"] == []
    assert roche.get("/pending-grants").json["items"] == []
    assert case.post(roche).json["code"] == "case_not_found"
    late = roche.put(f"/groups/{pool.id}/grants/1/{roche.id}", pool.grant(roche))
    assert late.json["code"] == "not_key_holder"
    assert sorted(pool.reached_by(blanc)) == [0, 1]


def test_the_next_epoch_is_said_to_the_rooms_above(
    care_circle: CareCircle, pool: SealedGroup, rekeyed: list[GroupRekeyed]
) -> None:
    assert rekeyed == []
    remove_roche(care_circle, pool, now=True)
    (fact,) = rekeyed
    assert (str(fact.group_id), fact.epoch, fact.now) == (pool.id, 1, True)


def test_a_newcomer_reads_the_past_link_by_link(care_circle: CareCircle, pool: SealedGroup) -> None:
    blanc, vidal = care_circle.blanc, care_circle.vidal
    first = pool.secret
    remove_roche(care_circle, pool)
    second = pool.secret
    link = pool.rotate()
    pool.state(blanc, [blanc], [blanc], [blanc], previous=link)
    answer = pool.state(blanc, [blanc, vidal], [blanc])
    assert answer.status_code == 201, answer.text
    assert pool.reached_by(vidal) == {}
    (wrap,) = blanc.get("/pending-grants").json["items"]
    assert (wrap["member"], wrap["epoch"]) == (vidal.id, 2)
    assert blanc.put(f"/groups/{pool.id}/grants/2/{vidal.id}", pool.grant(vidal)).status_code == 204
    assert pool.reached_by(vidal) == {0: first, 1: second, 2: pool.secret}
    assert vidal.get(f"/groups/{pool.id}").json["previous"][0]["by"] == blanc.id


def test_whoever_stays_without_a_grant_is_pending(
    care_circle: CareCircle, pool: SealedGroup
) -> None:
    blanc, roche = care_circle.blanc, care_circle.roche
    link = pool.rotate()
    answer = pool.state(blanc, [blanc, roche], [blanc], [blanc], previous=link)
    waiting = {member["name"]: member["waiting"] for member in answer.json["members"]}
    assert waiting == {"Hugo Blanc": False, "Inès Roche": True}
    (wrap,) = blanc.get("/pending-grants").json["items"]
    assert (wrap["group"], wrap["epoch"], wrap["member"]) == (pool.id, 1, roche.id)


def test_a_manager_outside_rotates_and_a_member_links(
    care_circle: CareCircle, pool: SealedGroup
) -> None:
    """The administrator never held the secret before: only members can tie history to it."""
    admin, blanc, roche = care_circle.administrator, care_circle.blanc, care_circle.roche
    link = pool.rotate()
    stay = [blanc, roche]
    assert pool.state(admin, stay, [admin], stay).status_code == 201
    assert blanc.get(f"/groups/{pool.id}").json["previous"] == []
    assert blanc.get("/pending-grants").json["links"] == [{"group": pool.id, "epoch": 1}]

    path = f"/groups/{pool.id}/previous/1"
    assert blanc.put(path, {"sealed": link}).status_code == 204
    assert roche.get("/pending-grants").json["links"] == []
    again = b64(secrets.token_bytes(88))
    assert blanc.put(path, {"sealed": again}).status_code == 204, "a second one changes nothing"
    assert roche.put(path, {"sealed": link}).status_code == 204
    shown = roche.get(f"/groups/{pool.id}").json["previous"]
    assert [(one["epoch"], one["sealed"]) for one in shown] == [(1, link), (1, link)]
    assert {one["by"] for one in shown} == {blanc.id, roche.id}
    assert len(traced("group:link")) == 2


def test_only_who_held_both_secrets_links_them(care_circle: CareCircle, pool: SealedGroup) -> None:
    blanc, vidal = care_circle.blanc, care_circle.vidal
    admin, roche = care_circle.administrator, care_circle.roche
    link = pool.rotate()
    assert pool.state(blanc, [blanc, vidal], [blanc], [blanc, vidal]).status_code == 201
    for person in (vidal, roche, admin):
        answer = person.put(f"/groups/{pool.id}/previous/1", {"sealed": link})
        assert (answer.status_code, answer.json["code"]) == (403, "not_key_holder")
    for epoch in (0, 2, 10**30):
        answer = blanc.put(f"/groups/{pool.id}/previous/{epoch}", {"sealed": link})
        assert answer.json["code"] == "not_key_holder"


def test_a_removal_without_a_grant_for_anybody_is_refused(
    care_circle: CareCircle, pool: SealedGroup
) -> None:
    """Else nobody could ever open the epoch, nor mend it."""
    pool.rotate()
    answer = pool.state(care_circle.administrator, [care_circle.blanc], [care_circle.administrator])
    assert (answer.status_code, answer.json["code"]) == (422, "grant_refused")
    shown = care_circle.blanc.get(f"/groups/{pool.id}").json
    assert (len(shown["statements"]), shown["grants"][-1]["epoch"]) == (2, 0)


def test_the_next_epoch_is_wrapped_to_those_who_stay_alone(
    care_circle: CareCircle, pool: SealedGroup
) -> None:
    blanc, roche = care_circle.blanc, care_circle.roche
    pool.rotate()
    answer = pool.state(blanc, [blanc], [blanc], [blanc, roche])
    assert (answer.status_code, answer.json["code"]) == (422, "grant_refused")
    assert answer.json["member"] == roche.id


def _skips(pool: SealedGroup, body: dict[str, Any], signer: Person) -> None:
    body["statement"] = pool.statement(signer, [signer], [signer], epoch=2)


def _keeps_the_key(pool: SealedGroup, body: dict[str, Any], signer: Person) -> None:
    stated = pool.statement(signer, [signer], [signer], kem_key=body.pop("old_key"))
    body["statement"] = stated


def _ends_for_a_stranger(pool: SealedGroup, body: dict[str, Any], signer: Person) -> None:
    until = {pool.id: "2031-08-15T18:00:00Z"}
    body["statement"] = pool.statement(signer, [signer], [signer], until=until)


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (_skips, "EpochBroken"),
        (_keeps_the_key, "KeyUnchanged"),
        (_ends_for_a_stranger, "PayloadFieldsWrong"),
    ],
)
def test_a_new_epoch_is_refused_by_name(
    care_circle: CareCircle,
    pool: SealedGroup,
    spoil: Callable[[SealedGroup, dict[str, Any], Person], None],
    reason: str,
) -> None:
    blanc = care_circle.blanc
    old = b64(pool.kem_public)
    pool.rotate()
    body: dict[str, Any] = {"grants": {blanc.id: pool.grant(blanc)}, "old_key": old}
    spoil(pool, body, blanc)
    body.pop("old_key", None)
    answer = blanc.post(f"/groups/{pool.id}/statements", body)
    assert (answer.status_code, answer.json["code"]) == (422, "statement_refused")
    assert answer.json["reason"] == reason


def test_a_link_comes_with_a_new_epoch_only(care_circle: CareCircle, pool: SealedGroup) -> None:
    blanc, roche = care_circle.blanc, care_circle.roche
    answer = pool.state(blanc, [blanc, roche], [blanc], previous=b64(secrets.token_bytes(88)))
    assert (answer.status_code, answer.json["code"]) == (422, "link_refused")
    assert len(blanc.get(f"/groups/{pool.id}").json["statements"]) == 2


def test_a_double_click_removes_once(
    care_circle: CareCircle, pool: SealedGroup, rekeyed: list[GroupRekeyed]
) -> None:
    blanc = care_circle.blanc
    link = pool.rotate()
    body = {
        "statement": pool.statement(blanc, [blanc], [blanc]),
        "grants": {blanc.id: pool.grant(blanc)},
        "previous": link,
    }
    first = blanc.post(f"/groups/{pool.id}/statements", body)
    second = blanc.post(f"/groups/{pool.id}/statements", body)
    assert (first.status_code, second.status_code) == (201, 201)
    assert first.json == second.json
    assert len(rekeyed) == 1


def test_the_second_of_two_managers_who_remove_is_told(
    care_circle: CareCircle, pool: SealedGroup
) -> None:
    admin, blanc, roche = care_circle.administrator, care_circle.blanc, care_circle.roche
    epoch, secret = pool.epoch, pool.secret
    pool.rotate()
    late = {
        "statement": pool.statement(admin, [roche], [admin]),
        "grants": {roche.id: pool.grant(roche)},
    }
    pool.epoch, pool.secret = epoch, secret
    assert remove_roche(care_circle, pool).status_code == 201
    answer = admin.post(f"/groups/{pool.id}/statements", late)
    assert (answer.status_code, answer.json["code"]) == (409, "group_moved")
    assert (answer.json["seq"], sorted(pool.reached_by(blanc))) == (2, [0, 1])


def test_an_ex_manager_signs_nothing_and_the_attempt_is_traced(
    care_circle: CareCircle, pool: SealedGroup
) -> None:
    admin, blanc, roche = care_circle.administrator, care_circle.blanc, care_circle.roche
    assert pool.state(admin, [blanc, roche], [blanc]).status_code == 201
    assert pool.state(blanc, [blanc, roche, care_circle.vidal], [blanc]).status_code == 201
    pool.rotate()
    for former in (admin, roche):
        before = len(traced("group:deny"))
        answer = pool.state(former, [roche], [former], [roche])
        assert (answer.status_code, answer.json["code"]) == (403, "not_group_manager")
        assert [result for result, _ in traced("group:deny")[before:]] == ["denied"]
    assert len(blanc.get(f"/groups/{pool.id}").json["statements"]) == 4


def test_keys_that_were_replaced_state_nothing_more(
    care_circle: CareCircle, pool: SealedGroup
) -> None:
    admin, blanc = care_circle.administrator, care_circle.blanc
    new = blanc.renewed()
    statement = new.next_statement([blanc.statement()], blanc.sign_seed)
    fields = {"current_auth": b64(blanc.auth), "totp_code": new.code(), "statement": statement}
    assert new.put("/account/keys", {**fields, **new.key_seals()}).status_code == 200
    cosigned = {"statement": cosign_statement(statement, admin.sign_seed)}
    assert admin.put(f"/accounts/{blanc.id}/certification", cosigned).status_code == 200
    members = [blanc, care_circle.roche]
    refused = pool.state(blanc, members, [blanc])
    assert (refused.status_code, refused.json["code"]) == (403, "not_group_manager")
    assert pool.state(new, members, [blanc]).status_code == 201


def test_a_doctor_manages_the_care_team(care_circle: CareCircle) -> None:
    """No administrator's hand is needed once a clinician was named manager."""
    team, favre, maret = care_circle.team, care_circle.favre, care_circle.maret
    admin, vidal = care_circle.administrator, care_circle.vidal
    assert team.state(admin, [favre, maret], [favre]).status_code == 201
    link = team.rotate()
    answer = team.state(favre, [favre, vidal], [favre], [favre, vidal], previous=link)
    assert answer.status_code == 201, answer.text
    assert sorted(team.reached_by(vidal)) == [0, 1]
    assert maret.get("/groups", kind="care_team").json["items"] == []
    passed = team.state(favre, [favre, vidal], [vidal])
    assert (passed.status_code, passed.json["managed"]) == (201, False)


def test_a_new_manager_is_certified(care_circle: CareCircle, pool: SealedGroup) -> None:
    waiting = care_circle.network.waiting("luc.morel@evian.test", "Luc Morel")
    blanc, roche = care_circle.blanc, care_circle.roche
    answer = pool.state(blanc, [blanc, roche], [blanc, waiting])
    assert (answer.status_code, answer.json["code"]) == (422, "member_unknown")


@pytest.mark.parametrize(
    "body",
    [
        {"sealed": b64(bytes(87))},
        {"sealed": b64(bytes(89))},
        {"sealed": "é"},
        {"sealed": b64(bytes(88)), "epoch": 1},
        {},
    ],
)
def test_hostile_links_are_refused(care_circle: CareCircle, pool: SealedGroup, body: Any) -> None:
    answer = care_circle.blanc.put(f"/groups/{pool.id}/previous/1", body)
    assert (answer.status_code, answer.json["code"]) == (422, "validation_failed")


@pytest.mark.parametrize(
    "besides",
    [
        {"previous": b64(bytes(32))},
        {"previous": 7},
        {"now": "perhaps"},
        {"now": None},
        {"grants": {"me": {}}},
        {"until": {}},
    ],
)
def test_hostile_statements_are_refused(
    care_circle: CareCircle, pool: SealedGroup, besides: dict[str, Any]
) -> None:
    blanc = care_circle.blanc
    body = {"statement": pool.statement(blanc, [blanc], [blanc]), "grants": {}, **besides}
    answer = blanc.post(f"/groups/{pool.id}/statements", body)
    assert (answer.status_code, answer.json["code"]) == (422, "validation_failed")
