"""Cases travel: forwarded, shared for a second opinion, with a person by name, and taken back."""

from __future__ import annotations

import secrets
from uuid import uuid4

import pytest

from app import clock
from app.transactions import transaction
from auth.models import AccountStatement
from client.crypto import cosign_statement, kem_public, sign_public, statement_hash
from tests.factories.care import CareCircle
from tests.factories.circles import TravellingCase, WideCircle
from tests.factories.people import Person, b64
from tests.support.tus import SealedBlob, store


def actions_of(case: TravellingCase, reader: Person) -> list[str]:
    rows = reader.get(f"/cases/{case.id}/trace").json["items"]
    return [row["action"] for row in rows]


def box(person: Person, name: str) -> list[str]:
    return [case["id"] for case in person.get("/cases", box=name).json["items"]]


def test_a_new_case_says_who_reads_it(wide_circle: WideCircle) -> None:
    wide_circle.prepare_overflow(wide_circle.second)
    case = wide_circle.travelling(overflow=[wide_circle.second])
    shown = wide_circle.favre.get(f"/cases/{case.id}").json
    assert [(entry["role"], entry["kind"], entry["left"]) for entry in shown["circle"]] == [
        ("opener", "account", False),
        ("pool", "group", False),
        ("care_team", "group", False),
        ("overflow", "group", False),
    ]
    assert shown["rekey_due"] is False and shown["previous"] == []
    listed = wide_circle.favre.get("/cases").json["items"][0]
    assert listed["circle"] == shown["circle"]


@pytest.mark.parametrize("role", ["requester", "nurse", "expert", "colleague"])
def test_a_case_is_forwarded(wide_circle: WideCircle, role: str) -> None:
    case = wide_circle.travelling()
    assert case.step(wide_circle.blanc, "claim").status_code == 200
    before = wide_circle.favre.get(f"/cases/{case.id}").json
    answer = case.let_in(wide_circle.person(role), "forward", wide_circle.second)
    assert answer.status_code == 200, answer.text
    shown = answer.json
    assert shown["pool"]["id"] == wide_circle.second.id
    assert (shown["state"], shown["expert"], shown["claimed_at"]) == ("submitted", None, None)
    assert shown["due_at"] >= before["due_at"]
    assert case.roles(wide_circle.moret)["Dermatologie d'Annecy"] == "pool"
    assert case.roles(wide_circle.moret)["Dermatologie du Chablais"] == "former_pool"
    assert box(wide_circle.moret, "unclaimed") == [case.id]
    assert box(wide_circle.blanc, "unclaimed") == []
    assert box(wide_circle.blanc, "mine") == [case.id]
    assert case.step(wide_circle.moret, "claim").status_code == 200
    assert case.keys_reached_by(wide_circle.moret, wide_circle.second) == {0: case.key}
    assert "case:forward" in actions_of(case, wide_circle.favre)


def test_the_pool_it_left_still_reads_and_may_be_asked(wide_circle: WideCircle) -> None:
    case = wide_circle.travelling()
    case.let_in(wide_circle.blanc, "forward", wide_circle.second)
    assert case.post(wide_circle.blanc, "Je reste disponible").status_code == 201
    assert case.step(wide_circle.blanc, "claim").json["code"] == "step_not_allowed"
    case.step(wide_circle.moret, "claim")
    shown = wide_circle.blanc.get(f"/cases/{case.id}").json
    assert shown["steps"] == ["give_second_opinion"]


def test_a_case_can_come_back(wide_circle: WideCircle) -> None:
    case = wide_circle.travelling()
    case.let_in(wide_circle.blanc, "forward", wide_circle.second)
    back = case.let_in(wide_circle.moret, "forward", wide_circle.pool)
    assert back.status_code == 200, back.text
    assert case.roles(wide_circle.blanc)["Dermatologie du Chablais"] == "pool"
    assert case.roles(wide_circle.blanc)["Dermatologie d'Annecy"] == "former_pool"
    assert case.step(wide_circle.roche, "claim").status_code == 200


