"""Somebody who lost everything: recognised by a registrar, back with new keys, vouched for later."""

from __future__ import annotations

from typing import Any

import pytest

from app import announcements
from auth.announced import KeysChanged, ReturnOffered
from client.crypto import cosign_statement, verify_account_chain, verify_policy_chain
from protocol.encoding import b64
from tests.conftest import MovedClock
from tests.factories.care import CareCircle
from tests.factories.people import FoundedNetwork, Person, token_of


@pytest.fixture
def offered(network: FoundedNetwork) -> list[ReturnOffered]:
    """Links on their way by mail."""
    links: list[ReturnOffered] = []
    announcements.on_commit(ReturnOffered, links.append)
    return links


def start(network: FoundedNetwork, person: Person, checked: str = "in_person") -> str:
    """The token of a fresh link."""
    answer = network.administrator.post(f"/accounts/{person.id}/return", {"checked": checked})
    assert answer.status_code == 201, answer.text
    assert answer.json["link"].endswith("&return=1")
    return token_of(answer.json["link"])


def opened(person: Person, token: str) -> tuple[Person, dict[str, Any]]:
    """The person with a new telephone, and what the link told it."""
    new = person.other_device().renewed()
    answer = new.post("/return/opening", {"token": token})
    assert answer.status_code == 200, answer.text
    new.totp_secret, new.last_step = answer.json["totp_secret"], 0
    return new, dict(answer.json)


def return_body(new: Person, told: dict[str, Any], token: str, **changes: Any) -> dict[str, Any]:
    if "statement" not in changes:
        changes["statement"] = new.statement(seq=told["seq"], prev=told["prev"])
    return {
        "token": token,
        "account": new.id,
        "totp_code": new.code(),
        "device": "Téléphone neuf",
        **new.key_seals(),
        **changes,
    }


def test_the_whole_return(
    network: FoundedNetwork, offered: list[ReturnOffered], clock: MovedClock
) -> None:
    favre, blanc = network.favre(), network.blanc()
    token = start(network, favre)
    assert [(fact.mail, token_of(fact.link)) for fact in offered] == [(favre.mail, token)]
    new, told = opened(favre, token)
    assert told["kind"] == "return" and told["account"] == favre.id
    assert (told["name"], told["rpps"], told["seq"]) == (favre.name, favre.rpps, 1)
    body = return_body(new, told, token)
    done = new.entered(new.post("/return", body))
    assert (done.status_code, done.json["account"]["certified"]) == (201, False)
    assert len(done.json["statements"]) == 2
    assert favre.get("/session").status_code == 401  # the lost telephone
    assert new.get("/cases").json["code"] == "not_certified"

    # Nobody has vouched yet: colleagues see the chain of before, and who asks sees "waiting".
    seen = blanc.get("/accounts", ids=favre.id).json["items"][0]
    assert (len(seen["statements"]), seen["certified"], seen["pending"]) == (1, False, None)
    waiting = network.administrator.get("/accounts", waiting="1").json["items"]
    pending = next(one["pending"] for one in waiting if one["id"] == favre.id)
    assert (pending["reason"], len(waiting[0]["statements"])) == ("return", 1)

    changed: list[KeysChanged] = []
    announcements.on_commit(KeysChanged, changed.append)
    cosigned = cosign_statement(pending["statement"], network.administrator.sign_seed)
    path = f"/accounts/{favre.id}/certification"
    assert network.administrator.put(path, {"statement": cosigned}).status_code == 200
    assert [fact.account_id for fact in changed] == [favre.uuid]
    seen = blanc.get("/accounts", ids=favre.id).json["items"][0]
    policy = verify_policy_chain(network.policies, network.root)
    chain = verify_account_chain(seen["statements"], policy)
    assert (chain.payload.seq, chain.certified) == (1, True)
    clock.advance(minutes=2)
    assert new.other_device().sign_in().status_code == 200
    old = favre.other_device().sign_in(totp_code="000000")
    assert old.json["code"] == "sign_in_failed"


def test_a_link_works_once_and_its_lost_answer_is_given_again(
    network: FoundedNetwork, clock: MovedClock
) -> None:
    favre = network.favre()
    token = start(network, favre)
    new, told = opened(favre, token)
    body = return_body(new, told, token)
    assert new.post("/return", body).status_code == 201
    assert new.post("/return", body).status_code == 201
    thief = favre.other_device().renewed()
    thief.totp_secret = told["totp_secret"]
    reused = thief.post("/return", return_body(thief, told, token))
    assert (reused.status_code, reused.json["code"]) == (410, "return_unusable")
    assert thief.post("/return/opening", {"token": token}).json["code"] == "return_unusable"
    clock.advance(minutes=16)
    assert new.post("/return", body).json["code"] == "return_unusable"


