"""The protocol core in a real browser, under the real content security policy.

The same named checks that vitest runs in Node run here in a page and in a worker; then Python seals
what Chromium opens, and the other way round.
"""

import json
import os
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from client import crypto
from tests.support.harness import VECTORS, served_harness

KEY = bytes(range(32))
CONTEXT = "cordee1|message|net|case|0|message"
FIRST_SEGMENT = 1024 * 1024 - 56

Ask = Callable[..., Any]


@pytest.fixture(scope="module")
def origin(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with served_harness(tmp_path_factory.mktemp("harness")) as address:
        yield address


@pytest.fixture
def page(browser: Browser, origin: str) -> Iterator[Page]:
    page = browser.new_page()
    page.goto(origin)
    page.wait_for_load_state("networkidle")
    yield page
    page.close()


@pytest.fixture
def ask(page: Page) -> Ask:
    """Call a function of the harness."""

    def call(name: str, *given: Any) -> Any:
        return page.evaluate("([name, given]) => globalThis.harness[name](...given)", [name, given])

    return call


def b64(value: bytes) -> str:
    return b64encode(value).decode()


def vector_count() -> int:
    count = 0
    for name in ("cordee1.json", "cordee1-extra.json"):
        vectors = json.loads((VECTORS / name).read_text(encoding="utf-8"))
        groups = [group for key, group in vectors.items() if key not in ("about", "chains")]
        count += sum(len(group) if isinstance(group, list) else 1 for group in groups)
    log = json.loads((VECTORS / "cordee1-log.json").read_text(encoding="utf-8"))
    count += len(log["notes"]["good"] + log["notes"]["refused"] + log["safety"])
    return count + 3


def test_chromium_has_what_the_protocol_needs(ask: Ask) -> None:
    assert ask("missingFeatures") == []


@pytest.mark.parametrize("place", ["vectorsInPage", "vectorsInWorker"])
def test_every_vector_holds(ask: Ask, place: str) -> None:
    report = ask(place)
    assert report["failures"] == []
    assert report["passed"] == vector_count()


@pytest.mark.parametrize("size", [0, 1, 318, FIRST_SEGMENT, FIRST_SEGMENT + 1, 2_500_000])
def test_sealed_here_opens_there(ask: Ask, size: int) -> None:
    plain = os.urandom(size)
    assert (
        b64decode(ask("unseal", b64(KEY), CONTEXT, b64(crypto.seal(KEY, CONTEXT, plain)))) == plain
    )
    assert (
        crypto.unseal(KEY, CONTEXT, b64decode(ask("seal", b64(KEY), CONTEXT, b64(plain)))) == plain
    )


def test_wrapped_here_opens_there(ask: Ask) -> None:
    seed, secret = os.urandom(32), os.urandom(32)
    public = crypto.kem_public(seed)
    assert b64decode(ask("kemPublic", b64(seed))) == public
    wrapped = crypto.wrap(public, CONTEXT, secret)
    assert b64decode(ask("unwrap", b64(seed), CONTEXT, b64(wrapped))) == secret
    assert crypto.unwrap(
        seed, CONTEXT, b64decode(ask("wrap", b64(public), CONTEXT, b64(secret)))
    ) == (secret)


def test_passwords_and_recovery_codes_give_the_same_keys(ask: Ask) -> None:
    salt, code = os.urandom(16), os.urandom(20)
    # An é in two code points and a ligature: NFKC on both sides or the keys differ.
    password = "Col de la Forclaz, ﬁn d'e\u0301te\u0301"
    keys = crypto.password_keys(password, salt, crypto.DEFAULT_KDF)
    assert ask("passwordKeys", password, b64(salt)) == [b64(key) for key in keys]
    assert ask("recoveryKeys", b64(code)) == [b64(key) for key in crypto.recovery_keys(code)]


def test_signed_here_verifies_there(ask: Ask) -> None:
    payload = {
        "v": 1,
        "net": "b073bd3e-aba2-5b1f-a1cd-21bb47088888",
        "case": "6eee8fd0-d5b9-5eb1-ae3b-e35dfabb3a21",
        "version": 0,
        "g": 0,
        "by": "28045223-c629-5cb4-ad2d-928e551c744c",
        "at": "2026-01-02T03:04:05.006Z",
        "body": {"question": "Fièvre depuis hier, 38,6 °C 👩🏽‍⚕️"},
    }
    seeds = [os.urandom(32), os.urandom(32)]
    publics = [crypto.sign_public(seed) for seed in seeds]
    here = crypto.sign_statement("cordee1.header", payload, *seeds)
    assert ask("verify", "cordee1.header", here, *map(b64, publics)) == payload
    there = ask("sign", "cordee1.header", payload, *map(b64, seeds))
    assert crypto.verify_statement("cordee1.header", there, *publics) == payload
    assert there == here


def test_a_file_goes_through_the_worker_part_by_part(ask: Ask) -> None:
    size = 20 * 1024 * 1024 + 17
    assert ask("attachment", size) == {
        "parts": 3,
        "same": True,
        "swapped": "SealBroken",
        "relisted": "SealBroken",
        "dropped": "SealBroken",
        "lastSeen": size,
    }


def test_long_lived_keys_work_and_cannot_be_read(ask: Ask) -> None:
    assert ask("longLivedKeys") == {
        "signed": "Lésion suspecte ?",
        "signKeyReadable": "InvalidAccessError",
        "deviceKeyReadable": "InvalidAccessError",
        "opened": True,
        "otherPurpose": "SealBroken",
    }


def test_the_worker_leaves_the_page_free_and_answers_by_name(ask: Ask) -> None:
    manners = ask("workerManners")
    assert manners.pop("turns") >= 5, "the page stood still while the password was hashed"
    assert manners == {
        "cancelled": "AbortError",
        "broken": "SealBroken",
        "weak": "KdfTooWeak",
        "closed": "AbortError",
        "again": b64(b"again"),
    }


def test_no_script_starts_around_the_policy(ask: Ask) -> None:
    assert set(ask("policyRefusals")) == {"TypeError"}
