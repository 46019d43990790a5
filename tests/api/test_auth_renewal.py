"""New keys on suspicion: signed by the old ones, waiting for a registrar, then in force."""

from __future__ import annotations

from typing import Any

import pytest
from werkzeug.test import TestResponse

from app import announcements
from auth.announced import KeysChanged, RecoveryCodeMade
from client.crypto import (
    cosign_statement,
    sign_public,
    sign_statement,
    statement_hash,
    verify_account_chain,
    verify_policy_chain,
    verify_statement,
)
from tests.conftest import MovedClock
from tests.factories.care import CareCircle
from tests.factories.people import FoundedNetwork, Person, b64


def renewal(old: Person, new: Person, **changes: Any) -> dict[str, Any]:
    if "statement" not in changes:
        changes["statement"] = new.next_statement([old.statement()], old.sign_seed)
    return {
        "current_auth": b64(old.auth),
        "totp_code": new.code(),
        **new.key_seals(),
        **changes,
    }


def cosign(network: FoundedNetwork, person: Person, statement: dict[str, Any]) -> TestResponse:
    cosigned = cosign_statement(statement, network.administrator.sign_seed)
    path = f"/accounts/{person.id}/certification"
    return network.administrator.put(path, {"statement": cosigned})


def chain_seen_by(reader: Person, person: Person) -> list[dict[str, Any]]:
    return list(reader.get("/accounts", ids=person.id).json["items"][0]["statements"])


def test_new_keys_wait_then_take_the_place_of_the_old(
    network: FoundedNetwork, clock: MovedClock
) -> None:
    favre, blanc = network.favre(), network.blanc()
    phone = favre.other_device()
    phone.sign_in()
    favre.last_step = phone.last_step
    new = favre.renewed()
    body = renewal(favre, new)
    answer = new.put("/account/keys", body)
    assert (answer.status_code, answer.json["account"]["certified"]) == (200, False)
    assert answer.json["account"]["pending"]["reason"] == "renewal"
    assert phone.get("/session").status_code == 401
    assert new.get("/accounts").json["code"] == "not_certified"
    # Colleagues go on verifying what was signed before, and see no key that nobody vouches for.
    assert len(chain_seen_by(blanc, favre)) == 1
    assert blanc.get("/accounts", q="Favre").json["items"] == []
    own = new.get("/account/keys").json
    assert [own["keys"], len(own["statements"])] == [body["keys"], 2]

    changed: list[KeysChanged] = []
    announcements.on_commit(KeysChanged, changed.append)
    waiting = network.administrator.get("/accounts", waiting="1").json["items"][0]
    certified = cosign(network, favre, waiting["pending"]["statement"])
    assert certified.status_code == 200, certified.text
    assert [fact.seq for fact in changed] == [1]
    assert new.get("/accounts").status_code == 200
    policy = verify_policy_chain(network.policies, network.root)
    account = verify_account_chain(chain_seen_by(blanc, favre), policy)
    assert account.payload.seq == 1 and account.certified
    message = sign_statement("cordee1.message", {"v": 1}, favre.sign_seed)
    assert verify_statement("cordee1.message", message, account.sign_keys[0])
    shown = blanc.get("/accounts", ids=favre.id).json["items"][0]
    assert shown["keys_vouched_by"]["name"] == "Anne Berthet" and shown["keys_changed_at"]
    assert shown["pending"] is None
    clock.advance(minutes=2)
    assert new.other_device().sign_in().status_code == 200
    assert favre.other_device().sign_in(totp_code="000000").status_code == 401


def test_a_lost_answer_is_given_again_and_an_old_renewal_is_not_replayed(
    network: FoundedNetwork,
) -> None:
    favre = network.favre()
    new = favre.renewed()
    body = renewal(favre, new)
    assert new.put("/account/keys", body).status_code == 200
    assert new.put("/account/keys", body).status_code == 200
    assert cosign(network, favre, body["statement"]).status_code == 200
    again = new.put("/account/keys", body)
    assert (again.status_code, again.json["code"]) == (401, "sign_in_failed")
    replayed = new.put(
        "/account/keys", {**body, "current_auth": b64(new.auth), "totp_code": new.code()}
    )
    assert (replayed.json["code"], replayed.json["reason"]) == (
        "statement_refused",
        "SequenceBroken",
    )


@pytest.mark.parametrize(
    ("reason", "alter"),
    [
        ("SignatureMissing", "unsigned by the old key"),
        ("SignatureInvalid", "wrong old signature"),
        ("SignerUnknown", "signed by a stranger too"),
        ("SignerUnknown", "signed by a registrar already"),
        ("SequenceBroken", "stale seq"),
        ("PreviousHashWrong", "another past"),
        ("KeyUnchanged", "same signing key"),
        ("KeyUnchanged", "same kem key"),
        ("PayloadDiffers", "another name"),
        ("SubjectChanged", "another account"),
        ("NetworkWrong", "another network"),
    ],
)
def test_what_a_renewal_may_not_say(network: FoundedNetwork, reason: str, alter: str) -> None:
    favre = network.favre()
    new = favre.renewed()
    chain = [favre.statement()]
    old_seed = favre.sign_seed
    match alter:
        case "unsigned by the old key":
            statement = new.next_statement(chain)
        case "wrong old signature":
            statement = new.next_statement(chain, old_seed)
            first, second = statement["s"]
            statement["s"] = [first, {**second, "sig": first["sig"]}]
        case "signed by a stranger too":
            statement = new.next_statement(chain, old_seed, bytes(32))
        case "signed by a registrar already":
            statement = new.next_statement(chain, old_seed, network.administrator.sign_seed)
        case "stale seq":
            statement = new.next_statement(chain, old_seed, seq=0, prev=None)
        case "another past":
            statement = new.next_statement(chain, old_seed, prev=b64(bytes(32)))
        case "same signing key":
            new.sign_seed = old_seed
            statement = new.next_statement(chain)
        case "same kem key":
            new.kem_seed = favre.kem_seed
            statement = new.next_statement(chain, old_seed)
        case "another name":
            statement = new.next_statement(chain, old_seed, name="Claire Blanc")
        case "another account":
            statement = new.next_statement(chain, old_seed, account=network.administrator.id)
        case _:
            statement = new.next_statement(chain, old_seed, net=network.administrator.id)
    refused = new.put("/account/keys", renewal(favre, new, statement=statement))
    assert (refused.status_code, refused.json["reason"]) == (422, reason)
    assert favre.get("/session").json["account"]["certified"] is True