def test_a_link_expires_and_a_newer_one_replaces_it(
    network: FoundedNetwork, clock: MovedClock
) -> None:
    favre = network.favre()
    first = start(network, favre)
    second = start(network, favre, "video")
    new = favre.other_device()
    assert new.post("/return/opening", {"token": first}).json["code"] == "return_unusable"
    assert new.post("/return/opening", {"token": second}).status_code == 200
    clock.advance(hours=72, seconds=1)
    assert new.post("/return/opening", {"token": second}).json["code"] == "return_unusable"


def test_a_link_opens_no_other_account(network: FoundedNetwork) -> None:
    favre, blanc = network.favre(), network.blanc()
    token = start(network, favre)
    new, told = opened(favre, token)
    intruder = blanc.other_device().renewed()
    intruder.totp_secret = told["totp_secret"]
    other = intruder.statement(seq=told["seq"], prev=b64(bytes(32)))
    body = return_body(intruder, told, token, statement=other)
    assert intruder.post("/return", body).json["code"] == "return_unusable"
    body = return_body(new, told, token, statement=other)
    assert new.post("/return", body).json["reason"] == "SubjectChanged"
    assert new.post("/return", {**body, "totp_code": new.wrong_code()}).json["code"] == "code_wrong"
    assert favre.get("/session").json["account"]["certified"] is True


@pytest.mark.parametrize(
    ("reason", "changes"),
    [
        ("SequenceBroken", {"seq": 0, "prev": None}),
        ("SequenceBroken", {"seq": 2}),
        ("PreviousHashWrong", {"prev": b64(bytes(32))}),
        ("PayloadDiffers", {"name": "Hugo Blanc"}),
        ("PayloadDiffers", {"rpps": None}),
    ],
)
def test_what_a_return_may_not_say(
    network: FoundedNetwork, reason: str, changes: dict[str, Any]
) -> None:
    favre = network.favre()
    token = start(network, favre)
    new, told = opened(favre, token)
    said = {"seq": told["seq"], "prev": told["prev"], **changes}
    body = return_body(new, told, token, statement=new.statement(**said))
    refused = new.post("/return", body)
    assert (refused.status_code, refused.json["reason"]) == (422, reason)


def test_a_return_vouched_for_by_itself_is_refused(network: FoundedNetwork) -> None:
    """The registrar's look is a second step: a statement that arrives co-signed skips it."""
    favre = network.favre()
    token = start(network, favre)
    new, told = opened(favre, token)
    statement = new.statement(seq=told["seq"], prev=told["prev"])
    cosigned = cosign_statement(statement, network.administrator.sign_seed)
    refused = new.post("/return", return_body(new, told, token, statement=cosigned))
    assert refused.json["reason"] == "SignerUnknown"


def test_only_a_registrar_starts_a_return(network: FoundedNetwork) -> None:
    favre, blanc = network.favre(), network.blanc()
    body = {"checked": "document"}
    refused = blanc.post(f"/accounts/{favre.id}/return", body)
    assert (refused.status_code, refused.json["code"]) == (403, "not_permitted")
    other = network.person("second@reseau.test", "Luc Perret", profession="administrator")
    other.rpps = None
    other.sign_up(network.invite(other.mail, "administrator"))
    assert network.certify(other).status_code == 200
    # An administrator whom the policy does not name is no registrar.
    assert other.post(f"/accounts/{favre.id}/return", body).json["code"] == "not_permitted"
    admin = network.administrator
    assert admin.post(f"/accounts/{admin.id}/return", body).json["code"] == "not_yourself"
    refused = admin.post(f"/accounts/{favre.id}/return", {"checked": "by telephone"})
    assert refused.json["code"] == "validation_failed"
    waiting = network.waiting("nadia.roy@sallanches.test", "Nadia Roy")
    refused = admin.post(f"/accounts/{waiting.id}/return", body)
    assert refused.json["code"] == "never_certified"
    assert admin.post(f"/accounts/{favre.id}/suspension").status_code == 204
    refused = admin.post(f"/accounts/{favre.id}/return", body)
    assert refused.json["code"] == "account_suspended"


def test_a_return_takes_the_place_of_keys_that_wait(care_circle: CareCircle) -> None:
    """A telephone lost between a renewal and its certification."""
    network, favre = care_circle.network, care_circle.favre
    for _ in range(2):
        token = start(network, favre)
        new, told = opened(favre, token)
        assert told["seq"] == 1
        assert new.post("/return", return_body(new, told, token)).status_code == 201
    (seen,) = care_circle.blanc.get("/accounts", ids=favre.id).json["items"]
    assert len(seen["statements"]) == 1
