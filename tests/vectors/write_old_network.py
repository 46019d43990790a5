"""Freeze a small network as the code of today leaves it: `old-network.sql.gz`, `old-network.json`.

The frozen files are those of release 0.1.0, at schema 0006, before cases could change hands; later
code must go on opening them. To freeze another release, run this with that release's checkout as
the working directory: `python -m tests.vectors.write_old_network FOLDER`. The JSON holds every
secret of that network, which exists nowhere else.
"""

from __future__ import annotations

import gzip
import json
import sqlite3
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from uuid import UUID

import httpx
from flask import Flask

from app.config import Config
from app.factory import create_app
from app.migrate import migrate
from auth.service import appointment as appointments
from auth.service.invitations import invite_first_administrator
from auth.service.network import install_network
from client import CordeeClient
from client.operator import RootKey, appointment, founding, read_candidate
from client.request import Patient, Request
from protocol.encoding import b64, unb64
from tests.factories.people import rpps_number

PASSWORD = "cairn rosée vallon myrtille"
SECRET = "a frozen server's own secret, long enough to pass"
PATIENT = Patient("MARTIN", "Jeanne", sex="F", birth_date="1942-03-05")
PEOPLE = {
    "favre": ("Dr Claire Favre", "general_practice", rpps_number("1099900001")),
    "blanc": ("Dr Hugo Blanc", "dermatology", rpps_number("1099900002")),
}
QUESTIONS = ("Faut-il l’exérèse de cette lésion ?", "Cette plaie doit-elle inquiéter ?")
TEXTS = ("Depuis quand ?", "Depuis l’hiver.")
NOTE = "Compte rendu du laboratoire, 2026.\n"


def freeze(folder: Path) -> None:
    """Live a small life and write it down."""
    with TemporaryDirectory() as place:
        database = Path(place) / "cordee.sqlite3"
        config = Config(
            base_url="http://localhost",
            secret_key=SECRET,
            database_url=f"sqlite:///{database}",
            blob_url=f"file://{place}/blobs",
            worker_inline=False,
            rate_limits=False,
        )
        migrate(config.database_url)
        app = create_app(config)
        told = _live(app, Path(place))
        told["blobs"] = {
            path.name: b64(path.read_bytes())
            for path in sorted((Path(place) / "blobs" / "blobs").rglob("*"))
            if path.is_file()
        }
        with sqlite3.connect(database) as connection:
            dump = "\n".join(connection.iterdump())
    (folder / "old-network.sql.gz").write_bytes(gzip.compress(dump.encode(), mtime=0))
    (folder / "old-network.json").write_text(
        json.dumps(told, ensure_ascii=False, indent=1) + "\n", encoding="utf-8"
    )


def _live(app: Flask, place: Path) -> dict[str, Any]:
    root = RootKey.fresh()
    given = founding("Réseau gelé", root)
    install_network(UUID(given["net"]), given["name"], unb64(given["root"]), given["policy"])
    admin = CordeeClient("http://localhost", httpx.WSGITransport(app=app))
    link = invite_first_administrator("garnier@reseau.test")
    signed_up = admin.sign_up(
        link, name="Élise Garnier", password=PASSWORD, profession="administrator"
    )
    totp = {"garnier": signed_up.totp_secret}
    signed = appointment(
        read_candidate(appointments.pending_registrar("garnier@reseau.test"), root), root
    )
    appointments.install_appointment(signed["policy_statement"], signed["account_statement"])
    admin.account.refresh()
    people = {}
    for key, (name, specialty, rpps) in PEOPLE.items():
        people[key] = CordeeClient("http://localhost", httpx.WSGITransport(app=app))
        invitation = admin.administration.invite(f"{key}@reseau.test")["link"]
        totp[key] = (
            people[key]
            .sign_up(
                invitation,
                name=name,
                password=PASSWORD,
                profession="physician",
                specialty=specialty,
                rpps=rpps,
            )
            .totp_secret
        )
        admin.administration.certify(people[key].account.id)
    favre, blanc = people["favre"], people["blanc"]
    pool = admin.administration.create_pool(
        "Dermatologie",
        specialty="dermatology",
        territory="Haute-Savoie",
        members=[blanc.account.id],
    )
    admin.administration.create_care_team(
        "Cabinet d’Abondance", territory="Chablais", members=[favre.account.id]
    )
    note = place / "analyse.txt"
    note.write_text(NOTE)
    cases = []
    for question in QUESTIONS:
        case = favre.cases.open_case("dermatology", Request(PATIENT, question), files=[note]).id
        blanc.steps.claim(case)
        blanc.thread.post(case, TEXTS[0])
        favre.thread.post(case, TEXTS[1])
        cases.append({"id": case, "question": question})
    for client in (admin, favre, blanc):
        client.close()
    return {
        "secret": SECRET,
        "password": PASSWORD,
        "root": {"net": root.net, "seed": b64(root.seed)},
        "totp": totp,
        "pool": pool,
        "cases": cases,
        "texts": TEXTS,
        "note": NOTE,
    }


if __name__ == "__main__":
    freeze(Path(sys.argv[1]))
