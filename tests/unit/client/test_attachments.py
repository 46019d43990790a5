"""Files over bad lines: resumed where they stood, whole or not at all, small in memory."""

from __future__ import annotations

import io
import tracemalloc
from pathlib import Path
from typing import Any

import httpx
import pytest
from PIL import Image

from client import CordeeClient, PlainFile
from client.cleaning import UnreadablePicture
from client.errors import NetworkDown
from tests.unit.client.conftest import REQUEST, LyingServer, Village

MEGABYTE = 1024 * 1024


class BreakingLine(httpx.BaseTransport):
    """Cuts requests to paths holding ``where``: before they arrive, or before the answer does."""

    def __init__(self, inner: httpx.BaseTransport, method: str, where: str, cuts: str) -> None:
        self.inner = inner
        self.method, self.where = method, where
        self.cuts = list(cuts)
        self.sent: list[tuple[str, int]] = []

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        body = request.read()
        self.sent.append((request.method, len(body)))
        hit = request.method == self.method and self.where in request.url.path
        cut = self.cuts.pop(0) if hit and self.cuts else "-"
        if cut == "b":
            raise httpx.ReadError("the line broke before anything arrived")
        answer = self.inner.handle_request(request)
        if cut == "a":
            answer.read()
            raise httpx.ReadError("the line broke before the answer came")
        if cut == "h":
            half = answer.read()[: 3 * MEGABYTE]
            return httpx.Response(answer.status_code, content=Cut(half))
        return answer


class Cut(httpx.SyncByteStream):
    """A body that ends too early, as a dying line's does."""

    def __init__(self, data: bytes) -> None:
        self.data = data

    def __iter__(self) -> Any:
        yield self.data
        raise httpx.ReadError("the line broke in the middle")


def on(village: Village, key: str, line: httpx.BaseTransport) -> CordeeClient:
    """This person on a device behind that line."""
    person = village.people[key]
    device = CordeeClient("http://localhost", line)
    device.transport._sleep = lambda _: None
    device.resume(person.account.keys, person.transport.cookies, person.transport.csrf)
    return device


@pytest.fixture(scope="module")
def case(village: Village) -> str:
    return village.people["favre"].cases.open_case("dermatology", REQUEST).id


@pytest.mark.parametrize("cuts", ["b", "a", "-a", "bab", "aaab"])
def test_an_upload_goes_on_where_it_stood(village: Village, case: str, cuts: str) -> None:
    line = BreakingLine(LyingServer(village.app), "PATCH", "/uploads", cuts)
    favre = on(village, "favre", line)
    data = bytes(range(256)) * (17 * 4096)
    steps: list[tuple[int, int]] = []

    favre.thread.post(
        case, "", files=[PlainFile("serie.bin", data=data)],
        progress=lambda done, total: steps.append((done, total)),
    )  # fmt: skip

    blanc = village.people["blanc"]
    manifest = blanc.thread.read(case)[-1].attachments[0]
    target = io.BytesIO()
    blanc.attachments.download(case, manifest, target)
    assert target.getvalue() == data
    assert [part.size > 0 for part in manifest.parts] == [True] * 3
    assert steps[-1][0] == steps[-1][1] == sum(part.size for part in manifest.parts)
    lost_on_the_way = cuts.count("b") * (8 * MEGABYTE + 400)
    sent = sum(size for method, size in line.sent if method == "PATCH")
    assert sent <= steps[-1][1] + lost_on_the_way, "what had arrived is not sent twice"


def test_a_line_that_never_comes_back_ends_the_upload(village: Village, case: str) -> None:
    line = BreakingLine(LyingServer(village.app), "PATCH", "/uploads", "b" * 20)
    favre = on(village, "favre", line)
    with favre.attachments.seal(case, PlainFile("a.bin", data=bytes(MEGABYTE))) as sealed:
        favre.thread.post_sealed_files(case, {"text": ""}, [])
        body = favre.thread.seal(case, "text", {"text": ""}, files=[sealed])
        favre.transport.put(f"/cases/{case}/messages/{body.id}", body.fields())
        with pytest.raises(NetworkDown):
            favre.attachments.upload(case, sealed)
        line.cuts.clear()
        favre.attachments.upload(case, sealed)
        favre.attachments.upload(case, sealed)
    stored = {row["id"]: row["stored"] for row in favre.attachments.stored(case)}
    assert stored[sealed.manifest["id"]] is True


@pytest.mark.parametrize("cuts", ["h", "hh", "bh"])
def test_a_download_goes_on_where_it_stood(village: Village, case: str, cuts: str) -> None:
    favre = village.people["favre"]
    data = bytes(range(256)) * (9 * 4096)
    favre.thread.post(case, "", files=[PlainFile("serie.bin", data=data)])
    manifest = favre.thread.read(case)[-1].attachments[0]
    line = BreakingLine(LyingServer(village.app), "GET", f"/attachments/{manifest.id}", cuts)
    target = io.BytesIO()
    on(village, "blanc", line).attachments.download(case, manifest, target)
    assert target.getvalue() == data


def test_a_large_file_takes_little_memory(village: Village, case: str, tmp_path: Path) -> None:
    """Sealing 64 MiB holds a part or two, never the file."""
    large = tmp_path / "serie.raw"
    with large.open("wb") as file:
        for _ in range(64):
            file.write(bytes(MEGABYTE))
    tracemalloc.start()
    with village.people["favre"].attachments.seal(case, large) as sealed:
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert sealed.size > 64 * MEGABYTE and len(sealed.manifest["parts"]) == 8
    assert peak < 40 * MEGABYTE


def test_a_long_series_becomes_several_messages(village: Village, case: str) -> None:
    favre = village.people["favre"]
    before = len(favre.thread.read(case))
    files = [PlainFile(f"coupe-{number:03}.bin", data=bytes(9)) for number in range(120)]
    first = favre.thread.post(case, "Série complète", files=files)
    added = favre.thread.read(case)[before:]
    assert added[0].sequence == first and added[0].text == "Série complète"
    names = [manifest.name for message in added for manifest in message.attachments]
    assert names == [file.name for file in files] and len(added) > 1


def test_a_file_that_cannot_be_cleaned_is_not_announced(village: Village, case: str) -> None:
    favre = village.people["favre"]
    before = len(favre.thread.read(case))
    with pytest.raises(UnreadablePicture):
        favre.thread.post(case, "", files=[PlainFile("x.jpg", data=b"\xff\xd8\xff broken")])
    assert len(favre.thread.read(case)) == before


def test_previews_go_first(village: Village, case: str) -> None:
    line = BreakingLine(LyingServer(village.app), "PATCH", "/never", "")
    favre = on(village, "favre", line)
    noise = Image.effect_noise((1500, 1200), 90).convert("RGB")
    target = io.BytesIO()
    noise.save(target, "PNG")
    data = target.getvalue()
    favre.thread.post(
        case, "", files=[PlainFile("a.png", data=data), PlainFile("b.png", data=data)]
    )
    sizes = [size for method, size in line.sent if method in ("POST", "PATCH") and size > 5000]
    assert sizes == sorted(sizes) and len(sizes) >= 4
