"""Seed the demonstration network through the public API, as its people would.

``python -m client.demo --url http://localhost:8000 --instance instance``, with the server running
and the environment of that server (it is the server's own command that installs the network). Safe
to run again: what exists is left alone, an interrupted seeding goes on where it stopped.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from uuid import uuid5

import pyotp

from client.cleaning import PlainFile
from client.cordee import CordeeClient
from client.demo_cases import CASES, Act, DemoCase, Picture
from client.demo_people import (
    ADMINISTRATOR,
    CARE_TEAMS,
    ORGANISATIONS,
    PASSWORD,
    PEOPLE,
    POOLS,
    SPACE,
    DemoPerson,
)
from client.errors import CaseNotFound, CordeeError, Refused, SignInFailed
from client.operator import RootKey, appointment, found_network, read_candidate
from client.private_files import write_private


class Seeding:
    """One seeding of one instance. ``secrets`` keeps the TOTP seeds until it is complete."""

    def __init__(self, url: str, instance: Path) -> None:
        self.url = url
        self.instance = instance
        self.clients: dict[str, CordeeClient] = {}
        self.progress = instance / "demo-progress.json"
        self.secrets: dict[str, str] = (
            json.loads(self.progress.read_text()) if self.progress.exists() else {}
        )

    def run(self) -> None:
        done = self.instance / "demo-complete"
        if done.exists():
            return
        self.instance.mkdir(parents=True, exist_ok=True)
        self.publish_people()
        with ThreadPoolExecutor(1) as studio:
            # Drawn while the network is being founded, which mostly waits for other processes.
            drawn = [studio.submit(_drawn, case.pictures) for case in CASES]
            administrator = self.administrator()
            self.organisations(administrator)
            self.people(administrator)
            self.groups(administrator)
            for case, pictures in zip(CASES, drawn, strict=True):
                self.case(case, pictures.result())
        for client in self.clients.values():
            client.sign_out()
            client.close()
        self.progress.unlink(missing_ok=True)
        done.touch()

    def publish_people(self) -> None:
        """What the sign-in page of a demonstration lists."""
        listed = [
            {"name": person.name, "mail": person.mail, "role": person.role, "password": PASSWORD}
            for person in (*PEOPLE, ADMINISTRATOR)
        ]
        text = json.dumps(listed, ensure_ascii=False, indent=1)
        (self.instance / "demo-people.json").write_text(text + "\n")

    # people

    def administrator(self) -> CordeeClient:
        """Found the network, sign up its administrator, appoint them registrar."""
        key_file = self.instance / "demo-root.key"
        if ADMINISTRATOR.mail in self.secrets:
            client = self.signed_in(ADMINISTRATOR)
        else:
            key_file.unlink(missing_ok=True)
            link = found_network("Cordée Haute-Savoie", ADMINISTRATOR.mail, key_file)
            client = self.signed_up(ADMINISTRATOR, link)
        if not client.account.facts["certified"]:
            _appoint(client, RootKey.read(key_file))
        return client

    def people(self, administrator: CordeeClient) -> None:
        """Invite, sign up and certify everybody."""
        office = administrator.administration
        for person in PEOPLE:
            if person.mail in self.secrets:
                client = self.signed_in(person)
            else:
                invitation = office.invite(person.mail, organisation=person.organisation)
                client = self.signed_up(person, invitation["link"])
            if not client.account.facts["certified"]:
                office.certify(client.account.id)

    def signed_up(self, person: DemoPerson, link: str) -> CordeeClient:
        client = CordeeClient(self.url)
        signed_up = client.sign_up(
            link,
            name=person.name,
            password=PASSWORD,
            profession=person.profession,
            rpps=person.rpps,
            specialty=person.specialty,
            device="Démonstration",
        )
        self.secrets[person.mail] = signed_up.totp_secret
        write_private(self.progress, json.dumps(self.secrets).encode())
        self.clients[person.key] = client
        return client

    def signed_in(self, person: DemoPerson) -> CordeeClient:
        """Go on after an interrupted seeding. A code works once: if need be, wait for the next."""
        client = CordeeClient(self.url)
        codes = pyotp.TOTP(self.secrets[person.mail])
        try:
            client.sign_in(person.mail, PASSWORD, codes.now())
        except SignInFailed:
            time.sleep(31 - time.time() % 30)
            client.sign_in(person.mail, PASSWORD, codes.now())
        self.clients[person.key] = client
        return client

    # organisations and groups

    def organisations(self, administrator: CordeeClient) -> None:
        for organisation in ORGANISATIONS:
            administrator.administration.create_organisation(
                organisation.name,
                kind=organisation.kind,
                finess=organisation.finess,
                territory=organisation.territory,
                ident=organisation.id,
            )

    def groups(self, administrator: CordeeClient) -> None:
        office = administrator.administration
        existing = {group.name for group in administrator.directory.groups()}
        for specialty, (name, members) in POOLS.items():
            if name not in existing:
                office.create_pool(
                    name,
                    specialty=specialty,
                    territory="Haute-Savoie",
                    members=self.ids(members),
                    organisation=None,
                )
        for name, members in CARE_TEAMS.items():
            if name not in existing:
                office.create_care_team(name, territory="Chablais", members=self.ids(members))

    def ids(self, keys: tuple[str, ...]) -> list[str]:
        return [self.clients[key].account.id for key in keys]

    # cases

    def case(self, case: DemoCase, files: list[PlainFile]) -> None:
        """Open a case and act its script; one that exists is left as it is."""
        ident = str(uuid5(SPACE, f"case {case.name}"))
        opener = self.clients[case.opener]
        try:
            opener.cases.read(ident)
        except CaseNotFound:
            pass
        else:
            return
        opener.cases.open_case(
            case.pool,
            case.request,
            files=files,
            captions=[picture[2] for picture in case.pictures],
            care_team=case.care_team,
            case=ident,
        )
        for act in case.acts:
            _perform(self.clients[act.who], ident, act)


def _appoint(client: CordeeClient, root: RootKey) -> None:
    """Make somebody a registrar. The policy's authority is the root's signature, so it may come
    over HTTP: quicker here than two runs of the server's command."""
    facts = client.account.facts
    statements = client.transport.get("/account/keys")["statements"]
    found = {
        "account": facts["id"],
        "name": facts["name"],
        "statements": statements,
        "policy": client.network.facts()["policy"],
    }
    signed = appointment(read_candidate(found, root), root)
    client.transport.put("/network/policy", {"statement": signed["policy_statement"]})
    client.account.refresh()
    client.network.policy(refresh=True)