def test_a_second_opinion_leaves_the_case_where_it_is(wide_circle: WideCircle) -> None:
    case = wide_circle.travelling()
    case.step(wide_circle.blanc, "claim")
    case.step(wide_circle.blanc, "give_opinion")
    asked = case.let_in(wide_circle.favre, "second_opinion", wide_circle.second)
    assert asked.status_code == 200, asked.text
    assert asked.json["state"] == "opinion_given"
    assert asked.json["pool"]["id"] == wide_circle.pool.id
    assert box(wide_circle.moret, "mine") == [case.id]
    assert wide_circle.moret.get(f"/cases/{case.id}").json["steps"] == ["give_second_opinion"]
    assert case.post(wide_circle.moret, "J'ai une question").status_code == 201

    given = case.step(wide_circle.moret, "give_second_opinion")
    assert given.status_code == 200, given.text
    assert given.json["state"] == "opinion_given"
    shown = wide_circle.favre.get(f"/cases/{case.id}").json
    assert shown["expert"]["id"] == wide_circle.blanc.id
    case.step(wide_circle.favre, "acknowledge")
    settled = wide_circle.favre.get(f"/cases/{case.id}").json
    assert case.step(wide_circle.moret, "give_second_opinion").json["state"] == "acknowledged"
    after = wide_circle.favre.get(f"/cases/{case.id}").json
    assert (after["state"], after["closed_at"]) == ("acknowledged", settled["closed_at"])
    assert box(wide_circle.moret, "done") == [case.id] and box(wide_circle.moret, "mine") == []
    thread = wide_circle.favre.get(f"/cases/{case.id}/messages").json["items"]
    opinions = [message["author"]["name"] for message in thread if message["kind"] == "opinion"]
    assert opinions == ["Hugo Blanc", "Léa Moret", "Léa Moret"]


def test_no_second_opinion_before_the_first_expert_or_by_the_pool(wide_circle: WideCircle) -> None:
    case = wide_circle.travelling()
    case.let_in(wide_circle.favre, "second_opinion", wide_circle.second)
    early = case.step(wide_circle.moret, "give_second_opinion")
    assert early.json["code"] == "step_not_allowed"
    case.step(wide_circle.blanc, "claim")
    for person in (wide_circle.roche, wide_circle.favre, wide_circle.blanc):
        refused = case.step(person, "give_second_opinion")
        assert (refused.status_code, refused.json["code"]) == (409, "step_not_allowed")
    for step in ("give_opinion", "release", "acknowledge", "cancel"):
        assert case.step(wide_circle.moret, step).json["code"] == "step_not_allowed"


def test_an_expert_is_asked_by_name(wide_circle: WideCircle) -> None:
    case = wide_circle.travelling()
    case.step(wide_circle.blanc, "claim")
    answer = case.let_in(wide_circle.blanc, "named_expert", wide_circle.vidal)
    assert answer.status_code == 200, answer.text
    assert case.roles(wide_circle.vidal)["Paul Vidal"] == "expert"
    assert case.keys_reached_by(wide_circle.vidal) == {0: case.key}
    assert box(wide_circle.vidal, "mine") == [case.id]
    assert case.step(wide_circle.vidal, "give_second_opinion").json["state"] == "claimed"
    assert wide_circle.moret.get(f"/cases/{case.id}").status_code == 404
    rows = wide_circle.favre.get(f"/cases/{case.id}/trace").json["items"]
    (brought,) = [row for row in rows if row["action"] == "case:bring_in"]
    assert brought["detail"] == {"kind": "named_expert", "holder": wide_circle.vidal.id}


def test_the_patients_own_doctor_reads_and_writes(wide_circle: WideCircle) -> None:
    case = wide_circle.travelling()
    case.step(wide_circle.blanc, "claim")
    answer = case.let_in(wide_circle.maret, "doctor", wide_circle.vidal)
    assert answer.status_code == 200, answer.text
    assert case.roles(wide_circle.vidal)["Paul Vidal"] == "doctor"
    assert case.post(wide_circle.vidal, "Je la connais bien").status_code == 201
    assert wide_circle.vidal.get(f"/cases/{case.id}").json["steps"] == []
    refused = case.step(wide_circle.vidal, "give_second_opinion")
    assert refused.json["code"] == "step_not_allowed"
    assert box(wide_circle.vidal, "mine") == [case.id]
    assert wide_circle.vidal.get("/cases").json["counts"]["mine"] == 1


def test_a_doctor_may_be_asked_as_an_expert_and_nobody_is_let_in_twice(
    wide_circle: WideCircle,
) -> None:
    case = wide_circle.travelling()
    case.let_in(wide_circle.favre, "doctor", wide_circle.vidal)
    again = case.let_in(wide_circle.favre, "doctor", wide_circle.vidal)
    assert (again.status_code, again.json["code"]) == (409, "party_known")
    assert case.let_in(wide_circle.favre, "named_expert", wide_circle.vidal).status_code == 200
    for purpose, target in (
        ("named_expert", wide_circle.favre),
        ("forward", wide_circle.pool),
        ("second_opinion", wide_circle.pool),
        ("forward", wide_circle.team),
    ):
        known = case.let_in(wide_circle.favre, purpose, target)
        assert (known.status_code, known.json["code"]) == (409, "party_known"), purpose


