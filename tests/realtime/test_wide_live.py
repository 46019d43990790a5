"""A case of a hundred recipients over real sockets: opened at one server, read at another."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from client.crypto import group_kem_seed, kem_public, random_key, unwrap
from protocol.contexts import case_context
from protocol.encoding import unb64
from tests.factories.care import CareCircle
from tests.factories.circles import TravellingCase
from tests.factories.people import Person
from tests.support.live import Device

Connect = Callable[[Person], Device]


def test_one_of_a_hundred_recipients_hears_of_the_case_and_reads_it(
    care_circle: CareCircle, connect: Connect
) -> None:
    circle, pool = care_circle, care_circle.pool
    archives = [kem_public(random_key()) for _ in range(100 - 2)]
    circle.network.name_custodians(*archives)
    inbox = connect(circle.blanc)
    case = TravellingCase(circle.net, circle.favre, pool, archives=archives)
    assert case.opened_by(circle.favre).status_code == 201
    assert inbox.wait_for("case:changed")["case"] == case.id

    shown: Any = circle.blanc.get(f"/cases/{case.id}").json
    assert len(shown["circle"]) == 100
    [grant] = shown["grants"]
    assert grant["recipient"] == pool.recipient
    context = case_context(circle.net, case.id, 0, pool.recipient)
    seed = group_kem_seed(pool.reached_by(circle.blanc)[0])
    assert unwrap(seed, context, unb64(grant["wrapped"])) == case.key
    assert inbox.call("case:join", case=case.id)["code"] == "ok"
    assert case.post(circle.favre, "Bonjour à tous").status_code == 201
    posted = inbox.wait_for("message:posted", lambda one: one["case"] == case.id)
    assert case.text_of(posted) == "Bonjour à tous"
