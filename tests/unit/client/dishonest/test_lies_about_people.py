"""A server that lies about the network's rules, about people's keys, or at the door."""

from __future__ import annotations

import time
from typing import Any

import pyotp
import pytest

from client import CordeeClient
from client.crypto import (
    cosign_statement,
    kem_public,
    random_key,
    sign_public,
    sign_statement,
    statement_hash,
)
from client.errors import KdfDowngraded, OwnKeysBroken, PersonNotTrusted, PolicyNotTrusted
from protocol.encoding import b64
from protocol.statement import parse_payload, statement_payload
from tests.unit.client.conftest import PASSWORD, REQUEST, LyingServer, Village
from tests.unit.client.dishonest.conftest import refused

NOT_SIGNED = (
    "The network's rules are not signed by its root, or are older than those known here; "
    "nothing was sent."
)


def not_vouched(name: str) -> str:
    return (
        f"The keys shown for {name} are not vouched for by this network; nothing was sent to them "
        "and nothing of theirs is shown."
    )


def forged_account(village: Village, account: str) -> dict[str, Any]:
    """Keys of the server's own making under somebody's name."""
    seed = random_key()
    payload = {
        "v": 1,
        "net": village.root.net,
        "account": account,
        "seq": 0,
        "sign_key": b64(sign_public(seed)),
        "kem_key": b64(kem_public(random_key())),
        "name": "Dr Sophie Blanc",
        "rpps": None,
        "prev": None,
    }
    return cosign_statement(sign_statement("cordee1.account", payload, seed), random_key())


def shown_with(statements: list[Any]) -> Any:
    return lambda _, answer: {
        **answer,
        "items": [{**row, "statements": statements} for row in answer["items"]],
    }


def test_a_policy_of_another_root(village: Village) -> None:
    device, server = village.lying_to("favre")

    def lie(_: str, network: Any) -> Any:
        payload = parse_payload(statement_payload(network["policy"][0]))
        network["policy"][0] = sign_statement("cordee1.policy", payload, random_key())
        return network

    server.lies["/network"] = lie
    with refused(PolicyNotTrusted, NOT_SIGNED, match="SignerUnknown|SignatureMissing"):
        device.network.policy()


def test_an_older_policy_than_before(village: Village) -> None:
    device, server = village.lying_to("favre")
    device.network.policy()
    server.lies["/network"] = lambda _, network: {**network, "policy": network["policy"][:1]}
    with refused(PolicyNotTrusted, NOT_SIGNED, match="older"):
        device.network.policy(refresh=True)


def test_a_policy_that_names_the_servers_own_custodian(village: Village) -> None:
    """Nobody can add a reader of all cases but the root."""
    device, server = village.lying_to("favre")

    def lie(_: str, network: Any) -> Any:
        last = network["policy"][-1]
        payload = parse_payload(statement_payload(last))
        payload |= {
            "seq": payload["seq"] + 1,
            "prev": b64(statement_hash(last)),
            "custodians": [b64(kem_public(random_key()))],
        }
        network["policy"].append(sign_statement("cordee1.policy", payload, random_key()))
        return network

    server.lies["/network"] = lie
    with refused(PolicyNotTrusted, NOT_SIGNED, server, match="SignerUnknown|SignatureMissing"):
        device.cases.open_case("dermatology", REQUEST)


def test_somebody_elses_keys_for_a_person(village: Village) -> None:
    device, server = village.lying_to("favre")
    blanc, benali = (village.people[name].account.id for name in ("blanc", "benali"))
    others = village.people["favre"].directory.person(benali).facts["statements"]
    server.lies["/accounts"] = shown_with(others)
    said = not_vouched("Dr Sophie Blanc")
    with refused(PersonNotTrusted, said, server, match="another person"):
        device.directory.person(blanc)


def test_keys_of_the_servers_own_making(village: Village) -> None:
    device, server = village.lying_to("favre")
    blanc = village.people["blanc"].account.id
    server.lies["/accounts"] = shown_with([forged_account(village, blanc)])
    with refused(PersonNotTrusted, not_vouched("Dr Sophie Blanc"), server, match="SignerUnknown"):
        device.directory.person(blanc)


def test_new_keys_slipped_in_after_the_true_ones(village: Village) -> None:
    device, server = village.lying_to("favre")
    blanc = village.people["blanc"].account.id
    true = village.people["favre"].directory.person(blanc).facts["statements"]
    seed = random_key()
    payload = parse_payload(statement_payload(true[-1]))
    payload |= {
        "seq": payload["seq"] + 1,
        "sign_key": b64(sign_public(seed)),
        "kem_key": b64(kem_public(random_key())),
        "prev": b64(statement_hash(true[-1])),
    }
    slipped = sign_statement("cordee1.account", payload, seed)
    server.lies["/accounts"] = shown_with([*true, slipped])
    said = not_vouched("Dr Sophie Blanc")
    with refused(PersonNotTrusted, said, server, match="KeyChangeUnauthorised"):
        device.directory.person(blanc)


def test_a_person_the_server_hides(village: Village) -> None:
    device, server = village.lying_to("favre")
    server.lies["/accounts"] = lambda _, answer: {**answer, "items": []}
    with refused(PersonNotTrusted, not_vouched("this person"), server):
        device.directory.person(village.people["blanc"].account.id)


# At the door


def fresh_device(village: Village) -> tuple[CordeeClient, LyingServer]:
    _, server = village.lying_to("benali")
    server.asked.clear()
    return CordeeClient("http://localhost", server), server


@pytest.mark.parametrize(
    "kdf",
    [
        {"alg": "argon2id", "m": 8, "t": 1, "p": 1},
        {"alg": "argon2id", "m": 65536, "t": 1, "p": 1},
        {"alg": "scrypt", "m": 65536, "t": 3, "p": 1},
    ],
    ids=["less memory", "fewer rounds", "another algorithm"],
)
def test_weaker_password_parameters_are_refused_before_the_password_is_used(
    village: Village, kdf: dict[str, Any]
) -> None:
    fresh, server = fresh_device(village)
    server.lies["/sign-in/opening"] = lambda _, answer: {**answer, "kdf": kdf}
    code = pyotp.TOTP(village.secrets["benali"]).now()
    said = "The server asks to protect your password too weakly; it was not used."
    with refused(KdfDowngraded, said):
        fresh.sign_in("benali@reseau.test", PASSWORD, code)
    assert server.asked == ["POST /api/v1/sign-in/opening"]


def test_other_keys_under_my_own_name(village: Village, clock: Any) -> None:
    clock.advance(seconds=60)
    forged = forged_account(village, village.people["benali"].account.id)
    fresh, server = fresh_device(village)
    server.lies["/sign-in"] = lambda path, answer: (
        answer if "opening" in path else {**answer, "statements": [forged]}
    )
    code = pyotp.TOTP(village.secrets["benali"]).at(int(time.time()) + 60)
    said = "The keys kept for your own account are not yours; do not go on."
    with refused(OwnKeysBroken, said, match="other keys"):
        fresh.sign_in("benali@reseau.test", PASSWORD, code)
