"""A server that lies is caught, and the refusal says what is wrong. One test for each promise."""

from __future__ import annotations

import io
import time
from typing import Any
from uuid import uuid4

import pyotp
import pytest

from client import CordeeClient, PlainFile
from client.crypto import (
    cosign_statement,
    group_kem_public,
    kem_public,
    random_key,
    sign_public,
    sign_statement,
    statement_hash,
    wrap,
)
from client.errors import (
    AttachmentBroken,
    BrokenSeal,
    CaseEventsBroken,
    CaseKeyPlanted,
    GrantBroken,
    GroupKeyPlanted,
    GroupNotTrusted,
    HeaderBroken,
    KdfDowngraded,
    MessageBroken,
    MessageMisplaced,
    MessageMissing,
    NoGrant,
    OwnKeysBroken,
    PersonNotTrusted,
    PolicyNotTrusted,
)
from protocol.contexts import case_context, group_context
from protocol.encoding import b64
from protocol.statement import parse_payload, statement_payload
from tests.unit.client.conftest import PASSWORD, REQUEST, Village


@pytest.fixture(scope="module")
def case(village: Village) -> str:
    """A claimed case with a photograph of random bytes and three messages."""
    favre, blanc = village.people["favre"], village.people["blanc"]
    opened = favre.cases.open_case("dermatology", REQUEST)
    blanc.steps.claim(opened.id)
    blanc.thread.post(opened.id, "Depuis quand ?")
    favre.thread.post(opened.id, "Depuis juin.")
    blanc.thread.read(opened.id)
    blanc.thread.post(opened.id, "Merci.")
    return opened.id


@pytest.fixture(scope="module")
def other_case(village: Village) -> str:
    opened = village.people["favre"].cases.open_case("dermatology", REQUEST)
    village.people["favre"].thread.post(opened.id, "Autre patient.")
    return opened.id


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
    own = sign_statement("cordee1.account", payload, seed)
    return cosign_statement(own, random_key())


# Policy and people


def test_a_policy_of_another_root(village: Village) -> None:
    device, server = village.lying_to("favre")

    def lie(_: str, network: Any) -> Any:
        first = dict(network["policy"][0], s=[])
        network["policy"][0] = cosign_like(first)
        return network

    def cosign_like(statement: dict[str, Any]) -> dict[str, Any]:
        return sign_statement(
            "cordee1.policy", parse_payload(statement_payload(statement)), random_key()
        )

    server.lies["/network"] = lie
    with pytest.raises(PolicyNotTrusted, match=r"SignerUnknown|SignatureMissing"):
        device.network.policy()


def test_an_older_policy_than_before(village: Village) -> None:
    device, server = village.lying_to("favre")
    device.network.policy()
    server.lies["/network"] = lambda _, network: {**network, "policy": network["policy"][:1]}
    with pytest.raises(PolicyNotTrusted, match="older"):
        device.network.policy(refresh=True)


def test_somebody_elses_keys_for_a_person(village: Village) -> None:
    device, server = village.lying_to("favre")
    blanc, benali = (village.people[name].account.id for name in ("blanc", "benali"))
    others = village.people["favre"].directory.person(benali).facts["statements"]
    server.lies["/accounts"] = lambda _, answer: {
        **answer,
        "items": [{**row, "statements": others} for row in answer["items"]],
    }
    with pytest.raises(PersonNotTrusted, match="another person"):
        device.directory.person(blanc)


def test_keys_of_the_servers_own_making(village: Village) -> None:
    device, server = village.lying_to("favre")
    blanc = village.people["blanc"].account.id
    forged = [forged_account(village, blanc)]
    server.lies["/accounts"] = lambda _, answer: {
        **answer,
        "items": [{**row, "statements": forged} for row in answer["items"]],
    }
    with pytest.raises(PersonNotTrusted, match="SignerUnknown"):
        device.directory.person(blanc)


def test_a_person_the_server_hides(village: Village) -> None:
    device, server = village.lying_to("favre")
    server.lies["/accounts"] = lambda _, answer: {**answer, "items": []}
    with pytest.raises(PersonNotTrusted):
        device.directory.person(village.people["blanc"].account.id)


# Groups


