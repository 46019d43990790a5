"""Coming back with the recovery code."""

from __future__ import annotations

from uuid import UUID

import pytest

from app import announcements
from auth.announced import RecoveryCodeMade
from auth.service.recovery import MAX_ATTEMPTS, _count_attempt
from tests.factories.people import FoundedNetwork, Person, b64


@pytest.fixture
def mailed(network: FoundedNetwork) -> list[RecoveryCodeMade]:
    """Codes on their way by mail."""
    codes: list[RecoveryCodeMade] = []
    announcements.on_commit(RecoveryCodeMade, codes.append)
    return codes


def open_recovery(person: Person, **changes: object) -> str:
    body = {"mail": person.mail, "recovery_auth": b64(person.recovery_auth), **changes}
    answer = person.post("/recovery/opening", body)
    assert answer.status_code == 200
    return str(answer.json["recovery"])


def test_recovery_replaces_password_and_second_factor(
    network: FoundedNetwork, mailed: list[RecoveryCodeMade]
) -> None:
    favre = network.favre()
    lost = favre.other_device()
    recovery = open_recovery(lost)
    shown = {"recovery": recovery, "code": mailed[0].code}
    keys = lost.post("/recovery/code", shown).json
    assert keys["account"] == favre.id
    assert keys["statements"][0]["p"] == favre.statement()["p"]

    lost.totp_secret, lost.last_step = keys["totp_secret"], 0
    lost.auth = bytes(range(32))
    body = {**shown, **lost.password_fields(), "device": "Téléphone neuf"}
    assert lost.post("/recovery/completion", {**body, "totp_code": lost.wrong_code()}).json[
        "code"
    ] == ("code_wrong")
    done = lost.entered(lost.post("/recovery/completion", {**body, "totp_code": lost.code()}))
    assert done.status_code == 200
    assert lost.get("/session").status_code == 200
    assert favre.get("/session").status_code == 401
    assert lost.other_device().sign_in().status_code == 200
    again = lost.post("/recovery/completion", {**body, "totp_code": lost.code()})
    assert again.json["code"] == "recovery_failed"


def test_a_wrong_recovery_looks_the_same_and_mails_nothing(
    network: FoundedNetwork, mailed: list[RecoveryCodeMade]
) -> None:
    favre = network.favre().other_device()
    for changes in ({"recovery_auth": b64(bytes(32))}, {"mail": "personne@reseau.test"}):
        recovery = open_recovery(favre, **changes)
        refused = favre.post("/recovery/code", {"recovery": recovery, "code": "12345678"})
        assert (refused.status_code, refused.json["code"]) == (401, "recovery_failed")
    assert mailed == []


def test_five_wrong_codes_end_a_recovery(
    network: FoundedNetwork, mailed: list[RecoveryCodeMade]
) -> None:
    favre = network.favre().other_device()
    recovery = open_recovery(favre)
    wrong = f"{(int(mailed[0].code) + 1) % 10**8:08d}"
    for _ in range(5):
        assert (
            favre.post("/recovery/code", {"recovery": recovery, "code": wrong}).status_code == 401
        )
    right = favre.post("/recovery/code", {"recovery": recovery, "code": mailed[0].code})
    assert right.json["code"] == "recovery_failed"


def test_guesses_sent_at_once_count_before_they_are_looked_at(
    network: FoundedNetwork, mailed: list[RecoveryCodeMade]
) -> None:
    favre = network.favre().other_device()
    recovery = open_recovery(favre)
    for _ in range(MAX_ATTEMPTS):  # on their way, none answered yet
        _count_attempt(UUID(recovery))
    late = favre.post("/recovery/code", {"recovery": recovery, "code": mailed[0].code})
    assert late.json["code"] == "recovery_failed"


def test_showing_the_right_code_often_is_no_guessing(
    network: FoundedNetwork, mailed: list[RecoveryCodeMade]
) -> None:
    favre = network.favre().other_device()
    shown = {"recovery": open_recovery(favre), "code": mailed[0].code}
    for _ in range(MAX_ATTEMPTS + 1):
        assert favre.post("/recovery/code", shown).status_code == 200


def test_a_mailed_code_expires(
    network: FoundedNetwork, mailed: list[RecoveryCodeMade], clock
) -> None:
    favre = network.favre().other_device()
    recovery = open_recovery(favre)
    clock.advance(minutes=15, seconds=1)
    late = favre.post("/recovery/code", {"recovery": recovery, "code": mailed[0].code})
    assert late.json["code"] == "recovery_failed"


def test_a_new_recovery_code_replaces_the_old(
    network: FoundedNetwork, mailed: list[RecoveryCodeMade]
) -> None:
    favre = network.favre()
    fields = favre.sign_up_body("x" * 20)
    body = {
        "current_auth": b64(favre.auth),
        "ak_recovery": fields["ak_recovery"],
        "recovery_auth": b64(bytes(range(32))),
    }
    refused = favre.put("/account/recovery", {**body, "current_auth": b64(bytes(32))})
    assert refused.status_code == 401
    assert favre.put("/account/recovery", body).status_code == 204
    open_recovery(favre.other_device())
    assert mailed == []
    open_recovery(favre.other_device(), recovery_auth=b64(bytes(range(32))))
    assert len(mailed) == 1
