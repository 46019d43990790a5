"""A server that moves, replays, reorders, withholds or touches what people said and sent."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest

from client import Message, PlainFile
from client.crypto import seal, sign_statement
from client.errors import (
    AttachmentBroken,
    MessageBroken,
    MessageMisplaced,
    MessageMissing,
    MessageReplayed,
)
from client.thread import Unreadable
from client.verdicts import sentence
from protocol.contexts import message_context
from protocol.encoding import b64
from protocol.shapes import PART_SIZE, sealed_size
from tests.unit.client.conftest import REQUEST, Village
from tests.unit.client.dishonest.conftest import refused

Rows = list[dict[str, Any]]


def not_sealed(number: int, author: str) -> str:
    return f"Message {number} ({author}) is not what its author sealed and signed; it is not shown."


def misplaced(number: int, author: str) -> str:
    return (
        f"Message {number} ({author}) was signed for another place, author or kind; it is not "
        "shown here."
    )


def missing(number: str) -> str:
    return f"The server holds back a message of case {number} that a colleague had read."


def read_with_lie(
    village: Village, case: str, change: Callable[[Rows], Rows], kind: type, said: str, match: str
) -> None:
    device, server = village.lying_to("favre")
    server.lies[f"/cases/{case}/messages"] = lambda _, answer: {
        **answer,
        "items": change(answer["items"]),
    }
    with refused(kind, said, server, match=match):
        device.thread.read(case)


def test_a_message_moved_from_another_case(village: Village, case: str, other_case: str) -> None:
    [moved] = village.people["favre"].transport.get(f"/cases/{other_case}/messages")["items"]

    def change(rows: Rows) -> Rows:
        return [{**rows[0], "id": moved["id"], "sealed": moved["sealed"]}, *rows[1:]]

    said = not_sealed(1, "Dr Sophie Blanc")
    read_with_lie(village, case, change, MessageBroken, said, "SealBroken")


def test_a_message_shown_under_another_author(village: Village, case: str) -> None:
    favre = {"id": village.people["favre"].account.id, "name": "Dr Claire Favre"}
    said = not_sealed(1, "Dr Claire Favre")
    read_with_lie(
        village,
        case,
        lambda rows: [{**rows[0], "author": favre}, *rows[1:]],
        MessageBroken,
        said,
        "SignerUnknown",
    )


def test_an_opinion_attributed_to_another(village: Village) -> None:
    """Dr Blanc's signed opinion shown as Dr Benali's: nobody signs for a colleague."""
    favre, blanc = village.people["favre"], village.people["blanc"]
    case = favre.cases.open_case("dermatology", REQUEST).id
    blanc.steps.claim(case)
    blanc.steps.give_opinion(case, "Exérèse")
    benali = {"id": village.people["benali"].account.id, "name": "Dr Karim Benali"}
    said = not_sealed(1, "Dr Karim Benali")
    read_with_lie(
        village,
        case,
        lambda rows: [{**rows[0], "author": benali}],
        MessageBroken,
        said,
        "SignerUnknown",
    )


def test_a_colleague_who_signs_in_anothers_name(village: Village, case: str) -> None:
    """Dr Benali holds the case's key, and writes "by Dr Blanc" under his own signature."""
    benali, blanc = village.people["benali"], village.people["blanc"]
    benali.directory.groups()
    opened = benali.cases.keys_of(case)
    ident = str(uuid4())

    def written(by: str) -> str:
        payload = {
            "v": 1,
            "net": village.root.net,
            "case": case,
            "id": ident,
            "g": 0,
            "by": by,
            "kind": "opinion",
            "at": "2026-11-22T09:00:00.000Z",
            "seen": [],
            "body": {"conclusion": "Rien", "version": 1, "status": "signed"},
            "attachments": [],
            "log": None,
        }
        statement = sign_statement("cordee1.message", payload, benali.account.keys.sign_seed)
        place = message_context(village.root.net, case, 0, ident)
        return b64(seal(opened.key, place, json.dumps(statement).encode()))

    def row(rows: Rows, by: str, author: Any) -> dict[str, Any]:
        return {
            **rows[0],
            "id": ident,
            "kind": "opinion",
            "sequence": len(rows) + 1,
            "author": {"id": author.account.id, "name": author.account.facts["name"]},
            "sealed": written(by),
        }

    read_with_lie(
        village,
        case,
        lambda rows: [*rows, row(rows, blanc.account.id, blanc)],
        MessageBroken,
        not_sealed(4, "Dr Sophie Blanc"),
        "SignerUnknown",
    )
    read_with_lie(
        village,
        case,
        lambda rows: [*rows, row(rows, blanc.account.id, benali)],
        MessageMisplaced,
        misplaced(4, "Dr Karim Benali"),
        "another place",
    )


def test_a_text_shown_as_an_opinion(village: Village, case: str) -> None:
    read_with_lie(
        village,
        case,
        lambda rows: [{**rows[0], "kind": "opinion"}, *rows[1:]],
        MessageMisplaced,
        misplaced(1, "Dr Sophie Blanc"),
        "another place",
    )


