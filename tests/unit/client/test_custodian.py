"""The archive key, from the words of its shares to a case restored from a backup."""

from __future__ import annotations

import json
import shutil
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import pytest
import sqlalchemy as sa
from click.testing import CliRunner

from app.config import Config
from app.db import Base, database, make_engine
from app.migrate import migrate
from auth.service import network as network_service
from client.archive import Archive, FolderNotEmpty
from client.backup import Backup, BackupUnreadable
from client.commands.custodian import custodian
from client.custodian import (
    ArchiveKey,
    ArchiveKeyRefused,
    SharesRefused,
    create_custodian,
    fingerprint,
    join_shares,
    read_public,
    read_share,
)
from client.errors import CaseEventsBroken, NoGrant, PolicyNotTrusted
from client.operator import next_policy
from protocol import verify_policy_chain
from protocol.encoding import b64
from tests.support.postgres import PostgresServer
from tests.unit.client.conftest import REQUEST, Village

NOTE = "Compte rendu du laboratoire.\n" * 40


@dataclass
class Kept:
    """A network with a custodian, one case in it, and a full backup of that day."""

    village: Village
    keys: Path
    case: str
    database: Path
    blobs: Path
    file: bytes

    @property
    def seed(self) -> bytes:
        return join_shares([read_share(self.keys / f"share-{n}.txt") for n in (1, 3)])

    def share(self, number: int) -> str:
        return str(self.keys / f"share-{number}.txt")


@pytest.fixture(scope="module")
def kept(village: Village, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kept]:
    folder = tmp_path_factory.mktemp("archive")
    create_custodian(folder / "keys")
    public = read_public(folder / "keys" / "custodian.pub")
    _, policy, _ = _network()
    signed = next_policy(village.root, policy, custodians=[b64(public)])
    network_service.install_policy(signed)
    favre, blanc = village.people["favre"], village.people["blanc"]
    for client in (favre, blanc):
        client.network.policy(refresh=True)
    path = folder / "analyse.txt"
    path.write_text(NOTE)
    case = favre.cases.open_case("dermatology", REQUEST, files=[path]).id
    blanc.steps.claim(case)
    blanc.thread.post(case, "Depuis quand cette lésion évolue-t-elle ?")
    favre.thread.post(case, "Depuis l’hiver, je joins l’analyse.", files=[path])
    config: Config = village.app.config["CORDEE"]
    backup = folder / "backup.sqlite3"
    source = sqlite3.connect(config.database_url.removeprefix("sqlite:///"))
    with sqlite3.connect(backup) as target:
        source.backup(target)
    source.close()
    blobs = folder / "blobs"
    shutil.copytree(config.blob_url.removeprefix("file://"), blobs)
    yield Kept(village, folder / "keys", case, backup, blobs, NOTE.encode())


def _network() -> tuple[object, object, object]:
    return network_service.read_network()


def altered(kept: Kept, tmp_path: Path, *statements: str) -> Path:
    """The backup with something changed in it."""
    copy = tmp_path / "altered.sqlite3"
    shutil.copy(kept.database, copy)
    with sqlite3.connect(copy) as connection:
        for statement in statements:
            assert connection.execute(statement).rowcount
    return copy


def test_the_restored_case_is_the_one_that_was_written(kept: Kept, tmp_path: Path) -> None:
    with Backup.open(str(kept.database), kept.blobs) as backup:
        archive = Archive(backup, kept.seed, kept.village.root.public)
        restored = archive.restore(kept.case, tmp_path / "out", "demande de la patiente")
    assert restored.faults == []
    written = json.loads((tmp_path / "out" / "case.json").read_text())
    favre = kept.village.people["favre"]
    header = favre.cases.read(kept.case).header
    assert header is not None
    assert written["headers"][-1]["body"] == header.body
    thread = list(favre.thread.read(kept.case))
    assert [(m["id"], m["by"]["name"], m["body"]) for m in written["messages"]] == [
        (message.id, message.author.name, message.body) for message in thread
    ]
    assert len(written["files"]) == 2
    for file in written["files"]:
        content = (tmp_path / "out" / file["file"]).read_bytes()
        assert content == kept.file and file["sha256"] == sha256(content).hexdigest()
    opening = json.loads((tmp_path / "out" / "opening.json").read_text())
    assert opening["reason"] == "demande de la patiente" and opening["root_given"] is True
    text = (tmp_path / "out" / "case.json").read_bytes()
    assert opening["case_json_sha256"] == sha256(text).hexdigest()


