"""The whole story by the Python client against the served application.

Invitation, sign-up, certification, pools, a case with a photograph, claim, chat, opinion,
acknowledgement, closure, trace; and no word or pixel of it in what the server keeps.
"""

from __future__ import annotations

import io
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image
from sqlalchemy import MetaData, select

from app.db import make_engine
from client import CordeeClient, Message, Patient, PlainFile, Request
from client.demo_pictures import pigmented_lesion
from client.errors import AlreadyClaimed, CaseNotFound, StepNotAllowed
from tests.support.serving import ServedApp
from tests.support.town import Town, founded_town

PATIENT = Patient("CHAPPAZ-SECRET", "Philomène", "F", "1948-05-17", local_id="DOSSIER-4471")
QUESTION = "Lésion pigmentée évolutive de l’épaule, faut-il l’exérèse ?"
CHAT = "Elle saigne au contact depuis mardi"
CONCLUSION = "Mélanome à éliminer sans attendre"
CAPTION = "Épaule gauche de face"
SECRETS = (
    "CHAPPAZ-SECRET", "Philomène", "Philom\\u00e8ne", "DOSSIER-4471", "sion pigment",
    "saigne au contact", "liminer sans attendre", "paule gauche",
)  # fmt: skip
"""Words whose accents JSON may spell out are cut there. Each holds something that base64 does not,
or is too long to stand in noise by chance."""


@pytest.fixture
def town(
    servers: tuple[ServedApp, ServedApp], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Town]:
    with founded_town(servers, tmp_path, monkeypatch) as town:
        yield town


def photograph() -> PlainFile:
    """A lesion as a telephone would have taken it: sideways, with a place and a device."""
    picture = Image.open(io.BytesIO(pigmented_lesion()))
    exif = Image.Exif()
    exif[0x0112] = 6
    exif[0x010F] = "Téléphone de Philomène"
    exif.get_ifd(0x8825)[2] = (46.0, 16.0, 44.0)
    target = io.BytesIO()
    picture.save(target, "JPEG", exif=exif, quality=90)
    return PlainFile("IMG_4471.jpg", data=target.getvalue())


def test_a_case_from_the_photograph_to_the_closed_file(town: Town, tmp_path: Path) -> None:
    favre, blanc, benali = town.favre, town.blanc, town.benali
    photo = photograph()
    request = Request(PATIENT, QUESTION, urgency="priority", urgency_reason="Saigne")

    opened = favre.cases.open_case(
        "dermatology", request, files=[photo], captions=[CAPTION], case=None
    )

    assert opened.state == "submitted"
    [seen] = blanc.cases.in_box("unclaimed")
    assert seen.header is not None and seen.header.patient["birth_name"] == "CHAPPAZ-SECRET"
    case = blanc.cases.read(seen.id)
    assert case.header is not None and case.header.question == QUESTION
    [manifest] = case.header.attachments
    assert manifest.caption == CAPTION and manifest.preview is not None
    for shown, longest in ((manifest, 1600), (manifest.preview, 320)):
        plain = io.BytesIO()
        blanc.attachments.download(case.id, shown, plain)
        picture = Image.open(plain)
        assert max(picture.size) <= longest and picture.height > picture.width
        assert not picture.getexif() and b"Philom" not in plain.getvalue()

    blanc.steps.claim(case.id)
    with pytest.raises(AlreadyClaimed) as lost:
        benali.steps.claim(case.id)
    assert lost.value.expert["name"] == "Dr Blanc"
    with pytest.raises(CaseNotFound):
        town.mermet.cases.read(case.id)

    chat(favre, blanc, case.id)

    blanc.steps.request_information(case.id, "Quelle taille, et depuis quand ?")
    assert favre.cases.read(case.id).state == "information_requested"
    favre.steps.answer_information(case.id, "Neuf millimètres, depuis juin.")
    with pytest.raises(StepNotAllowed):
        favre.steps.close(case.id)
    blanc.steps.give_opinion(case.id, CONCLUSION, "Exérèse complète", "Contrôle à dix jours")
    blanc.steps.amend_opinion(case.id, CONCLUSION, "Exérèse complète, marge 2 mm")
    favre.steps.acknowledge(case.id)
    favre.steps.close(case.id)

    thread = favre.thread.read(case.id)
    opinions = [message for message in thread if message.kind == "opinion"]
    assert [message.body["version"] for message in opinions] == [1, 2]
    assert opinions[1].body["amends"] == opinions[0].id
    assert {message.author.name for message in opinions} == {"Dr Blanc"}
    favre.cases.mark_read(case.id, thread[-1].sequence)
    assert blanc.cases.read(case.id).facts["read"][favre.account.id] == thread[-1].sequence
    assert blanc.cases.counts()["done"] == 1

    told = {row["action"] for row in favre.cases.trace(case.id)}
    assert {"case:open", "case:read", "case:claim", "case:close", "message:post"} <= told
    assert {"attachment:upload", "attachment:download", "case:give_opinion"} <= told
    assert "rows; head" in town.servers[0].command("trace", "verify")
    assert_nothing_in_clear(town, photo)


