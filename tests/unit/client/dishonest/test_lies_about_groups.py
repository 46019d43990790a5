"""A server that lies about pools: whose they are, who belongs to them, with which key."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from client import CordeeClient
from client.crypto import group_kem_public, random_key, sign_statement, statement_hash, wrap
from client.errors import GroupKeyPlanted, GroupNotTrusted, RemovalNotDue, StatementWithheld
from client.verdicts import sentence
from protocol.contexts import group_context
from protocol.encoding import b64
from protocol.statement import parse_payload, statement_payload
from tests.unit.client.conftest import REQUEST, LyingServer, Village
from tests.unit.client.dishonest.conftest import refused

NOT_SIGNED = (
    "The members shown for the group Dermatologie were not signed by its managers; nothing was "
    "sent to it."
)
PLANTED = (
    "The key received for the group Dermatologie is not the group's own; it was not used, and a "
    "colleague is asked for the right one."
)


def next_statement(last: Any, seed: bytes, **changes: Any) -> dict[str, Any]:
    """A well-formed successor of a statement, whoever signs it."""
    payload = parse_payload(statement_payload(last))
    payload |= {"seq": payload["seq"] + 1, "prev": b64(statement_hash(last)), **changes}
    return sign_statement("cordee1.group", payload, seed)


def test_a_swapped_pool_key_stops_the_case_before_it_leaves(village: Village) -> None:
    device, server = village.lying_to("favre")
    payload = {
        "v": 1,
        "net": village.root.net,
        "group": village.pool,
        "kind": "pool",
        "seq": 0,
        "epoch": 0,
        "kem_key": b64(group_kem_public(random_key())),
        "members": [village.people["blanc"].account.id],
        "managers": [village.administrator.account.id],
        "name": "Dermatologie",
        "prev": None,
    }
    planted = sign_statement("cordee1.group", payload, random_key())
    server.lies["/groups"] = lambda _, answer: {
        **answer,
        "items": [
            {**row, "statements": [planted]} if row["id"] == village.pool else row
            for row in answer["items"]
        ],
    }
    with refused(GroupNotTrusted, NOT_SIGNED, server, match="RegistrarUnknown"):
        device.cases.open_case("dermatology", REQUEST)
    assert village.care_team in {group.id for group in device.directory.groups()}, "the rest works"


def test_a_group_changed_by_somebody_who_is_no_manager(village: Village) -> None:
    device, server = village.lying_to("blanc")

    def lie(_: str, answer: Any) -> Any:
        last = answer["statements"][-1]
        members = [*parse_payload(statement_payload(last))["members"], str(uuid4())]
        seed = village.people["blanc"].account.keys.sign_seed
        forged = next_statement(last, seed, members=members)
        return {**answer, "statements": [*answer["statements"], forged]}

    server.lies[f"/groups/{village.pool}"] = lie
    with refused(GroupNotTrusted, NOT_SIGNED, server, match="ManagerUnknown"):
        device.directory.group(village.pool)


def test_a_statement_of_an_ex_manager(village: Village) -> None:
    """Authority comes from the statement before: who was manager once has none left."""
    device, server = village.lying_to("blanc")
    favre, admin = village.people["favre"].account, village.administrator.account

    def lie(_: str, answer: Any) -> Any:
        last = answer["statements"][-1]
        known = parse_payload(statement_payload(last))
        appoint = next_statement(last, admin.keys.sign_seed, managers=[admin.id, favre.id])
        dismiss = next_statement(appoint, admin.keys.sign_seed, managers=[admin.id])
        again = next_statement(dismiss, favre.keys.sign_seed, members=[*known["members"], favre.id])
        return {**answer, "statements": [*answer["statements"], appoint, dismiss, again]}

    server.lies[f"/groups/{village.pool}"] = lie
    with refused(GroupNotTrusted, NOT_SIGNED, server, match="ManagerUnknown"):
        device.directory.group(village.pool)


def test_a_manager_named_only_in_their_own_statement(village: Village) -> None:
    device, server = village.lying_to("blanc")
    benali = village.people["benali"].account

    def lie(_: str, answer: Any) -> Any:
        last = answer["statements"][-1]
        forged = next_statement(last, benali.keys.sign_seed, managers=[benali.id])
        return {**answer, "statements": [*answer["statements"], forged]}

    server.lies[f"/groups/{village.pool}"] = lie
    with refused(GroupNotTrusted, NOT_SIGNED, server, match="ManagerUnknown"):
        device.directory.group(village.pool)


def test_a_member_taken_out_while_the_key_stays(village: Village) -> None:
    device, server = village.lying_to("blanc")
    admin = village.administrator.account

    def lie(_: str, answer: Any) -> Any:
        last = answer["statements"][-1]
        [first, *_] = parse_payload(statement_payload(last))["members"]
        forged = next_statement(last, admin.keys.sign_seed, members=[first])
        return {**answer, "statements": [*answer["statements"], forged]}

    server.lies[f"/groups/{village.pool}"] = lie
    with refused(GroupNotTrusted, NOT_SIGNED, server, match="RemovalWithoutRotation"):
        device.directory.group(village.pool)


@pytest.fixture(scope="module")
def locum_pool(village: Village) -> str:
    """A pool whose second statement says when Dr Blanc leaves: in three days."""
    office, blanc = village.administrator, village.people["blanc"].account.id
    pool = office.administration.create_pool(
        "Orthopédie", specialty="orthopaedics", territory="Chablais", members=[blanc]
    )
    office.governing.set_end(pool, blanc, datetime.now(UTC) + timedelta(days=3))
    return pool


def test_a_groups_history_taken_back(village: Village, locum_pool: str) -> None:
    device, server = village.lying_to("blanc")
    assert device.directory.group(locum_pool).group.payload.seq == 1
    server.lies[f"/groups/{locum_pool}"] = lambda _, answer: {
        **answer,
        "statements": answer["statements"][:1],
    }
    said = NOT_SIGNED.replace("Dermatologie", "Orthopédie")
    with refused(GroupNotTrusted, said, server, match="older"):
        device.directory.group(locum_pool, refresh=True)


def test_a_statement_withheld_from_a_new_device(village: Village, locum_pool: str) -> None:
    device, server = village.lying_to("blanc")
    server.lies[f"/groups/{locum_pool}"] = lambda _, answer: {
        **answer,
        "statements": answer["statements"][:1],
    }
    said = (
        "The server holds back a change of keys or members that the public log knows; nothing was "
        "sent."
    )
    with refused(StatementWithheld, said, server):
        device.directory.group(locum_pool)


def test_a_planted_group_secret(village: Village, case: str) -> None:
    device, server = village.lying_to("blanc")
    me = device.directory.person(device.account.id)
    place = group_context(village.root.net, village.pool, 0, me.id, me.seq)
    planted = b64(wrap(me.kem_key, place, random_key()))
    server.lies[f"/groups/{village.pool}"] = lambda _, answer: {
        **answer,
        "grants": [{**grant, "wrapped": planted} for grant in answer["grants"]],
    }
    with refused(GroupKeyPlanted, PLANTED, server):
        device.cases.read(case)
    given_back = f"DELETE /api/v1/groups/{village.pool}/grants/0/me"
    assert given_back in server.asked, "a colleague can now grant again"


# What the server says is owed


def owed(**lists: Any) -> Any:
    nothing = {"items": [], "links": [], "cases": [], "regrants": [], "departures": []}
    return lambda _, answer: {**answer, **nothing, **lists}


def test_a_ghost_member_gets_no_key(village: Village) -> None:
    """The server says a stranger waits for the pool's key; no statement names them."""
    device, server = village.lying_to("blanc")
    stranger = village.people["favre"].account.id
    pending = {"group": village.pool, "epoch": 0, "member": stranger, "member_seq": 0}
    server.lies["/pending-grants"] = owed(items=[pending])
    healed = device.heal()
    [broken] = healed.broken
    assert type(broken) is GroupNotTrusted and "no statement names" in str(broken)
    assert sentence(broken) == NOT_SIGNED
    assert [report["verdict"] for report in server.reported] == ["group_not_trusted"]
    assert not [asked for asked in server.asked if asked.startswith("PUT")]


