"""Events of a case's key that the server does not take, each refused by name."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest

from client.crypto import kem_public, key_commitment
from messaging.routes import EVENTS_OF_A_CASE
from protocol.contexts import account_recipient, group_recipient
from tests.factories.circles import TravellingCase, WideCircle
from tests.factories.people import b64

Spoil = Callable[[WideCircle, TravellingCase], dict[str, Any]]
"""A body that Dr Favre sends, wrong in one way."""


def _rotation(circle: WideCircle, case: TravellingCase, **changes: Any) -> dict[str, Any]:
    return case.rotation(circle.favre, case.circle(), **changes)[0]


def _without_previous(circle: WideCircle, case: TravellingCase) -> dict[str, Any]:
    body = _rotation(circle, case)
    del body["previous"]
    return body


def _with_short_previous(circle: WideCircle, case: TravellingCase) -> dict[str, Any]:
    return _rotation(circle, case) | {"previous": b64(bytes(87))}


def _grant_with_previous(circle: WideCircle, case: TravellingCase) -> dict[str, Any]:
    body = case.grant(circle.favre, "second_opinion", circle.second)
    return body | {"previous": _rotation(circle, case)["previous"]}


def _signed_by_another(circle: WideCircle, case: TravellingCase) -> dict[str, Any]:
    return case.grant(circle.blanc, "second_opinion", circle.second)


def _in_the_name_of_another(circle: WideCircle, case: TravellingCase) -> dict[str, Any]:
    return case.grant(circle.favre, "second_opinion", circle.second, by=circle.blanc.id)


def _of_another_case(circle: WideCircle, case: TravellingCase) -> dict[str, Any]:
    return case.grant(circle.favre, "second_opinion", circle.second, case=str(uuid4()))


def _of_another_network(circle: WideCircle, case: TravellingCase) -> dict[str, Any]:
    return case.grant(circle.favre, "second_opinion", circle.second, net=str(uuid4()))


def _with_a_flipped_signature(circle: WideCircle, case: TravellingCase) -> dict[str, Any]:
    body = case.grant(circle.favre, "second_opinion", circle.second)
    body["event"]["s"][0]["sig"] = b64(bytes(64))
    return body


def _after_another_event(circle: WideCircle, case: TravellingCase) -> dict[str, Any]:
    return case.grant(circle.favre, "second_opinion", circle.second, prev=b64(bytes(32)))


def _with_a_gap(circle: WideCircle, case: TravellingCase) -> dict[str, Any]:
    return case.grant(circle.favre, "second_opinion", circle.second, n=3)


def _with_a_planted_key(circle: WideCircle, case: TravellingCase) -> dict[str, Any]:
    return case.grant(circle.favre, "second_opinion", circle.second, kc=b64(bytes(32)))


def _rotation_to_the_same_key(circle: WideCircle, case: TravellingCase) -> dict[str, Any]:
    return _rotation(circle, case, kc=b64(key_commitment(case.key)))


def _rotation_that_jumps(circle: WideCircle, case: TravellingCase) -> dict[str, Any]:
    return _rotation(circle, case, generation=2)


def _rotation_for_a_grant(circle: WideCircle, case: TravellingCase) -> dict[str, Any]:
    return _rotation(circle, case) | {
        "purpose": "second_opinion",
        "target": circle.second.id,
    }


def _grant_for_a_rotation(circle: WideCircle, case: TravellingCase) -> dict[str, Any]:
    body = case.grant(circle.favre, "second_opinion", circle.second)
    del body["target"]
    return body | {"purpose": "rekey"}


def _grant_to_one_more(circle: WideCircle, case: TravellingCase) -> dict[str, Any]:
    name, public = case.named(circle.second)
    extra, key = case.named(circle.vidal)
    body = case.grant(circle.favre, "second_opinion", circle.second)
    body["event"] = case.next_event(circle.favre, "grant", case.key, [name, extra])
    body["grants"] = case.wraps(case.key, {name: public, extra: key}, 0)
    return body


def _wraps_for_one_more_than_signed(circle: WideCircle, case: TravellingCase) -> dict[str, Any]:
    body = case.grant(circle.favre, "second_opinion", circle.second)
    name, key = case.named(circle.vidal)
    return body | {"grants": body["grants"] | case.wraps(case.key, {name: key}, 0)}


def _grant_to_another_than_the_target(circle: WideCircle, case: TravellingCase) -> dict[str, Any]:
    body = case.grant(circle.favre, "named_expert", circle.vidal)
    return body | {"target": circle.moret.id}


def _rotation_without_the_team(circle: WideCircle, case: TravellingCase) -> dict[str, Any]:
    return case.rotation(circle.favre, [case.opener, case.pool])[0]


def _rotation_with_a_ghost(circle: WideCircle, case: TravellingCase) -> dict[str, Any]:
    return case.rotation(circle.favre, [*case.circle(), circle.vidal])[0]


def _rotation_with_an_unnamed_archive(circle: WideCircle, case: TravellingCase) -> dict[str, Any]:
    case.archives = [kem_public(secrets.token_bytes(32))]
    return _rotation(circle, case)


def _taking_off_who_is_kept(circle: WideCircle, case: TravellingCase) -> dict[str, Any]:
    case.let_in(circle.favre, "second_opinion", circle.second)
    holders = [*case.circle(), circle.second]
    return case.rotation(circle.favre, holders, "take_off", circle.second)[0]


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (_without_previous, "PreviousMissing"),
        (_grant_with_previous, "PreviousUnexpected"),
        (_signed_by_another, "SignerUnknown"),
        (_in_the_name_of_another, "SignerUnknown"),
        (_of_another_case, "SubjectChanged"),
        (_of_another_network, "NetworkWrong"),
        (_with_a_flipped_signature, "SignatureInvalid"),
        (_after_another_event, "PreviousHashWrong"),
        (_with_a_gap, "SequenceBroken"),
        (_with_a_planted_key, "KeySwapped"),
        (_rotation_to_the_same_key, "KeyUnchanged"),
        (_rotation_that_jumps, "GenerationBroken"),
        (_rotation_for_a_grant, "EventOutOfPlace"),
        (_grant_for_a_rotation, "EventOutOfPlace"),
        (_grant_to_one_more, "RecipientsWrong"),
        (_wraps_for_one_more_than_signed, "RecipientsWrong"),
        (_grant_to_another_than_the_target, "RecipientsWrong"),
        (_rotation_without_the_team, "RecipientsWrong"),
        (_rotation_with_a_ghost, "RecipientsWrong"),
        (_rotation_with_an_unnamed_archive, "RecipientsWrong"),
        (_taking_off_who_is_kept, "RecipientsWrong"),
    ],
)
def test_a_false_event_is_refused_by_name(
    wide_circle: WideCircle, spoil: Spoil, reason: str
) -> None:
    case = wide_circle.travelling()
    body = spoil(wide_circle, case)
    before = wide_circle.favre.get(f"/cases/{case.id}").json
    answer = wide_circle.favre.post(f"/cases/{case.id}/events", body)
    assert (answer.status_code, answer.json["code"]) == (422, "event_refused"), answer.text
    assert answer.json["reason"] == reason
    after = wide_circle.favre.get(f"/cases/{case.id}").json
    assert after == before


def test_a_body_of_another_shape_is_refused(wide_circle: WideCircle) -> None:
    case = wide_circle.travelling()
    aimless = case.grant(wide_circle.favre, "second_opinion", wide_circle.second)
    del aimless["target"]
    aimed = _rotation(wide_circle, case) | {"target": wide_circle.second.id}
    for body in (_with_short_previous(wide_circle, case), aimless, aimed):
        answer = wide_circle.favre.post(f"/cases/{case.id}/events", body)
        assert (answer.status_code, answer.json["code"]) == (422, "validation_failed")


def test_of_two_events_at_once_the_second_is_told(wide_circle: WideCircle) -> None:
    case = wide_circle.travelling()
    first, key = case.rotation(wide_circle.favre, case.circle())
    second, _ = case.rotation(wide_circle.blanc, case.circle())
    assert case.send(wide_circle.favre, first, key).status_code == 200
    late = wide_circle.blanc.post(f"/cases/{case.id}/events", second)
    assert (late.status_code, late.json["code"], late.json["n"]) == (409, "case_moved", 1)
    assert case.rotate(wide_circle.blanc, case.circle()).status_code == 200


def test_an_event_of_another_case_is_not_replayed(wide_circle: WideCircle) -> None:
    one, other = wide_circle.travelling(), wide_circle.travelling()
    body = one.grant(wide_circle.favre, "second_opinion", wide_circle.second)
    assert one.send(wide_circle.favre, body).status_code == 200
    moved = wide_circle.favre.post(f"/cases/{other.id}/events", body)
    assert (moved.status_code, moved.json["code"]) == (422, "event_refused")


def test_keys_of_an_earlier_epoch_are_stale(wide_circle: WideCircle) -> None:
    case = wide_circle.travelling()
    old = case.rotation(wide_circle.favre, case.circle())[0]
    wide_circle.remove(wide_circle.pool, [wide_circle.blanc])
    answer = wide_circle.favre.post(f"/cases/{case.id}/events", old)
    assert (answer.status_code, answer.json["code"]) == (409, "stale_epoch")
    assert answer.json["groups"] == [{"group": wide_circle.pool.id, "epoch": 1}]

    asked = case.grant(wide_circle.favre, "second_opinion", wide_circle.second)
    wide_circle.remove(wide_circle.second, [wide_circle.moret])
    stale = wide_circle.favre.post(f"/cases/{case.id}/events", asked)
    assert stale.json["groups"] == [{"group": wide_circle.second.id, "epoch": 1}]
    future = case.grant(wide_circle.favre, "second_opinion", wide_circle.second)
    name = group_recipient(wide_circle.second.id, 9)
    future["event"] = case.next_event(wide_circle.favre, "grant", case.key, [name])
    future["grants"] = {name: next(iter(future["grants"].values()))}
    assert wide_circle.favre.post(f"/cases/{case.id}/events", future).json["code"] == "stale_epoch"


def test_keys_that_a_person_left_behind_are_stale(wide_circle: WideCircle) -> None:
    case = wide_circle.travelling()
    case.seqs[wide_circle.favre.id] = 4
    body = case.rotation(wide_circle.blanc, case.circle())[0]
    answer = wide_circle.blanc.post(f"/cases/{case.id}/events", body)
    assert (answer.status_code, answer.json["code"]) == (409, "stale_epoch")
    assert answer.json["accounts"] == [{"account": wide_circle.favre.id, "seq": 0}]
    assert account_recipient(wide_circle.favre.id, 4) in body["grants"]


def test_the_archive_is_never_left_out(wide_circle: WideCircle) -> None:
    old = wide_circle.travelling()
    _, archive = wide_circle.appoint_custodian()
    unaware = TravellingCase(wide_circle.net, wide_circle.favre, wide_circle.pool)
    refused = unaware.opened_by(wide_circle.favre)
    assert (refused.status_code, refused.json["reason"]) == (422, "CustodianMissing")
    unaware.archives = [archive]
    assert unaware.opened_by(wide_circle.favre).status_code == 201

    left_out = old.rotate(wide_circle.favre, old.circle())
    assert (left_out.status_code, left_out.json["reason"]) == (422, "CustodianMissing")
    old.archives = [archive]
    assert old.rotate(wide_circle.favre, old.circle()).status_code == 200
    shown = wide_circle.favre.get(f"/cases/{old.id}").json["circle"][-1]
    assert shown == {
        "kind": "custodian",
        "id": "0",
        "name": "",
        "role": "custodian",
        "since": None,
        "left": False,
    }


@pytest.mark.parametrize(
    ("role", "purpose", "target", "code"),
    [
        ("outsider", "doctor", "moret", "case_not_found"),
        ("outsider", "rekey", None, "case_not_found"),
        ("administrator", "forward", "second", "case_not_found"),
        ("colleague", "doctor", "vidal", "step_not_allowed"),
        ("colleague", "take_off", "second", "step_not_allowed"),
        ("requester", "take_off", "pool", "target_refused"),
        ("requester", "take_off", "team", "target_refused"),
        ("expert", "take_off", "favre", "target_refused"),
        ("requester", "take_off", "vidal", "party_unknown"),
        ("requester", "regrant", "vidal", "party_unknown"),
        ("requester", "named_expert", "administrator", "target_refused"),
        ("requester", "doctor", "administrator", "target_refused"),
        ("requester", "second_opinion", "vidal", "target_refused"),
    ],
)
def test_who_may_change_the_circle(
    wide_circle: WideCircle, role: str, purpose: str, target: str | None, code: str
) -> None:
    case = wide_circle.travelling()
    case.step(wide_circle.blanc, "claim")
    case.let_in(wide_circle.favre, "second_opinion", wide_circle.second)
    person, holders = wide_circle.person(role), [*case.circle(), wide_circle.second]
    holder = getattr(wide_circle, target) if target else None
    if purpose in ("rekey", "take_off"):
        staying = [one for one in holders if one is not holder]
        body = case.rotation(person, staying, purpose, holder)[0]
    else:
        body = case.grant(person, purpose, holder)
    answer = person.post(f"/cases/{case.id}/events", body)
    assert answer.json["code"] == code, answer.text
    rows = wide_circle.favre.get(f"/cases/{case.id}/trace").json["items"]
    traced = {"case_not_found": "case:deny", "step_not_allowed": "case:step_refused"}.get(code)
    assert traced is None or traced in {row["action"] for row in rows}


def test_the_suspended_and_the_closed_are_not_let_in(wide_circle: WideCircle) -> None:
    case = wide_circle.travelling()
    admin = wide_circle.administrator
    assert admin.post(f"/accounts/{wide_circle.vidal.id}/suspension").status_code == 204
    refused = case.let_in(wide_circle.favre, "doctor", wide_circle.vidal)
    assert (refused.status_code, refused.json["reason"]) == (422, "NotCertified")
    assert admin.patch(f"/groups/{wide_circle.second.id}", {"archived": True}).status_code == 200
    closed = case.let_in(wide_circle.favre, "forward", wide_circle.second)
    assert (closed.status_code, closed.json["reason"]) == (422, "PoolClosed")


@pytest.mark.parametrize(
    ("purpose", "code"),
    [("forward", "step_not_allowed"), ("second_opinion", "case_settled")],
)
def test_what_is_over_goes_nowhere(wide_circle: WideCircle, purpose: str, code: str) -> None:
    case = wide_circle.travelling()
    assert case.step(wide_circle.blanc, "refuse").status_code == 200
    answer = case.let_in(wide_circle.favre, purpose, wide_circle.second)
    assert (answer.status_code, answer.json["code"]) == (409, code)
    assert case.let_in(wide_circle.favre, "doctor", wide_circle.vidal).status_code == 200


def test_one_person_does_not_change_a_key_without_end(wide_circle: WideCircle) -> None:
    case, other = wide_circle.travelling(), wide_circle.travelling()
    maret = wide_circle.maret
    answers = [case.rotate(maret, case.circle()) for _ in range(EVENTS_OF_A_CASE + 1)]
    assert [answer.status_code for answer in answers[:-1]] == [200] * EVENTS_OF_A_CASE
    assert answers[-1].json["code"] == "rate_limited"
    assert other.rotate(maret, other.circle()).status_code == 200
    assert case.rotate(wide_circle.favre, case.circle()).status_code == 200
