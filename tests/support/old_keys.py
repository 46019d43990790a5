"""What somebody who was removed could still open, tried on every row of the server's database.

They kept everything they ever held: their own seeds, the secrets of the epochs they were in, the
keys of the cases they read. With a copy of the whole database they try each of these, and each key
so found, on each sealed thing, in its true place, until nothing new opens.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from sqlalchemy import MetaData, Table, create_engine, select

from client import CordeeClient
from client.crypto import group_chain_key, group_kem_seed, unseal, unwrap
from protocol.contexts import (
    case_context,
    case_prev_context,
    group_context,
    group_prev_context,
    message_context,
    parse_recipient,
)
from protocol.errors import ProtocolError

Row = dict[str, Any]


@dataclass
class KeptKeys:
    """Somebody's keys, as many as they can find."""

    net: str
    account: str
    seeds: dict[int, bytes]
    groups: dict[tuple[str, int], bytes] = field(default_factory=dict)
    cases: dict[tuple[str, int], bytes] = field(default_factory=dict)
    messages: set[str] = field(default_factory=set)
    """Ids of the messages they can open."""

    @classmethod
    def of(cls, person: CordeeClient, cases: list[str]) -> KeptKeys:
        """Everything a client holds in memory at this moment."""
        keys = person.account.keys
        held = cls(keys.net, keys.account, {keys.seq: keys.kem_seed})
        for group in person.directory.my_groups():
            for epoch in person.secrets.held(group.id):
                held.groups[group.id, epoch] = person.secrets.secret(group.id, epoch)
        for case in cases:
            opened = person.cases.keys_of(case)
            held.cases.update({(case, generation): key for generation, key in opened.keys.items()})
        return held

    def try_all(self, rows: dict[str, list[Row]]) -> None:
        """Try every key on every row until a whole round finds nothing."""
        found = -1
        while found != len(self.groups) + len(self.cases) + len(self.messages):
            found = len(self.groups) + len(self.cases) + len(self.messages)
            self._groups(rows)
            self._cases(rows)
            self._messages(rows)

    def _groups(self, rows: dict[str, list[Row]]) -> None:
        for row in rows["group_grant"]:
            group, epoch = str(row["group_id"]), int(row["epoch"])
            for member in {str(row["account_id"]), self.account}:
                place = group_context(self.net, group, epoch, member, int(row["member_seq"]))
                for secret in self._opened(self._seeds(), place, row["wrapped"]):
                    self.groups.setdefault((group, epoch), secret)
        for row in rows["group_previous"]:
            group, epoch = str(row["group_id"]), int(row["epoch"])
            place = group_prev_context(self.net, group, epoch)
            for secret in list(self.groups.values()):
                try:
                    before = unseal(group_chain_key(secret), place, bytes(row["sealed"]))
                except ProtocolError:
                    continue
                self.groups.setdefault((group, epoch - 1), before)

    def _cases(self, rows: dict[str, list[Row]]) -> None:
        for row in rows["case_grant"]:
            case, generation = str(row["case_id"]), int(row["generation"])
            parse_recipient(row["recipient"])
            place = case_context(self.net, case, generation, row["recipient"])
            for key in self._opened(self._seeds(), place, row["wrapped"]):
                self.cases.setdefault((case, generation), key)
        for row in rows["case_previous"]:
            case, generation = str(row["case_id"]), int(row["generation"])
            place = case_prev_context(self.net, case, generation)
            for key in list(self.cases.values()):
                try:
                    before = unseal(key, place, bytes(row["sealed"]))
                except ProtocolError:
                    continue
                self.cases.setdefault((case, generation - 1), before)

    def _messages(self, rows: dict[str, list[Row]]) -> None:
        for row in rows["message"]:
            ident = str(row["id"])
            place = message_context(self.net, str(row["case_id"]), int(row["generation"]), ident)
            for key in self.cases.values():
                try:
                    unseal(key, place, bytes(row["sealed"]))
                except ProtocolError:
                    continue
                self.messages.add(ident)

    def _seeds(self) -> list[bytes]:
        return [*self.seeds.values(), *map(group_kem_seed, self.groups.values())]

    def _opened(self, seeds: list[bytes], place: str, wrapped: Any) -> Iterator[bytes]:
        for seed in seeds:
            try:
                yield unwrap(seed, place, bytes(wrapped))  # type: ignore[arg-type]
            except ProtocolError:
                continue


def rows_of(database_url: str) -> dict[str, list[Row]]:
    """Every row of every table that holds something sealed or wrapped."""
    engine = create_engine(database_url)
    tables = MetaData()
    tables.reflect(engine)
    try:
        with engine.connect() as connection:
            return {
                name: _rows(connection, tables.tables[name])
                for name in (
                    "group_grant",
                    "group_previous",
                    "case_grant",
                    "case_previous",
                    "message",
                )
            }
    finally:
        engine.dispose()


def _rows(connection: Any, table: Table) -> list[Row]:
    return [
        {name: _spelt(name, value) for name, value in row._mapping.items()}
        for row in connection.execute(select(table))
    ]


def _spelt(name: str, value: Any) -> Any:
    """Ids as contexts spell them: SQLite keeps them without hyphens."""
    if name == "id" or name.endswith("_id"):
        return value if value is None else str(UUID(str(value)))
    return value
