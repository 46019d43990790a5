"""A server that lies about a case's keys, its history, its header or who reads it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from client import CordeeClient
from client.crypto import (
    group_kem_seed,
    key_commitment,
    random_key,
    seal,
    sign_statement,
    statement_hash,
    unwrap,
    wrap,
)
from client.errors import (
    CaseEventsBroken,
    CaseKeyPlanted,
    CircleFalsified,
    GrantBroken,
    HeaderBroken,
    NoGrant,
    PersonNotTrusted,
    RotatedByOutsider,
    StatementWithheld,
)
from client.verdicts import sentence
from protocol.contexts import account_recipient, case_context, case_prev_context, group_recipient
from protocol.encoding import b64, unb64
from protocol.errors import ProtocolError
from protocol.statement import parse_payload, statement_payload
from tests.unit.client.conftest import REQUEST, LyingServer, Village
from tests.unit.client.dishonest.conftest import refused

Answer = dict[str, Any]


def planted(number: str) -> str:
    return (
        f"The key received for case {number} is not the one that was signed for; nothing was "
        "opened or sent with it."
    )


def not_continuous(number: str) -> str:
    return f"The signed history of case {number} is not continuous; the case is not shown."


def falsified(number: str) -> str:
    return (
        f"The server shows other readers of case {number} than its members signed for; nothing "
        "was sent."
    )


def shown(server: LyingServer, case: str, change: Callable[[Answer], Answer]) -> None:
    """Change the case wherever the server shows it whole."""
    server.lies[f"/cases/{case}"] = lambda _, answer: (
        change(answer) if "events" in answer else answer
    )


def next_event(last: Any, seed: bytes, **changes: Any) -> Answer:
    """A well-formed successor of an event, whoever signs it."""
    payload = parse_payload(statement_payload(last))
    payload |= {"n": payload["n"] + 1, "prev": b64(statement_hash(last)), **changes}
    return sign_statement("cordee1.case", payload, seed)


# The key


def test_a_planted_case_key(village: Village, case: str, number: str) -> None:
    device, server = village.lying_to("favre")
    me = device.directory.person(device.account.id)
    recipient = device.account.keys.recipient
    place = case_context(village.root.net, case, 0, recipient)
    wrapped = b64(wrap(me.kem_key, place, random_key()))

    def change(answer: Answer) -> Answer:
        for grant in answer["grants"]:
            if grant["recipient"] == recipient:
                grant["wrapped"] = wrapped
        return answer

    shown(server, case, change)
    with refused(CaseKeyPlanted, planted(number), server, match="KeyCommitmentWrong"):
        device.thread.post(case, "Rien ne part sous une clé du serveur")


def test_a_grant_of_another_case(village: Village, case: str, number: str, other_case: str) -> None:
    device, server = village.lying_to("favre")
    others = village.people["favre"].transport.get(f"/cases/{other_case}")["grants"]
    shown(server, case, lambda answer: {**answer, "grants": others})
    said = f"A key handed to you for {number} was not made for you; it was not used."
    with refused(GrantBroken, said, server, match="WrapBroken"):
        device.cases.read(case)


def test_no_grant_at_all(village: Village, case: str, number: str) -> None:
    device, server = village.lying_to("favre")
    shown(server, case, lambda answer: {**answer, "grants": []})
    with refused(NoGrant, f"The server gave no key that opens case {number} for you.", server):
        device.cases.read(case)


# Its signed history


def test_an_opening_signed_by_another_hand(village: Village, case: str, number: str) -> None:
    device, server = village.lying_to("blanc")

    def change(answer: Answer) -> Answer:
        payload = parse_payload(statement_payload(answer["events"][0]))
        forged = sign_statement("cordee1.case", payload, random_key())
        return {**answer, "events": [forged]}

    shown(server, case, change)
    with refused(CaseEventsBroken, not_continuous(number), server, match="SignerUnknown"):
        device.cases.read(case)


def test_the_events_of_another_case(
    village: Village, case: str, number: str, other_case: str
) -> None:
    device, server = village.lying_to("blanc")
    events = village.people["favre"].transport.get(f"/cases/{other_case}")["events"]
    shown(server, case, lambda answer: {**answer, "events": events})
    with refused(CaseEventsBroken, not_continuous(number), server, match="another"):
        device.cases.read(case)


def test_a_key_granted_by_somebody_outside(village: Village, case: str, number: str) -> None:
    """Dr Mermet has no part in the case, and signs herself in with the server's help."""
    device, server = village.lying_to("blanc")
    mermet = village.people["mermet"].account.keys

    def change(answer: Answer) -> Answer:
        ghost = next_event(
            answer["events"][-1],
            mermet.sign_seed,
            event="grant",
            to=[mermet.recipient],
            by=mermet.account,
        )
        return {**answer, "events": [*answer["events"], ghost]}

    shown(server, case, change)
    with refused(CaseEventsBroken, not_continuous(number), server, match="OutsideCareCircle"):
        device.thread.post(case, "Que personne d’autre ne lira")