def chat(favre: CordeeClient, blanc: CordeeClient, case: str) -> None:
    """Both look at the case; each hears the other within a second, in order, once."""
    heard: list[Message] = []
    told = threading.Condition()

    def hear(message: Message) -> None:
        with told:
            heard.append(message)
            told.notify_all()

    blanc.live.follow(case, hear)
    favre.live.follow(case, lambda message: None)
    first = favre.live.post(case, CHAT)
    favre.thread.post(case, "Voici la photo de près", files=[photograph()], reply_to=None)
    favre.live.post(case, "Elle prend un anticoagulant")
    with told:
        assert told.wait_for(lambda: len(heard) >= 3, timeout=60)
    assert [message.sequence for message in heard] == [first, first + 1, first + 2]
    assert heard[0].text == CHAT and heard[0].author.id == favre.account.id
    assert heard[1].attachments[0].name == "IMG_4471.jpg"
    blanc.live.close()
    favre.live.close()


def test_a_member_who_comes_later_gets_the_key_from_a_colleague(town: Town) -> None:
    favre, mermet = town.favre, town.mermet
    case = favre.cases.open_case("Dermatologie", Request(PATIENT, QUESTION))
    with pytest.raises(CaseNotFound):
        mermet.cases.read(case.id)

    town.administrator.administration.add_member(town.care_team, mermet.account.id)
    assert favre.heal().grants == 1
    assert favre.heal().done == 0

    mermet.directory.groups(refresh=True)
    read = mermet.cases.read(case.id)
    assert read.header is not None and read.header.question == QUESTION


def assert_nothing_in_clear(town: Town, photo: PlainFile) -> None:
    """Search database rows, database files, blobs and logs for words and bytes of the story."""
    pixels = (photo.data or b"")[3000:3032]
    needles = [word.encode() for word in SECRETS] + [pixels]
    haystacks: dict[str, bytes] = {}
    for server in town.servers:
        for path in server.folder.parent.rglob("*"):
            if path.is_file() and path.name != "root.key":
                haystacks[str(path)] = path.read_bytes()
    engine = make_engine(town.servers[0].database_url)
    tables = MetaData()
    tables.reflect(engine)
    with engine.connect() as connection:
        for table in tables.sorted_tables:
            for row in connection.execute(select(table)):
                for value in row:
                    text = value if isinstance(value, bytes) else str(value).encode()
                    haystacks[f"{table.name} row"] = haystacks.get(f"{table.name} row", b"") + text
    engine.dispose()
    assert any(name.startswith("message") for name in haystacks)
    for name, content in haystacks.items():
        for needle in needles:
            assert needle not in content, f"{needle!r} stands in {name}"
