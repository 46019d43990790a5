"""FINESS numbers: nine signs, the last the Luhn key of the others."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pools.schemas import check_finess


def luhn(digits: str) -> int:
    total = 0
    for place, digit in enumerate(reversed(digits)):
        value = int(digit) * (2 if place % 2 else 1)
        total += value - 9 if value > 9 else value
    return total % 10


@given(st.from_regex(r"\A[0-9]{8}\Z"))
def test_exactly_one_last_digit_fits(start: str) -> None:
    fits = []
    for last in "0123456789":
        try:
            fits.append(check_finess(start + last))
        except ValueError:
            assert luhn(start + last) != 0
    assert len(fits) == 1 and luhn(fits[0]) == 0


@given(st.text(max_size=12))
def test_nothing_else_passes(text: str) -> None:
    try:
        assert check_finess(text) == text
    except ValueError:
        return
    assert len(text) == 9 and text.isascii()


@pytest.mark.parametrize("number", ["2A0000014", "2B0000020"])
def test_corsican_letters_count_as_one_and_two(number: str) -> None:
    assert check_finess(number) == number
