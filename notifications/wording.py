"""Every word a notification can say. None of them tells who the patient is or what they have.

Call inside `app.app_context()` and `force_locale(language)`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from flask import render_template
from flask_babel import get_locale

from app.wording import translate


@dataclass(frozen=True)
class Letter:
    """A mail before it is set as text and as HTML."""

    language: str
    subject: str
    paragraphs: tuple[str, ...]
    action: tuple[str, str] | None = None
    """What to do and the address where one does it."""
    code: str | None = None
    """Digits to copy, set apart."""


@dataclass(frozen=True)
class Places:
    """What letters may mention: addresses of ours, a code, a time. Nothing of a case but its id."""

    base_url: str
    case_id: UUID | None = None
    link: str = ""
    code: str = ""
    hours: int = 0


def as_text(letter: Letter) -> str:
    return render_template("mail/letter.txt", letter=letter)


def as_html(letter: Letter) -> str:
    return render_template("mail/letter.html", letter=letter)


def case_letter(at: Places) -> Letter:
    return _letter(
        translate("Cordée: a case awaits you"),
        translate("A case awaits you in Cordée."),
        translate("For the patient's sake this mail says no more: open the case to read it."),
        action=(translate("Open the case"), f"{at.base_url}/cases/{at.case_id}"),
    )


def invitation_letter(at: Places) -> Letter:
    return _letter(
        translate("Cordée: your invitation"),
        translate("You are invited to Cordée, the sealed messaging for teleexpertise."),
        translate(
            "Open this link on the telephone or computer you work with. "
            "It works once and for %(hours)s hours.",
            hours=at.hours,
        ),
        translate("Pass it on to nobody: it opens an account in your name."),
        action=(translate("Create my account"), at.link),
    )


def return_letter(at: Places) -> Letter:
    return _letter(
        translate("Cordée: come back to your account"),
        translate("An administrator who has recognised you lets you back into your account."),
        translate(
            "Open this link on the telephone or computer you work with. "
            "It works once and for %(hours)s hours.",
            hours=at.hours,
        ),
        translate(
            "If you did not ask for it, do not open it and tell your administrator: "
            "somebody passes for you."
        ),
        action=(translate("Come back to my account"), at.link),
    )


def keys_letter(at: Places) -> Letter:
    return _letter(
        translate("Cordée: a colleague has new keys"),
        translate("Somebody you work with has new keys, which an administrator has confirmed."),
        translate("When you next meet, compare the check numbers you find under their name."),
        action=(translate("Open Cordée"), f"{at.base_url}/"),
    )


def restored_letter(at: Places) -> Letter:
    return _letter(
        translate("Cordée: a case was opened from the archive"),
        translate(
            "The custodian of your network has opened a case you take part in, from a backup."
        ),
        translate("The trace of the case says when and why."),
        action=(translate("Open the case"), f"{at.base_url}/cases/{at.case_id}"),
    )


def recovery_letter(at: Places) -> Letter:
    return _letter(
        translate("Cordée: your recovery code"),
        translate("Somebody who holds your recovery code asks to come back into your account."),
        translate("If it is you, type this code. It is valid for a few minutes."),
        translate(
            "If it is not you, type it nowhere and tell your administrator: "
            "your recovery code is in other hands."
        ),
        code=at.code,
    )


def password_letter(at: Places) -> Letter:
    return _letter(
        translate("Cordée: your password was changed"),
        translate("The password of your account has just been changed."),
        translate(
            "If it was not you, recover your account with your recovery code "
            "and tell your administrator."
        ),
        action=(translate("Look at my sessions"), f"{at.base_url}/settings"),
    )


def device_letter(at: Places) -> Letter:
    return _letter(
        translate("Cordée: a new device"),
        translate("Your account has just been opened on a device not seen before."),
        translate("If it was not you, end that session and change your password."),
        action=(translate("Look at my sessions"), f"{at.base_url}/settings"),
    )


def certified_letter(at: Places) -> Letter:
    return _letter(
        translate("Cordée: your account is confirmed"),
        translate("An administrator has confirmed who you are. You can now use Cordée."),
        action=(translate("Open Cordée"), f"{at.base_url}/"),
    )


def waiting_letter(at: Places) -> Letter:
    return _letter(
        translate("Cordée: somebody waits to be confirmed"),
        translate("A person has created an account and waits for you to confirm who they are."),
        action=(translate("See who is waiting"), f"{at.base_url}/admin/people"),
    )


def test_letter(at: Places) -> Letter:
    return _letter(
        translate("Cordée: a trial"),
        translate("Notifications reach you."),
        action=(translate("Open Cordée"), f"{at.base_url}/settings"),
    )


LETTERS: dict[str, Callable[[Places], Letter]] = {
    "case": case_letter,
    "invitation": invitation_letter,
    "recovery_code": recovery_letter,
    "return_link": return_letter,
    "keys_changed": keys_letter,
    "case_restored": restored_letter,
    "password_changed": password_letter,
    "new_device": device_letter,
    "certified": certified_letter,
    "account_waiting": waiting_letter,
    "test": test_letter,
}


def push_payload(letter: str, at: Places) -> dict[str, Any]:
    """A Declarative Web Push message (W3C Push API, section on declarative push messages): browsers
    that know it need no script, others hand it to the service worker."""
    body, path = {
        "case": (translate("A case awaits you"), f"/cases/{at.case_id}"),
        "certified": (translate("Your account is confirmed"), "/"),
        "account_waiting": (translate("Somebody waits to be confirmed"), "/admin/people"),
        "new_device": (translate("Your account was opened on a new device"), "/settings"),
        "password_changed": (translate("Your password was changed"), "/settings"),
        "keys_changed": (translate("A colleague has new keys"), "/"),
        "case_restored": (
            translate("A case was opened from the archive"),
            f"/cases/{at.case_id}",
        ),
    }.get(letter, (translate("Notifications reach you."), "/settings"))
    return {
        "web_push": 8030,
        "notification": {
            "title": "Cordée",
            "body": body,
            "lang": str(get_locale() or "fr"),
            "navigate": f"{at.base_url}{path}",
            "tag": str(at.case_id or letter),
        },
    }


def _letter(
    subject: str,
    *paragraphs: str,
    action: tuple[str, str] | None = None,
    code: str | None = None,
) -> Letter:
    return Letter(str(get_locale() or "fr"), subject, paragraphs, action, code)
