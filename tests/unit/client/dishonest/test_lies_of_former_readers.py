"""A server that sides with somebody who once read a case, or holds its key without any right."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from client import CordeeClient
from client.crypto import seal, sign_statement
from client.errors import (
    CaseEventsBroken,
    CircleFalsified,
    GroupNotTrusted,
    MessageBroken,
    MessageMisplaced,
    PersonNotTrusted,
)
from client.groups import governing, owed
from protocol.contexts import message_context
from protocol.encoding import b64
from tests.unit.client.conftest import REQUEST, LyingServer, Village
from tests.unit.client.dishonest.conftest import refused
from tests.unit.client.dishonest.test_lies_about_cases import (
    Answer,
    falsified,
    next_event,
    not_continuous,
    shown,
)


def pool_of_two(village: Village, name: str) -> str:
    pool = village.administrator.administration.create_pool(
        name,
        specialty="other",
        territory="Chablais",
        members=[village.people[key].account.id for key in ("blanc", "benali")],
    )
    for key in ("favre", "blanc", "benali"):
        village.people[key].directory.groups()
    return pool


def with_message(case: str, author: CordeeClient, generation: int, key: bytes) -> tuple[str, Any]:
    """A lie that adds a message, well signed by its author and sealed under this key."""
    ident, net = str(uuid4()), author.account.keys.net
    payload = {
        "v": 1,
        "net": net,
        "case": case,
        "id": ident,
        "g": generation,
        "by": author.account.id,
        "kind": "text",
        "at": "2026-11-22T09:00:00.000Z",
        "seen": [],
        "body": {"text": "Ajouté avec l’aide du serveur"},
        "attachments": [],
        "log": None,
    }
    statement = sign_statement("cordee1.message", payload, author.account.keys.sign_seed)
    place = message_context(net, case, generation, ident)

    def lie(_: str, answer: Answer) -> Answer:
        rows = answer["items"]
        added = {
            **rows[-1],
            "id": ident,
            "kind": "text",
            "generation": generation,
            "sequence": rows[-1]["sequence"] + 1,
            "author": {"id": author.account.id, "name": author.account.facts["name"]},
            "attachments": [],
            "sealed": b64(seal(key, place, json.dumps(statement).encode())),
        }
        return {**answer, "items": [*rows, added]}

    return f"/cases/{case}/messages", lie


def test_access_granted_by_somebody_removed(village: Village) -> None:
    """Dr Benali left the pool and the key changed. He signs himself in: the next key would be
    wrapped to him."""
    favre, benali = village.people["favre"], village.people["benali"].account.keys
    pool = pool_of_two(village, "Mycologie")
    case = favre.cases.open_case("Mycologie", REQUEST)
    village.administrator.governing.remove(pool, benali.account)
    village.people["blanc"].heal()
    favre.circle.rekey(case.id)
    device, server = village.lying_to("favre")

    def change(answer: Answer) -> Answer:
        ghost = next_event(
            answer["events"][-1],
            benali.sign_seed,
            event="grant",
            to=[benali.recipient],
            by=benali.account,
        )
        return {**answer, "events": [*answer["events"], ghost]}

    shown(server, case.id, change)
    said = not_continuous(case.number)
    with refused(CaseEventsBroken, said, server, match="OutsideCareCircle"):
        device.circle.rekey(case.id)


def test_nobody_taken_off_is_regranted(village: Village) -> None:
    """An old event names Dr Mermet, who was taken off since; the server says he waits for a key."""
    favre, mermet = village.people["favre"], village.people["mermet"].account
    case = favre.cases.open_case("dermatology", REQUEST)
    favre.circle.doctor(case.id, mermet.id)
    favre.circle.take_off(case.id, mermet.id)
    device, server = village.lying_to("blanc")
    with refused(CircleFalsified, falsified(case.number), server):
        device.circle.regrant(case.id, mermet.id)


def test_another_history_of_the_same_length_and_more(village: Village) -> None:
    """Two colleagues signed at once; the server shows one event first, then the other."""
    favre = village.people["favre"]
    case = favre.cases.open_case("dermatology", REQUEST)
    device, server = village.lying_to("favre")
    device.cases.read(case.id)
    mermet = village.people["mermet"].account.keys

    def granted_by(key: str, answer: Answer, to: str, count: int) -> Answer:
        own, events = village.people[key].account.keys, list(answer["events"])
        for _ in range(count):
            changes = {"event": "grant", "to": [to], "by": own.account}
            events.append(next_event(events[-1], own.sign_seed, **changes))
        circle = [
            *answer["circle"],
            {**answer["circle"][0], "kind": "account", "id": mermet.account},
        ]
        return {**answer, "events": events, "circle": circle}

    shown(server, case.id, lambda told: granted_by("favre", told, mermet.recipient, 1))
    device.cases.read(case.id)
    shown(server, case.id, lambda told: granted_by("blanc", told, mermet.recipient, 2))
    with refused(CaseEventsBroken, not_continuous(case.number), server, match="other events"):
        device.cases.read(case.id)


def test_another_person_shown_as_the_one_who_asked(village: Village, case: str) -> None:
    device, server = village.lying_to("blanc")
    mermet = {"id": village.people["mermet"].account.id, "name": "Dr Luc Mermet"}
    number = village.people["favre"].cases.read(case).number
    shown(server, case, lambda answer: {**answer, "opened_by": mermet})
    with refused(CaseEventsBroken, not_continuous(number), server, match="another than shown"):
        device.cases.read(case)


def test_words_of_somebody_outside_to_whom_a_key_leaked(village: Village, case: str) -> None:
    mermet = village.people["mermet"]
    device, server = village.lying_to("favre")
    part, lie = with_message(case, mermet, 0, village.people["favre"].cases.keys_of(case).key)
    server.lies[part] = lie
    said = "Message 4 (Dr Luc Mermet) is not what its author sealed and signed; it is not shown."
    with refused(MessageBroken, said, server, match="OutsideCareCircle"):
        device.thread.read(case)


def test_words_under_a_key_that_was_given_up(village: Village) -> None:
    """Dr Benali, removed, still writes under the key he kept; the server puts it at the end."""
    favre, benali = village.people["favre"], village.people["benali"]
    pool = pool_of_two(village, "Trichologie")
    case = favre.cases.open_case("Trichologie", REQUEST)
    old = benali.cases.keys_of(case.id).key
    village.administrator.governing.remove(pool, benali.account.id)
    village.people["blanc"].heal()
    favre.directory.group(pool, refresh=True)
    favre.thread.post(case.id, "Sous la nouvelle clé")
    device, server = village.lying_to("favre")
    part, lie = with_message(case.id, benali, 0, old)
    server.lies[part] = lie
    with pytest.raises(MessageMisplaced, match="given up before"):
        device.thread.read(case.id)


class Later(datetime):
    """Tomorrow and a bit, for who judges end dates."""

    @classmethod
    def now(cls, tz: Any = None) -> datetime:
        return datetime.now(tz) + timedelta(days=2)


def test_no_key_after_a_signed_end_date(village: Village, monkeypatch: pytest.MonkeyPatch) -> None:
    """The end of Dr Mermet's stay has passed and no manager has been online to sign it."""
    mermet, office = village.people["mermet"].account, village.administrator
    pool = pool_of_two(village, "Phlébologie")
    office.governing.add(pool, mermet.id, until=datetime.now(UTC) + timedelta(days=1))
    device, server = village.lying_to("blanc")
    asked = {"group": pool, "epoch": 0, "member": mermet.id, "member_seq": mermet.keys.seq}
    nothing = {"items": [], "links": [], "cases": [], "regrants": [], "departures": []}
    server.lies["/pending-grants"] = lambda _, answer: {**answer, **nothing, "items": [asked]}
    monkeypatch.setattr(owed, "datetime", Later)
    monkeypatch.setattr(governing, "datetime", Later)
    assert device.heal().grants == 0
    assert not [asked for asked in server.asked if asked.startswith("PUT")]

    sent = LyingServer(village.app)
    manager = CordeeClient("http://localhost", sent)
    manager.resume(office.account.keys, office.transport.cookies, office.transport.csrf)
    manager.governing.remove(pool, village.people["benali"].account.id)
    kept = village.people["mermet"].transport.get(f"/groups/{pool}")
    assert len(kept["statements"]) == 3 and kept["grants"] == []


