"""Nothing a clinician wrote or photographed can be read on the way, on the server, or on a device
at rest."""

from __future__ import annotations

import io
import zlib
from base64 import b64decode
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from playwright.sync_api import BrowserContext, expect

from tests.e2e.conftest import Demonstration, NewDevice
from tests.support.browser import settle
from tests.support.clinic import Clinician, Request
from tests.support.device_storage import stored_on
from tests.support.photos import CAMERA, take_photo
from tests.support.push import PushService
from tests.support.wiretap import disguises, found_in, frames_sent, slices, spoken

WORDS = {
    "birth name": "ZORBELGRUND",
    "given name": "Quivandrine",
    "question": "glomérivoltase",
    "reason": "hystricémie",
    "caption": "clavifrontal",
    "message": "spirandelle",
    "information request": "tartiflumine",
    "information": "ombrelluzole",
    "file name": "xantolithe",
    "file": "fuligramme",
    "opinion": "ovokrinase",
    "recommendations": "brimboraxate",
    "follow-up": "dahutoscopie",
}
"""Words nobody else uses, so that finding one means that it was written here."""

KEEP_PICTURES = """
window.shownBlobs = [];
const make = URL.createObjectURL;
URL.createObjectURL = (blob) => {
  if (blob.type.startsWith('image/')) window.shownBlobs.push(blob);
  return make.call(URL, blob);
};
"""
SHOWN = """
async () => Promise.all(window.shownBlobs.map(async (blob) => {
  const bytes = new Uint8Array(await blob.arrayBuffer());
  let text = '';
  for (let i = 0; i < bytes.length; i += 8192) text += String.fromCharCode(...bytes.subarray(i, i + 8192));
  return btoa(text);
}))
"""


@pytest.fixture
def push() -> Any:
    service = PushService()
    yield service
    service.stop()


def subscribe(context: BrowserContext, push: PushService) -> Any:
    """Sign a browser's push endpoint up, as the notification page does."""
    csrf = context.request.get("/api/v1/session").json()["csrf"]
    browser = push.browser()
    answer = context.request.post(
        "/api/v1/account/push-subscriptions",
        data=browser.subscription,
        headers={"X-CSRF-Token": csrf},
    )
    assert answer.ok, answer.text()
    return browser


def pixels(picture: bytes) -> bytes:
    return Image.open(io.BytesIO(picture)).convert("RGB").tobytes()


def live_a_case(
    requester: Clinician, expert: Clinician, demonstration: Demonstration, folder: Path
) -> bytes:
    """Every kind of content once; what lay on the requester's device while the line was cut."""
    said, page, w = WORDS, requester.page, requester.words
    file = folder / f"{said['file name']}.txt"
    file.write_text(f"Compte rendu : {said['file']}. " * 50)
    request = Request(
        said["birth name"],
        said["given name"],
        f"Que penser de cette {said['question']} ?",
        reason=f"Suspicion de {said['reason']}",
        photos=[take_photo(folder / f"{said['file name']}.jpg", 41)],
        captions=[f"Vue {said['caption']}e"],
    )
    requester.write_request("Dermatologie", request)
    demonstration.line.cut()
    case = requester.send()
    requester.say(f"Rien qu’une {said['message']}.", file)
    expect(page.get_by_text(w("Waiting for the network")).first).to_be_visible()
    at_rest = stored_on(page)
    demonstration.line.mend()

    expert.enter(case)
    expert.step("Take this case")
    expert.sees(said["message"])
    expert.step("Ask for information", f"Sous {said['information request']} ?")
    requester.sees(said["information request"])
    requester.step("Send the information", f"Non, {said['information']}.")
    expert.sees(said["information"])
    thumb = expert.page.locator(".request .thumb").first
    expect(thumb.locator("img")).to_be_visible()
    thumb.click()
    expect(expert.page.locator("dialog.viewer img")).to_be_visible()
    expert.page.keyboard.press("Escape")
    expect(page.get_by_text(w("Up to date"))).to_be_visible()  # the file is there too
    page.goto("/settings")
    expert.sign_opinion(
        f"C’est une {said['opinion']}.", f"{said['recommendations']} 5 mg.", said["follow-up"]
    )
    return at_rest


def test_no_word_and_no_pixel_can_be_read_outside_the_two_browsers(
    new_device: NewDevice, demonstration: Demonstration, push: PushService, tmp_path: Path
) -> None:
    requester = Clinician(new_device("phone"), "Dr Hugo Mermet")
    expert = Clinician(new_device("desktop"), "Dr Karim Benali")
    expert.device.context.add_init_script(KEEP_PICTURES)
    for person in (requester, expert):
        person.sign_in()
    subscribed = subscribe(requester.device.context, push)

    at_rest = live_a_case(requester, expert, demonstration, tmp_path)
    settle(requester.page, lambda: len(subscribed.received) > 0)
    requester.page.goto("/demo/mails")
    requester.sees("Cordée")
    mails = requester.device.context.request.get("/api/v1/demo/mails").body()
    shown = [b64decode(blob) for blob in expert.page.evaluate(SHOWN)]
    assert shown

    places = {
        "requester's device, line cut": at_rest,
        "expert's device": stored_on(expert.page),
        "mails": mails,
        "pushes": repr([message.payload for message in subscribed.received]).encode(),
        **dict(spoken(demonstration.line)),
        **{
            str(path.relative_to(demonstration.folder)): path.read_bytes()
            for path in demonstration.folder.rglob("*")
            if path.is_file()
        },
    }
    for what, word in WORDS.items():
        needles = disguises(word)
        for place, content in places.items():
            assert not found_in(content, needles), f"{what} stands in {place}"
    originals = [path.read_bytes() for path in tmp_path.glob("*.jpg")]
    for picture in [*shown, *originals]:
        needles = slices(picture[200:]) | slices(pixels(picture))
        assert len(needles) > 50
        for place, content in places.items():
            assert not found_in(content, needles), f"a picture stands in {place}"

    # The search itself finds what is there to be found.
    wire = b"".join(content for place, content in places.items() if place.startswith("connection"))
    assert found_in(wire, disguises("information_requested"))
    assert frames_sent(demonstration.line) > 0
    assert found_in(places["cordee.sqlite3"], disguises("Dermatologie"))
    assert b"EXTRACTABLE KEY" not in at_rest
    assert subscribed.received[0].payload["notification"]["body"]


def test_pictures_leave_without_their_place_and_camera(
    new_device: NewDevice, tmp_path: Path
) -> None:
    requester = Clinician(new_device("desktop"), "Dr Anne Vulliez")
    requester.device.context.add_init_script(KEEP_PICTURES)
    requester.sign_in()
    photo = take_photo(tmp_path / "photo.jpg", 7, size=(1200, 900))
    assert CAMERA.encode() in photo.read_bytes()
    requester.write_request(
        "Dermatologie", Request("EXIF-FICTIF", "Rose", "Et ceci ?", photos=[photo])
    )
    requester.send()
    expect(requester.page.locator(".request .thumb img")).to_be_visible()
    for picture in map(b64decode, requester.page.evaluate(SHOWN)):
        image = Image.open(io.BytesIO(picture))
        assert dict(image.getexif()) == {}
        assert CAMERA.encode() not in picture
        assert image.height > image.width, "it was taken upright"


def test_what_the_server_stores_looks_like_noise(demonstration: Demonstration) -> None:
    blobs = [path for path in (demonstration.folder / "blobs").rglob("*") if path.is_file()]
    assert blobs
    for blob in blobs:
        raw = blob.read_bytes()
        assert len(zlib.compress(raw, 9)) > 0.99 * len(raw), blob.name
