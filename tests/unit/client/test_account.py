"""One's own account on several devices: sign-in, password change, recovery, sign-out."""

from __future__ import annotations

import re
import time
from typing import Any

import httpx
import pyotp
import pytest

from app import background
from client import CordeeClient
from client.account import PasswordTooWeak
from client.errors import NotSignedIn, NotUnlocked, OwnKeysBroken, PolicyNotTrusted, SignInFailed
from client.invitation import Invitation, InvitationUnreadable
from client.words import weak_password
from notifications.rules import CLOCK
from tests.unit.client.conftest import PASSWORD, REQUEST, Village

NEW_PASSWORD = "cairn rosée vallon myrtille"


def device(village: Village) -> CordeeClient:
    return CordeeClient("http://localhost", httpx.WSGITransport(app=village.app))


def code_at(village: Village, name: str, later: float) -> str:
    """The code after ``later`` seconds: each code works once."""
    return pyotp.TOTP(village.secrets[name]).at(int(time.time() + later))


def wrong_code(village: Village, name: str) -> str:
    """Six digits that are none of this person's codes of these minutes."""
    right = {code_at(village, name, later) for later in range(0, 301, 30)}
    return next(code for code in map("{:06d}".format, range(12)) if code not in right)


def test_a_second_device_reads_what_the_first_may(village: Village, clock: Any) -> None:
    opened = village.people["favre"].cases.open_case("dermatology", REQUEST)
    clock.advance(seconds=60)
    second = device(village)
    second.sign_in("favre@reseau.test", PASSWORD, code_at(village, "favre", 60))
    header = second.cases.read(opened.id).header
    assert header is not None and header.question == REQUEST.question
    assert len(second.account.sessions()) == 2
    second.sign_out()
    with pytest.raises(NotUnlocked):
        second.account.keys  # noqa: B018
    with pytest.raises(NotSignedIn):
        second.transport.get("/cases")


def test_wrong_password_and_wrong_code_look_alike(village: Village, clock: Any) -> None:
    clock.advance(seconds=120)
    for mail, password, code in (
        ("blanc@reseau.test", "pas la bonne phrase", code_at(village, "blanc", 120)),
        ("blanc@reseau.test", PASSWORD, wrong_code(village, "blanc")),
        ("personne@reseau.test", PASSWORD, "000000"),
    ):
        with pytest.raises(SignInFailed):
            device(village).sign_in(mail, password, code)


def test_a_password_change_keeps_the_keys_and_ends_other_sessions(
    village: Village, clock: Any
) -> None:
    village.sign_up("rey", "Léa Rey", "nurse")
    person = village.people["rey"]
    with pytest.raises(PasswordTooWeak):
        person.account.change_password(PASSWORD, "motdepasse1", "000000")
    with pytest.raises(OwnKeysBroken):
        person.account.change_password("une autre phrase", NEW_PASSWORD, "000000")
    clock.advance(seconds=60)
    other = device(village)
    other.sign_in("rey@reseau.test", PASSWORD, code_at(village, "rey", 60))
    clock.advance(seconds=60)
    person.account.change_password(PASSWORD, NEW_PASSWORD, code_at(village, "rey", 120))
    with pytest.raises(NotSignedIn):
        other.account.refresh()
    clock.advance(seconds=60)
    again = device(village)
    again.sign_in("rey@reseau.test", NEW_PASSWORD, code_at(village, "rey", 180))
    assert again.account.keys.sign_seed == person.account.keys.sign_seed


def test_the_recovery_code_opens_what_the_password_did(village: Village, clock: Any) -> None:
    link = village.administrator.administration.invite("vulliez@reseau.test")["link"]
    first = device(village)
    signed_up = first.sign_up(
        link, name="Dr Anne Vulliez", password=PASSWORD, profession="other", rpps="10999000101"
    )
    keys = first.account.keys
    first.account.renew_recovery_code(PASSWORD)
    code = first.account.renew_recovery_code(PASSWORD)

    lost = device(village)
    old = lost.account.open_recovery("vulliez@reseau.test", signed_up.recovery_code)
    recovery = lost.account.open_recovery("vulliez@reseau.test", code.lower())
    assert old and recovery, "right and wrong codes are answered alike"
    digits = mailed_code(village)
    recovered = lost.account.confirm_recovery(recovery, digits, code)
    clock.advance(seconds=60)
    totp = pyotp.TOTP(recovered.totp_secret).at(int(time.time()) + 60)
    facts = lost.account.complete_recovery(recovered, NEW_PASSWORD, totp)

    assert facts["name"] == "Dr Anne Vulliez"
    assert lost.account.keys.kem_seed == keys.kem_seed
    assert recovered.totp_secret != signed_up.totp_secret
    with pytest.raises(NotSignedIn):
        first.account.refresh()


def mailed_code(village: Village) -> str:
    """The eight digits of the newest mail, as the demonstration's letter box shows them."""
    background.run_once(CLOCK)
    letters = village.administrator.transport.get("/demo/mails")["items"]
    for letter in letters:
        if letter["recipient"] == "vulliez@reseau.test":
            found = re.search(r"\b(\d{4})\s?(\d{4})\b", letter["text"])
            if found:
                return found[1] + found[2]
    raise AssertionError("no recovery mail arrived")


def test_an_invitation_names_the_root_to_pin(village: Village) -> None:
    link = village.administrator.administration.invite("pinget@reseau.test")["link"]
    assert Invitation.read(link).root == village.root.public
    for broken in ("https://x.test/join#token=abc", "bonjour", link[:-6]):
        with pytest.raises(InvitationUnreadable):
            Invitation.read(broken)
    client = device(village)
    client.network.pin(bytes(32))
    with pytest.raises(PolicyNotTrusted, match="another root"):
        client.sign_up(link, name="Dr X", password=PASSWORD, profession="physician")


@pytest.mark.parametrize("password", ["court", "password123456", "Dr Anne Vulliez", "pässwörd123"])
def test_weak_passwords(password: str) -> None:
    assert weak_password(password, ["Dr Anne Vulliez"])


def test_strong_passwords() -> None:
    assert weak_password(PASSWORD, ["Dr Anne Vulliez"]) is None
    assert weak_password(PASSWORD + " et bien d’autres mots" * 40, []) is None
