"""Mail addresses, RPPS numbers, cursors, codes: what is let in and what is not."""

from __future__ import annotations

from datetime import UTC, datetime

import pyotp
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from app.errors import ValidationFailed
from auth.schemas import Mail, Token, normalise_mail, valid_rpps
from auth.service.paging import instant, read_cursor, row_number, write_cursor
from auth.service.second_factor import enrolment_uri, matching_step
from tests.factories.people import rpps_number

SECRET = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
"""RFC 6238 appendix B: the ASCII bytes 12345678901234567890."""


@given(st.text("0123456789", min_size=10, max_size=10))
def test_one_last_digit_in_ten_makes_an_rpps(first_ten: str) -> None:
    right = [digit for digit in "0123456789" if valid_rpps(first_ten + digit)]
    assert [first_ten + digit for digit in right] == [rpps_number(first_ten)]


@pytest.mark.parametrize(
    "text", ["", "1000000000", "100000000071", "1000000000a", "１００００００００７"]
)
def test_other_texts_are_no_rpps(text: str) -> None:
    assert not valid_rpps(text)


@pytest.mark.parametrize(
    "mail",
    [
        "sans-arobase",
        "deux@@reseau.test",
        "espace @reseau.test",
        "a@b",
        "a@b.fr\nBcc: x@y.fr",
        "a\r@b.fr",
        "a\x00@b.fr",
        '"a"@b.fr',
        "a@b.fr,c@d.fr",
        "<a@b.fr>",
        "a" * 250 + "@b.fr",
    ],
)
def test_mails_that_could_be_two_or_carry_a_header_are_refused(mail: str) -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(Mail).validate_python(mail)


@pytest.mark.parametrize(
    "mail", ["Claire.Favre@Abondance.TEST ", "o'neill+x@chu-annecy.fr", "ｃlaire@reseau.test"]
)
def test_mails_have_one_spelling(mail: str) -> None:
    once = TypeAdapter(Mail).validate_python(mail)
    assert once == normalise_mail(once) == once.strip().lower()


def test_tokens_are_plain() -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(Token).validate_python("a" * 20 + "\n")


def test_cursors_come_back_or_are_refused() -> None:
    assert read_cursor(write_cursor("Favre", 7), str, row_number) == ["Favre", 7]
    with pytest.raises(ValidationFailed):
        read_cursor(write_cursor(10**40), row_number)
    for wrong in ("2026-11-21", "0001-01-01T00:00:00+23:59", "soon"):
        with pytest.raises(ValidationFailed):
            read_cursor(write_cursor(wrong), instant)
    for wrong in ("", "x", "[]", write_cursor("one"), write_cursor("a", "b"), "Ë", "AAAA" * 50):
        with pytest.raises(ValidationFailed):
            read_cursor(wrong, str, int)


def test_codes_follow_rfc_6238_one_step_either_way() -> None:
    at = datetime.fromtimestamp(1111111109, UTC)
    assert pyotp.TOTP(SECRET).at(at) == "081804"
    present = 1111111109 // 30
    assert matching_step(SECRET, "081804", at) == present
    for shift, step in ((-30, present), (30, present), (-60, None), (60, None)):
        other = datetime.fromtimestamp(1111111109 + shift, UTC)
        assert matching_step(SECRET, "081804", other) == step


def test_the_enrolment_address_names_the_service() -> None:
    uri = enrolment_uri(SECRET, "claire.favre@abondance.test")
    assert uri.startswith("otpauth://totp/Cord%C3%A9e:claire.favre%40abondance.test?secret=")
    assert "issuer=Cord%C3%A9e" in uri
