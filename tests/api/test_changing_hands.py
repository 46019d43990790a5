"""Teams change and cases travel, by the Python client against the served application.

Newcomers read the history, whoever leaves keeps keys that open nothing new, a case goes from pool to
pool, a locum's stay ends by itself, and nobody's words are lost when the key changes meanwhile.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from client import CordeeClient, Patient, Request
from client.errors import (
    About,
    CaseNotFound,
    KeyPending,
    MessageBroken,
    PartyKnown,
    Refused,
    TargetRefused,
)
from tests.support.old_keys import KeptKeys, rows_of
from tests.support.serving import ServedApp
from tests.support.town import Town, founded_town

PATIENT = Patient("CHAPPAZ", "Philomène", "F", "1948-05-17")
REQUEST = Request(PATIENT, "Faut-il l’exérèse de cette lésion ?")


@pytest.fixture
def town(
    servers: tuple[ServedApp, ServedApp], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Town]:
    with founded_town(servers, tmp_path, monkeypatch) as town:
        yield town


def texts(person: CordeeClient, case: str) -> list[str]:
    return [message.text for message in person.thread.read(case)]


def readers(person: CordeeClient, case: str) -> set[str]:
    """Who reads the case, in plain words, as this person is shown."""
    return set(person.circle.in_words(person.cases.read(case)))


def test_a_pool_changes_hands(town: Town) -> None:
    """A member leaves while another writes offline, a newcomer reads everything, and what the one
    who left still holds opens none of what came after."""
    favre, blanc, benali = town.favre, town.blanc, town.benali
    case = favre.cases.open_case("dermatology", REQUEST).id
    blanc.steps.claim(case)
    favre.thread.post(case, "Avant le départ")
    assert texts(benali, case) == ["Avant le départ"]
    kept = KeptKeys.of(benali, [case])

    # The administrator governs without being a member: it cannot link the new epoch to the old.
    governing = town.administrator.governing
    after = governing.remove(town.dermatology, benali.account.id)
    assert (after.epoch, benali.account.id in after.members) == (1, False)
    with pytest.raises(CaseNotFound):
        benali.cases.read(case)
    assert blanc.heal().links == 1

    # Dr Favre wrote where there was no network; the same words go out under the new key.
    favre.thread.post(case, "Après le départ", message="5d0c0a53-8f0a-4a8f-9d2f-6ce8d5a2f1aa")
    assert favre.cases.keys_of(case).generation == 1
    blanc.steps.give_opinion(case, "Exérèse", "Dans le mois")

    pinget = town.arrive("pinget", "dermatology")
    governing.add(town.dermatology, pinget.account.id)
    assert pinget.directory.group(town.dermatology, refresh=True).epoch == 1
    assert blanc.heal().grants == 1
    assert texts(pinget, case) == ["Avant le départ", "Après le départ", ""]
    header = pinget.cases.read(case).header
    assert header is not None and header.patient["birth_name"] == "CHAPPAZ"
    [listed] = pinget.cases.in_box("all")
    assert listed.header is not None
    pinget.thread.post(case, "Je remplace le Dr Benali")
    assert texts(favre, case)[-1] == "Je remplace le Dr Benali"

    later = favre.cases.open_case("dermatology", REQUEST).id
    favre.thread.post(later, "Un cas d’après")
    kept.try_all(rows_of(town.servers[0].database_url))
    assert set(kept.groups) == {(town.dermatology, 0)}
    assert set(kept.cases) == {(case, 0)}
    [before, *_] = favre.thread.read(case)
    assert kept.messages == {before.id}, "what was read once, and nothing of what came after"


def test_removed_at_once_and_keys_of_open_cases_change(town: Town) -> None:
    favre, blanc, benali = town.favre, town.blanc, town.benali
    cases = [favre.cases.open_case("dermatology", REQUEST).id for _ in range(3)]
    kept = KeptKeys.of(benali, cases)
    town.administrator.governing.remove(town.dermatology, benali.account.id, now=True)

    healed = blanc.heal()

    assert healed.cases == 3 and not healed.broken
    assert favre.heal().cases == 0, "nothing is left to do"
    for case in cases:
        assert blanc.cases.keys_of(case).generation == 1
        favre.thread.post(case, "Plus tard")
    kept.try_all(rows_of(town.servers[0].database_url))
    assert {generation for _, generation in kept.cases} == {0}
    assert kept.messages == set()


def test_a_case_travels(town: Town) -> None:
    """Forwarded, seconded, shown to the patient's own doctor, and a pool taken off again."""
    favre, blanc, mermet = town.favre, town.blanc, town.mermet
    pinget, dunand = town.arrive("pinget", "dermatology"), town.arrive("dunand", "radiology")
    chu = town.pool("Dermatologie du CHU", "other", "pinget")
    town.pool("Imagerie", "radiology", "dunand")
    case = favre.cases.open_case("Dermatologie", REQUEST, care_team=town.care_team).id
    blanc.steps.claim(case)
    blanc.thread.post(case, "Au-delà de mes moyens")
    with pytest.raises(CaseNotFound):
        pinget.cases.read(case)

    forwarded = blanc.circle.forward(case, "Dermatologie du CHU")
    assert (forwarded.state, forwarded.facts["pool"]["id"]) == ("submitted", chu)
    assert texts(pinget, case) == ["Au-delà de mes moyens"]
    pinget.steps.claim(case)
    assert texts(blanc, case) == ["Au-delà de mes moyens"], "who was asked before goes on reading"

    pinget.circle.second_opinion(case, "Imagerie")
    dunand.steps.give_second_opinion(case, "Pas d’atteinte osseuse")
    with pytest.raises(PartyKnown):
        pinget.circle.second_opinion(case, "Imagerie")
    favre.circle.doctor(case, mermet.account.id)
    assert len(texts(mermet, case)) == 2
    assert readers(favre, case) == {
        "Dr Favre: asked",
        "Cabinet d’Abondance (Dr Favre): asks, as a team",
        "Dermatologie du CHU (Dr Pinget): answers the request",
        "Dermatologie (Dr Blanc, Dr Benali): was asked before",
        "Imagerie (Dr Dunand): gives a second opinion",
        "Dr Mermet: is the patient's own doctor",
    }

    kept = KeptKeys.of(blanc, [case])
    favre.circle.take_off(case, town.dermatology)
    favre.thread.post(case, "Entre nous maintenant")
    with pytest.raises(CaseNotFound):
        blanc.cases.read(case)
    for person in (pinget, dunand, mermet):
        assert texts(person, case)[-1] == "Entre nous maintenant"
    assert not any("Benali" in line for line in readers(favre, case))
    with pytest.raises(TargetRefused):
        favre.circle.take_off(case, chu)
    kept.try_all(rows_of(town.servers[0].database_url))
    assert max(generation for _, generation in kept.cases) == 0
    assert len(kept.messages) == 2

    pinget.steps.give_opinion(case, "Exérèse")
    favre.steps.acknowledge(case)
    told = {row["action"] for row in favre.cases.trace(case)}
    assert {"case:forward", "case:second_opinion", "case:bring_in", "case:take_off"} <= told


