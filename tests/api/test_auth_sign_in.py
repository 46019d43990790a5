"""Coming in, staying in, going out."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from types import FrameType

import pytest

from tests.factories.people import KDF, FoundedNetwork, b64
from tests.support.statements import statements_sent

ROOT = Path(__file__).resolve().parents[2]


def test_sign_in_returns_what_opens_the_keys(network: FoundedNetwork) -> None:
    favre = network.favre()
    phone = favre.other_device()
    opening = phone.post("/sign-in/opening", {"mail": "  Claire.FAVRE@abondance.test "}).json
    answer = phone.sign_in()
    assert answer.status_code == 200
    assert answer.json["sealed"]["salt"] == opening["salt"]
    assert opening["kdf"] == KDF
    assert answer.json["statements"][0]["p"] == favre.statement()["p"]
    kept = phone.get("/account/keys").json
    assert kept["ak_password"] == answer.json["sealed"]["ak_password"]


def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites(network: FoundedNetwork) -> None:
    favre = network.favre()
    cookie = favre.other_device().sign_in().headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Strict" in cookie
    assert "Path=/" in cookie


def test_unknown_people_get_a_stable_salt_and_the_same_refusal(network: FoundedNetwork) -> None:
    favre = network.favre()
    visitor = favre.other_device()
    one = visitor.post("/sign-in/opening", {"mail": "personne@abondance.test"}).json
    two = visitor.post("/sign-in/opening", {"mail": "Personne@abondance.test"}).json
    other = visitor.post("/sign-in/opening", {"mail": "autre@abondance.test"}).json
    assert one == two != other
    assert one["kdf"] == KDF

    wrong_password = visitor.sign_in(auth=b64(bytes(32)))
    wrong_code = visitor.sign_in(totp_code=visitor.wrong_code())
    nobody = visitor.sign_in(mail="personne@abondance.test", totp_code="000000")
    answers = [wrong_password, wrong_code, nobody]
    assert {answer.status_code for answer in answers} == {401}
    assert len({answer.data for answer in answers}) == 1


def work_of(act: Callable[[], object]) -> tuple[Counter[str], list[str]]:
    """What the server does for a request: functions of ours that it calls, statements it sends.

    Reading the columns of a row that is there is left out: microseconds, below any network's noise.
    """
    calls: Counter[str] = Counter()
    ours = (f"{ROOT}/app/", f"{ROOT}/auth/", f"{ROOT}/trace/")

    def called(frame: FrameType, happened: str, _: object) -> None:
        code = frame.f_code
        if happened == "call" and code.co_filename.startswith(ours):
            calls[f"{code.co_filename}:{code.co_qualname}"] += 1

    with statements_sent() as statements:
        sys.setprofile(called)
        try:
            act()
        finally:
            sys.setprofile(None)
    del calls[f"{ROOT}/app/db.py:UtcDateTime.process_result_value"]
    return calls, statements


def test_a_stranger_costs_what_a_wrong_password_costs(network: FoundedNetwork) -> None:
    """Equal times, seen without a clock: the same functions run, the same statements are sent."""
    visitor = network.favre().other_device()
    known, stranger, code = visitor.mail, "personne@abondance.test", visitor.wrong_code()

    def opening(mail: str) -> Callable[[], object]:
        return lambda: visitor.post("/sign-in/opening", {"mail": mail})

    def attempt(mail: str, auth: bytes) -> Callable[[], object]:
        return lambda: visitor.sign_in(mail=mail, auth=b64(auth), totp_code=code)

    for warm in (opening(known), attempt(known, bytes(32)), attempt(stranger, bytes(32))):
        warm()
    assert work_of(opening(known)) == work_of(opening(stranger))
    nobody = work_of(attempt(stranger, bytes(32)))
    assert nobody[0][f"{ROOT}/auth/service/second_factor.py:matching_step"] == 1
    assert nobody == work_of(attempt(known, bytes(32))) == work_of(attempt(known, visitor.auth))


def test_a_code_works_once_and_one_step_either_way(network: FoundedNetwork, clock) -> None:
    favre = network.favre()
    clock.advance(minutes=5)
    phone = favre.other_device()
    code = phone.code()
    assert phone.sign_in(totp_code=code).status_code == 200
    assert phone.sign_in(totp_code=code).json["code"] == "sign_in_failed"
    assert phone.sign_in().status_code == 200
    assert phone.sign_in().status_code == 200
    late = favre.other_device()
    late.last_step = 0
    old = late.code()
    clock.advance(seconds=90)
    assert late.sign_in(totp_code=old).json["code"] == "sign_in_failed"


def test_guessing_meets_a_wait(network: FoundedNetwork) -> None:
    favre = network.favre().other_device()
    answers = [favre.sign_in(auth=b64(bytes(32)), totp_code="000000") for _ in range(11)]
    assert [answer.status_code for answer in answers[:10]] == [401] * 10
    assert answers[10].status_code == 429
    assert answers[10].json["retry_after"] >= 1
    assert answers[10].headers["Retry-After"] == str(answers[10].json["retry_after"])
    assert str(answers[10].json["retry_after"]) in answers[10].json["detail"]


def test_a_session_ends_when_idle_and_absolutely(network: FoundedNetwork, clock) -> None:
    favre = network.favre()
    clock.advance(hours=11)
    assert favre.get("/session").status_code == 200
    clock.advance(hours=11)
    assert favre.get("/session").status_code == 200
    clock.advance(hours=13)
    assert favre.get("/session").json["code"] == "not_signed_in"

    clock.advance(minutes=1)
    favre.sign_in()
    for _ in range(16):
        clock.advance(hours=11)
        answer = favre.get("/session")
    assert answer.status_code == 401


def test_every_unsafe_request_carries_the_token_of_its_session(network: FoundedNetwork) -> None:
    favre, blanc = network.favre(), network.blanc()
    for token in ("", "wrong", blanc.csrf):
        refused = favre.http.delete("/api/v1/sessions", headers={"X-CSRF-Token": token})
        assert (refused.status_code, refused.json["code"]) == (403, "csrf_failed")
    refused = favre.call("DELETE", "/sessions", Origin="https://evil.test")
    assert refused.json["code"] == "csrf_failed"
    assert favre.call("DELETE", "/sessions", Origin="http://localhost").status_code == 204
    foreign = favre.other_device().call(
        "POST", "/sign-in/opening", {"mail": favre.mail}, Origin="https://evil.test"
    )
    assert foreign.json["code"] == "csrf_failed"


def test_signing_in_anew_ends_the_session_this_browser_held(network: FoundedNetwork) -> None:
    favre = network.favre()
    before = favre.get("/session").json["session"]["id"]
    favre.sign_in()
    sessions = favre.get("/sessions").json["items"]
    assert len(sessions) == 1
    assert sessions[0]["id"] != before
    assert sessions[0]["current"] is True


def test_sessions_are_listed_and_revoked(network: FoundedNetwork) -> None:
    favre = network.favre()
    desk, tablet = favre.other_device(), None
    desk.sign_in(device="Poste fixe")
    tablet = desk.other_device()
    tablet.sign_in(device="Tablette")
    listed = favre.get("/sessions").json["items"]
    assert {item["device"] for item in listed} == {"Téléphone", "Poste fixe", "Tablette"}
    fixed = next(item["id"] for item in listed if item["device"] == "Poste fixe")
    assert network.blanc().delete(f"/sessions/{fixed}").json["code"] == "session_not_found"
    assert favre.delete(f"/sessions/{fixed}").status_code == 204
    assert desk.get("/session").status_code == 401
    assert favre.delete("/sessions").status_code == 204
    assert tablet.get("/session").status_code == 401
    assert favre.get("/session").status_code == 200
    assert favre.delete("/session").status_code == 204
    assert favre.get("/session").status_code == 401


def test_suspension_closes_every_door_until_it_ends(network: FoundedNetwork) -> None:
    favre = network.favre()
    admin = network.administrator
    assert admin.post(f"/accounts/{favre.id}/suspension").status_code == 204
    assert favre.get("/session").status_code == 401
    assert favre.sign_in().json["code"] == "account_suspended"
    wrong = favre.sign_in(auth=b64(bytes(32)), totp_code="000000")
    assert wrong.json["code"] == "sign_in_failed"
    shown = admin.get("/accounts", ids=favre.id).json["items"][0]
    assert shown["archived"] is True
    assert admin.delete(f"/accounts/{favre.id}/suspension").status_code == 204
    assert favre.sign_in().status_code == 200
    own = admin.post(f"/accounts/{admin.id}/suspension")
    assert own.json["code"] == "not_yourself"


def test_changing_the_password_ends_other_sessions(network: FoundedNetwork, clock) -> None:
    favre = network.favre()
    phone = favre.other_device()
    phone.sign_in()
    clock.advance(minutes=2)
    old = favre.auth
    body = {"current_auth": b64(bytes(32)), "totp_code": favre.code(), **favre.password_fields()}
    assert favre.put("/account/password", body).json["code"] == "sign_in_failed"
    favre.auth = bytes(range(32))
    body = {"current_auth": b64(old), "totp_code": favre.wrong_code(), **favre.password_fields()}
    assert favre.put("/account/password", body).json["code"] == "code_wrong"
    body["totp_code"] = favre.code()
    assert favre.put("/account/password", body).status_code == 204
    assert phone.get("/session").status_code == 401
    assert favre.get("/session").status_code == 200
    clock.advance(minutes=2)
    assert favre.other_device().sign_in(auth=b64(old)).status_code == 401
    clock.advance(minutes=2)
    assert favre.other_device().sign_in().status_code == 200


@pytest.mark.parametrize(
    "body", [None, [], "x", {"mail": 3}, {"mail": "a@b.fr\nBcc: x@y.fr"}, {"mail": "a" * 400}]
)
def test_hostile_bodies_are_refused_by_name(network: FoundedNetwork, body: object) -> None:
    visitor = network.person("visiteur@reseau.test", "Visiteur")
    answer = visitor.post("/sign-in/opening", body)
    assert answer.status_code in (400, 422)
    assert answer.mimetype == "application/problem+json"


def test_the_directory_shows_colleagues_what_they_need(network: FoundedNetwork) -> None:
    favre, blanc = network.favre(), network.blanc()
    network.waiting("attente@reseau.test", "En Attente")
    seen = favre.get("/accounts").json["items"]
    assert [item["name"] for item in seen] == ["Anne Berthet", "Claire Favre", "Hugo Blanc"]
    colleague = next(item for item in seen if item["id"] == blanc.id)
    assert colleague["mail"] is None
    assert colleague["rpps"] is None
    assert colleague["statements"][0]["p"] == blanc.statement()["p"]
    assert [i["id"] for i in favre.get("/accounts", q="HUGO").json["items"]] == [blanc.id]
    assert favre.get("/accounts", q="%").json["items"] == []

    admin = network.administrator
    waiting = admin.get("/accounts", waiting=1).json["items"]
    assert [item["name"] for item in waiting] == ["En Attente"]
    first = admin.get("/accounts", limit=3).json
    rest = admin.get("/accounts", limit=3, cursor=first["next"]).json
    assert len(first["items"] + rest["items"]) == 4
    assert rest["next"] is None
    assert admin.get("/accounts", cursor="!!").json["code"] == "validation_failed"
    assert admin.get("/accounts", ids="nobody").json["code"] == "validation_failed"


def test_no_text_holds_a_nul(network: FoundedNetwork) -> None:
    """PostgreSQL cannot store one: it is refused at the door on every database."""
    admin = network.administrator
    for path in ("/accounts?q=%00", "/trace?action=%00", "/accounts?cursor=WyJcdTAwMDAiLCAiYSJd"):
        answer = admin.http.get("/api/v1" + path)
        assert (answer.status_code, answer.json["code"]) == (422, "validation_failed")
    nested = {"statement": {"t": "a", "p": "", "s": [{"k": "\x00", "sig": ""}]}}
    refused = admin.put(f"/accounts/{admin.id}/certification", nested)
    assert refused.json["errors"] == [{"field": "statement.s.0.k", "message": "U+0000 is not text"}]
