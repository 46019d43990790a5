"""The trace: everything leaves a row, rows cannot change, and a changed one is named."""

from __future__ import annotations

import csv
import io
import sqlite3
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import text
from sqlalchemy.exc import DatabaseError

from app import background
from app import clock as app_clock
from app.config import Config
from app.db import database
from app.transactions import after_rollback, transaction
from tests.conftest import MovedClock
from tests.factories.people import FoundedNetwork, b64
from trace import Action, record, record_refusal
from trace.chain import Verdict, verify_chain
from trace.recording import DetailUndeclared


def rows(store: str = "trace", **where: str) -> list[Any]:
    with database().engine.connect() as connection:
        found = connection.execute(text(f"SELECT * FROM {store} ORDER BY id")).all()
    return [row for row in found if all(getattr(row, k) == v for k, v in where.items())]


def sequence() -> None:
    background.run_once("trace-sequencer")


def verify(noted: tuple[int, bytes] | None = None) -> Verdict:
    with transaction(read_only=True) as running:
        return verify_chain(running, now=app_clock.now(), noted=noted)


def tamper(*statements: str) -> None:
    """What somebody does who owns the database: switch the guard off, change, switch it on."""
    if database().sqlite:
        with sqlite3.connect(str(database().engine.url.database)) as connection:
            guards = connection.execute(
                "SELECT name, sql FROM sqlite_master WHERE type = 'trigger'"
            ).fetchall()
            for name, _ in guards:
                connection.execute(f"DROP TRIGGER {name}")
            for statement in statements:
                connection.execute(statement)
            for _, sql in guards:
                connection.execute(sql)
        connection.close()
        return
    with database().engine.begin() as owner:
        owner.execute(text("ALTER TABLE trace_place DROP CONSTRAINT fk_trace_place_trace_id_trace"))
        for table in ("trace", "trace_place"):
            owner.execute(text(f"ALTER TABLE {table} DISABLE TRIGGER USER"))
        for statement in statements:
            owner.execute(text(statement))


@pytest.fixture
def chained(app: Flask) -> None:
    """Ten rows in their places."""
    with transaction():
        for number in range(10):
            record(None, Action.CASE_LIST, ("case", str(number)), detail={"count": number})
    sequence()


@pytest.mark.parametrize("table", ["trace", "trace_place"])
@pytest.mark.parametrize("verb", ["UPDATE", "DELETE"])
def test_the_database_itself_refuses_to_change_the_trace(
    chained: None, table: str, verb: str
) -> None:
    column = "result" if table == "trace" else "hash"
    change = (
        f"UPDATE {table} SET {column} = {column}" if verb == "UPDATE" else f"DELETE FROM {table}"
    )
    with pytest.raises(DatabaseError, match="append-only"), database().engine.begin() as connection:
        connection.execute(text(change))
    assert len(rows()) == 10


def test_an_untouched_trace_is_sound(chained: None) -> None:
    verdict = verify()
    assert verdict.sound
    assert (verdict.rows, verdict.last_place) == (10, 10)
    assert verify(noted=(10, verdict.head)).sound


def test_rows_are_placed_in_order_and_once(chained: None) -> None:
    sequence()
    with transaction():
        record(None, Action.CASE_LIST, ("case", "again"))
    sequence()
    assert verify().last_place == 11


def test_a_changed_row_is_named(chained: None) -> None:
    tamper("UPDATE trace SET action = 'case:read' WHERE id = 4")
    faults = verify().faults
    assert [(fault.kind, fault.trace_id) for fault in faults] == [("changed", 4)]
    assert "row 4 (place 4) was changed" in faults[0].words


@pytest.mark.parametrize("column", ["at", "actor_id", "address", "detail", "subject_id", "result"])
def test_every_column_counts(chained: None, column: str) -> None:
    value = {
        "at": "'2020-01-01 00:00:00+00:00'",
        "actor_id": "'11111111111141118111111111111111'",
    }.get(column, "'other'")
    tamper(f"UPDATE trace SET {column} = {value} WHERE id = 7")
    assert [fault.trace_id for fault in verify().faults] == [7]


def test_a_missing_row_is_named(chained: None) -> None:
    tamper("DELETE FROM trace WHERE id = 5")
    faults = verify().faults
    assert [(fault.kind, fault.trace_id) for fault in faults] == [("missing", 5)]


def test_a_row_removed_with_its_place_leaves_a_gap(chained: None) -> None:
    tamper("DELETE FROM trace_place WHERE place = 5", "DELETE FROM trace WHERE id = 5")
    assert ("missing", 5) in [(fault.kind, fault.place) for fault in verify().faults]


def test_swapped_rows_are_called_reordered(chained: None) -> None:
    tamper(
        "UPDATE trace_place SET trace_id = -1 WHERE place = 3",
        "UPDATE trace_place SET trace_id = 3 WHERE place = 8",
        "UPDATE trace_place SET trace_id = 8 WHERE place = 3",
    )
    found = {(fault.kind, fault.place) for fault in verify().faults}
    assert found == {("reordered", 3), ("reordered", 8)}


def test_a_cut_tail_shows_against_a_noted_head(chained: None) -> None:
    noted = verify()
    tamper("DELETE FROM trace_place WHERE place = 10", "DELETE FROM trace WHERE id = 10")
    faults = verify(noted=(noted.last_place, noted.head)).faults
    assert "cut" in {fault.kind for fault in faults}
    assert bool(verify().faults) == database().sqlite


def test_a_lost_place_shows_after_a_minute(chained: None, clock: Any) -> None:
    tamper("DELETE FROM trace_place WHERE place = 10")
    assert verify().sound
    clock.advance(minutes=2)
    assert [(fault.kind, fault.trace_id) for fault in verify().faults] == [("unplaced", 10)]