def test_a_pool_taken_off_loses_the_case_and_its_files(wide_circle: WideCircle) -> None:
    case = wide_circle.travelling()
    case.let_in(wide_circle.favre, "second_opinion", wide_circle.second)
    blob = SealedBlob(1000)
    store(wide_circle.favre, case, blob)
    assert wide_circle.moret.get(f"/attachments/{blob.id}").status_code == 200
    answer = case.rotate(
        wide_circle.favre, case.circle(), purpose="take_off", target=wide_circle.second
    )
    assert answer.status_code == 200, answer.text
    assert answer.json["generation"] == 1
    (gone,) = [entry for entry in answer.json["circle"] if entry["left"]]
    assert gone["name"] == "Dermatologie d'Annecy"

    for path in ("", "/messages", "/trace", "/attachments"):
        assert wide_circle.moret.get(f"/cases/{case.id}{path}").status_code == 404
    assert wide_circle.moret.get(f"/attachments/{blob.id}").status_code == 404
    assert case.post(wide_circle.moret).status_code == 404
    assert box(wide_circle.moret, "all") == []
    assert wide_circle.moret.get("/cases").json["counts"]["mine"] == 0
    assert "case:deny" in actions_of(case, wide_circle.favre)

    assert case.post(wide_circle.blanc, "Entre nous").status_code == 201
    assert case.keys_reached_by(wide_circle.blanc, wide_circle.pool) == {
        0: case.former[0],
        1: case.key,
    }
    recipients = {
        grant["recipient"] for grant in wide_circle.blanc.get(f"/cases/{case.id}").json["grants"]
    }
    assert recipients == {wide_circle.pool.recipient}


def test_someone_taken_off_may_be_asked_again(wide_circle: WideCircle) -> None:
    case = wide_circle.travelling()
    case.let_in(wide_circle.favre, "named_expert", wide_circle.vidal)
    case.rotate(wide_circle.favre, case.circle(), purpose="take_off", target=wide_circle.vidal)
    assert wide_circle.vidal.get(f"/cases/{case.id}").status_code == 404
    assert case.let_in(wide_circle.favre, "named_expert", wide_circle.vidal).status_code == 200
    assert case.keys_reached_by(wide_circle.vidal)[1] == case.key
    assert case.roles(wide_circle.vidal)["Paul Vidal"] == "expert"


def test_who_stays_reads_on_by_another_way(wide_circle: WideCircle) -> None:
    """Somebody of a pool taken off who was also asked by name keeps the case."""
    case = wide_circle.travelling()
    case.let_in(wide_circle.favre, "second_opinion", wide_circle.second)
    case.let_in(wide_circle.favre, "named_expert", wide_circle.moret)
    staying = [*case.circle(), wide_circle.moret]
    answer = case.rotate(wide_circle.favre, staying, purpose="take_off", target=wide_circle.second)
    assert answer.status_code == 200, answer.text
    assert wide_circle.moret.get(f"/cases/{case.id}").status_code == 200


def test_the_same_event_again_changes_nothing(wide_circle: WideCircle) -> None:
    case = wide_circle.travelling()
    body = case.grant(wide_circle.blanc, "forward", wide_circle.second)
    first = case.send(wide_circle.blanc, body)
    case.step(wide_circle.moret, "claim")
    again = wide_circle.blanc.post(f"/cases/{case.id}/events", body)
    assert (first.status_code, again.status_code) == (200, 200)
    assert again.json["state"] == "claimed" and len(again.json["events"]) == 2

    rotation, key = case.rotation(wide_circle.favre, [*case.circle(), wide_circle.second])
    assert case.send(wide_circle.favre, rotation, key).status_code == 200
    again = wide_circle.favre.post(f"/cases/{case.id}/events", rotation)
    assert again.status_code == 200 and again.json["generation"] == 1


def test_renewed_keys_are_let_in_again_and_others_learn_that_they_wait(
    wide_circle: WideCircle,
) -> None:
    """What happens to the account is auth's; here its next key statement stands in its chain."""
    case = wide_circle.travelling(with_team=False)
    early = case.send(
        wide_circle.blanc, case.grant(wide_circle.blanc, "regrant", wide_circle.favre)
    )
    assert early.json["code"] == "party_known"
    renew_keys(wide_circle, wide_circle.favre)
    case.seqs[wide_circle.favre.id] = 1
    waiting = wide_circle.blanc.get("/pending-grants").json["regrants"]
    assert waiting == [{"case": case.id, "account": wide_circle.favre.id, "seq": 1}]
    assert wide_circle.moret.get("/pending-grants").json["regrants"] == []
    answer = case.let_in(wide_circle.blanc, "regrant", wide_circle.favre)
    assert answer.status_code == 200, answer.text
    assert wide_circle.blanc.get("/pending-grants").json["regrants"] == []
    assert case.keys_reached_by(wide_circle.favre) == {0: case.key}
    assert "case:regrant" in actions_of(case, wide_circle.blanc)