def test_a_backup_in_postgresql_is_opened_alike(
    kept: Kept, postgres: PostgresServer, tmp_path: Path
) -> None:
    url = postgres.empty_database()
    migrate(url)
    source, target = make_engine(f"sqlite:///{kept.database}"), make_engine(url)
    with source.connect() as old, target.begin() as new:
        for table in Base.metadata.sorted_tables:
            rows = [dict(row) for row in old.execute(sa.select(table)).mappings()]
            if rows:
                new.execute(sa.insert(table), rows)
    source.dispose()
    target.dispose()
    plain = url.replace("postgresql+psycopg://", "postgresql://")
    with Backup.open(plain, kept.blobs) as backup:
        restored = Archive(backup, kept.seed).restore(kept.case, tmp_path / "out", "essai")
    assert (restored.faults, len(restored.messages), len(restored.files)) == ([], 2, 2)


def test_too_few_and_wrong_shares(kept: Kept, tmp_path: Path) -> None:
    words = [read_share(kept.keys / f"share-{number}.txt") for number in (1, 2, 3)]
    assert join_shares(words[:2]) == join_shares(words[1:]) == join_shares([words[0], words[2]])
    create_custodian(tmp_path / "other")
    foreign = read_share(tmp_path / "other" / "share-1.txt")
    *rest, last = words[1].split()
    mistyped = " ".join([*rest, "academic" if last != "academic" else "acid"])
    for shares in ([words[0]], [words[0], words[0]], [words[0], foreign], [words[0], mistyped], []):
        with pytest.raises(SharesRefused):
            join_shares(shares)
    short = tmp_path / "short.txt"
    short.write_text("Words: academic acid")
    with pytest.raises(SharesRefused):
        join_shares([read_share(short)])
    for text in ("", "no words here"):
        short.write_text(text)
        with pytest.raises(SharesRefused):
            read_share(short)


def test_one_share_opens_nothing_on_the_command_line(kept: Kept, tmp_path: Path) -> None:
    options = [
        *("open", "--backup", str(kept.database), "--blobs", str(kept.blobs)),
        *("--case", kept.case, "--reason", "essai", "--out", str(tmp_path / "out")),
    ]
    refused = CliRunner().invoke(custodian, [*options, "--share", kept.share(1)])
    assert refused.exit_code == 1 and "do not bring a key back" in refused.output
    assert not (tmp_path / "out").exists()
    both = ["--share", kept.share(1), "--share", kept.share(2)]
    done = CliRunner().invoke(custodian, [*options, *both])
    assert done.exit_code == 0, done.output
    assert "record-opening" in done.output and b64(kept.village.root.public) in done.output
    again = CliRunner().invoke(custodian, [*options, *both])
    assert again.exit_code == 1 and "not empty" in again.output


def test_another_archive_key_opens_nothing(kept: Kept, tmp_path: Path) -> None:
    with Backup.open(str(kept.database), kept.blobs) as backup:
        archive = Archive(backup, ArchiveKey.fresh().seed)
        with pytest.raises(NoGrant):
            archive.restore(kept.case, tmp_path / "out", "essai")
    assert not (tmp_path / "out").exists()


def test_a_case_from_before_the_custodian_is_out_of_reach(kept: Kept, tmp_path: Path) -> None:
    gone = altered(kept, tmp_path, "DELETE FROM case_grant WHERE recipient LIKE 'custodian:%'")
    with Backup.open(str(gone), kept.blobs) as backup, pytest.raises(NoGrant):
        Archive(backup, kept.seed).restore(kept.case, tmp_path / "out", "essai")


