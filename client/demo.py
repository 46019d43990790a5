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
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID, uuid5

import pyotp

from client.cleaning import PlainFile
from client.cordee import CordeeClient
from client.demo_cases import CASES, GENTIANES, PORTES, Act, DemoCase, Picture
from client.errors import CaseNotFound, CordeeError, Refused, SignInFailed
from client.operator import RootKey, appointment, found_network, read_candidate
from client.private_files import write_private

SPACE = UUID("6f0e6c1c-5f0b-5a51-9c7e-3f1d6a7c4e10")
"""Names the ids of the demonstration, the same in every seeding."""

PASSWORD = "mélèze givre refuge sentier"  # noqa: S105 - published on purpose, demonstration only


@dataclass(frozen=True)
class DemoPerson:
    """Somebody of the fictional network. RPPS numbers begin with 10999: nobody's."""

    key: str
    name: str
    role: str
    profession: str
    specialty: str | None
    rpps: str | None
    organisation: str | None

    @property
    def mail(self) -> str:
        plain = self.name.removeprefix("Dr ").lower().translate(str.maketrans("éèêëïî ", "eeeeii."))
        return f"{plain}@demo.cordee.invalid"


@dataclass(frozen=True)
class DemoOrganisation:
    name: str
    kind: str
    finess: str
    territory: str

    @property
    def id(self) -> str:
        return str(uuid5(SPACE, f"organisation {self.name}"))


ABONDANCE = DemoOrganisation("Cabinet médical d’Abondance", "practice", "749990016", "Chablais")
MORZINE = DemoOrganisation("Cabinet des Dranses, Morzine", "practice", "749990024", "Chablais")
EVIAN = DemoOrganisation("EHPAD Les Gentianes, Évian", "ehpad", "749990032", "Chablais")
HOSPITAL = DemoOrganisation(
    "Centre hospitalier des Deux Lacs, Thonon", "hospital", "749990040", "Haute-Savoie"
)
IMAGING = DemoOrganisation("Imagerie du Léman", "imaging", "749990057", "Haute-Savoie")
PRACTICE = DemoOrganisation(
    "Maison de santé de la Dent d’Oche", "maison_de_sante", "749990065", "Chablais"
)
ORGANISATIONS = (ABONDANCE, MORZINE, EVIAN, HOSPITAL, IMAGING, PRACTICE)

ADMINISTRATOR = DemoPerson(
    "garnier",
    "Élise Garnier",
    "Administratrice du réseau",
    "administrator",
    None,
    None,
    None,
)
PEOPLE = (
    DemoPerson(
        "favre",
        "Dr Claire Favre",
        "Médecin généraliste, Abondance",
        "physician",
        "general_practice",
        "10999000010",
        ABONDANCE.id,
    ),
    DemoPerson(
        "mermet",
        "Dr Hugo Mermet",
        "Médecin généraliste, Morzine",
        "physician",
        "general_practice",
        "10999000028",
        MORZINE.id,
    ),
    DemoPerson(
        "vulliez",
        "Dr Anne Vulliez",
        "Médecin coordonnateur, EHPAD Les Gentianes",
        "physician",
        "general_practice",
        "10999000036",
        EVIAN.id,
    ),
    DemoPerson(
        "rey",
        "Léa Rey",
        "Infirmière, EHPAD Les Gentianes",
        "nurse",
        None,
        "10999000044",
        EVIAN.id,
    ),
    DemoPerson(
        "blanc",
        "Dr Sophie Blanc",
        "Dermatologue, Thonon",
        "physician",
        "dermatology",
        "10999000051",
        HOSPITAL.id,
    ),
    DemoPerson(
        "benali",
        "Dr Karim Benali",
        "Dermatologue, Évian",
        "physician",
        "dermatology",
        "10999000069",
        PRACTICE.id,
    ),
    DemoPerson(
        "jacquier",
        "Dr Paul Jacquier",
        "Orthopédiste, Thonon",
        "physician",
        "orthopaedics",
        "10999000077",
        HOSPITAL.id,
    ),
    DemoPerson(
        "morel",
        "Dr Inès Morel",
        "Rhumatologue, Thonon",
        "physician",
        "rheumatology",
        "10999000085",
        PRACTICE.id,
    ),
    DemoPerson(
        "pinget",
        "Dr Thomas Pinget",
        "Radiologue, Annemasse",
        "physician",
        "radiology",
        "10999000093",
        IMAGING.id,
    ),
    DemoPerson(
        "chevallay",
        "Dr Marie Chevallay",
        "Gériatre, Thonon",
        "physician",
        "geriatrics",
        "10999000101",
        HOSPITAL.id,
    ),
)
POOLS = {
    "dermatology": ("Dermatologie", ("blanc", "benali")),
    "orthopaedics": ("Orthopédie", ("jacquier",)),
    "rheumatology": ("Rhumatologie", ("morel",)),
    "radiology": ("Radiologie", ("pinget",)),
    "geriatrics": ("Gériatrie", ("chevallay",)),
}
CARE_TEAMS = {GENTIANES: ("vulliez", "rey"), PORTES: ("favre", "mermet")}


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
        "statement": statements[-1],
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