def test_a_message_replayed_under_a_new_id(village: Village, case: str) -> None:
    def change(rows: Rows) -> Rows:
        return [*rows, {**rows[0], "id": str(uuid4()), "sequence": len(rows) + 1}]

    said = not_sealed(4, "Dr Sophie Blanc")
    read_with_lie(village, case, change, MessageBroken, said, "SealBroken")


def test_a_message_replayed_under_its_own_id(village: Village, case: str, number: str) -> None:
    """The same words again at the end: an honest thread holds an id once."""
    said = f"The server shows a message of case {number} twice; it is not shown again."
    read_with_lie(
        village,
        case,
        lambda rows: [*rows, {**rows[0], "sequence": len(rows) + 1}],
        MessageReplayed,
        said,
        "twice",
    )


def test_a_withheld_message_leaves_a_gap(village: Village, case: str, number: str) -> None:
    read_with_lie(
        village, case, lambda rows: [rows[0], rows[2]], MessageMissing, missing(number), "gap"
    )


def test_a_withheld_message_is_missed_even_when_the_rest_is_renumbered(
    village: Village, case: str, number: str
) -> None:
    read_with_lie(
        village,
        case,
        lambda rows: [rows[0], {**rows[2], "sequence": 2}],
        MessageMissing,
        missing(number),
        "not shown",
    )


def test_a_conversation_cut_short_after_it_was_read(
    village: Village, case: str, number: str
) -> None:
    device, server = village.lying_to("favre")
    assert len(device.thread.read(case)) == 3
    server.lies[f"/cases/{case}/messages"] = lambda _, answer: {
        **answer,
        "items": answer["items"][:2],
    }
    with refused(MessageMissing, missing(number), server, match="shorter"):
        device.thread.read(case)


def test_messages_in_another_order(village: Village, case: str, number: str) -> None:
    read_with_lie(
        village,
        case,
        lambda rows: [{**rows[1], "sequence": 1}, {**rows[0], "sequence": 2}, rows[2]],
        MessageMissing,
        missing(number),
        "not shown",
    )


def test_the_others_stay_readable_beside_a_broken_one(village: Village, case: str) -> None:
    device, server = village.lying_to("favre")

    def spoil(_: str, answer: Any) -> Any:
        answer["items"][1]["sealed"] = answer["items"][0]["sealed"]
        return answer

    server.lies[f"/cases/{case}/messages"] = spoil
    shown = device.thread.readable(case)
    first, spoilt, last = shown
    assert isinstance(first, Message) and first.text == "Depuis quand ?"
    assert isinstance(last, Message) and last.text == "Merci."
    assert isinstance(spoilt, Unreadable) and type(spoilt.broken) is MessageBroken
    assert sentence(spoilt.broken) == not_sealed(2, "Dr Claire Favre")
    assert [report["verdict"] for report in server.reported] == ["message_broken"]


# Files


@pytest.fixture(scope="module")
def large_file(village: Village, other_case: str) -> Any:
    """A file of two parts in a case; its manifest as the reader sees it."""
    favre, blanc = village.people["favre"], village.people["blanc"]
    data = bytes(range(256)) * (9 * 4096)
    favre.thread.post(other_case, "", files=[PlainFile("scan.bin", data=data)])
    message = blanc.thread.read(other_case)[-1]
    plain = io.BytesIO()
    blanc.attachments.download(other_case, message.attachments[0], plain)
    assert plain.getvalue() == data
    return message.attachments[0]


FIRST = sealed_size(PART_SIZE)
CHANGES: dict[str, Callable[[bytes], bytes]] = {
    "flipped": lambda content: content[:5000] + bytes([content[5000] ^ 1]) + content[5001:],
    "swapped": lambda content: content[FIRST:] + content[:FIRST],
    "spliced": lambda content: content[: FIRST // 2] + content[FIRST // 2 + 1 :] + b"\0",
    "appended": lambda content: content + b"more",
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_a_file_that_was_touched(
    village: Village, other_case: str, large_file: Any, change: Callable[[bytes], bytes]
) -> None:
    device, server = village.lying_to("blanc")
    server.byte_lies[f"/attachments/{large_file.id}"] = change
    said = "The file scan.bin is not what its author sealed; it is not kept."
    with refused(AttachmentBroken, said, server):
        device.attachments.download(other_case, large_file, io.BytesIO())


def test_a_file_cut_short(village: Village, other_case: str, large_file: Any) -> None:
    device, server = village.lying_to("blanc")
    server.byte_lies[f"/attachments/{large_file.id}"] = lambda content: (
        content[:FIRST] if len(content) > FIRST else b""
    )
    said = "The file scan.bin is not what its author sealed; it is not kept."
    with refused(AttachmentBroken, said, server):
        device.attachments.download(other_case, large_file, io.BytesIO())
