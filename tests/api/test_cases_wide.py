"""A key for many: as many as a hundred hold a case, and the server asks no more for it."""

from __future__ import annotations

from uuid import uuid4

from client.crypto import kem_public, random_key
from messaging.schemas import MAX_RECIPIENTS
from protocol.contexts import account_recipient
from tests.api.test_cases_inbox import questions
from tests.factories.circles import TravellingCase, WideCircle
from tests.support.statements import statements_sent

FOUNDERS = 2
"""Who opens and the pool."""


def test_a_hundred_recipients_cost_no_more_queries_than_two(wide_circle: WideCircle) -> None:
    few = TravellingCase(wide_circle.net, wide_circle.favre, wide_circle.pool)
    with statements_sent() as sent_for_two:
        assert few.opened_by(wide_circle.favre).status_code == 201

    archives = [kem_public(random_key()) for _ in range(100 - FOUNDERS)]
    wide_circle.network.name_custodians(*archives)
    many = TravellingCase(wide_circle.net, wide_circle.favre, wide_circle.pool, archives=archives)
    with statements_sent() as sent_for_many:
        assert many.opened_by(wide_circle.favre).status_code == 201
    assert len(questions(sent_for_many)) <= len(questions(sent_for_two))
    assert many.rotate(wide_circle.favre, many.circle()).status_code == 200
    shown = wide_circle.blanc.get(f"/cases/{many.id}").json
    assert len(shown["circle"]) == 100 and len(shown["grants"]) == 2


def test_more_than_can_be_kept_are_refused_by_name(wide_circle: WideCircle) -> None:
    case = wide_circle.travelling()
    rotation, _ = case.rotation(wide_circle.favre, case.circle())
    opening = TravellingCase(wide_circle.net, wide_circle.favre, wide_circle.pool)
    one = next(iter(opening.body()["grants"].values()))
    crowd = {account_recipient(str(uuid4()), 0): one for _ in range(MAX_RECIPIENTS + 1)}
    for refused in (
        wide_circle.favre.put(f"/cases/{opening.id}", opening.body(grants=crowd)),
        wide_circle.favre.post(f"/cases/{case.id}/events", {**rotation, "grants": crowd}),
    ):
        assert (refused.status_code, refused.json["code"]) == (422, "too_many_recipients")
        assert refused.json["limit"] == MAX_RECIPIENTS


def test_a_circle_leaves_room_for_its_custodians(wide_circle: WideCircle) -> None:
    """Nobody comes in whom the next rotation could not name."""
    archives = [kem_public(random_key()) for _ in range(MAX_RECIPIENTS - FOUNDERS)]
    wide_circle.network.name_custodians(*archives)
    case = TravellingCase(wide_circle.net, wide_circle.favre, wide_circle.pool, archives=archives)
    assert case.opened_by(wide_circle.favre).status_code == 201
    full = case.let_in(wide_circle.favre, "second_opinion", wide_circle.second)
    assert (full.status_code, full.json["reason"]) == (422, "CircleFull")
