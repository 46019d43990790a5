"""One writer on one file: what it wrote, what is durable, and who may go on."""

from __future__ import annotations

import hashlib
import os
from io import BytesIO
from pathlib import Path
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from attachments import body
from attachments.body import LineCut, pieces
from attachments.errors import TransferTakenOver
from attachments.service import receiving
from attachments.service.receiving import Receiving
from attachments.tus import Checksum


def writer(path: Path, offset: int, size: int, checksum: Checksum | None = None) -> Receiving:
    made = Receiving(uuid4(), path, offset, size, checksum)
    made.open()
    return made


def test_what_lies_past_the_offset_is_cut_off(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"good-and-not-durable")
    receiving_ = writer(path, 4, 10)
    receiving_.take(b"-words")
    assert receiving_.flush() == 10
    receiving_.close()
    assert path.read_bytes() == b"good-words"


def test_an_abandoned_writer_writes_nothing_more(tmp_path: Path) -> None:
    path = tmp_path / "file"
    first = writer(path, 0, 100)
    first.take(b"kept")
    assert first.abandon() == 4
    with pytest.raises(TransferTakenOver):
        first.take(b"lost")
    first.close()
    assert path.read_bytes() == b"kept"


def test_rolling_back_undoes_bytes_and_digest(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"good")
    upload = uuid4()
    known = hashlib.sha256(b"good")
    receiving.remember_digest(upload, 4, known)
    wrong = Receiving(upload, path, 4, 8, Checksum("sha256", bytes(32)))
    wrong.open()
    wrong.take(b"evil")
    assert not wrong.checksum_holds()
    wrong.roll_back()
    wrong.close()
    right = Receiving(upload, path, 4, 8, None)
    right.open()
    right.take(b"word")
    right.flush()
    assert right.sha256() == hashlib.sha256(b"goodword").digest()
    assert path.read_bytes() == b"goodword"


@given(data=st.binary(max_size=5000), cuts=st.lists(st.integers(0, 5000), max_size=8))
def test_any_cuts_give_the_same_file_and_digest(
    tmp_path_factory: pytest.TempPathFactory, data: bytes, cuts: list[int]
) -> None:
    path, upload, offset = tmp_path_factory.mktemp("cuts") / "file", uuid4(), 0
    for cut in [*sorted(c for c in cuts if c < len(data)), len(data)]:
        one = Receiving(upload, path, offset, len(data), None)
        one.open()
        one.take(data[offset:cut])
        offset = one.flush()
        one.close()
    assert path.read_bytes() == data
    assert one.sha256() == hashlib.sha256(data).digest()


class Drip(BytesIO):
    """A line that gives at most so much at once."""

    def __init__(self, raw: bytes, most: int) -> None:
        super().__init__(raw)
        self.most = most

    def read(self, size: int | None = -1) -> bytes:
        return super().read(min(size or 0, self.most))


@pytest.mark.parametrize("most", [1, 1000, 10**7])
def test_a_body_comes_whole_in_pieces(most: int) -> None:
    raw = os.urandom(3000 if most == 1 else 3_000_000)
    parts = list(pieces(Drip(raw, most), len(raw)))
    assert b"".join(parts) == raw
    assert max(map(len, parts)) <= body.PIECE


def test_a_short_body_is_a_cut_line() -> None:
    got = []
    with pytest.raises(LineCut):
        for part in pieces(BytesIO(b"x" * 700), 1000):
            got.append(part)
    assert b"".join(got) == b"x" * 700


def test_a_broken_read_is_a_cut_line() -> None:
    class Reset(BytesIO):
        def read(self, _size: int | None = -1) -> bytes:
            raise ConnectionResetError

    with pytest.raises(LineCut):
        list(pieces(Reset(), 10))
