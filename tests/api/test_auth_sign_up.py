"""From an invitation to a certified person."""

from __future__ import annotations

import pytest

from client.crypto import sign_public
from tests.factories.people import FoundedNetwork, b64, rpps_number, token_of


def test_a_person_signs_up_waits_and_is_certified(network: FoundedNetwork) -> None:
    favre = network.person("Claire.Favre@abondance.test", "Claire Favre")
    answer = favre.sign_up(network.invite(favre.mail))
    assert answer.status_code == 201
    assert answer.json["account"]["certified"] is False
    assert answer.json["account"]["mail"] == "claire.favre@abondance.test"
    assert favre.get("/session").json["account"]["id"] == favre.id
    assert favre.get("/accounts").json["code"] == "not_certified"

    certified = network.certify(favre)
    assert certified.status_code == 200
    assert certified.json["certified"] is True
    assert len(certified.json["statements"][0]["s"]) == 2
    people = favre.get("/accounts").json["items"]
    assert {person["name"] for person in people} == {"Anne Berthet", "Claire Favre"}


def test_a_link_works_once_and_for_72_hours(network: FoundedNetwork, clock) -> None:
    link = network.invite("un@reseau.test")
    first = network.person("un@reseau.test", "Un Premier")
    assert first.sign_up(link).status_code == 201
    second = network.person("un@reseau.test", "Un Second")
    refused = second.post("/sign-up/opening", {"token": token_of(link)})
    assert (refused.status_code, refused.json["code"]) == (410, "invitation_unusable")

    late = network.invite("deux@reseau.test")
    clock.advance(hours=72, seconds=1)
    refused = second.post("/sign-up/opening", {"token": token_of(late)})
    assert refused.json["code"] == "invitation_unusable"


def test_a_sign_up_sent_again_is_answered_again(network: FoundedNetwork) -> None:
    link = network.invite("favre@reseau.test")
    favre = network.person("favre@reseau.test", "Claire Favre")
    token = token_of(link)
    favre.totp_secret = favre.post("/sign-up/opening", {"token": token}).json["totp_secret"]
    body = favre.sign_up_body(token)
    assert favre.post("/sign-up", body).status_code == 201
    again = favre.other_device()
    assert again.post("/sign-up", body).status_code == 201
    stolen = favre.other_device()
    refused = stolen.post("/sign-up", {**body, "auth": b64(bytes(32))})
    assert refused.json["code"] == "invitation_unusable"


def test_renewing_or_inviting_again_kills_the_older_link(network: FoundedNetwork) -> None:
    person = network.person("trois@reseau.test", "Trois")
    old = network.invite(person.mail)
    new = network.invite(person.mail)
    listed = network.administrator.get("/invitations").json["items"]
    sent = next(item for item in listed if item["mail"] == person.mail)
    assert sent["state"] == "sent"
    renewed = network.administrator.post(f"/invitations/{sent['id']}/renewal").json["link"]
    for link in (old, new):
        answer = person.post("/sign-up/opening", {"token": token_of(link)})
        assert answer.json["code"] == "invitation_unusable"
    assert person.sign_up(renewed).status_code == 201


def test_a_revoked_invitation_is_useless(network: FoundedNetwork) -> None:
    link = network.invite("quatre@reseau.test")
    listed = network.administrator.get("/invitations").json["items"]
    ident = next(item["id"] for item in listed if item["mail"] == "quatre@reseau.test")
    assert network.administrator.delete(f"/invitations/{ident}").status_code == 204
    assert network.administrator.delete(f"/invitations/{ident}").status_code == 404
    person = network.person("quatre@reseau.test", "Quatre")
    answer = person.post("/sign-up/opening", {"token": token_of(link)})
    assert answer.status_code == 410