@pytest.mark.parametrize("agreed", [False, True], ids=["no end date", "a later one"])
def test_nobody_is_removed_on_the_servers_word(
    village: Village, locum_pool: str, agreed: bool
) -> None:
    own = village.administrator
    server = LyingServer(village.app)
    device = CordeeClient("http://localhost", server)
    device.resume(own.account.keys, own.transport.cookies, own.transport.csrf)
    blanc = village.people["blanc"].account.id
    pool = locum_pool if agreed else village.pool
    server.lies["/pending-grants"] = owed(departures=[{"group": pool, "members": [blanc]}])
    [broken] = device.heal().broken
    assert type(broken) is RemovalNotDue
    assert sentence(broken) == (
        "The server asks to remove Dr Sophie Blanc, whose time no manager has said is over; "
        "nobody was removed."
    )
    assert not [asked for asked in server.asked if asked.endswith("/statements")]


def test_an_overflow_pool_that_no_manager_signed_gets_no_key(village: Village) -> None:
    """The server may close a signed overflow pool; naming one is the manager's."""
    office = village.administrator.administration
    other = office.create_pool(
        "Ailleurs", specialty="dermatology", territory="Ailleurs",
        members=[village.people["mermet"].account.id],
    )  # fmt: skip
    device, server = village.lying_to("favre")
    server.lies["/groups"] = lambda _, answer: {
        **answer,
        "items": [
            {**row, "overflow": [{"id": other, "name": "Ailleurs"}]}
            if row["id"] == village.pool
            else row
            for row in answer["items"]
        ],
    }
    case = device.cases.open_case(village.pool, REQUEST)
    assert other not in {party["id"] for party in case.facts["circle"]}
    assert not any(other in name for name in device.cases.keys_of(case.id).chain.recipients)


def test_a_pool_whose_label_was_put_on_another_is_not_written_to_by_that_name(
    village: Village,
) -> None:
    """The server's label chooses no recipient alone, and a reader is told what was signed."""
    other = village.administrator.administration.create_pool(
        "Ophtalmologie",
        specialty="ophthalmology",
        territory="Haute-Savoie",
        members=[village.people["benali"].account.id],
    )
    swapped = {village.pool: "Ophtalmologie", other: "Dermatologie"}
    device, server = village.lying_to("favre")
    server.lies["/groups"] = lambda _, answer: {
        **answer,
        **({"name": swapped[answer["id"]]} if answer.get("id") in swapped else {}),
        **(
            {"items": [{**row, "name": swapped.get(row["id"], row["name"])} for row in items]}
            if (items := answer.get("items"))
            else {}
        ),
    }
    with pytest.raises(LookupError):
        device.cases.open_case("Dermatologie", REQUEST)
    case = device.cases.open_case(other, REQUEST)
    words = device.circle.in_words(case)
    assert "Dermatologie, signed as Ophtalmologie (Dr Karim Benali): answers the request" in words
