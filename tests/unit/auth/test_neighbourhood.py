"""What counts as one network address when knocks are counted."""

from __future__ import annotations

import pytest

from auth.limits import neighbourhood


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("192.0.2.1", "192.0.2.2", False),
        ("2001:db8::1", "2001:db8::ffff:ffff:ffff:ffff", True),
        ("2001:db8::1", "2001:db8:0:1::1", False),
        ("::ffff:192.0.2.1", "192.0.2.1", True),
        ("fe80::1%eth0", "fe80::2%eth1", True),
        ("unknown", "unknown", True),
    ],
)
def test_one_line_counts_as_one_address(one: str, other: str, same: bool) -> None:
    """Whoever has an IPv6 line has 2^64 addresses on it."""
    assert (neighbourhood(one) == neighbourhood(other)) is same