@pytest.mark.parametrize(
    ("changes", "status", "code"),
    [
        ({"totp_code": "wrong"}, 422, "code_wrong"),
        ({"rpps": None}, 422, "validation_failed"),
        ({"rpps": "10000000001"}, 422, "validation_failed"),
        ({"name": "Une Autre"}, 422, "statement_refused"),
        ({"rpps": rpps_number("1999999999")}, 422, "statement_refused"),
        ({"salt": b64(bytes(15))}, 422, "validation_failed"),
        ({"auth": b64(bytes(33))}, 422, "validation_failed"),
        ({"ak_password": b64(bytes(88))}, 422, "validation_failed"),
        ({"kdf": {"alg": "argon2id", "m": 8, "t": 1, "p": 1}}, 422, "validation_failed"),
        ({"unknown": 1}, 422, "validation_failed"),
        ({"device": "ligne\nde plus"}, 422, "validation_failed"),
    ],
)
def test_what_sign_up_refuses(
    network: FoundedNetwork, changes: dict[str, object], status: int, code: str
) -> None:
    person = network.person("cinq@reseau.test", "Cinq")
    token = token_of(network.invite(person.mail))
    person.totp_secret = person.post("/sign-up/opening", {"token": token}).json["totp_secret"]
    if "totp_code" in changes:
        changes = {"totp_code": person.wrong_code()}
    answer = person.post("/sign-up", person.sign_up_body(token, **changes))
    assert (answer.status_code, answer.json["code"]) == (status, code)


@pytest.mark.parametrize(
    "forged",
    [
        {"account": "11111111-1111-4111-8111-111111111111"},
        {"net": "11111111-1111-4111-8111-111111111111"},
        {"seq": 1},
        {"v": 2},
    ],
)
def test_keys_signed_for_another_place_are_refused(
    network: FoundedNetwork, forged: dict[str, object]
) -> None:
    person = network.person("six@reseau.test", "Six")
    token = token_of(network.invite(person.mail))
    person.totp_secret = person.post("/sign-up/opening", {"token": token}).json["totp_secret"]
    body = person.sign_up_body(token, statement=person.statement(**forged))
    answer = person.post("/sign-up", body)
    assert (answer.status_code, answer.json["code"]) == (422, "statement_refused")


def test_one_rpps_one_account_and_one_mail_one_account(network: FoundedNetwork) -> None:
    favre = network.favre()
    twin = network.person("jumelle@reseau.test", "Claire Favre", rpps=favre.rpps)
    answer = twin.sign_up(network.invite(twin.mail))
    assert answer.json["code"] == "rpps_taken"
    again = network.administrator.post("/invitations", {"mail": favre.mail, "kind": "clinician"})
    assert (again.status_code, again.json["code"]) == (409, "mail_taken")


def test_only_a_registrar_certifies_and_only_the_very_words(network: FoundedNetwork) -> None:
    favre = network.waiting("favre@reseau.test", "Claire Favre")
    blanc = network.blanc()
    own = network.certify(favre, seed=blanc.sign_seed)
    assert (own.status_code, own.json["code"]) == (422, "statement_refused")
    path = f"/accounts/{favre.id}/certification"
    alone = network.administrator.put(path, {"statement": favre.statement()})
    assert alone.json["reason"] == "NotCertified"
    renamed = favre.statement(name="Claire Favre-Duval")
    assert network.administrator.put(path, {"statement": renamed}).json["code"] == (
        "statement_refused"
    )
    assert blanc.put(path, {"statement": favre.statement()}).json["code"] == "not_permitted"
    assert network.certify(favre).status_code == 200
    assert network.certify(favre).status_code == 200
    refused = network.administrator.get("/trace", action="account:certify").json["items"]
    reasons = [item["detail"]["reason"] for item in refused if item["result"] == "refused"]
    assert reasons == ["PayloadChanged", "NotCertified", "SignerUnknown"]


def test_the_policy_is_accepted_from_anybody_and_only_from_the_root(
    network: FoundedNetwork,
) -> None:
    visitor = network.person("visiteur@reseau.test", "Visiteur")
    admin = network.administrator
    registrars = [{"account": admin.id, "sign_key": b64(sign_public(admin.sign_seed))}]
    policy = network.policy(registrars, minimum_client="0.2.0")
    assert visitor.put("/network/policy", {"statement": policy}).json["seq"] == 2
    assert visitor.put("/network/policy", {"statement": policy}).status_code == 200
    assert visitor.get("/network").json["minimum_client"] == "0.2.0"

    network.root_seed = bytes(32)
    network.policies.append(policy)
    forged = visitor.put("/network/policy", {"statement": network.policy([])})
    assert (forged.status_code, forged.json["code"]) == (422, "statement_refused")
