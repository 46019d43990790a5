"""The cases of the demonstration: invented patients, pictures drawn by ``demo_pictures``.

Each case is a request and a short script of what people did with it afterwards.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from client import demo_pictures as pictures
from client.request import Consent, Patient, Request

Picture = tuple[str, Callable[[], bytes], str]
"""File name, how it is drawn, caption."""


@dataclass(frozen=True)
class Act:
    """One thing somebody did: ``who`` is a short name of ``demo.PEOPLE``."""

    who: str
    what: Literal[
        "claim",
        "say",
        "ask",
        "answer",
        "opinion",
        "acknowledge",
        "close",
        "refuse",
        "read",
        "forward",
        "second",
    ]
    text: str = ""
    recommendations: str = ""
    follow_up: str = ""
    pictures: tuple[Picture, ...] = ()


@dataclass(frozen=True)
class DemoCase:
    name: str
    """Names the case's id, so that seeding twice opens it once."""
    opener: str
    pool: str
    care_team: str
    request: Request
    pictures: tuple[Picture, ...]
    acts: tuple[Act, ...] = ()


def _patient(
    birth_name: str, given_names: str, sex: Literal["F", "M"], birth_date: str, local_id: str
) -> Patient:
    return Patient(birth_name, given_names, sex, birth_date, local_id=local_id)


GENTIANES = "EHPAD Les Gentianes"
PORTES = "Cabinets des Portes du Soleil"

