"""The key log as the server keeps it: what is stored is logged, what is logged is provable."""

from __future__ import annotations

from pathlib import Path
from uuid import UUID, uuid4

import httpx
import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.exc import DatabaseError

from app import background
from app.db import database, session
from app.transactions import transaction
from client import CordeeClient
from client.crypto import sign_statement, signing_key, statement_hash
from client.errors import NotInLog, Refused, StatementWithheld
from client.key_log import KeyLog
from client.network import Network
from client.transport import Transport
from client.witness import Memory, Witness, WitnessKey
from protocol.encoding import b64, unb64
from protocol.log import leaf_hash, verify_consistency, verify_inclusion
from protocol.merkle import LEAF_SIZE, log_leaf
from protocol.note import key_log_origin, read_note, trace_origin, verify_checkpoint
from tests.conftest import MovedClock
from tests.factories.care import CareCircle
from tests.factories.people import FoundedNetwork
from trace import keylog, signing
from trace.keylog import append_leaf

API = "/api/v1"


@pytest.fixture
def logged(network: FoundedNetwork) -> FoundedNetwork:
    """The network, whose policy now names the server's log."""
    name_log(network)
    return network


def name_log(network: FoundedNetwork, **changes: object) -> None:
    entry = {
        "account": network.administrator.id,
        "sign_key": b64(
            signing_key(network.administrator.sign_seed).public_key().public_bytes_raw()
        ),
    }
    said = {"log_key": b64(signing.public_key()), **changes}
    policy = network.policy([entry], **said)
    answer = network.app.test_client().put(f"{API}/network/policy", json={"statement": policy})
    assert answer.status_code == 200, answer.text
    network.policies.append(policy)


def reader(network: FoundedNetwork) -> tuple[KeyLog, Network]:
    transport = Transport("http://localhost", httpx.WSGITransport(app=network.app))
    facts = Network(transport)
    facts.pin(network.root)
    return KeyLog(transport, facts, sleep=lambda _: None), facts


def checkpoint(client: FlaskClient, network: FoundedNetwork, **query: str) -> tuple[int, bytes]:
    answer = client.get(f"{API}/log/checkpoint", query_string=query)
    assert (answer.status_code, answer.mimetype) == (200, "text/plain")
    origin = (trace_origin if query.get("tree") == "trace" else key_log_origin)(network.net)
    point = verify_checkpoint(read_note(answer.text), origin, signing.public_key())
    return point.size, point.root


def test_every_statement_is_a_leaf(client: FlaskClient, logged: FoundedNetwork) -> None:
    person = CareCircle(logged).favre
    size, _ = checkpoint(client, logged)
    leaves = client.get(f"{API}/log/leaves", query_string={"start": 0, "end": size}).data
    assert len(leaves) == size * LEAF_SIZE
    found = {leaves[at : at + LEAF_SIZE] for at in range(0, len(leaves), LEAF_SIZE)}
    for policy in logged.policies:
        assert (
            log_leaf(3, logged.net, logged.policies.index(policy), statement_hash(policy)) in found
        )
    assert log_leaf(1, person.id, 0, statement_hash(person.statement())) in found
    with database().engine.connect() as connection:
        counted = connection.execute(
            sa.text(
                "SELECT (SELECT count(*) FROM account_statement) + (SELECT count(*) FROM "
                "group_statement) + (SELECT count(*) FROM policy_statement)"
            )
        ).scalar()
    assert counted == size


def test_a_statement_that_is_refused_leaves_no_leaf(
    client: FlaskClient, logged: FoundedNetwork
) -> None:
    before = checkpoint(client, logged)
    forged = sign_statement("cordee1.policy", {"v": 1}, bytes(32))
    answer = client.put(f"{API}/network/policy", json={"statement": forged})
    assert answer.status_code == 422
    assert checkpoint(client, logged) == before


def test_proofs_by_http(client: FlaskClient, logged: FoundedNetwork) -> None:
    old, old_root = checkpoint(client, logged)
    person = logged.favre()
    size, root = checkpoint(client, logged)
    assert size == old + 1
    answer = client.get(f"{API}/log/consistency", query_string={"from": old, "to": size})
    verify_consistency(old, old_root, size, root, [unb64(one) for one in answer.json["proof"]])
    answer = client.get(f"{API}/log/inclusion", query_string={"index": old, "size": size})
    leaf = leaf_hash(log_leaf(1, person.id, 0, statement_hash(person.statement())))
    verify_inclusion(leaf, old, size, [unb64(one) for one in answer.json["proof"]], root)


@pytest.mark.parametrize(
    ("path", "query", "status"),
    [
        ("consistency", {"from": 2, "to": 1}, 404),
        ("consistency", {"from": 0, "to": 10_000}, 404),
        ("consistency", {"from": -1, "to": 1}, 422),
        ("inclusion", {"index": 1, "size": 1}, 404),
        ("inclusion", {"index": 0, "size": 10_000}, 404),
        ("inclusion", {"tree": "other", "index": 0, "size": 1}, 422),
        ("leaves", {"start": 0, "end": 20_001}, 422),
        ("checkpoint", {"tree": "case"}, 422),
    ],
)
def test_impossible_questions(
    client: FlaskClient, logged: FoundedNetwork, path: str, query: dict[str, int], status: int
) -> None:
    assert client.get(f"{API}/log/{path}", query_string=query).status_code == status


def test_a_client_follows_the_servers_log(logged: FoundedNetwork) -> None:
    log, facts = reader(logged)
    facts.policy()
    person = logged.favre()
    log.require_logged("account", person.id, [person.statement()])
    with pytest.raises(StatementWithheld):
        log.require_logged("account", person.id, [])
    with pytest.raises(NotInLog):
        log.require_logged("account", person.id, [person.statement(name="Claire Autre")])


