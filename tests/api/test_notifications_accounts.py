"""Mails about accounts: invitations, codes, and what only its owner may have done."""

from __future__ import annotations

import re

import pytest

from tests.conftest import MovedClock
from tests.factories.people import FoundedNetwork, b64
from tests.support.smtp import MailServer, html_of, links_in, text_of
from tests.support.telling import config, mails, pushes, tell

__all__ = ["config", "mails", "pushes"]


def test_an_invitation_carries_its_link(network: FoundedNetwork, mails: MailServer) -> None:
    link = network.invite("nouvelle@thonon.test")
    tell()
    (letter,) = mails.to("nouvelle@thonon.test")
    assert links_in(letter) == [link]
    assert link.replace("&", "&amp;") in html_of(letter)
    assert "72" in text_of(letter)


def test_letters_speak_the_persons_language(network: FoundedNetwork, mails: MailServer) -> None:
    network.invite("john@thonon.test", language="en")
    network.invite("jeanne@thonon.test", language="fr")
    tell()
    (english,) = mails.to("john@thonon.test")
    (french,) = mails.to("jeanne@thonon.test")
    assert english["Subject"] == "Cordée: your invitation"
    assert english["Content-Language"] == "en"
    assert text_of(english).startswith("Hello,")
    assert french["Content-Language"] == "fr"


def test_the_administrator_hears_of_somebody_waiting(
    network: FoundedNetwork, mails: MailServer
) -> None:
    tell()
    mails.take()
    network.waiting("claire.favre@abondance.test", "Claire Favre")
    tell()
    (letter,) = mails.to(network.administrator.mail)
    assert links_in(letter) == ["http://localhost/admin/people"]
    assert "Favre" not in text_of(letter)


def test_being_confirmed_is_told_once(network: FoundedNetwork, mails: MailServer) -> None:
    favre = network.favre()
    tell()
    told = [letter for letter in mails.to(favre.mail) if links_in(letter) == ["http://localhost/"]]
    assert len(told) == 1
    mails.take()
    path = f"/accounts/{favre.id}/suspension"
    assert network.administrator.post(path).status_code in (200, 204)
    assert network.administrator.delete(path).status_code in (200, 204)
    tell()
    assert mails.to(favre.mail) == []


def test_a_recovery_code_comes_by_mail(network: FoundedNetwork, mails: MailServer) -> None:
    favre = network.favre()
    tell()
    mails.take()
    body = {"mail": favre.mail, "recovery_auth": b64(favre.recovery_auth)}
    opened = favre.post("/recovery/opening", body)
    wrong = favre.post("/recovery/opening", {**body, "recovery_auth": b64(bytes(32))})
    assert opened.status_code == wrong.status_code == 200
    tell()
    (letter,) = mails.to(favre.mail)
    (code,) = re.findall(r"^\s*(\d{8})\s*$", text_of(letter), re.MULTILINE)
    answer = favre.post("/recovery/code", {"recovery": opened.json["recovery"], "code": code})
    assert answer.status_code == 200


def test_a_new_password_is_told_whatever_one_prefers(
    network: FoundedNetwork, mails: MailServer, clock: MovedClock
) -> None:
    favre = network.favre()
    tell()
    mails.take()
    night = {"from": "00:00", "to": "23:59"}
    choice = {"mail": False, "push": False, "quiet": night, "urgent_breaks_quiet": False}
    assert favre.put("/account/notifications", choice).status_code == 200
    clock.advance(minutes=2)
    body = {"current_auth": b64(favre.auth), "totp_code": favre.code(), **favre.password_fields()}
    assert favre.put("/account/password", body).status_code in (200, 204)
    tell()
    (letter,) = mails.to(favre.mail)
    assert links_in(letter) == ["http://localhost/settings"]


@pytest.mark.parametrize(("device", "told"), [("Téléphone", 0), ("Un autre ordinateur", 1)])
def test_a_new_device_is_told(
    network: FoundedNetwork, mails: MailServer, clock: MovedClock, device: str, told: int
) -> None:
    favre = network.favre()
    tell()
    mails.take()
    clock.advance(minutes=2)
    assert favre.sign_in(device=device).status_code == 200
    tell()
    assert len(mails.to(favre.mail)) == told