def test_what_was_altered_in_the_backup_is_left_out_and_named(kept: Kept, tmp_path: Path) -> None:
    copy = altered(
        kept,
        tmp_path,
        "UPDATE message SET author_id = (SELECT author_id FROM message WHERE sequence = 2)"
        " WHERE sequence = 1",
    )
    blobs = tmp_path / "blobs"
    shutil.copytree(kept.blobs, blobs)
    victim = max((path for path in blobs.rglob("*") if path.is_file()), key=lambda p: p.name)
    content = bytearray(victim.read_bytes())
    content[-1] ^= 1
    victim.write_bytes(bytes(content))
    with Backup.open(str(copy), blobs) as backup:
        restored = Archive(backup, kept.seed).restore(kept.case, tmp_path / "out", "essai")
    reasons = {(fault.kind, fault.reason) for fault in restored.faults}
    assert reasons == {("message", "MessageBroken"), ("attachment", "SealBroken")}
    assert len(restored.messages) == 1 and len(restored.files) == 1
    assert not (tmp_path / "out" / "files" / f"{victim.name}.txt").exists()


def test_a_dropped_message_and_a_lost_file_are_missed(kept: Kept, tmp_path: Path) -> None:
    copy = altered(kept, tmp_path, "DELETE FROM message WHERE sequence = 1")
    with Backup.open(str(copy), tmp_path) as backup:
        restored = Archive(backup, kept.seed).restore(kept.case, tmp_path / "out", "essai")
    missed = sorted((fault.kind, fault.reason) for fault in restored.faults)
    assert missed == [
        ("attachment", "FileNotFoundError"),
        ("attachment", "FileNotFoundError"),
        ("message", "MessageMissing"),
    ]


def test_a_backup_with_forged_authority_is_refused(kept: Kept, tmp_path: Path) -> None:
    with Backup.open(str(kept.database), kept.blobs) as backup:
        with pytest.raises(PolicyNotTrusted):
            Archive(backup, kept.seed, bytes(32))
        with pytest.raises(BackupUnreadable):
            Archive(backup, kept.seed).restore("no-case", tmp_path / "out", "essai")
    foreign = "UPDATE case_event SET statement = (SELECT statement FROM policy_statement LIMIT 1)"
    copy = altered(kept, tmp_path, foreign)
    with Backup.open(str(copy), kept.blobs) as backup, pytest.raises(CaseEventsBroken):
        Archive(backup, kept.seed).restore(kept.case, tmp_path / "out", "essai")
    with (
        pytest.raises(BackupUnreadable),
        Backup.open(str(tmp_path / "none.sqlite3"), kept.blobs),
    ):
        pass
    (tmp_path / "text.sqlite3").write_text("not a database" * 100)
    with (
        pytest.raises(BackupUnreadable),
        Backup.open(str(tmp_path / "text.sqlite3"), kept.blobs) as backup,
    ):
        Archive(backup, kept.seed)


def test_keys_are_made_once_and_read_strictly(kept: Kept, tmp_path: Path) -> None:
    with pytest.raises(ArchiveKeyRefused):
        create_custodian(kept.keys)
    public = read_public(kept.keys / "custodian.pub")
    assert fingerprint(public) in (kept.keys / "share-2.txt").read_text()
    assert all(path.stat().st_mode & 0o777 == 0o600 for path in kept.keys.iterdir())
    for number, text in enumerate(("", "{}", '{"public": "AAAA"}')):
        path = tmp_path / f"{number}.pub"
        path.write_text(text)
        with pytest.raises(ArchiveKeyRefused):
            read_public(path)
    for shares, threshold in ((3, 1), (2, 3), (17, 2)):
        with pytest.raises(SharesRefused):
            ArchiveKey.fresh().split(shares, threshold)


def test_a_restored_case_overwrites_nothing(kept: Kept, tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("à garder")
    with Backup.open(str(kept.database), kept.blobs) as backup, pytest.raises(FolderNotEmpty):
        Archive(backup, kept.seed).restore(kept.case, tmp_path, "essai")


def test_policies_only_grow(kept: Kept) -> None:
    """A policy that names somebody twice, or a key of no suite, is never signed."""
    _, policy, statements = _network()
    public = b64(read_public(kept.keys / "custodian.pub"))
    for custodians in ([public, public], [b64(bytes(10))]):
        with pytest.raises(Exception, match="custodians"):
            next_policy(kept.village.root, policy, custodians=custodians)
    chain = verify_policy_chain(statements, kept.village.root.public)
    assert chain.payload.custodians == (public,)
    assert database().sqlite
