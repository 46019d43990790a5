"""Broken seals in the words of the person who meets one, and their report to the administrator.

A verdict is one sentence: what cannot be believed, and what was not done because of it. English is
the msgid; French comes from the same gettext catalogue as the server's words. The report says which
thing and which verdict, and never what was inside.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache, wraps
from gettext import GNUTranslations, NullTranslations
from inspect import isfunction, isgeneratorfunction
from pathlib import Path
from typing import Any, cast
from uuid import NAMESPACE_URL, uuid5

from client import errors
from client.errors import About, BrokenSeal, CordeeError
from client.transport import Transport

CATALOGUES = Path(__file__).resolve().parent.parent / "app" / "translations"


def msg(text: str) -> str:
    """Mark words for the catalogue; they are translated where they are shown."""
    return text


SENTENCES: dict[type[BrokenSeal], str] = {
    BrokenSeal: msg("Something received is not what its author sealed; it is not shown."),
    errors.PolicyNotTrusted: msg(
        "The network's rules are not signed by its root, or are older than those known here; "
        "nothing was sent."
    ),
    errors.PersonNotTrusted: msg(
        "The keys shown for %(name)s are not vouched for by this network; nothing was sent to "
        "them and nothing of theirs is shown."
    ),
    errors.GroupNotTrusted: msg(
        "The members shown for the group %(name)s were not signed by its managers; nothing was "
        "sent to it."
    ),
    errors.GroupKeyPlanted: msg(
        "The key received for the group %(name)s is not the group's own; it was not used, and a "
        "colleague is asked for the right one."
    ),
    errors.GrantBroken: msg(
        "A key handed to you for %(name)s was not made for you; it was not used."
    ),
    errors.NoGrant: msg("The server gave no key that opens case %(name)s for you."),
    errors.CaseEventsBroken: msg(
        "The signed history of case %(name)s is not continuous; the case is not shown."
    ),
    errors.RotatedByOutsider: msg(
        "The key of case %(name)s was changed by somebody who has no part in it; the case is not "
        "shown and nothing was sent."
    ),
    errors.CaseKeyPlanted: msg(
        "The key received for case %(name)s is not the one that was signed for; nothing was "
        "opened or sent with it."
    ),
    errors.HeaderBroken: msg("The request of case %(name)s is not what its author sealed."),
    errors.CircleFalsified: msg(
        "The server shows other readers of case %(name)s than its members signed for; nothing "
        "was sent."
    ),
    errors.RemovalNotDue: msg(
        "The server asks to remove %(name)s, whose time no manager has said is over; nobody was "
        "removed."
    ),
    errors.MessageBroken: msg(
        "%(name)s is not what its author sealed and signed; it is not shown."
    ),
    errors.MessageMisplaced: msg(
        "%(name)s was signed for another place, author or kind; it is not shown here."
    ),
    errors.MessageReplayed: msg(
        "The server shows a message of case %(name)s twice; it is not shown again."
    ),
    errors.MessageMissing: msg(
        "The server holds back a message of case %(name)s that a colleague had read."
    ),
    errors.AttachmentBroken: msg(
        "The file %(name)s is not what its author sealed; it is not kept."
    ),
    errors.OwnKeysBroken: msg("The keys kept for your own account are not yours; do not go on."),
    errors.KdfDowngraded: msg(
        "The server asks to protect your password too weakly; it was not used."
    ),
    errors.LogRefused: msg(
        "The public log of keys cannot be believed; nothing new was trusted or sent."
    ),
    errors.CheckpointForged: msg(
        "The public log of keys, or one of its witnesses, did not sign what the server shows; "
        "nothing new was trusted or sent."
    ),
    errors.WitnessMissing: msg(
        "Too few independent witnesses have confirmed the public log of keys; nothing new was "
        "trusted or sent. Try again in a minute."
    ),
    errors.LogRolledBack: msg(
        "The server shows an older log of keys than you or a colleague have already seen; nothing "
        "new was trusted or sent."
    ),
    errors.LogForked: msg(
        "The server shows you another log of keys than before, or than it shows a colleague; "
        "nothing new was trusted or sent."
    ),
    errors.NotInLog: msg(
        "Keys or members shown by the server are not in the public log; they were not trusted and "
        "nothing was sent to them."
    ),
    errors.StatementWithheld: msg(
        "The server holds back a change of keys or members that the public log knows; nothing was "
        "sent."
    ),
}
"""One sentence for each class; ``%(name)s`` is the person, group, case, message or file."""

UNNAMED: dict[str, str] = {
    "message": msg("A message"),
    "case": msg("whose number is unknown"),
    "group": msg("without a name"),
    "account": msg("this person"),
    "attachment": msg("without a name"),
}
UNKNOWN = msg("unknown")


@cache
def _words(language: str) -> NullTranslations:
    """The catalogue of a language; English, or a machine without catalogues, needs none."""
    path = CATALOGUES / language / "LC_MESSAGES" / "messages.mo"
    try:
        with path.open("rb") as file:
            return GNUTranslations(file)
    except OSError:
        return NullTranslations()


def translate(text: str, language: str) -> str:
    """A msgid in a language, or as it stands."""
    return _words(language).gettext(text)


def sentence(broken: BrokenSeal, language: str = "en") -> str:
    """What the person reads of a broken seal."""
    template = next(SENTENCES[kind] for kind in type(broken).__mro__ if kind in SENTENCES)
    about = broken.about
    name = about.name if about else ""
    if about and about.kind == "message" and name:
        name = translate(msg("Message %(number)s"), language) % {"number": name}
    if not name:
        name = translate(UNNAMED.get(about.kind if about else "", UNKNOWN), language)
    return translate(template, language) % {"name": name}


def verdict_of(broken: BrokenSeal) -> str:
    """The stable code of a verdict: ``MessageBroken`` is ``message_broken``."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", type(broken).__name__).lower()


class SealReports:
    """Tells the administrator of broken seals, each once, by code and id only."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport
        self.account: str | None = None
        """Who is signed in; nobody else can report."""
        self._filed: set[str] = set()

    def file(self, broken: BrokenSeal) -> None:
        """Report; whatever goes wrong with that must not hide the broken seal itself."""
        if broken.reported or self.account is None:
            return
        broken.reported = True
        about = broken.about or About("account", self.account)
        verdict = verdict_of(broken)
        facts = {
            "subject_kind": about.kind,
            "subject_id": about.id,
            "case": about.case or (about.id if about.kind == "case" else None),
            "verdict": verdict,
        }
        place = f"cordee1 seal report {self.account} {verdict} {about.kind} {about.id}"
        ident = str(uuid5(NAMESPACE_URL, place))
        if ident in self._filed:
            return
        try:
            self._transport.post("/seal-reports", {"id": ident, **facts})
        except CordeeError:
            return
        self._filed.add(ident)


class Reporting:
    """A part of the client whose public verbs report a broken seal before they raise it."""

    reports: SealReports | None = None

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        for name, verb in list(vars(cls).items()):
            if not name.startswith("_") and isfunction(verb) and not isgeneratorfunction(verb):
                setattr(cls, name, _reporting(verb))

    def report(self, broken: BrokenSeal) -> None:
        """For those broken seals that are collected rather than raised."""
        if self.reports:
            self.reports.file(broken)


def _reporting(verb: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(verb)
    def reported(self: Reporting, *args: Any, **kwargs: Any) -> Any:
        try:
            return verb(self, *args, **kwargs)
        except BrokenSeal as broken:
            self.report(broken)
            raise

    return cast("Callable[..., Any]", reported)