def forged_group(village: Village, secret: bytes, seed: bytes) -> dict[str, Any]:
    blanc = village.people["blanc"].account.id
    return sign_statement(
        "cordee1.group",
        {
            "v": 1,
            "net": village.root.net,
            "group": village.pool,
            "kind": "pool",
            "seq": 0,
            "epoch": 0,
            "kem_key": b64(group_kem_public(secret)),
            "members": [blanc],
            "managers": [village.administrator.account.id],
            "name": "Dermatologie",
            "prev": None,
        },
        seed,
    )


def test_a_swapped_pool_key_stops_the_case_before_it_leaves(village: Village) -> None:
    device, server = village.lying_to("favre")
    planted = forged_group(village, random_key(), random_key())
    server.lies["/groups"] = lambda _, answer: {
        **answer,
        "items": [
            {**row, "statements": [planted]} if row["id"] == village.pool else row
            for row in answer["items"]
        ],
    }
    with pytest.raises(GroupNotTrusted, match="RegistrarUnknown"):
        device.cases.open_case("dermatology", REQUEST)
    assert not [asked for asked in server.asked if asked.startswith("PUT")]


def test_a_group_changed_by_somebody_who_is_no_manager(village: Village) -> None:
    device, server = village.lying_to("blanc")

    def lie(_: str, answer: Any) -> Any:
        last = answer["statements"][-1]
        payload = parse_payload(statement_payload(last))
        payload |= {"seq": payload["seq"] + 1, "prev": b64(statement_hash(last))}
        payload["members"] = [*payload["members"], str(uuid4())]
        seed = village.people["blanc"].account.keys.sign_seed
        forged = sign_statement("cordee1.group", payload, seed)
        return {**answer, "statements": [*answer["statements"], forged]}

    server.lies[f"/groups/{village.pool}"] = lie
    with pytest.raises(GroupNotTrusted, match="ManagerUnknown"):
        device.directory.group(village.pool)


def test_a_planted_group_secret(village: Village, case: str) -> None:
    device, server = village.lying_to("blanc")
    me = device.directory.person(device.account.id)
    place = group_context(village.root.net, village.pool, 0, me.id, me.seq)
    planted = b64(wrap(me.kem_key, place, random_key()))
    server.lies[f"/groups/{village.pool}"] = lambda _, answer: {
        **answer,
        "grants": [{**grant, "wrapped": planted} for grant in answer["grants"]],
    }
    with pytest.raises(GroupKeyPlanted):
        device.cases.read(case)


def test_a_pending_member_no_statement_names(village: Village) -> None:
    device, server = village.lying_to("blanc")
    stranger = village.people["favre"].account.id
    server.lies["/pending-grants"] = lambda _, answer: {
        "items": [
            {"group": village.pool, "epoch": 0, "member": stranger, "member_seq": 0,
             "statements": []}
        ]
    }  # fmt: skip
    with pytest.raises(GroupNotTrusted, match="no statement names"):
        device.directory.perform_pending_grants()
    assert not [asked for asked in server.asked if asked.startswith("PUT")]


# The case key


def test_a_planted_case_key(village: Village, case: str) -> None:
    device, server = village.lying_to("favre")
    me = device.directory.person(device.account.id)
    recipient = device.account.keys.recipient
    planted = b64(
        wrap(me.kem_key, case_context(village.root.net, case, 0, recipient), random_key())
    )

    def lie(_: str, answer: Any) -> Any:
        for grant in answer["grants"]:
            if grant["recipient"] == recipient:
                grant["wrapped"] = planted
        return answer

    server.lies[f"/cases/{case}"] = lie
    with pytest.raises(CaseKeyPlanted, match="KeyCommitmentWrong"):
        device.cases.read(case)


def test_a_grant_of_another_case(village: Village, case: str, other_case: str) -> None:
    device, server = village.lying_to("favre")
    others = village.people["favre"].transport.get(f"/cases/{other_case}")["grants"]
    server.lies[f"/cases/{case}"] = lambda _, answer: {**answer, "grants": others}
    with pytest.raises(GrantBroken, match="WrapBroken"):
        device.cases.read(case)


