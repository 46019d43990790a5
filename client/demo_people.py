"""The people, organisations and groups of the demonstration: a fictional Haute-Savoie.

RPPS numbers begin with 10999 and FINESS numbers with 74999: nobody's. The password is published on
purpose; a server in demonstration mode serves this machine only.
"""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID, uuid5

from client.demo_cases import GENTIANES, PORTES

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