def test_witnesses_cosign_the_servers_logs(logged: FoundedNetwork, tmp_path: Path) -> None:
    key, other = WitnessKey.fresh(), WitnessKey.fresh()
    name_log(logged, witnesses=[b64(key.public), b64(other.public)], k=1)
    transport = Transport("http://localhost", httpx.WSGITransport(app=logged.app))
    memory = Memory.read(tmp_path / "seen.json")
    witness = Witness(transport, key, memory, logged.root)
    person = logged.favre()
    assert set(witness.watch()) == {"key", "trace"}
    log, facts = reader(logged)
    facts.policy()
    log.require_logged("account", person.id, [person.statement()])

    # What grew since is shown once a witness has seen it, and never goes back.
    size = (log.latest_checkpoint() or {})["size"]
    logged.blanc()
    assert read_note(transport.send("GET", "/log/checkpoint").text).checkpoint.size == size
    assert witness.watch()["key"] == size + 1
    log.refresh()
    assert (log.latest_checkpoint() or {})["size"] == size + 1


def test_cosignatures_that_do_not_count(client: FlaskClient, logged: FoundedNetwork) -> None:
    key = WitnessKey.fresh()
    name_log(logged, witnesses=[b64(key.public)], k=1)
    note = read_note(client.get(f"{API}/log/checkpoint?newest=true").text)
    size = note.checkpoint.size

    def post(line: str, at: int = size) -> tuple[int, str]:
        body = {"tree": "key", "size": at, "line": line}
        answer = client.post(f"{API}/log/cosignatures", json=body)
        return answer.status_code, (answer.json or {}).get("reason", "")

    good = key.cosign(note.text, 1_790_000_000)
    assert post(WitnessKey.fresh().cosign(note.text, 1)) == (422, "WitnessUnknown")
    assert post(key.cosign(note.text + "x", 1)) == (422, "CosignatureWrong")
    assert post("— nobody AAAA") == (422, "NoteMalformed")
    assert post(good, size + 1)[0] == 404
    assert post(good)[0] == post(good)[0] == 204
    assert client.get(f"{API}/log/checkpoint").text.count("\n— ") == 2


def test_what_was_stored_before_the_log_is_logged_at_start(
    client: FlaskClient, logged: FoundedNetwork
) -> None:
    size, _ = checkpoint(client, logged)
    person = logged.favre()
    forget_leaf(logged, size)
    assert background.run_once("key-log") == 1
    assert background.run_once("key-log") == 0
    leaf = client.get(f"{API}/log/leaves", query_string={"start": size, "end": size + 1}).data
    assert leaf == log_leaf(1, person.id, 0, statement_hash(person.statement()))


def forget_leaf(network: FoundedNetwork, index: int) -> None:
    """Make the database one of before the log, for one statement."""
    with database().engine.begin() as owner:
        if database().sqlite:
            owner.execute(sa.text("DROP TRIGGER log_leaf_no_delete"))
        else:
            owner.execute(sa.text("ALTER TABLE log_leaf DISABLE TRIGGER USER"))
        owner.execute(sa.text('DELETE FROM log_leaf WHERE "index" = :index'), {"index": index})


@pytest.mark.parametrize("table", ["log_leaf", "tree_node"])
@pytest.mark.parametrize("verb", ["UPDATE", "DELETE"])
def test_the_database_itself_refuses_to_change_the_log(
    logged: FoundedNetwork, table: str, verb: str
) -> None:
    with transaction():
        for number in range(9):
            append_leaf(keylog.LogKind.GROUP, uuid4(), number, bytes(32))
    change = f"UPDATE {table} SET hash = hash" if verb == "UPDATE" else f"DELETE FROM {table}"
    with pytest.raises(DatabaseError, match="append-only"), transaction():
        session().execute(sa.text(change))


def test_another_statement_under_a_logged_number_is_refused(logged: FoundedNetwork) -> None:
    with pytest.raises(keylog.LeafContradicted), transaction():
        append_leaf(keylog.LogKind.POLICY, UUID(logged.net), 0, bytes(32))


def test_the_trace_has_a_log_of_its_own(client: FlaskClient, logged: FoundedNetwork) -> None:
    size, root = checkpoint(client, logged, tree="trace")
    assert size > 0
    logged.favre()
    assert checkpoint(client, logged, tree="trace") == (size, root)  # signed a moment ago


def test_a_clock_set_back_does_not_stop_the_log(
    client: FlaskClient, logged: FoundedNetwork, clock: MovedClock
) -> None:
    before, _ = checkpoint(client, logged)
    clock.advance(hours=-3)
    blanc = logged.blanc()
    after, _ = checkpoint(client, logged)
    assert after > before
    keys, facts = reader(logged)
    facts.policy()
    keys.require_logged("account", blanc.id, [blanc.statement()])


def test_before_there_is_a_network_there_is_no_log(app: Flask) -> None:
    answer = app.test_client().get(f"{API}/log/checkpoint")
    assert (answer.status_code, answer.json["code"]) == (503, "network_missing")
    assert keylog.log_missing() == 0


def test_the_refusals_reach_the_client(logged: FoundedNetwork) -> None:
    with CordeeClient("http://localhost", httpx.WSGITransport(app=logged.app)) as cordee:
        with pytest.raises(Refused) as refused:
            cordee.transport.get("/log/inclusion", index=5, size=2)
        assert refused.value.code == "checkpoint_not_found"