# An answer about something else than was asked


def test_another_case_in_place_of_the_one_asked_for(
    village: Village, case: str, other_case: str
) -> None:
    """The words, or the key handed on, would be those of the other patient's circle."""
    device, server = village.lying_to("favre")
    other = village.people["favre"].transport.get(f"/cases/{other_case}")
    shown(server, case, lambda _: other)
    with refused(CaseEventsBroken, not_continuous(other["number"]), server, match="are another's"):
        device.thread.post(case, "Pour ce patient seulement")


@pytest.mark.parametrize("before", [1, 0], ids=["known before", "never seen"])
def test_another_group_in_place_of_the_one_asked_for(village: Village, before: int) -> None:
    device, server = village.lying_to("favre")
    if before:
        device.directory.group(village.care_team)
    other = village.people["blanc"].transport.get(f"/groups/{village.pool}")
    server.lies[f"/groups/{village.care_team}"] = lambda _, answer: other
    with pytest.raises(GroupNotTrusted):
        device.directory.group(village.care_team, refresh=True)


def test_a_later_statement_asked_for_and_another_group_given(village: Village) -> None:
    """The first answer is too old for the log; the second is of another group, and whole."""
    pool = pool_of_two(village, "Angiologie")
    village.administrator.governing.set_managers(pool, [village.administrator.account.id])
    village.administrator.governing.remove(pool, village.people["benali"].account.id)
    device, server = village.lying_to("favre")
    other, asked = device.transport.get(f"/groups/{village.pool}"), []

    def lie(_: str, answer: Answer) -> Answer:
        asked.append(pool)
        return other if len(asked) > 1 else {**answer, "statements": answer["statements"][:1]}

    server.lies[f"/groups/{pool}"] = lie
    with pytest.raises(GroupNotTrusted):
        device.directory.group(pool)
    assert len(asked) == 2


def test_no_answer_about_somebody_whose_keys_are_asked_for_again(village: Village) -> None:
    """What was known must not stand in for an answer: their keys may be new."""
    device, server = village.lying_to("favre")
    mermet = village.people["mermet"].account.id
    device.directory.person(mermet)
    server.lies["/accounts?"] = lambda _, answer: {**answer, "items": []}
    with pytest.raises(PersonNotTrusted):
        device.directory.person(mermet, refresh=True)