def test_events_taken_back(village: Village) -> None:
    favre = village.people["favre"]
    case = favre.cases.open_case("dermatology", REQUEST)
    device, server = village.lying_to("favre")
    device.circle.doctor(case.id, village.people["mermet"].account.id)
    shown(server, case.id, lambda answer: {**answer, "events": answer["events"][:1]})
    with refused(CaseEventsBroken, not_continuous(case.number), server, match="fewer"):
        device.cases.read(case.id)


# Who reads it


def test_a_ghost_in_the_circle(village: Village, case: str, number: str) -> None:
    device, server = village.lying_to("blanc")
    ghost = {
        "kind": "account",
        "id": village.people["mermet"].account.id,
        "name": "Dr Mermet",
        "role": "doctor",
        "since": "2026-11-22T00:00:00.000Z",
        "left": False,
    }
    shown(server, case, lambda answer: {**answer, "circle": [*answer["circle"], ghost]})
    with refused(CircleFalsified, falsified(number), server, match="no event names"):
        device.thread.post(case, "Entre nous")


def test_a_reader_who_is_hidden(village: Village) -> None:
    favre = village.people["favre"]
    case = favre.cases.open_case("dermatology", REQUEST)
    favre.circle.doctor(case.id, village.people["mermet"].account.id)
    device, server = village.lying_to("blanc")
    shown(
        server,
        case.id,
        lambda answer: {
            **answer,
            "circle": [one for one in answer["circle"] if one["role"] != "doctor"],
        },
    )
    with refused(CircleFalsified, falsified(case.number), server, match="hidden"):
        device.cases.read(case.id)


def test_nobody_is_regranted_on_the_servers_word(village: Village, case: str, number: str) -> None:
    """A person of no part in the case is listed as somebody whose new keys wait for it."""
    device, server = village.lying_to("blanc")
    mermet = village.people["mermet"].account
    asked = {"case": case, "account": mermet.id, "seq": mermet.keys.seq}
    server.lies["/pending-grants"] = lambda _, answer: {**answer, "regrants": [asked]}
    [broken] = device.heal().broken
    assert type(broken) is CircleFalsified and sentence(broken) == falsified(number)
    assert not [asked for asked in server.asked if asked.endswith("/events")]


# The header


def test_a_header_moved_from_another_case(
    village: Village, case: str, number: str, other_case: str
) -> None:
    device, server = village.lying_to("blanc")
    header = village.people["favre"].transport.get(f"/cases/{other_case}")["header"]
    shown(server, case, lambda answer: {**answer, "header": header})
    said = f"The request of case {number} is not what its author sealed."
    with refused(HeaderBroken, said, server, match="SealBroken"):
        device.cases.read(case)


def test_another_name_beside_the_keys_of_the_one_who_asked(village: Village, case: str) -> None:
    device, server = village.lying_to("blanc")
    shown(
        server,
        case,
        lambda answer: {**answer, "opened_by": {**answer["opened_by"], "name": "Dr Personne"}},
    )
    said = (
        "The keys shown for Dr Personne are not vouched for by this network; nothing was sent to "
        "them and nothing of theirs is shown."
    )
    with refused(PersonNotTrusted, said, server, match="another name"):
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
    listed = {found.id: found for found in device.cases.in_box("all")}
    assert isinstance(listed[case].broken, HeaderBroken) and listed[case].header is None
    assert listed[other_case].header is not None
    assert [report["verdict"] for report in server.reported] == ["header_broken"]


# Who was removed, with the server on their side


@pytest.fixture(scope="module")
def after_removal(village: Village) -> tuple[str, str, CordeeClient, bytes]:
    """A case of a pool that Dr Benali left, before its key changed; and what he kept of it."""
    office, favre = village.administrator, village.people["favre"]
    blanc, benali = village.people["blanc"], village.people["benali"]
    pool = office.administration.create_pool(
        "Allergologie",
        specialty="other",
        territory="Chablais",
        members=[blanc.account.id, benali.account.id],
    )
    favre.directory.groups()
    case = favre.cases.open_case("Allergologie", REQUEST)
    benali.directory.groups()
    benali.cases.read(case.id)
    key = benali.cases.keys_of(case.id).key
    office.governing.remove(pool, benali.account.id)
    blanc.heal()
    return case.id, pool, benali, key