def test_no_grant_at_all(village: Village, case: str) -> None:
    device, server = village.lying_to("favre")
    server.lies[f"/cases/{case}"] = lambda _, answer: {**answer, "grants": []}
    with pytest.raises(NoGrant):
        device.cases.read(case)


def test_an_opening_signed_by_another_hand(village: Village, case: str) -> None:
    device, server = village.lying_to("blanc")

    def lie(_: str, answer: Any) -> Any:
        payload = parse_payload(statement_payload(answer["events"][0]))
        forged = sign_statement("cordee1.case", payload, random_key())
        return {**answer, "events": [forged]}

    server.lies[f"/cases/{case}"] = lie
    with pytest.raises(CaseEventsBroken, match="SignerUnknown"):
        device.cases.read(case)


def test_the_events_of_another_case(village: Village, case: str, other_case: str) -> None:
    device, server = village.lying_to("blanc")
    events = village.people["favre"].transport.get(f"/cases/{other_case}")["events"]
    server.lies[f"/cases/{case}"] = lambda _, answer: {**answer, "events": events}
    with pytest.raises(CaseEventsBroken, match="another"):
        device.cases.read(case)


def test_a_header_moved_from_another_case(village: Village, case: str, other_case: str) -> None:
    device, server = village.lying_to("blanc")
    header = village.people["favre"].transport.get(f"/cases/{other_case}")["header"]
    server.lies[f"/cases/{case}"] = lambda _, answer: {**answer, "header": header}
    with pytest.raises(HeaderBroken, match="SealBroken"):
        device.cases.read(case)


def test_another_name_beside_the_keys_of_the_one_who_asked(village: Village, case: str) -> None:
    device, server = village.lying_to("blanc")
    server.lies[f"/cases/{case}"] = lambda _, answer: {
        **answer,
        "opened_by": {**answer["opened_by"], "name": "Dr Personne"},
    }
    with pytest.raises(PersonNotTrusted, match="another name"):
        device.cases.read(case)


def test_a_list_shows_the_broken_case_and_the_others(
    village: Village, case: str, other_case: str
) -> None:
    device, server = village.lying_to("blanc")

    def lie(_: str, answer: Any) -> Any:
        for row in answer["items"]:
            if row["id"] == case:
                row["header"]["sealed"] = row["header"]["sealed"][:-8] + "AAAAAAA="
        return answer

    server.lies["/cases?"] = lie
    shown = {found.id: found for found in device.cases.in_box("all")}
    assert isinstance(shown[case].broken, HeaderBroken) and shown[case].header is None
    assert shown[other_case].header is not None


# Messages


def lie_about_messages(change: Any) -> Any:
    return lambda _, answer: {**answer, "items": change(answer["items"])}


def read_with_lie(village: Village, case: str, change: Any) -> list[Any]:
    device, server = village.lying_to("favre")
    server.lies[f"/cases/{case}/messages"] = lie_about_messages(change)
    return device.thread.read(case)


def test_a_message_moved_from_another_case(village: Village, case: str, other_case: str) -> None:
    [moved] = village.people["favre"].transport.get(f"/cases/{other_case}/messages")["items"]

    def change(rows: list[Any]) -> list[Any]:
        return [{**rows[0], "id": moved["id"], "sealed": moved["sealed"]}, *rows[1:]]

    with pytest.raises(MessageBroken, match="SealBroken"):
        read_with_lie(village, case, change)


def test_a_message_shown_under_another_author(village: Village, case: str) -> None:
    favre = {"id": village.people["favre"].account.id, "name": "Dr Claire Favre"}
    with pytest.raises(MessageBroken, match="SignerUnknown"):
        read_with_lie(village, case, lambda rows: [{**rows[0], "author": favre}, *rows[1:]])


def test_a_text_shown_as_an_opinion(village: Village, case: str) -> None:
    with pytest.raises(MessageMisplaced):
        read_with_lie(village, case, lambda rows: [{**rows[0], "kind": "opinion"}, *rows[1:]])


def test_a_message_replayed_under_a_new_id(village: Village, case: str) -> None:
    def change(rows: list[Any]) -> list[Any]:
        return [*rows, {**rows[0], "id": str(uuid4()), "sequence": len(rows) + 1}]

    with pytest.raises(MessageBroken, match="SealBroken"):
        read_with_lie(village, case, change)


