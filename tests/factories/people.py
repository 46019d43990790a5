"""A network with its root and people who hold their own keys, signed up through the real API.

Passwords are skipped: `auth` is 32 random bytes, since Argon2id costs a second and only the client
knows it. Everything else is what a device does.
"""

from __future__ import annotations

import json
import secrets
import time
from base64 import b64encode
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import UUID, uuid4

import pyotp
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from app import clock
from auth.service import appointment, invitations
from auth.service import network as network_service
from client.crypto import (
    cosign_statement,
    kem_public,
    seal,
    sign_public,
    sign_statement,
    statement_hash,
)

API = "/api/v1"
KDF = {"alg": "argon2id", "m": 65536, "t": 3, "p": 1}
SLACK = 8
"""Seconds a slow machine may need from making a code to its check."""


def b64(raw: bytes) -> str:
    return b64encode(raw).decode()


def rpps_number(first_ten: str) -> str:
    """Eleven digits: the ten given and their Luhn key."""
    total = 0
    for place, digit in enumerate(reversed(first_ten)):
        value = int(digit) * (2 - place % 2)
        total += value - 9 if value > 9 else value
    return first_ten + str(-total % 10)


@dataclass
class Person:
    """Somebody with a device: their seeds, their second factor, their cookies."""

    app: Flask
    net: str
    mail: str
    name: str
    profession: str = "physician"
    specialty: str | None = None
    rpps: str | None = None
    id: str = field(default_factory=lambda: str(uuid4()))
    sign_seed: bytes = field(default_factory=lambda: secrets.token_bytes(32))
    kem_seed: bytes = field(default_factory=lambda: secrets.token_bytes(32))
    auth: bytes = field(default_factory=lambda: secrets.token_bytes(32))
    recovery_auth: bytes = field(default_factory=lambda: secrets.token_bytes(32))
    account_key: bytes = field(default_factory=lambda: secrets.token_bytes(32))
    totp_secret: str = ""
    csrf: str = ""
    last_step: int = 0

    def __post_init__(self) -> None:
        self.http: FlaskClient = self.app.test_client()

    @property
    def uuid(self) -> UUID:
        return UUID(self.id)

    def statement(self, **changes: Any) -> dict[str, Any]:
        """The person's first key statement, signed by themselves."""
        payload = {
            "v": 1,
            "net": self.net,
            "account": self.id,
            "seq": 0,
            "sign_key": b64(sign_public(self.sign_seed)),
            "kem_key": b64(kem_public(self.kem_seed)),
            "name": self.name,
            "rpps": self.rpps,
            "prev": None,
            **changes,
        }
        return sign_statement("cordee1.account", payload, self.sign_seed)

    def code(self) -> str:
        """A code not used before: three fit into any thirty seconds, then move the clock.

        In the last seconds of a step the oldest code might age on its way to the check on a slow
        machine: it is left out, and the third code waits for the next step.
        """
        now = clock.now().timestamp()
        step = max(int(now + SLACK) // 30 - 1, self.last_step + 1)
        wait = (step - 1) * 30 - now
        assert wait <= SLACK, "three codes were used in this half minute: move the clock"
        if wait > 0:
            time.sleep(wait)
        self.last_step = step
        return pyotp.TOTP(self.totp_secret).generate_otp(step)

    def wrong_code(self) -> str:
        """Six digits that are none of the codes of these minutes."""
        totp, step = pyotp.TOTP(self.totp_secret), int(clock.now().timestamp()) // 30
        right = {totp.generate_otp(near) for near in range(step - 3, step + 4)}
        return next(code for code in map("{:06d}".format, range(8)) if code not in right)

    def password_fields(self) -> dict[str, Any]:
        """A fresh salt and the account key sealed again."""
        sealed = seal(secrets.token_bytes(32), "cordee1|ak|test", self.account_key)
        return {
            "salt": b64(secrets.token_bytes(16)),
            "kdf": KDF,
            "auth": b64(self.auth),
            "ak_password": b64(sealed),
        }

    def key_seals(self) -> dict[str, Any]:
        """Every way to the keys, sealed afresh."""
        seeds = {"sign_seed": b64(self.sign_seed), "kem_seed": b64(self.kem_seed), "root": ""}
        recovery = seal(secrets.token_bytes(32), "cordee1|ak|test", self.account_key)
        return {
            **self.password_fields(),
            "ak_recovery": b64(recovery),
            "recovery_auth": b64(self.recovery_auth),
            "keys": b64(seal(self.account_key, "cordee1|keys|test", json.dumps(seeds).encode())),
        }

    def sign_up_body(self, token: str, **changes: Any) -> dict[str, Any]:
        return {
            "token": token,
            "account": self.id,
            "name": self.name,
            "rpps": self.rpps,
            "profession": self.profession,
            "specialty": self.specialty,
            "language": "fr",
            **self.key_seals(),
            "statement": self.statement(),
            "totp_code": self.code() if self.totp_secret else "000000",
            "device": "Téléphone",
            **changes,
        }

    def sign_up(self, link: str) -> TestResponse:
        token = token_of(link)
        opened = self.post("/sign-up/opening", {"token": token})
        assert opened.status_code == 200, opened.text
        self.totp_secret = opened.json["totp_secret"]
        return self.entered(self.post("/sign-up", self.sign_up_body(token)))

    def renewed(self) -> Person:
        """The same person with keys and credentials that nobody else ever held."""
        kept = {
            name: value
            for name, value in self.__dict__.items()
            if name not in ("http", "sign_seed", "kem_seed", "auth", "recovery_auth", "account_key")
        }
        fresh = Person(**kept)
        fresh.http = self.http
        return fresh

    def next_statement(
        self, chain: list[dict[str, Any]], *also: bytes, **changes: Any
    ) -> dict[str, Any]:
        """The statement that follows `chain` with this person's keys; `also` sign it too."""
        changes = {"seq": len(chain), "prev": b64(statement_hash(chain[-1])), **changes}
        statement = self.statement(**changes)
        for seed in also:
            statement = cosign_statement(statement, seed)
        return statement

    def sign_in(self, **changes: Any) -> TestResponse:
        """Sign in on this device; `changes` replace fields of the body."""
        body = {"mail": self.mail, "auth": b64(self.auth), "device": "Téléphone", **changes}
        body.setdefault("totp_code", None)
        body["totp_code"] = body["totp_code"] or self.code()
        return self.entered(self.post("/sign-in", body))

    def entered(self, answer: TestResponse) -> TestResponse:
        if answer.status_code in (200, 201):
            self.csrf = answer.json["csrf"]
        return answer

    def other_device(self) -> Person:
        """The same person on another device, not signed in yet."""
        return Person(
            **{name: value for name, value in self.__dict__.items() if name not in ("http", "csrf")}
        )

    def get(self, path: str, **params: Any) -> TestResponse:
        return self.http.get(API + path, query_string=params or None)

    def post(self, path: str, body: Any = None) -> TestResponse:
        return self.call("POST", path, body)

    def put(self, path: str, body: Any = None) -> TestResponse:
        return self.call("PUT", path, body)

    def patch(self, path: str, body: Any = None) -> TestResponse:
        return self.call("PATCH", path, body)

    def delete(self, path: str) -> TestResponse:
        return self.call("DELETE", path)

    def call(self, method: str, path: str, body: Any = None, **headers: str) -> TestResponse:
        sent = {"X-CSRF-Token": self.csrf, **headers} if self.csrf else headers
        return self.http.open(API + path, method=method, json=body, headers=sent)


class FoundedNetwork:
    """A network of Haute-Savoie with its root key in hand and one appointed administrator."""

    def __init__(self, app: Flask) -> None:
        self.app = app
        self.net = str(uuid4())
        self.root_seed = secrets.token_bytes(32)
        self.policies: list[dict[str, Any]] = []
        self._next = 1000000000
        first = self.policy(registrars=[])
        network_service.install_network(UUID(self.net), "Réseau de Haute-Savoie", self.root, first)
        self.policies.append(first)
        self.administrator = self.person(
            "admin@reseau.test", "Anne Berthet", profession="administrator", rpps=None
        )
        link = invitations.invite_first_administrator(self.administrator.mail)
        assert self.administrator.sign_up(link).status_code == 201
        self.appoint(self.administrator)

    @property
    def root(self) -> bytes:
        return sign_public(self.root_seed)

    def policy(self, registrars: list[dict[str, str]], **changes: Any) -> dict[str, Any]:
        """The next policy, signed by the root."""
        payload = {
            "v": 1,
            "net": self.net,
            "seq": len(self.policies),
            "registrars": registrars,
            "custodians": [],
            "log_key": None,
            "witnesses": [],
            "k": 0,
            "minimum_client": "0.1.0",
            "prev": b64(statement_hash(self.policies[-1])) if self.policies else None,
            **changes,
        }
        return sign_statement("cordee1.policy", payload, self.root_seed)

    def name_custodians(self, *keys: bytes) -> None:
        """The root names whom every case is wrapped to as well."""
        first = self.administrator
        registrars = [{"account": first.id, "sign_key": b64(sign_public(first.sign_seed))}]
        policy = self.policy(registrars, custodians=[b64(key) for key in keys])
        network_service.install_policy(policy)
        self.policies.append(policy)

    def appoint(self, person: Person) -> None:
        """As `cordee appoint` does: the root names the registrar and co-signs the keys."""
        entry = {"account": person.id, "sign_key": b64(sign_public(person.sign_seed))}
        policy = self.policy([entry])
        cosigned = cosign_statement(person.statement(), self.root_seed)
        appointment.install_appointment(policy, cosigned)
        self.policies.append(policy)

    def person(self, mail: str, name: str, **facts: Any) -> Person:
        """Somebody who has not signed up yet."""
        self._next += 1
        facts.setdefault("rpps", rpps_number(str(self._next)))
        return Person(self.app, self.net, mail, name, **facts)

    def invite(self, mail: str, kind: str = "clinician", **facts: Any) -> str:
        """The link of a fresh invitation."""
        answer = self.administrator.post("/invitations", {"mail": mail, "kind": kind, **facts})
        assert answer.status_code == 201, answer.text
        return str(answer.json["link"])

    def waiting(self, mail: str, name: str, **facts: Any) -> Person:
        """Somebody signed up and not certified."""
        person = self.person(mail, name, **facts)
        answer = person.sign_up(self.invite(mail))
        assert answer.status_code == 201, answer.text
        return person

    def member(self, mail: str, name: str, **facts: Any) -> Person:
        """Somebody signed up and certified."""
        person = self.waiting(mail, name, **facts)
        answer = self.certify(person)
        assert answer.status_code == 200, answer.text
        return person

    def certify(self, person: Person, *, seed: bytes | None = None) -> TestResponse:
        cosigned = cosign_statement(person.statement(), seed or self.administrator.sign_seed)
        return self.administrator.put(
            f"/accounts/{person.id}/certification", {"statement": cosigned}
        )

    def favre(self) -> Person:
        """Dr Favre, general practitioner in Abondance."""
        return self.member(
            "claire.favre@abondance.test", "Claire Favre", specialty="general_practice"
        )

    def blanc(self) -> Person:
        """Dr Blanc, dermatologist in Thonon."""
        return self.member("hugo.blanc@thonon.test", "Hugo Blanc", specialty="dermatology")


def token_of(link: str) -> str:
    """The token an invitation link carries in its fragment."""
    return parse_qs(urlsplit(link).fragment)["token"][0]
