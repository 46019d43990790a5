"""New keys, coming back, leave and rewrapping from a terminal, against the served application."""

from __future__ import annotations

import json
import time
from datetime import date, timedelta
from pathlib import Path

from client import CordeeClient
from client.demo_people import ADMINISTRATOR
from client.device import Device
from tests.support.serving import ServedApp
from tests.unit.client.test_commands import Terminal, _get, demonstration

__all__ = ["demonstration"]

BLANC = "sophie.blanc@demo.cordee.invalid"
NEW = {"CORDEE_NEW_PASSWORD": "cairn rosée vallon myrtille"}


def code_of(served: ServedApp, mail: str) -> str:
    code = json.loads(_get(f"{served.url}/api/v1/demo/people/{mail}/code"))
    time.sleep(code["wait"])
    return str(code["code"])


def test_new_keys_leave_and_return(demonstration: ServedApp, tmp_path: Path) -> None:
    people = json.loads((demonstration.folder / "demo-people.json").read_text())
    known = {entry["mail"]: entry for entry in people}
    blanc = Terminal(demonstration, tmp_path / "blanc")
    blanc.sign_in(BLANC)

    assert "0 cases renewed" in blanc.run("rewrap")
    days = [str(date.today() + timedelta(days=day)) for day in (1, 8)]
    told = blanc.run("leave", "--from", days[0], "--until", days[1])
    assert f"until {days[1]}" in told
    assert "are there" in blanc.run("leave", "--back")
    assert "say --from" in blanc.run("leave", code=2)
    refused = blanc.run("leave", "--from", days[1], "--until", days[0], code=1)
    assert "within two years" in refused or "deux ans" in refused

    code = code_of(demonstration, BLANC)
    told = blanc.run("renew-keys", "--code", code, CORDEE_PASSWORD=known[BLANC]["password"], **NEW)
    assert "recovery code" in told
    assert blanc.run("cases", code=1)  # an administrator has to confirm first

    admin_mail = ADMINISTRATOR.mail
    with CordeeClient(demonstration.url) as admin:
        admin.sign_in(admin_mail, known[admin_mail]["password"], code_of(demonstration, admin_mail))
        account = next(one for one in admin.administration.waiting() if one["mail"] == BLANC)
        admin.administration.certify(account["id"])
        assert blanc.run("cases")
        started = admin.transport.post(f"/accounts/{account['id']}/return", {"checked": "video"})
        again = Terminal(demonstration, tmp_path / "again")
        told = again.run("come-back", started["link"], **NEW)
        assert "Second factor" in told
        admin.administration.certify(account["id"])
        assert again.run("cases") is not None
        office = Terminal(demonstration, tmp_path / "office")
        Device(office.state).keep(admin, admin_mail)
        assert "0 groups" in office.run("move-group", "Nulle part", "--suite", "2", code=1)
        assert "epoch 1" in office.run("move-group", "Dermatologie", "--suite", "2")