def test_a_dropped_message_leaves_a_gap(village: Village, case: str) -> None:
    with pytest.raises(MessageMissing, match="gap"):
        read_with_lie(village, case, lambda rows: [rows[0], rows[2]])


def test_a_dropped_message_is_missed_even_when_the_rest_is_renumbered(
    village: Village, case: str
) -> None:
    with pytest.raises(MessageMissing, match="not shown"):
        read_with_lie(village, case, lambda rows: [rows[0], {**rows[2], "sequence": 2}])


def test_a_conversation_cut_short_after_it_was_read(village: Village, case: str) -> None:
    device, server = village.lying_to("favre")
    assert len(device.thread.read(case)) == 3
    server.lies[f"/cases/{case}/messages"] = lie_about_messages(lambda rows: rows[:2])
    with pytest.raises(MessageMissing, match="shorter"):
        device.thread.read(case)


def test_messages_in_another_order(village: Village, case: str) -> None:
    def change(rows: list[Any]) -> list[Any]:
        return [{**rows[1], "sequence": 1}, {**rows[0], "sequence": 2}, rows[2]]

    with pytest.raises(MessageMissing, match="not shown"):
        read_with_lie(village, case, change)


# Files


@pytest.fixture(scope="module")
def large_file(village: Village, case: str) -> Any:
    """A file of two parts in the case; its manifest as the reader sees it."""
    favre, blanc = village.people["favre"], village.people["blanc"]
    data = bytes(range(256)) * (9 * 4096)
    favre.thread.post(case, "", files=[PlainFile("scan.bin", data=data)])
    message = blanc.thread.read(case)[-1]
    plain = io.BytesIO()
    blanc.attachments.download(case, message.attachments[0], plain)
    assert plain.getvalue() == data
    return message.attachments[0]


def flipped(content: bytes) -> bytes:
    return content[:5000] + bytes([content[5000] ^ 1]) + content[5001:]


def swapped(content: bytes) -> bytes:
    first = 8 * 1024 * 1024 + 9 * 16 + 40
    return content[first:] + content[:first]


@pytest.mark.parametrize(
    "change", [flipped, swapped, lambda content: content + b"more"], ids=["flip", "swap", "append"]
)
def test_a_file_that_was_touched(village: Village, case: str, large_file: Any, change: Any) -> None:
    device, server = village.lying_to("blanc")
    server.byte_lies[f"/attachments/{large_file.id}"] = change
    with pytest.raises(AttachmentBroken):
        device.attachments.download(case, large_file, io.BytesIO())


# Signing in


def sign_in(village: Village, lies: dict[str, Any]) -> tuple[BrokenSeal, list[str]]:
    _, server = village.lying_to("benali")
    fresh = CordeeClient("http://localhost", server)
    server.lies.update(lies)
    server.asked.clear()
    code = pyotp.TOTP(village.secrets["benali"]).now()
    with pytest.raises(BrokenSeal) as broken:
        fresh.sign_in("benali@reseau.test", PASSWORD, code)
    return broken.value, server.asked


def test_weaker_password_parameters_are_refused_before_the_password_is_used(
    village: Village,
) -> None:
    weak = {"alg": "argon2id", "m": 8, "t": 1, "p": 1}
    error, asked = sign_in(village, {"/sign-in/opening": lambda _, answer: {**answer, "kdf": weak}})
    assert isinstance(error, KdfDowngraded)
    assert asked == ["POST /api/v1/sign-in/opening"]


def test_other_keys_under_my_own_name(village: Village, clock: Any) -> None:
    clock.advance(seconds=60)
    forged = forged_account(village, village.people["benali"].account.id)

    def lie(path: str, answer: Any) -> Any:
        return answer if "opening" in path else {**answer, "statements": [forged]}

    _, server = village.lying_to("benali")
    fresh = CordeeClient("http://localhost", server)
    server.lies["/sign-in"] = lie
    code = pyotp.TOTP(village.secrets["benali"]).at(int(time.time()) + 60)
    with pytest.raises(OwnKeysBroken, match="other keys"):
        fresh.sign_in("benali@reseau.test", PASSWORD, code)