CASES = (
    DemoCase(
        "naevus",
        "favre",
        "dermatology",
        PORTES,
        Request(
            _patient("BOUVIER-FICTIF", "Jean-Marc", "M", "1967-03-14", "AB-2041"),
            "Lésion pigmentée du dos, asymétrique, deux couleurs, apparue il y a environ six mois "
            "et qui s’est étendue depuis l’été. Exérèse à programmer ? Dans quel délai ?",
            urgency="priority",
            urgency_reason="Lésion évolutive, agriculteur très exposé au soleil",
            reason="Avis sur lésion pigmentée",
        ),
        (("dos.png", pictures.pigmented_lesion, "Dos, à droite de T8, réglette en cm"),),
        (
            Act("blanc", "claim"),
            Act(
                "blanc", "say", "Merci pour la photo, très nette. A-t-il d’autres naevus suspects ?"
            ),
            Act(
                "favre",
                "say",
                "Non, j’ai regardé tout le tégument : rien d’autre. Pas de ganglion.",
            ),
            Act("favre", "say", "Il peut descendre à Thonon n’importe quel jour de la semaine."),
            Act(
                "blanc",
                "opinion",
                "Lésion mélanocytaire suspecte (asymétrie, bords, deux couleurs, évolution) : "
                "mélanome à éliminer.",
                "Exérèse complète avec marge de 2 mm, en consultation dermatologique, sous dix "
                "jours. Pas de biopsie partielle.",
                "Mon secrétariat appelle le patient demain. Résultat histologique transmis ici.",
            ),
            Act("favre", "acknowledge"),
            Act("favre", "close"),
        ),
    ),
    DemoCase(
        "poignet",
        "mermet",
        "orthopaedics",
        PORTES,
        Request(
            _patient("DELALANDE-FICTIF", "Zoé", "F", "2009-11-02", "MZ-0917"),
            "Chute à snowboard ce matin aux Gets. Poignet droit déformé, pas de trouble "
            "sensitif, pouls présent. Fracture du radius déplacée ? Réduction ici ou transfert ?",
            Consent(by="representative", representative_name="Mme Delalande, sa mère"),
            urgency="urgent",
            urgency_reason="Déformation, patiente de 17 ans, station isolée par la neige",
            reason="Traumatisme du poignet",
        ),
        (("poignet-face.png", pictures.wrist_film, "Poignet droit, face"),),
    ),
    DemoCase(
        "escarre",
        "rey",
        "geriatrics",
        GENTIANES,
        Request(
            _patient("PERRILLAT-FICTIF", "Marguerite", "F", "1934-06-21", "G-112"),
            "Escarre sacrée découverte à la toilette, lit jaunâtre, un point noir en haut à "
            "gauche. Résidente dénutrie (IMC 18). Protocole de pansement et indication de "
            "matelas à air ?",
            Consent(by="representative", how="oral", representative_name="M. Perrillat, son fils"),
            urgency="priority",
            urgency_reason="Aggravation en quatre jours",
        ),
        (("sacrum.png", pictures.pressure_sore, "Sacrum, réglette en cm"),),
        (
            Act("chevallay", "claim"),
            Act(
                "chevallay", "say", "Bonjour Léa, je regarde. Y a-t-il une odeur ou de la fièvre ?"
            ),
            Act("rey", "say", "Pas de fièvre, 36,9. Légère odeur au changement de pansement."),
            Act(
                "vulliez", "say", "Je passe la voir à 17 h. Albumine de la semaine passée : 27 g/L."
            ),
        ),
    ),
    DemoCase(
        "polyarthrite",
        "favre",
        "rheumatology",
        PORTES,
        Request(
            _patient("CRUZ-FICTIF", "Amélie", "F", "1981-01-30", "AB-1178"),
            "Gonflement des 2e et 3e métacarpo-phalangiennes droites depuis sept semaines, "
            "dérouillage matinal d’une heure. CRP 24. Faut-il débuter un traitement avant le "
            "rendez-vous, donné dans quatre mois ?",
            urgency="routine",
        ),
        (("main.png", pictures.swollen_hand, "Main droite, dos"),),
        (
            Act("morel", "claim"),
            Act(
                "morel",
                "ask",
                "Pouvez-vous me donner les anticorps anti-CCP et le facteur rhumatoïde, et me "
                "dire si les pieds sont touchés ?",
            ),
        ),
    ),
    DemoCase(
        "pneumopathie",
        "vulliez",
        "radiology",
        GENTIANES,
        Request(
            _patient("GROSSET-FICTIF", "Armand", "M", "1939-09-08", "G-087"),
            "Toux et désaturation à 91 % depuis hier. Cliché au lit : foyer de la base droite ? "
            "Épanchement associé ?",
            urgency="urgent",
            urgency_reason="Désaturation, résident de 87 ans",
        ),
        (("thorax.png", pictures.chest_film, "Thorax au lit, face"),),
        (
            Act("pinget", "claim"),
            Act(
                "pinget",
                "opinion",
                "Opacité alvéolaire du lobe inférieur droit, compatible avec une pneumopathie. "
                "Pas d’épanchement visible sur ce cliché au lit.",
                "Pas d’autre imagerie en première intention. Échographie pleurale si la fièvre "
                "persiste à 48 h.",
                "Cliché de contrôle à six semaines.",
            ),
        ),
    ),
    DemoCase(
        "eczema",
        "mermet",
        "dermatology",
        PORTES,
        Request(
            _patient("MICHAUD-FICTIF", "Lucas", "M", "2018-04-17", "MZ-1204"),
            "Eczéma des plis des coudes qui résiste à trois semaines de dermocorticoïde modéré. "
            "Enfant de 8 ans, sommeil perturbé. Changer de classe ou chercher un contact ?",
            Consent(by="representative", representative_name="M. Michaud, son père"),
            urgency="routine",
        ),
        (("coude.png", pictures.eczema, "Pli du coude gauche"),),
    ),
    DemoCase(
        "tempe",
        "favre",
        "dermatology",
        PORTES,
        Request(
            _patient("REY-FICTIF", "Germaine", "F", "1944-10-26", "AB-0311"),
            "Tache brune de la tempe, plane, connue depuis dix ans, qui aurait foncé cet été. "
            "Surveillance ou biopsie ?",
            urgency="routine",
        ),
        (("tempe.png", lambda: pictures.pigmented_lesion(131), "Tempe gauche"),),
        (
            Act("blanc", "claim"),
            Act("blanc", "say", "Pourriez-vous la reprendre de plus près, sans flash ?"),
            Act(
                "favre",
                "say",
                "Voici, à la lumière du jour. Elle mesure 9 mm.",
                pictures=(
                    (
                        "tempe-pres.png",
                        lambda: pictures.pigmented_lesion(137),
                        "De plus près, lumière du jour",
                    ),
                ),
            ),
        ),
    ),
    DemoCase(
        "fibrillation",
        "vulliez",
        "geriatrics",
        GENTIANES,
        Request(
            _patient("TISSOT-FICTIF", "Odette", "F", "1936-12-05", "G-054"),
            "Découverte d’un rythme irrégulier à 118/min, bien toléré. Anticoaguler cette "
            "résidente de 89 ans qui a chuté deux fois cet automne ?",
            urgency="priority",
            urgency_reason="Découverte récente, deux chutes",
        ),
        (("ecg.png", pictures.ecg_strip, "DII et V1, 25 mm/s"),),
        (
            Act("chevallay", "claim"),
            Act(
                "chevallay",
                "ask",
                "Créatininémie, poids, et traitements en cours, s’il vous plaît ?",
            ),
            Act(
                "rey",
                "answer",
                "Créatinine 84 µmol/L, 52 kg. Ramipril 2,5 mg, paracétamol. Pas d’antiagrégant.",
            ),
        ),
    ),
    DemoCase(
        "lombalgie",
        "mermet",
        "radiology",
        PORTES,
        Request(
            _patient("ANTHOINE-FICTIF", "Serge", "M", "1974-08-23", "MZ-0430"),
            "Lombalgie commune depuis dix jours, sans signe d’alerte. Le patient demande une IRM : "
            "est-elle utile ?",
            urgency="routine",
        ),
        (),
        (
            Act(
                "pinget",
                "refuse",
                "Pas d’indication d’imagerie avant six semaines sans signe d’alerte (HAS 2019). "
                "Je vous laisse l’expliquer au patient ; reposez la question si un signe apparaît.",
            ),
        ),
    ),
    DemoCase(
        "genou",
        "mermet",
        "orthopaedics",
        PORTES,
        Request(
            _patient("DEPOISIER-FICTIF", "Annie", "F", "1962-09-30", "MZ-0772"),
            "Gonflement du genou droit depuis trois semaines, sans chute. Raideur matinale de plus "
            "d’une heure, deux doigts gonflés aussi. Ponction, imagerie, ou autre avis ?",
            urgency="priority",
            urgency_reason="Marche difficile",
        ),
        (),
        (
            Act("jacquier", "claim"),
            Act(
                "jacquier",
                "say",
                "Ce n’est pas mécanique : la raideur et les doigts font penser à un rhumatisme "
                "inflammatoire. Je passe le dossier aux rhumatologues.",
            ),
            Act("jacquier", "forward", "Rhumatologie"),
            Act("morel", "claim"),
            Act("morel", "second", "Radiologie"),
            Act("morel", "say", "J’ai demandé leur avis aux radiologues sur le bilan à prévoir."),
        ),
    ),
    DemoCase(
        "retour-consultation",
        "favre",
        "dermatology",
        PORTES,
        Request(
            _patient("VUARNET-FICTIF", "Henriette", "F", "1951-02-11", "AB-0623"),
            "Plaques érythémateuses du pli du coude, traitées comme un eczéma. La patiente "
            "jardine beaucoup : dermatose de contact ?",
            urgency="routine",
        ),
        (("plaques.png", lambda: pictures.eczema(97), "Pli du coude droit"),),
        (
            Act("benali", "claim"),
            Act("benali", "say", "Porte-t-elle des gants ? Lesquels ?"),
            Act("favre", "say", "Des gants en latex, neufs depuis avril."),
            Act(
                "benali",
                "opinion",
                "Eczéma de contact probable aux accélérateurs du caoutchouc.",
                "Éviction des gants en latex (vinyle ou nitrile sans accélérateur). Bétaméthasone "
                "une fois par jour dix jours, puis émollient.",
                "Tests épicutanés si récidive après l’éviction.",
            ),
            Act("favre", "acknowledge"),
        ),
    ),
)
