"""How cases and messages look in a terminal, and as JSON for other programs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from client.cases import Case
from client.errors import BrokenSeal
from client.sealing import Message
from client.thread import Unreadable
from client.verdicts import sentence, verdict_of
from protocol.statements import Manifest

STATES = {
    "submitted": "waiting for an expert",
    "claimed": "taken",
    "information_requested": "information asked for",
    "answered": "information given",
    "opinion_given": "opinion given",
    "acknowledged": "opinion read",
    "closed": "closed",
    "refused": "declined",
    "cancelled": "withdrawn",
}


def local_time(text: str | None) -> str:
    """An RFC 3339 time as the reader's clock shows it."""
    if not text:
        return ""
    return datetime.fromisoformat(text).astimezone().strftime("%Y-%m-%d %H:%M")


def case_line(case: Case) -> str:
    """One line of a list."""
    if case.header is None:
        why = case.broken
        who = f"[{sentence(why) if isinstance(why, BrokenSeal) else why}]"
    else:
        patient = case.header.patient
        who = f"{patient['birth_name']} {patient['given_names']}, {patient['birth_date']}"
    unread = int(case.facts.get("unread", 0))
    return "  ".join(
        (
            f"{case.number:<9}",
            f"{case.urgency:<8}",
            f"{STATES.get(case.state, case.state):<21}",
            f"{case.facts['pool']['name']:<16}",
            who,
            *([f"({unread} new)"] if unread else []),
        )
    )


def case_page(case: Case, messages: Sequence[Message | Unreadable]) -> str:
    """A whole case to read; what cannot be believed is named in its place."""
    assert case.header is not None
    patient, facts = case.header.patient, case.facts
    expert = facts.get("expert")
    lines = [
        f"Case {case.number} · {case.urgency} · {STATES.get(case.state, case.state)}",
        f"Pool      {facts['pool']['name']}",
        f"Asked by  {facts['opened_by']['name']}, {local_time(facts['opened_at'])}",
        f"Due       {local_time(facts['due_at'])}",
        *([f"Expert    {expert['name']}"] if expert else []),
        "",
        f"Patient   {patient['birth_name']} {patient['given_names']} · {patient['sex']} · "
        f"{patient['birth_date']}",
        f"Question  {case.header.question}",
        *(f"  file    {_file(manifest)}" for manifest in case.header.attachments),
        "",
    ]
    for message in messages:
        lines.extend(_message(message))
    return "\n".join(lines)


def _message(message: Message | Unreadable) -> list[str]:
    if isinstance(message, Unreadable):
        place = f"[{message.sequence}] " if message.sequence else ""
        return [f"{place}! {sentence(message.broken)}"]
    head = f"[{message.sequence}] {local_time(message.posted_at)} {message.author.name}"
    kind = "" if message.kind == "text" else f" — {message.kind.replace('_', ' ')}"
    if message.kind == "opinion":
        fields = ("conclusion", "recommendations", "follow_up", "incidents")
        told = [f"    {name}: {message.body[name]}" for name in fields if message.body.get(name)]
    else:
        told = [f"    {line}" for line in message.text.splitlines()]
    files = [f"    file {_file(manifest)}" for manifest in message.attachments]
    return [head + kind, *told, *files]


def _file(manifest: Manifest) -> str:
    caption = f" — {manifest.caption}" if manifest.caption else ""
    return f"{manifest.name} ({manifest.type}, {manifest.size / 1e6:.1f} MB){caption}"


def case_json(case: Case) -> dict[str, Any]:
    """A case without its keys and ciphertexts."""
    hidden = ("grants", "previous", "events", "header")
    facts = {name: value for name, value in case.facts.items() if name not in hidden}
    header = case.header
    return {
        **facts,
        "broken": str(case.broken) if case.broken else None,
        "header": header
        and {
            **{name: value for name, value in header.body.items() if name != "attachments"},
            "by": header.by,
            "at": header.at,
            "attachments": [_manifest_json(manifest) for manifest in header.attachments],
        },
    }


def message_json(message: Message | Unreadable) -> dict[str, Any]:
    """A message as the command line prints it: opened, or why it is not."""
    if isinstance(message, Unreadable):
        return {
            "id": message.id,
            "sequence": message.sequence,
            "broken": verdict_of(message.broken),
            "detail": sentence(message.broken),
        }
    return {
        "id": message.id,
        "sequence": message.sequence,
        "kind": message.kind,
        "author": {"id": message.author.id, "name": message.author.name},
        "at": message.at,
        "posted_at": message.posted_at,
        "body": _plain(message.body),
        "attachments": [_manifest_json(manifest) for manifest in message.attachments],
    }


def _manifest_json(manifest: Manifest) -> dict[str, Any]:
    """Of a file only what describes it; never its key."""
    return {
        "id": manifest.id,
        "name": manifest.name,
        "type": manifest.type,
        "size": manifest.size,
        "caption": manifest.caption,
    }


def _plain(body: Mapping[str, Any]) -> dict[str, Any]:
    return dict(body)