def _drawn(pictures: tuple[Picture, ...]) -> list[PlainFile]:
    return [PlainFile(name, data=draw()) for name, draw, _ in pictures]


def _perform(client: CordeeClient, case: str, act: Act) -> None:
    """Act, after having read what was said before, as a person would."""
    messages = client.thread.read(case)
    if messages:
        client.cases.mark_read(case, messages[-1].sequence)
    match act.what:
        case "claim":
            client.steps.claim(case)
        case "say":
            captions = iter([picture[2] for picture in act.pictures])
            client.thread.post(
                case,
                act.text,
                files=_drawn(act.pictures),
                sealing=lambda file: client.attachments.seal(case, file, caption=next(captions)),
            )
        case "ask":
            client.steps.request_information(case, act.text)
        case "answer":
            client.steps.answer_information(case, act.text)
        case "opinion":
            client.steps.give_opinion(case, act.text, act.recommendations, act.follow_up)
        case "acknowledge":
            client.steps.acknowledge(case)
        case "close":
            client.steps.close(case)
        case "refuse":
            client.steps.refuse(case, act.text)
        case "forward":
            client.circle.forward(case, act.text)
        case "second":
            client.circle.second_opinion(case, act.text)
        case "read":
            pass


def main() -> int:
    options = argparse.ArgumentParser(description="Seed the demonstration network.")
    options.add_argument("--url", default="http://localhost:8000")
    options.add_argument("--instance", type=Path, default=Path("instance"))
    chosen = options.parse_args()
    try:
        Seeding(chosen.url, chosen.instance).run()
    except Refused as error:
        print(f"The demonstration could not be seeded: {error} {error.extra}", file=sys.stderr)
        return 1
    except CordeeError as error:
        print(f"The demonstration could not be seeded: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
