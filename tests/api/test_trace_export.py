"""An exported trace proves itself offline, and whatever is altered in the file is named."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest
from click.testing import CliRunner

from client.crypto import random_key, sign_public, sign_statement, signing_key
from client.trace_export import Report, verify_export
from client.transport import Transport
from client.witness import Memory, Witness, WitnessKey
from protocol.audit import audit_bundle, manifest_message, manifest_payload, row_hash
from protocol.command import main
from protocol.encoding import b64, unb64
from protocol.note import read_note
from tests.factories.care import CareCircle, SealedCase
from tests.factories.people import FoundedNetwork
from tests.support.tus import SealedBlob, store
from trace import signing

Export = dict[str, Any]
Change = Callable[[Export], None]


def name_log(network: FoundedNetwork, **changes: object) -> None:
    entry = {
        "account": network.administrator.id,
        "sign_key": b64(sign_public(network.administrator.sign_seed)),
    }
    policy = network.policy([entry], log_key=b64(signing.public_key()), **changes)
    sent = network.app.test_client().put("/api/v1/network/policy", json={"statement": policy})
    assert sent.status_code == 200, sent.text
    network.policies.append(policy)


@dataclass
class Lived:
    """A circle and the case it lived through."""

    circle: CareCircle
    case: SealedCase

    @property
    def network(self) -> FoundedNetwork:
        return self.circle.network

    @property
    def export_path(self) -> str:
        return f"/cases/{self.case.id}/trace-export"


@pytest.fixture
def lived(care_circle: CareCircle) -> Lived:
    """A case that was opened, claimed, written in and answered."""
    name_log(care_circle.network)
    case = care_circle.open_case()
    case.step(care_circle.blanc, "claim")
    case.post(care_circle.blanc, "Depuis quand ?")
    case.step(care_circle.blanc, "give_opinion")
    return Lived(care_circle, case)


def export_of(lived: Lived, **query: int) -> Export:
    answer = lived.circle.administrator.get(lived.export_path, **query)
    assert answer.status_code == 200, answer.text
    found: Export = json.loads(answer.data)
    return found


def checked(lived: Lived, export: Export, **options: Any) -> Report:
    return verify_export(export, lived.network.root, **options)


def test_an_export_holds_everything_and_proves_itself(lived: Lived) -> None:
    export = export_of(lived)
    report = checked(lived, export)
    assert report.faults == []
    assert report.rows == len(export["rows"]) >= 5
    actions = [row["action"] for row in export["rows"]]
    assert actions[0] == "case:open"
    assert actions[-1] == "trace:export"
    assert {"case:claim", "message:post", "case:give_opinion"} <= set(actions)
    kinds = [one["kind"] for one in export["ciphertexts"]]
    assert kinds == ["event", "header", "message", "message"]
    assert export["names"][lived.circle.blanc.id] == "Hugo Blanc"
    assert "Depuis quand" not in json.dumps(export)


def test_the_checksums_are_those_of_what_people_fetch(lived: Lived) -> None:
    export = export_of(lived)
    shown = lived.circle.blanc.get(f"/cases/{lived.case.id}").json["header"]["sealed"]
    (header,) = (one for one in export["ciphertexts"] if one["kind"] == "header")
    assert header["sha256"] == b64(sha256(unb64(shown)).digest())
    for message in lived.circle.blanc.get(f"/cases/{lived.case.id}/messages").json["items"]:
        (one,) = (one for one in export["ciphertexts"] if one["id"] == message["id"])
        assert one["sha256"] == b64(sha256(unb64(message["sealed"])).digest())


def test_the_fhir_form_is_what_r4_asks_for(lived: Lived) -> None:
    bundle = export_of(lived)["audit"]
    assert (bundle["resourceType"], bundle["type"]) == ("Bundle", "collection")
    for entry in bundle["entry"]:
        event = entry["resource"]
        assert event["resourceType"] == "AuditEvent"
        assert entry["fullUrl"] == f"urn:uuid:{event['id']}"
        assert set(event["type"]) == {"system", "code", "display"}
        assert event["action"] in "CRUDE"
        assert event["outcome"] in {"0", "4", "8", "12"}
        assert event["recorded"].endswith("Z")
        assert event["source"]["observer"]["identifier"]["value"].startswith("urn:uuid:")
        assert [agent["requestor"] for agent in event["agent"]] == [True]
        assert event["agent"][0]["network"] == {"address": "127.0.0.1", "type": "2"}
    names = {entry["resource"]["agent"][0]["who"].get("display") for entry in bundle["entry"]}
    assert {"Claire Favre", "Hugo Blanc", "Anne Berthet"} <= names


def row_of(export: Export, action: str) -> dict[str, Any]:
    return next(row for row in export["rows"] if row["action"] == action)


def another_hour(export: Export) -> None:
    row_of(export, "case:claim")["at"] = "2020-01-01T00:00:00.000Z"


def another_actor_with_its_hash(export: Export) -> None:
    row = row_of(export, "case:claim")
    row["actor_id"] = str(uuid4())
    row["hash"] = b64(row_hash(unb64(row["previous"]), row))


def a_row_less(export: Export) -> None:
    export["rows"].remove(row_of(export, "case:claim"))
    export["audit"] = audit_bundle(export)


def a_row_twice(export: Export) -> None:
    export["rows"].append(copy.deepcopy(export["rows"][0]))


def an_invented_row(export: Export) -> None:
    row = {**copy.deepcopy(export["rows"][-1]), "action": "case:close"}
    row["place"] += 1
    row["previous"] = export["rows"][-1]["hash"]
    row["hash"] = b64(row_hash(unb64(row["previous"]), row))
    export["rows"].append(row)


def rows_swapped(export: Export) -> None:
    export["rows"][0], export["rows"][1] = export["rows"][1], export["rows"][0]


def another_ciphertext(export: Export) -> None:
    export["ciphertexts"][2]["sha256"] = b64(bytes(32))


def a_ciphertext_less(export: Export) -> None:
    del export["ciphertexts"][-1]


def another_name(export: Export) -> None:
    ident = next(iter(export["names"]))
    export["names"][ident] = "Paul Vidal"
    export["audit"] = audit_bundle(export)


def a_forged_checkpoint(export: Export) -> None:
    size = read_note(export["checkpoint"]).checkpoint.size
    export["checkpoint"] = export["checkpoint"].replace(f"\n{size}\n", f"\n{size + 1}\n", 1)


def a_forged_manifest(export: Export) -> None:
    a_row_less(export)
    payload = manifest_payload(export)
    forged = signing_key(random_key()).sign(manifest_message(payload))
    export["manifest"] = {"p": b64(payload), "sig": b64(forged)}


def another_policy(export: Export) -> None:
    said = json.loads(unb64(export["policy"][-1]["p"]))
    seed = random_key()
    said["log_key"] = b64(sign_public(seed))
    export["policy"][-1] = sign_statement("cordee1.policy", said, seed)


def another_fhir_event(export: Export) -> None:
    export["audit"]["entry"][1]["resource"]["outcome"] = "8"


def a_moved_export(export: Export) -> None:
    export["case"] = str(uuid4())


def no_rows(export: Export) -> None:
    export["rows"], export["audit"]["entry"] = [], []


def nonsense(export: Export) -> None:
    export["rows"][0]["inclusion"] = "nonsense"
    export["rows"][1] = {"place": 1}


ALTERED: list[tuple[Change, str, str]] = [
    (another_hour, "row_changed", r"case:claim\) was changed"),
    (another_actor_with_its_hash, "row_unproved", r"case:claim\) does not stand in the log"),
    (a_row_less, "row_dropped", r"the row at place \d+ was taken out"),
    (a_row_twice, "row_added", "stands out of order"),
    (an_invented_row, "row_added", r"the row at place \d+ was put in"),
    (rows_swapped, "row_added", "stands out of order"),
    (another_ciphertext, "ciphertext", "message .* is not as it was"),
    (a_ciphertext_less, "ciphertext", "message .* is not as it was"),
    (another_name, "name", "had another name"),
    (a_forged_checkpoint, "checkpoint", "not signed by the log's key"),
    (a_forged_manifest, "manifest", "as the log's key signed it, is not there"),
    (another_policy, "policy", "not signed by this root"),
    (another_fhir_event, "audit", "the FHIR event of row .* says something else"),
    (a_moved_export, "manifest", "case is not the one that was signed"),
    (no_rows, "row_dropped", "was taken out"),
    (nonsense, "row_changed", "cannot be read"),
]


def test_whatever_is_altered_is_named(lived: Lived) -> None:
    export = export_of(lived)
    for alter, kind, words in ALTERED:
        altered = copy.deepcopy(export)
        alter(altered)
        found = [(fault.kind, fault.words) for fault in checked(lived, altered).faults]
        named = [said for fault, said in found if fault == kind]
        assert any(re.search(words, said) for said in named), (alter.__name__, found)


def test_a_file_cut_or_filled_with_nonsense_is_refused_not_believed(lived: Lived) -> None:
    export = export_of(lived)
    unused = {"v", "witnessed", "growth"}  # the policy asks for no witness
    for name in export.keys() - unused:
        for value in (None, [], {}, "x", 3):
            assert not checked(lived, {**export, name: value}).sound, (name, value)
        cut = {key: value for key, value in export.items() if key != name}
        assert not checked(lived, cut).sound, name


def test_another_networks_root(lived: Lived) -> None:
    report = verify_export(export_of(lived), sign_public(random_key()))
    assert [fault.kind for fault in report.faults] == ["policy"]


def test_witnesses_of_the_policy_must_have_seen_the_log(lived: Lived, tmp_path: Path) -> None:
    key = WitnessKey.fresh()
    name_log(lived.network, witnesses=[b64(key.public)], k=1)
    before = checked(lived, export_of(lived))
    assert [(fault.kind, "no state" in fault.words) for fault in before.faults] == [
        ("witness", True)
    ]
    transport = Transport("http://localhost", httpx.WSGITransport(app=lived.network.app))
    Witness(transport, key, Memory.read(tmp_path / "seen.json"), lived.network.root).watch()
    export = export_of(lived)
    report = checked(lived, export)
    assert (report.faults, report.witnesses) == ([], 1)
    assert 0 < report.witnessed_size <= report.size

    forged = copy.deepcopy(export)
    head, signature = forged["witnessed"].rstrip("\n").rsplit(" ", 1)
    forged["witnessed"] = f"{head} {signature[:30]}{'A' if signature[30] != 'A' else 'B'}"
    forged["witnessed"] += signature[31:] + "\n"
    assert [fault.kind for fault in checked(lived, forged).faults] == ["witness"]
    forged["witnessed"] = export["checkpoint"]
    assert [fault.kind for fault in checked(lived, forged).faults] == ["witness"]
    forged = copy.deepcopy(export)
    forged["growth"][0]["proof"] = forged["growth"][0]["proof"][1:]
    if report.witnessed_size < report.size:
        assert [fault.kind for fault in checked(lived, forged).faults] == ["witness"]


def test_growth_from_a_state_noted_earlier(lived: Lived) -> None:
    first = checked(lived, export_of(lived))
    export = export_of(lived, from_size=first.size)
    assert checked(lived, export, noted=(first.size, first.root)).faults == []
    other = checked(lived, export, noted=(first.size, bytes(32)))
    assert [fault.kind for fault in other.faults] == ["growth"]
    unasked = checked(lived, export_of(lived), noted=(first.size, first.root))
    assert "export with that size" in unasked.faults[0].words
    answer = lived.circle.administrator.get(lived.export_path, from_size=10**9)
    assert answer.status_code == 404


def test_sealed_files_are_compared_with_a_backup(lived: Lived, tmp_path: Path) -> None:
    blob = SealedBlob(5000)
    store(lived.circle.favre, lived.case, blob)
    export = export_of(lived)
    ident, sealed = blob.id, blob.raw
    kept = tmp_path / ident[:2] / ident
    kept.parent.mkdir()
    kept.write_bytes(sealed)
    assert checked(lived, export, blobs=tmp_path).faults == []
    kept.write_bytes(sealed[:-1] + bytes([sealed[-1] ^ 1]))
    (fault,) = checked(lived, export, blobs=tmp_path).faults
    assert "is not the file that was exported" in fault.words
    kept.unlink()
    (fault,) = checked(lived, export, blobs=tmp_path).faults
    assert f"attachment {ident} is not in" in fault.words


def test_only_administrators_export_and_only_what_exists(lived: Lived) -> None:
    refused = lived.circle.favre.get(lived.export_path)
    assert (refused.status_code, refused.json["code"]) == (403, "not_permitted")
    missing = lived.circle.administrator.get(f"/cases/{uuid4()}/trace-export")
    assert (missing.status_code, missing.json["code"]) == (404, "case_not_found")


def test_the_command_checks_a_file_and_names_what_was_altered(lived: Lived, tmp_path: Path) -> None:
    file, network = tmp_path / "trace.json", tmp_path / "network.json"
    export = export_of(lived)
    file.write_text(json.dumps(export))
    network.write_text(json.dumps({"root": b64(lived.network.root)}))
    run = CliRunner().invoke

    asked = ["trace", "verify-export", str(file)]
    good = run(main, [*asked, "--root", b64(lived.network.root)])
    assert (good.exit_code, "rows as they were recorded" in good.output) == (0, True)
    assert run(main, [*asked, "--policy", str(network)]).exit_code == 0
    assert run(main, asked).exit_code == 2
    noted = good.output.strip().rsplit(" ", 1)[1]
    again = run(main, [*asked, "--policy", str(network), "--noted", noted])
    assert again.exit_code == 0

    a_row_less(export)
    file.write_text(json.dumps(export))
    bad = run(main, [*asked, "--root", b64(lived.network.root)])
    assert (bad.exit_code, "row_dropped: " in bad.output) == (3, True)
    file.write_text("{}")
    assert run(main, [*asked, "--root", b64(lived.network.root)]).exit_code == 1
    listed = run(main, ["trace", "--help"]).output
    assert all(name in listed for name in ("export", "verify-export", "verify", "head"))
