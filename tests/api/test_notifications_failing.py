"""What cannot be delivered is tried again, then shown to the administrator; nothing is lost."""

from __future__ import annotations

from uuid import UUID, uuid4

import pytest

from app.db import session
from app.transactions import transaction
from notifications.models import Delivery
from notifications.service.dispatching import MAX_ATTEMPTS, Dispatcher
from tests.conftest import MovedClock
from tests.factories.care import CareCircle
from tests.factories.people import FoundedNetwork, Person
from tests.support.push import PushService
from tests.support.smtp import MailServer
from tests.support.telling import config, mails, pushes, tell

__all__ = ["config", "mails", "pushes"]


@pytest.fixture
def favre(network: FoundedNetwork, mails: MailServer) -> Person:
    """Dr Favre, told everything so far."""
    person = network.favre()
    tell()
    mails.take()
    return person


@pytest.fixture
def device(favre: Person, pushes: PushService) -> PushService:
    answer = favre.post("/account/push-subscriptions", pushes.browser().subscription)
    assert answer.status_code == 204
    return pushes


def latest() -> Delivery:
    with transaction(read_only=True):
        return session().query(Delivery).order_by(Delivery.created_at.desc()).first()  # type: ignore[return-value]


def test_a_busy_mail_server_is_asked_again_later(
    network: FoundedNetwork, mails: MailServer, clock: MovedClock
) -> None:
    tell()
    mails.take()
    mails.refusals += ["451 later", "451 later"]
    network.invite("nouvelle@thonon.test")
    assert tell() == 1
    assert mails.take() == []
    assert latest().fault == "smtp_451"
    assert tell() == 0, "not at once"
    clock.advance(seconds=16)
    assert tell() == 1
    clock.advance(seconds=16)
    tell()
    clock.advance(seconds=15)
    tell()
    assert [str(letter["To"]) for letter in mails.take()] == ["nouvelle@thonon.test"]
    assert (latest().state, latest().fault, latest().closed) == ("sent", None, None)


def test_a_mail_server_that_is_down_is_waited_for(
    network: FoundedNetwork, mails: MailServer, clock: MovedClock
) -> None:
    tell()
    mails.stop()
    network.invite("nouvelle@thonon.test")
    for attempt in range(1, MAX_ATTEMPTS):
        assert tell() == 1
        assert latest().state == "waiting"
        assert latest().attempts == attempt
        clock.advance(hours=1)
    assert tell() == 1
    assert (latest().state, latest().fault) == ("dead", "smtp_unreachable")


def test_the_dead_are_seen_and_raised_by_the_administrator(
    network: FoundedNetwork, favre: Person, mails: MailServer
) -> None:
    mails.refusals.append("550 no such person")
    network.invite("partie@thonon.test")
    tell()
    listed = network.administrator.get("/notifications/dead")
    assert listed.status_code == 200
    (dead,) = listed.json["items"]
    assert (dead["channel"], dead["kind"], dead["fault"]) == ("mail", "invitation", "smtp_550")
    assert "partie" not in listed.text
    path = f"/notifications/dead/{dead['id']}/retry"
    assert favre.get("/notifications/dead").status_code == 403
    assert favre.post(path).status_code == 403
    assert network.administrator.post(path).status_code == 204
    tell()
    assert [str(letter["To"]) for letter in mails.take()] == ["partie@thonon.test"]
    assert network.administrator.get("/notifications/dead").json["items"] == []
    again = network.administrator.post(path)
    assert (again.status_code, again.json["code"]) == (404, "delivery_not_found")
    assert network.administrator.post(f"/notifications/dead/{uuid4()}/retry").status_code == 404


def test_the_dead_come_page_by_page(network: FoundedNetwork, mails: MailServer) -> None:
    tell()
    mails.refusals += ["550 no"] * 5
    for number in range(5):
        network.invite(f"partie{number}@thonon.test")
    tell()
    first = network.administrator.get("/notifications/dead", limit=3).json
    assert len(first["items"]) == 3
    rest = network.administrator.get("/notifications/dead", cursor=first["next"]).json
    assert len(rest["items"]) == 2
    assert rest["next"] is None
    assert not {each["id"] for each in first["items"]} & {each["id"] for each in rest["items"]}


def test_a_push_service_says_when_to_come_back(
    favre: Person, device: PushService, clock: MovedClock
) -> None:
    device.statuses.append((429, {"Retry-After": "120"}))
    favre.post("/account/push-test")
    assert tell() == 1
    clock.advance(seconds=90)
    assert tell() == 0
    clock.advance(seconds=31)
    assert tell() == 1
    assert latest().state == "sent"


@pytest.mark.parametrize(
    ("status", "state", "fault"),
    [
        (201, "sent", None),
        (404, "gone", None),
        (410, "gone", None),
        (400, "dead", "http_400"),
        (403, "dead", "http_403"),
        (413, "dead", "http_413"),
        (500, "waiting", "http_500"),
        (503, "waiting", "http_503"),
        (307, "dead", "http_307"),
    ],
)
def test_each_answer_of_a_push_service_has_its_consequence(
    favre: Person, device: PushService, status: int, state: str, fault: str | None
) -> None:
    device.statuses.append((status, {"Location": f"{device.url}/elsewhere"}))
    favre.post("/account/push-test")
    tell()
    assert device.calls == 1, "redirects are not followed"
    assert (latest().state, latest().fault) == (state, fault)


def test_a_recovery_code_is_not_sent_after_its_time(
    network: FoundedNetwork, favre: Person, mails: MailServer, clock: MovedClock
) -> None:
    from tests.factories.people import b64

    mails.refusals.append("451 later")
    favre.post("/recovery/opening", {"mail": favre.mail, "recovery_auth": b64(favre.recovery_auth)})
    tell()
    clock.advance(minutes=16)
    tell()
    assert mails.take() == []
    assert (latest().state, latest().fault) == ("dead", "expired")


def test_two_dispatchers_share_the_work(
    care_circle: CareCircle, mails: MailServer, clock: MovedClock
) -> None:
    tell()
    mails.take()
    care_circle.open_case()
    from app import background
    from notifications.service.expanding import expand

    expand()
    one = background._clocks["notifications"].job.__self__  # type: ignore[attr-defined]
    assert isinstance(one, Dispatcher)
    other = Dispatcher(one.app, one.config)
    mine = {errand.delivery_id for errand in one.claim()}
    theirs = {errand.delivery_id for errand in other.claim()}
    assert len(mine) == 2
    assert theirs == set()
    # The first dies here: after a while its claims are anybody's.
    clock.advance(minutes=4)
    assert {errand.delivery_id for errand in other.claim()} == mine


def test_secrets_lie_closed_until_they_are_sent(network: FoundedNetwork, mails: MailServer) -> None:
    link = network.invite("nouvelle@thonon.test")
    token = link.split("#token=")[1].split("&")[0].encode()
    with transaction(read_only=True):
        rows = session().query(Delivery).filter_by(kind="invitation", state="waiting").all()
    assert rows
    for row in rows:
        assert row.closed is not None
        assert token not in row.closed
        assert b"thonon" not in row.closed
        assert UUID(str(row.id))
    tell()
    with transaction(read_only=True):
        assert session().query(Delivery).filter(Delivery.closed.is_not(None)).count() == 0