def test_what_a_refusal_leaves_outlives_its_rollback(app: Flask) -> None:
    left: list[str] = []
    with pytest.raises(RuntimeError, match="refused"), transaction():
        record(None, Action.CASE_READ, ("case", "one"))
        record_refusal(None, Action.CASE_DENY, ("case", "one"))
        after_rollback(lambda: left.append("told"))
        raise RuntimeError("refused")
    assert [(row.action, row.result) for row in rows()] == [("case:deny", "denied")]
    assert left == ["told"]


def test_undeclared_details_never_reach_a_row(app: Flask) -> None:
    for detail in ({"text": "Mélanome"}, {"reason": "x" * 65}, {"reason": ["list"]}):
        with pytest.raises(DetailUndeclared), transaction():
            record(None, Action.CASE_READ, ("case", "one"), detail=detail)
    assert rows() == []


def test_people_leave_their_traces(network: FoundedNetwork) -> None:
    favre = network.favre()
    favre.sign_in(auth=b64(bytes(32)), totp_code="000000")
    favre.get("/trace")
    favre.delete("/session")
    acts = {row.action for row in rows()}
    assert {"network:install", "invitation:make", "account:sign_up", "network:policy"} <= acts
    assert "account:certify" in acts
    security = {row.action for row in rows("security_event")}
    assert security == {"account:sign_in_failure", "account:deny", "account:sign_out"}
    assert not acts & security
    failure = rows("security_event", action="account:sign_in_failure")[0]
    assert (failure.result, failure.address, failure.subject_id) == (
        "refused",
        "127.0.0.1",
        favre.id,
    )
    denied = rows("security_event", action="account:deny")[0]
    assert "auth.get_trace" in denied.detail


def test_the_two_stores_are_read_apart(network: FoundedNetwork) -> None:
    favre, admin = network.favre(), network.administrator
    favre.delete("/session")
    security = admin.get("/trace", store="security").json["items"]
    assert [(item["action"], item["actor"]["id"]) for item in security] == [
        ("account:sign_out", favre.id)
    ]
    assert (security[0]["place"], security[0]["hash"]) == (None, None)
    assert admin.get("/trace", store="security", action="account:sign_up").json["items"] == []
    assert admin.get("/trace", action="account:sign_out").json["items"] == []
    assert "account:sign_out" in admin.get("/trace.csv", store="security").get_data(as_text=True)
    assert admin.get("/trace", store="other").json["code"] == "validation_failed"


def test_security_events_go_after_a_year_and_acts_stay(
    network: FoundedNetwork, clock: MovedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("trace.keeping.BATCH", 2)
    person = network.favre()
    for _ in range(5):
        person.sign_in(auth=b64(bytes(32)), totp_code="000000")
    acts = len(rows())
    clock.advance(days=364)
    person.sign_in(auth=b64(bytes(32)), totp_code="000000")
    background.run_once("security-purge")
    assert len(rows("security_event")) == 6
    clock.advance(days=2)
    assert background.run_once("security-purge") == 5
    assert len(rows("security_event")) == 1
    assert len(rows()) == acts


def test_administrators_filter_the_trace(network: FoundedNetwork) -> None:
    favre = network.favre()
    admin = network.administrator
    sequence()
    everything = admin.get("/trace").json
    assert everything["items"][0]["action"] == "trace:read"
    assert everything["items"][0]["actor"]["name"] == "Anne Berthet"
    assert everything["items"][1]["place"] is not None
    assert len(everything["items"][1]["session"] or "12345678") == 8
    mine = admin.get("/trace", person=favre.id).json["items"]
    assert {item["actor"]["id"] for item in mine} == {favre.id}
    signed_up = admin.get("/trace", action="account:sign_up").json["items"]
    assert len(signed_up) == 2
    accounts = admin.get("/trace", action="account:").json["items"]
    assert {item["action"].split(":")[0] for item in accounts} == {"account"}
    assert admin.get("/trace", to="2020-01-01").json["items"] == []
    assert admin.get("/trace", **{"from": "2020-01-01"}).json["items"]
    assert admin.get("/trace", **{"from": "soon"}).json["code"] == "validation_failed"
    first = admin.get("/trace", limit=2).json
    second = admin.get("/trace", limit=2, cursor=first["next"]).json
    ids = [item["id"] for item in first["items"] + second["items"]]
    assert ids == sorted(ids, reverse=True)
    assert len(set(ids)) == 4
    assert favre.get("/trace").json["code"] == "not_permitted"
    assert favre.get("/trace.csv").json["code"] == "not_permitted"


def test_the_export_is_a_table_no_spreadsheet_executes(network: FoundedNetwork) -> None:
    evil = network.member("mallory@reseau.test", '=HYPERLINK("http://evil.test")')
    evil.get("/accounts")
    answer = network.administrator.get("/trace.csv")
    assert answer.mimetype == "text/csv"
    assert "attachment" in answer.headers["Content-Disposition"]
    table = list(csv.DictReader(io.StringIO(answer.get_data(as_text=True).lstrip("\ufeff"))))
    names = {line["person"] for line in table}
    assert '\'=HYPERLINK("http://evil.test")' in names
    assert not any(
        cell.startswith(("=", "+", "-", "@")) for line in table for cell in line.values()
    )
    assert table[-1]["action"] == "trace:export"


def test_reading_needs_no_rest_of_the_old_configuration(config: Config) -> None:
    """A second application in one process starts clean."""
    from app.factory import create_app

    create_app(config)
    create_app(config)
    assert rows() == []