def test_a_case_passes_on_with_nobody_online(town: Town) -> None:
    """The overflow pool holds the key since the opening and sees the case when it passes on."""
    favre, blanc = town.favre, town.blanc
    pinget = town.arrive("pinget", "dermatology")
    chu = town.pool("Dermatologie du CHU", "other", "pinget")
    town.administrator.governing.set_overflow(town.dermatology, [chu])
    favre.directory.groups()
    case = favre.cases.open_case("Dermatologie", REQUEST).id
    words = "Dermatologie du CHU (Dr Pinget): takes over if nobody answers in time"
    assert words in readers(favre, case)
    with pytest.raises(CaseNotFound):
        pinget.cases.read(case)

    blanc.circle.overflow(case)

    pinget.steps.claim(case)
    header = pinget.cases.read(case).header
    assert header is not None and header.question == REQUEST.question
    assert pinget.cases.keys_of(case).generation == 0, "nobody had to wrap anything"


def test_a_locum_comes_for_a_while_and_a_doctor_governs(town: Town) -> None:
    """The team's own doctor manages it; the locum's stay ends by itself, by a signature given
    beforehand; and the key changes for the rest."""
    favre, mermet, blanc = town.favre, town.mermet, town.blanc
    began = time.monotonic()
    case = favre.cases.open_case("Dermatologie", REQUEST, care_team=town.care_team).id
    town.administrator.administration.add_manager(town.care_team, favre.account.id)
    with pytest.raises(Refused):
        mermet.governing.add(town.care_team, mermet.account.id)

    # Many times as long as this machine needs for what the locum does meanwhile.
    end = datetime.now(UTC) + timedelta(seconds=max(20.0, 10 * (time.monotonic() - began)))
    favre.governing.add(town.care_team, mermet.account.id, until=end)
    mermet.directory.groups()
    assert texts(mermet, case) == [], "the manager is a member and handed over the key at once"
    mermet.thread.post(case, "Je remplace quelques jours")
    kept = KeptKeys.of(mermet, [case])

    time.sleep(max(0.0, (end - datetime.now(UTC)).total_seconds()) + 0.2)
    with pytest.raises(CaseNotFound):
        mermet.cases.read(case)
    healed = favre.heal()
    assert (healed.departures, healed.broken) == (1, [])
    team = favre.directory.group(town.care_team, refresh=True)
    assert (team.epoch, team.members) == (1, (favre.account.id,))

    blanc.thread.post(case, "Bon retour")
    assert texts(favre, case) == ["Je remplace quelques jours", "Bon retour"]
    kept.try_all(rows_of(town.servers[0].database_url))
    assert max(generation for _, generation in kept.cases) == 0
    assert len(kept.messages) == 1


def test_who_is_online_does_what_is_owed(town: Town) -> None:
    """Nobody asks for it: an open socket is enough to hand over keys, and to forget those of a
    group one is no longer of. A broken seal reports itself."""
    favre, blanc, benali = town.favre, town.blanc, town.benali
    case = favre.cases.open_case("Dermatologie", REQUEST).id
    pinget = town.arrive("pinget", "dermatology")
    assert texts(benali, case) == []
    blanc.live.connect()
    benali.live.connect()

    town.administrator.governing.add(town.dermatology, pinget.account.id)
    assert soon(lambda: reads(pinget, case)), "Dr Blanc or Dr Benali was online"

    town.administrator.governing.remove(town.dermatology, benali.account.id)
    assert soon(lambda: not benali.secrets.held(town.dermatology)), "told to forget"
    assert not reads(benali, case)
    favre.thread.post(case, "Suite")
    assert soon(lambda: texts(pinget, case) == ["Suite"])

    broken = MessageBroken("by hand", About("message", case, case, "1"))
    favre.reports.file(broken)
    [report] = town.administrator.transport.get("/seal-reports")["items"]
    assert (report["verdict"], report["by"]["name"]) == ("message_broken", "Dr Favre")


def reads(person: CordeeClient, case: str) -> bool:
    try:
        return bool(person.cases.read(case))
    except (CaseNotFound, KeyPending):
        return False


def soon(fact: Callable[[], bool], within: float = 60.0) -> bool:
    """Whether something comes true while the clients talk among themselves."""
    end = time.monotonic() + within
    while time.monotonic() < end:
        if fact():
            return True
        time.sleep(0.3)
    return fact()
