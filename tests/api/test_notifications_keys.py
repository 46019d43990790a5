"""What people are told of keys, of leave and of the archive: never a word of a case."""

from __future__ import annotations

from datetime import timedelta

from app import clock as house_clock
from auth.service.openings import record_opening
from client.crypto import cosign_statement
from protocol.encoding import utc_time
from tests.conftest import MovedClock
from tests.factories.care import CareCircle
from tests.factories.people import b64
from tests.support.smtp import MailServer, links_in, text_of
from tests.support.telling import config, mails, pushes, tell

__all__ = ["config", "mails", "pushes"]


def test_colleagues_hear_of_new_keys_once_they_are_vouched_for(
    care_circle: CareCircle, mails: MailServer
) -> None:
    blanc, roche, favre = care_circle.blanc, care_circle.roche, care_circle.favre
    new = blanc.renewed()
    statement = new.next_statement([blanc.statement()], blanc.sign_seed)
    body = {
        "current_auth": b64(blanc.auth),
        "totp_code": new.code(),
        "statement": statement,
        **new.key_seals(),
    }
    assert new.put("/account/keys", body).status_code == 200
    tell()
    mails.take()
    cosigned = cosign_statement(statement, care_circle.administrator.sign_seed)
    path = f"/accounts/{blanc.id}/certification"
    assert care_circle.administrator.put(path, {"statement": cosigned}).status_code == 200
    tell()
    (letter,) = mails.to(roche.mail)
    assert "Blanc" not in text_of(letter) + str(letter["Subject"])
    assert len(mails.to(blanc.mail)) == 1
    assert mails.to(favre.mail) == []  # no group and no case in common


def test_a_return_link_comes_by_mail(care_circle: CareCircle, mails: MailServer) -> None:
    tell()
    mails.take()
    path = f"/accounts/{care_circle.favre.id}/return"
    link = care_circle.administrator.post(path, {"checked": "video"}).json["link"]
    tell()
    (letter,) = mails.to(care_circle.favre.mail)
    assert links_in(letter) == [link]


def test_during_a_leave_the_delegate_is_told(
    care_circle: CareCircle, mails: MailServer, clock: MovedClock
) -> None:
    blanc, roche = care_circle.blanc, care_circle.roche
    now = house_clock.now()
    leave = {
        "from": utc_time(now - timedelta(days=1)),
        "until": utc_time(now + timedelta(days=7)),
        "delegate": roche.id,
    }
    assert blanc.put("/account/leave", leave).status_code == 200
    tell()
    mails.take()
    other = care_circle.open_case()
    clock.advance(seconds=10)
    tell()
    assert other.id and mails.to(blanc.mail) == []
    assert len(mails.to(roche.mail)) == 1


def test_an_opening_by_the_custodian_is_traced_and_told(
    care_circle: CareCircle, mails: MailServer, clock: MovedClock
) -> None:
    case = care_circle.open_case()
    tell()
    mails.take()
    record_opening(case.id, "patient_request")
    clock.advance(seconds=10)
    tell()
    (letter,) = mails.to(care_circle.favre.mail)
    assert links_in(letter) == [f"http://localhost/cases/{case.id}"]
    rows = care_circle.administrator.get("/trace", case=case.id).json["items"]
    assert "custodian:open" in {row["action"] for row in rows}
