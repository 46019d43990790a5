"""A group rekeys, and nothing more is said under a key that a removed member may hold."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest

from app.announcements import announce_on_commit
from app.transactions import transaction
from auth.announced import KeysChanged
from tests.api.test_cases_travelling import renew_keys
from tests.factories.circles import TravellingCase, WideCircle
from tests.factories.people import Person, b64
from tests.support.statements import statements_sent


def due(case: TravellingCase, reader: Person) -> bool:
    return bool(reader.get(f"/cases/{case.id}").json["rekey_due"])


def sealed_text(case: TravellingCase, author: Person, text: str, message: str) -> dict[str, Any]:
    """A text under an id of before, sealed under the key of now."""
    return {
        "kind": "text",
        "generation": case.generation,
        "sealed": b64(case.sealed(author, text, "text", message)),
        "attachments": [],
    }


def reseal(case: TravellingCase, person: Person) -> None:
    """What a device does when told `stale_epoch`."""
    answer = case.rotate(person, case.circle())
    assert answer.status_code == 200, answer.text


@pytest.mark.parametrize("group", ["pool", "team"])
def test_the_next_post_waits_for_a_new_key(wide_circle: WideCircle, group: str) -> None:
    case = wide_circle.travelling()
    assert case.post(wide_circle.roche, "Avant").status_code == 201
    rekeyed = getattr(wide_circle, group)
    stay = [wide_circle.blanc] if group == "pool" else [wide_circle.favre]
    wide_circle.remove(rekeyed, stay)
    assert due(case, wide_circle.favre)
    message = str(uuid4())
    path = f"/cases/{case.id}/messages/{message}"
    refused = wide_circle.favre.put(path, sealed_text(case, wide_circle.favre, "Après", message))
    assert (refused.status_code, refused.json["code"]) == (409, "stale_epoch")
    assert refused.json["groups"] == [{"group": rekeyed.id, "epoch": 1}]

    old = sealed_text(case, wide_circle.favre, "Après", message)
    reseal(case, wide_circle.favre)
    assert not due(case, wide_circle.favre)
    outdated = wide_circle.favre.put(path, old)
    assert (outdated.status_code, outdated.json["code"]) == (409, "stale_generation")
    anew = sealed_text(case, wide_circle.favre, "Après", message)
    assert wide_circle.favre.put(path, anew).status_code == 201
    thread = wide_circle.favre.get(f"/cases/{case.id}/messages").json["items"]
    assert [one["generation"] for one in thread] == [0, 1], "nothing was lost or said twice"


def test_words_of_a_step_wait_too_and_silent_steps_do_not(wide_circle: WideCircle) -> None:
    case = wide_circle.travelling()
    wide_circle.remove(wide_circle.pool, [wide_circle.blanc])
    assert case.step(wide_circle.blanc, "claim").status_code == 200
    refused = case.step(wide_circle.blanc, "give_opinion")
    assert (refused.status_code, refused.json["code"]) == (409, "stale_epoch")
    reseal(case, wide_circle.blanc)
    assert case.step(wide_circle.blanc, "give_opinion").json["state"] == "opinion_given"


def test_the_removed_member_opens_nothing_new(wide_circle: WideCircle) -> None:
    case = wide_circle.travelling()
    before = case.keys_reached_by(wide_circle.roche, wide_circle.pool)
    assert before == {0: case.key}
    wide_circle.remove(wide_circle.pool, [wide_circle.blanc])
    reseal(case, wide_circle.favre)
    assert wide_circle.roche.get(f"/cases/{case.id}").status_code == 404
    body, _ = case.rotation(wide_circle.roche, case.circle())
    assert wide_circle.roche.post(f"/cases/{case.id}/events", body).status_code == 404
    reached = case.keys_reached_by(wide_circle.blanc, wide_circle.pool)
    assert reached == {0: case.former[0], 1: case.key}
    assert case.key not in before.values()


def test_a_settled_case_is_resealed_when_it_speaks_again(wide_circle: WideCircle) -> None:
    case = wide_circle.travelling()
    for person, step in (("expert", "claim"), ("expert", "give_opinion"), ("nurse", "acknowledge")):
        assert case.step(wide_circle.person(person), step).status_code == 200
    wide_circle.remove(wide_circle.pool, [wide_circle.blanc])
    assert not due(case, wide_circle.favre), "the past is not marked"
    late = case.post(wide_circle.favre, "Merci")
    assert (late.status_code, late.json["code"]) == (409, "stale_epoch")
    assert case.step(wide_circle.favre, "close").status_code == 200
    refused = case.step(wide_circle.favre, "ask_again")
    assert refused.json["groups"] == [{"group": wide_circle.pool.id, "epoch": 1}]
    reseal(case, wide_circle.maret)
    assert case.step(wide_circle.favre, "ask_again").json["state"] == "claimed"
    assert case.post(wide_circle.blanc, "Je regarde").status_code == 201


def test_overflow_and_second_pools_make_a_case_stale_as_well(wide_circle: WideCircle) -> None:
    wide_circle.prepare_overflow(wide_circle.second)
    case = wide_circle.travelling(overflow=[wide_circle.second])
    wide_circle.remove(wide_circle.second, [wide_circle.vidal])
    refused = case.post(wide_circle.favre)
    assert refused.json["groups"] == [{"group": wide_circle.second.id, "epoch": 1}]
    reseal(case, wide_circle.favre)
    assert case.post(wide_circle.favre).status_code == 201


def test_a_pool_taken_off_makes_nothing_stale(wide_circle: WideCircle) -> None:
    case = wide_circle.travelling()
    case.let_in(wide_circle.favre, "second_opinion", wide_circle.second)
    case.rotate(wide_circle.favre, case.circle(), purpose="take_off", target=wide_circle.second)
    wide_circle.remove(wide_circle.second, [wide_circle.vidal])
    assert case.post(wide_circle.favre).status_code == 201


def renew(case: TravellingCase, circle: WideCircle, person: Person) -> None:
    renew_keys(circle, person)
    case.seqs[person.id] = 1
    with transaction():
        announce_on_commit(KeysChanged(account_id=person.uuid, seq=1, peers=()))


def test_renewed_keys_make_open_cases_stale(wide_circle: WideCircle) -> None:
    case, other = wide_circle.travelling(), wide_circle.travelling()
    case.let_in(wide_circle.favre, "named_expert", wide_circle.vidal)
    renew(case, wide_circle, wide_circle.vidal)
    assert due(case, wide_circle.favre) and not due(other, wide_circle.favre)
    assert case.let_in(wide_circle.favre, "regrant", wide_circle.vidal).status_code == 200
    for author in (wide_circle.favre, wide_circle.vidal):
        refused = case.post(author)
        assert (refused.status_code, refused.json["code"]) == (409, "stale_epoch")
        assert refused.json["accounts"] == [{"account": wide_circle.vidal.id, "seq": 1}]
    holders = [*case.circle(), wide_circle.vidal]
    assert case.rotate(wide_circle.favre, holders).status_code == 200
    assert not due(case, wide_circle.favre)
    assert case.post(wide_circle.vidal).status_code == 201


def test_renewed_keys_make_a_settled_case_stale_when_it_speaks_again(
    wide_circle: WideCircle,
) -> None:
    case = wide_circle.travelling()
    for person, step in (("expert", "claim"), ("expert", "give_opinion"), ("nurse", "acknowledge")):
        assert case.step(wide_circle.person(person), step).status_code == 200
    renew(case, wide_circle, wide_circle.favre)
    assert not due(case, wide_circle.blanc), "the past is not marked"
    late = case.post(wide_circle.blanc, "Merci")
    assert late.json["accounts"] == [{"account": wide_circle.favre.id, "seq": 1}]
    reseal(case, wide_circle.blanc)
    assert case.post(wide_circle.blanc, "Merci").status_code == 201


def test_renewed_keys_of_somebody_taken_off_make_nothing_stale(wide_circle: WideCircle) -> None:
    case = wide_circle.travelling()
    case.let_in(wide_circle.favre, "named_expert", wide_circle.vidal)
    case.rotate(wide_circle.favre, case.circle(), purpose="take_off", target=wide_circle.vidal)
    renew(case, wide_circle, wide_circle.vidal)
    assert case.post(wide_circle.favre).status_code == 201


def test_now_is_work_for_whoever_is_online(wide_circle: WideCircle) -> None:
    later, at_once = wide_circle.travelling(), wide_circle.travelling()
    wide_circle.remove(wide_circle.pool, [wide_circle.blanc])
    assert wide_circle.blanc.get("/pending-grants").json["cases"] == []
    reseal(later, wide_circle.blanc)
    wide_circle.remove(wide_circle.pool, [wide_circle.blanc], now=True)
    for person in (wide_circle.blanc, wide_circle.maret):
        assert set(person.get("/pending-grants").json["cases"]) == {later.id, at_once.id}
    for person in (wide_circle.roche, wide_circle.vidal, wide_circle.administrator):
        assert person.get("/pending-grants").json["cases"] == []
    for case in (later, at_once):
        reseal(case, wide_circle.maret)
    assert wide_circle.blanc.get("/pending-grants").json["cases"] == []


def test_now_is_not_forgotten_at_the_next_removal(wide_circle: WideCircle) -> None:
    case = wide_circle.travelling()
    wide_circle.remove(wide_circle.pool, [wide_circle.blanc], now=True)
    wide_circle.remove(wide_circle.pool, [wide_circle.blanc])
    assert wide_circle.blanc.get("/pending-grants").json["cases"] == [case.id]


def test_many_open_cases_are_marked_by_one_statement(wide_circle: WideCircle) -> None:
    cases = [wide_circle.travelling() for _ in range(12)]
    with statements_sent() as sent:
        wide_circle.remove(wide_circle.pool, [wide_circle.blanc])
    marking = [one for one in sent if "rekey_due" in one]
    assert len(marking) == 1 and marking[0].startswith("UPDATE clinical_case")
    assert all(due(case, wide_circle.favre) for case in cases)


def test_a_post_of_the_circle_asks_no_more_than_before(wide_circle: WideCircle) -> None:
    """The hot path: parties are looked for only when the case's own columns say no."""
    case = wide_circle.travelling()
    case.let_in(wide_circle.favre, "named_expert", wide_circle.vidal)
    asked: dict[str, list[str]] = {}
    for person in (wide_circle.favre, wide_circle.blanc, wide_circle.maret, wide_circle.vidal):
        with statements_sent() as sent:
            assert case.post(person).status_code == 201
        asked[person.name] = sent
    looked = {
        name: sum("case_party" in statement for statement in seen) for name, seen in asked.items()
    }
    assert looked == {"Claire Favre": 0, "Hugo Blanc": 0, "Julie Maret": 0, "Paul Vidal": 1}


def test_an_opening_cannot_slip_past_a_rekeying(wide_circle: WideCircle) -> None:
    """What is opened to the epoch before is refused, so nobody writes to a former member."""
    late = TravellingCase(wide_circle.net, wide_circle.favre, wide_circle.pool, wide_circle.team)
    body = late.body()
    wide_circle.remove(wide_circle.pool, [wide_circle.blanc])
    refused = wide_circle.favre.put(f"/cases/{late.id}", body)
    assert (refused.status_code, refused.json["code"]) == (409, "stale_epoch")
    assert (refused.json["group"], refused.json["epoch"]) == (wide_circle.pool.id, 1)