def renew_keys(circle: CareCircle, person: Person) -> None:
    """New keys for a person, certified: as the endpoints of auth/ leave the database."""
    chain = circle.administrator.get("/accounts", ids=person.id).json["items"][0]["statements"]
    before = person.sign_seed
    person.sign_seed, person.kem_seed = secrets.token_bytes(32), secrets.token_bytes(32)
    statement = person.statement(seq=1, prev=b64(statement_hash(chain[-1])))
    for seed in (before, circle.administrator.sign_seed):
        statement = cosign_statement(statement, seed)
    with transaction() as running:
        running.add(
            AccountStatement(
                account_id=person.uuid,
                seq=1,
                statement=statement,
                hash=statement_hash(statement),
                sign_key=sign_public(person.sign_seed),
                kem_key=kem_public(person.kem_seed),
                received_at=clock.now(),
            )
        )


def test_overflow_pools_see_nothing_before_their_turn(wide_circle: WideCircle) -> None:
    wide_circle.prepare_overflow(wide_circle.second)
    case = wide_circle.travelling(overflow=[wide_circle.second])
    assert wide_circle.moret.get(f"/cases/{case.id}").status_code == 404
    assert box(wide_circle.moret, "all") == []
    assert case.post(wide_circle.moret).status_code == 404

    answer = wide_circle.blanc.post(f"/cases/{case.id}/overflow", {"id": str(uuid4())})
    assert answer.status_code == 200, answer.text
    assert answer.json["pool"] == {"id": wide_circle.second.id, "name": "Dermatologie d'Annecy"}
    assert box(wide_circle.moret, "unclaimed") == [case.id]
    assert case.keys_reached_by(wide_circle.moret, wide_circle.second) == {0: case.key}
    assert case.roles(wide_circle.blanc)["Dermatologie du Chablais"] == "former_pool"
    assert "case:overflow" in actions_of(case, wide_circle.favre)


def test_an_administrator_passes_a_case_on_unread(wide_circle: WideCircle) -> None:
    wide_circle.prepare_overflow(wide_circle.second)
    case = wide_circle.travelling(overflow=[wide_circle.second])
    case.step(wide_circle.blanc, "claim")
    admin, step = wide_circle.administrator, {"id": str(uuid4())}
    answer = admin.post(f"/cases/{case.id}/overflow", step)
    assert answer.status_code == 200, answer.text
    assert set(answer.json) == {"state", "pool", "due_at"}
    assert admin.get(f"/cases/{case.id}").status_code == 404
    again = admin.post(f"/cases/{case.id}/overflow", step)
    assert again.json == answer.json
    last = admin.post(f"/cases/{case.id}/overflow", {"id": str(uuid4())})
    assert (last.status_code, last.json["code"]) == (409, "no_overflow")
    missing = admin.post(f"/cases/{uuid4()}/overflow", step)
    assert missing.json["code"] == "case_not_found"


def test_only_the_pool_passes_on_and_only_while_an_opinion_is_awaited(
    wide_circle: WideCircle,
) -> None:
    wide_circle.prepare_overflow(wide_circle.second)
    case = wide_circle.travelling(overflow=[wide_circle.second])
    for person in (wide_circle.favre, wide_circle.maret):
        refused = person.post(f"/cases/{case.id}/overflow", {"id": str(uuid4())})
        assert (refused.status_code, refused.json["code"]) == (409, "step_not_allowed")
    case.step(wide_circle.blanc, "refuse")
    late = wide_circle.blanc.post(f"/cases/{case.id}/overflow", {"id": str(uuid4())})
    assert late.json["code"] == "step_not_allowed"


def test_an_opening_reaches_the_overflow_pools_of_today(wide_circle: WideCircle) -> None:
    case = TravellingCase(wide_circle.net, wide_circle.favre, wide_circle.pool, wide_circle.team)
    wide_circle.prepare_overflow(wide_circle.second)
    unaware = case.opened_by(wide_circle.favre)
    assert (unaware.status_code, unaware.json["code"]) == (409, "stale_epoch")
    assert unaware.json["groups"] == [{"group": wide_circle.second.id, "epoch": 0}]
    case.overflow = [wide_circle.second]
    assert case.opened_by(wide_circle.favre).status_code == 201
    stray = TravellingCase(wide_circle.net, wide_circle.favre, wide_circle.second)
    stray.overflow = [wide_circle.pool]
    refused = stray.opened_by(wide_circle.favre)
    assert (refused.status_code, refused.json["reason"]) == (422, "RecipientsWrong")
