"""What people hear at once of a colleague's keys and leave, and administrators of broken seals."""

from __future__ import annotations

from uuid import uuid4

from client.crypto import cosign_statement
from tests.factories.care import CareCircle
from tests.factories.people import b64
from tests.realtime.conftest import Connect


def test_colleagues_and_administrators_hear_at_once(
    care_circle: CareCircle, connect: Connect
) -> None:
    blanc, roche, admin = care_circle.blanc, care_circle.roche, care_circle.administrator
    colleague, stranger, office = connect(roche), connect(care_circle.vidal), connect(admin)

    blanc.put("/account/leave", {"from": "2026-01-01T00:00:00Z", "until": "2027-06-01T00:00:00Z"})
    assert colleague.wait_for("account:changed") == {"account": blanc.id}
    report = {"id": str(uuid4()), "subject_kind": "policy", "verdict": "signature_invalid"}
    assert blanc.post("/seal-reports", report).status_code == 204
    assert office.wait_for("seal:reported") == {"id": report["id"]}

    new = blanc.renewed()
    statement = new.next_statement([blanc.statement()], blanc.sign_seed)
    body = {
        "current_auth": b64(blanc.auth),
        "totp_code": new.code(),
        "statement": statement,
        **new.key_seals(),
    }
    assert new.put("/account/keys", body).status_code == 200
    cosigned = cosign_statement(statement, admin.sign_seed)
    path = f"/accounts/{blanc.id}/certification"
    colleague.heard.clear()
    assert admin.put(path, {"statement": cosigned}).status_code == 200
    assert colleague.wait_for("account:changed") == {"account": blanc.id}
    assert {"account:changed", "seal:reported"}.isdisjoint(stranger.names())
    assert "seal:reported" not in colleague.names()


def test_who_renewed_their_keys_hears_nothing_more_until_confirmed(
    care_circle: CareCircle, connect: Connect
) -> None:
    blanc, favre, admin = care_circle.blanc, care_circle.favre, care_circle.administrator
    device, case = connect(blanc), care_circle.open_case()
    device.wait_for("case:changed", lambda told: told["case"] == case.id)
    assert device.call("case:join", case=case.id)["code"] == "ok"
    new = blanc.renewed()
    statement = new.next_statement([blanc.statement()], blanc.sign_seed)
    fields = {"current_auth": b64(blanc.auth), "totp_code": new.code(), "statement": statement}
    assert new.put("/account/keys", {**fields, **new.key_seals()}).status_code == 200
    device.wait_for("disconnect")
    before = len(device.names())
    waiting, colleague = connect(blanc), connect(care_circle.roche)
    said = case.post(favre, "Bonjour")
    assert said.status_code == 201
    held = care_circle.open_case().id
    # A colleague at the same server has heard all that was held back: nothing of it is on its way.
    colleague.wait_for("case:changed", lambda told: told["case"] == held)
    colleague.wait_for(
        "case:changed",
        lambda told: (told["case"], told["last_sequence"]) == (case.id, said.json["sequence"]),
    )
    cosigned = {"statement": cosign_statement(statement, admin.sign_seed)}
    assert admin.put(f"/accounts/{blanc.id}/certification", cosigned).status_code == 200
    waiting.wait_for("account:changed")
    assert {"message:posted", "case:changed"}.isdisjoint(device.names()[before:] + waiting.names())
    cases: list[str] = []
    waiting.hears("case:changed", lambda: cases.append(care_circle.open_case().id))
    assert waiting.wait_for("case:changed")["case"] in cases