def test_password_and_second_factor_are_both_asked(network: FoundedNetwork) -> None:
    favre = network.favre()
    new = favre.renewed()
    body = renewal(favre, new)
    wrong = new.put("/account/keys", {**body, "current_auth": b64(bytes(32))})
    assert wrong.json["code"] == "sign_in_failed"
    assert (
        new.put("/account/keys", {**body, "totp_code": new.wrong_code()}).json["code"]
        == "code_wrong"
    )


def test_waiting_keys_are_not_changed_again(network: FoundedNetwork) -> None:
    favre = network.favre()
    new = favre.renewed()
    assert new.put("/account/keys", renewal(favre, new)).status_code == 200
    newer = new.renewed()
    body = {**renewal(favre, newer), "current_auth": b64(new.auth)}
    assert new.put("/account/keys", body).json["code"] == "keys_waiting"
    waiting = network.waiting("nadia.roy@sallanches.test", "Nadia Roy")
    never = waiting.renewed()
    assert waiting.put("/account/keys", renewal(waiting, never)).json["code"] == "never_certified"


def test_a_co_signature_over_other_words_is_refused(network: FoundedNetwork) -> None:
    favre = network.favre()
    new = favre.renewed()
    assert new.put("/account/keys", renewal(favre, new)).status_code == 200
    other = favre.renewed().next_statement([favre.statement()], favre.sign_seed)
    for statement in (other, favre.statement()):
        refused = cosign(network, favre, statement)
        assert (refused.status_code, refused.json["reason"]) == (422, "PayloadChanged")
    unsigned = new.next_statement([favre.statement()], favre.sign_seed)
    path = f"/accounts/{favre.id}/certification"
    refused = network.administrator.put(path, {"statement": unsigned})
    assert refused.json["reason"] == "NotCertified"


def test_a_registrars_old_key_does_not_vouch_for_the_new_one(network: FoundedNetwork) -> None:
    """Whoever stole a registrar's key would else certify keys of their own making."""
    admin, second = network.administrator, network.member("b@reseau.test", "Bruno Carrier")
    new = admin.renewed()
    chain = admin.get("/account/keys").json["statements"]
    statement = new.next_statement(chain, admin.sign_seed)
    body = renewal(admin, new, statement=statement)
    assert new.put("/account/keys", body).json["account"]["certified"] is False
    assert statement_hash(statement) != statement_hash(second.statement())
    path = f"/accounts/{admin.id}/certification"
    assert new.put(path, {"statement": statement}).json["code"] == "not_certified"
    entry = {"account": admin.id, "sign_key": b64(sign_public(new.sign_seed))}
    policy = network.policy([entry])
    assert (
        network.administrator.http.put(
            "/api/v1/network/policy", json={"statement": policy}
        ).status_code
        == 200
    )
    assert new.get("/session").json["account"]["certified"] is True


def test_a_recovery_under_way_ends_with_the_keys_it_would_open(network: FoundedNetwork) -> None:
    mailed: list[RecoveryCodeMade] = []
    announcements.on_commit(RecoveryCodeMade, mailed.append)
    favre = network.favre()
    thief = favre.other_device()
    asked = thief.post(
        "/recovery/opening", {"mail": favre.mail, "recovery_auth": b64(favre.recovery_auth)}
    )
    new = favre.renewed()
    assert new.put("/account/keys", renewal(favre, new)).status_code == 200
    shown = {"recovery": asked.json["recovery"], "code": mailed[0].code}
    assert thief.post("/recovery/code", shown).json["code"] == "recovery_failed"


def test_members_of_shared_groups_and_cases_are_told(care_circle: CareCircle) -> None:
    care_circle.open_case()
    changed: list[KeysChanged] = []
    announcements.on_commit(KeysChanged, changed.append)
    blanc = care_circle.blanc
    new = blanc.renewed()
    body = renewal(blanc, new)
    assert new.put("/account/keys", body).status_code == 200
    cosigned = cosign_statement(body["statement"], care_circle.administrator.sign_seed)
    path = f"/accounts/{blanc.id}/certification"
    assert care_circle.administrator.put(path, {"statement": cosigned}).status_code == 200
    told = set(changed[0].peers)
    assert {care_circle.roche.uuid, care_circle.favre.uuid, care_circle.maret.uuid} <= told
    assert told.isdisjoint({blanc.uuid, care_circle.vidal.uuid})
