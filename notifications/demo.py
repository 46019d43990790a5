"""What only the demonstration shows: its people, their codes, their mail. Elsewhere: nothing."""

from __future__ import annotations

import json
from pathlib import Path

from flask import Blueprint, Response, current_app
from sqlalchemy import select

from app.config import Config
from app.db import session
from app.http import describe, reply
from app.transactions import transactional
from auth.service.second_factor import next_code
from notifications.errors import NotADemonstration
from notifications.models import DemoMail
from notifications.schemas import DemoCode, DemoLetter, DemoLetters, DemoPeople, DemoPerson

demo = Blueprint("demo", __name__)

MAX_LETTERS = 100


@demo.get("/demo/people")
@describe(answer=DemoPeople)
def get_people() -> Response:
    return reply(DemoPeople(items=list(demo_people().values())))


@demo.get("/demo/people/<mail>/code")
@describe(answer=DemoCode)
def get_code(mail: str) -> Response:
    """The code a person's telephone would show, for the listed people only."""
    if mail not in demo_people():
        raise NotADemonstration()
    return reply(_code_of(mail))


@demo.get("/demo/mails")
@describe(answer=DemoLetters)
def get_mails() -> Response:
    require_demo()
    return reply(DemoLetters(items=_letters()))


def require_demo() -> Config:
    """Raises NotADemonstration outside demo mode: nothing tells that the address means anything."""
    config: Config = current_app.config["CORDEE"]
    if not config.demo:
        raise NotADemonstration()
    return config


def demo_people() -> dict[str, DemoPerson]:
    """The people that seeding wrote beside the database, by mail."""
    config = require_demo()
    folder = Path(config.database_url.removeprefix("sqlite:///")).parent
    try:
        listed = json.loads((folder / "demo-people.json").read_text())
    except FileNotFoundError:
        return {}
    people = [
        DemoPerson.model_validate({k: entry[k] for k in DemoPerson.model_fields})
        for entry in listed
    ]
    return {person.mail: person for person in people}


def _code_of(mail: str) -> DemoCode:
    found = next_code(mail)
    if found is None:
        raise NotADemonstration()
    return DemoCode(code=found[0], wait=found[1])


@transactional(read_only=True)
def _letters() -> list[DemoLetter]:
    query = select(DemoMail).order_by(DemoMail.id.desc()).limit(MAX_LETTERS)
    return [DemoLetter.model_validate(row) for row in session().scalars(query)]