def test_a_stale_epoch_that_the_server_keeps_silent_about(
    village: Village, after_removal: tuple[str, str, CordeeClient, bytes]
) -> None:
    """The server takes words under the old key; the client looks itself and changes it first."""
    case, pool, benali, old = after_removal
    device, server = village.lying_to("favre")
    device.directory.group(pool, refresh=True)
    server.asked.clear()
    device.thread.post(case, "Il ne doit plus lire ceci")
    posts = [asked for asked in server.asked if asked.split()[0] in ("POST", "PUT")]
    assert posts[0] == f"POST /api/v1/cases/{case}/events"
    row = device.transport.get(f"/cases/{case}/messages")["items"][-1]
    assert row["generation"] == 1
    seeds = [benali.account.keys.kem_seed, group_kem_seed(benali.secrets.secret(pool, 0))]
    facts = device.transport.get(f"/cases/{case}")
    answered = village.people["blanc"].transport.get(f"/cases/{case}")
    for grant in [*facts["grants"], *answered["grants"]]:
        if grant["generation"] == 1:
            place = case_context(village.root.net, case, 1, grant["recipient"])
            for seed in seeds:
                with pytest.raises(ProtocolError):
                    unwrap(seed, place, unb64(grant["wrapped"]))
    assert key_commitment(old) != device.cases.keys_of(case).chain.commitments[1]


def test_the_next_key_is_not_chosen_by_who_was_removed(village: Village) -> None:
    """Dr Benali, removed, and the server name a key of his own to today's circle."""
    office, favre = village.administrator, village.people["favre"]
    blanc, benali = village.people["blanc"], village.people["benali"]
    pool = office.administration.create_pool(
        "Vénérologie",
        specialty="other",
        territory="Chablais",
        members=[blanc.account.id, benali.account.id],
    )
    favre.directory.groups()
    case = favre.cases.open_case("Vénérologie", REQUEST)
    benali.directory.groups()
    old = benali.cases.keys_of(case.id)
    office.governing.remove(pool, benali.account.id)
    mine = random_key()
    today = favre.directory.group(pool, refresh=True)
    me = favre.directory.person(favre.account.id)
    publics = {
        group_recipient(pool, 1): today.group.kem_key,
        account_recipient(me.id, me.seq): me.kem_key,
    }
    for team in favre.directory.my_groups():
        publics[group_recipient(team.id, team.epoch)] = team.group.kem_key

    def change(answer: Answer) -> Answer:
        event = next_event(
            answer["events"][-1],
            benali.account.keys.sign_seed,
            event="rotate",
            generation=1,
            kc=b64(key_commitment(mine)),
            to=sorted(publics),
            by=benali.account.id,
        )
        net = village.root.net
        grants = [
            {
                "generation": 1,
                "recipient": name,
                "wrapped": b64(wrap(public, case_context(net, case.id, 1, name), mine)),
            }
            for name, public in publics.items()
        ]
        previous = seal(mine, case_prev_context(net, case.id, 1), old.key)
        return {
            **answer,
            "generation": 1,
            "events": [*answer["events"], event],
            "grants": [*answer["grants"], *grants],
            "previous": [{"generation": 1, "sealed": b64(previous)}],
        }

    device, server = village.lying_to("favre")
    shown(server, case.id, change)
    said = (
        f"The key of case {case.number} was changed by somebody who has no part in it; the case "
        "is not shown and nothing was sent."
    )
    with refused(RotatedByOutsider, said, server):
        device.thread.post(case.id, "Sous une clé que le Dr Benali a choisie")


def test_a_removed_members_old_key_on_a_new_grant(village: Village) -> None:
    """The server shows the pool as it was, so that new cases go to the key that left too."""
    office, blanc = village.administrator, village.people["blanc"]
    benali = village.people["benali"]
    pool = office.administration.create_pool(
        "Oncodermatologie",
        specialty="other",
        territory="Chablais",
        members=[blanc.account.id, benali.account.id],
    )
    device, server = village.lying_to("favre")
    before = device.transport.get(f"/groups/{pool}")["statements"]
    office.governing.remove(pool, benali.account.id)

    def as_it_was(_: str, answer: Any) -> Any:
        for row in answer.get("items", [answer]):
            if row["id"] == pool:
                row["statements"] = before
        return answer

    server.lies["/groups"] = as_it_was
    said = (
        "The server holds back a change of keys or members that the public log knows; nothing was "
        "sent."
    )
    with refused(StatementWithheld, said, server):
        device.cases.open_case("Oncodermatologie", REQUEST)
