"""Numbers of addresses and forms."""

from __future__ import annotations

import pytest

from gdtbridge.web.numbers import number_of


@pytest.mark.parametrize(
    ("text", "number"),
    [("0", 0), ("12", 12), ("9" * 18, 10**18 - 1), ("9" * 19, None), ("9" * 5000, None),
     ("-1", None), ("", None), ("²", None), ("٣", None), (" 1", None), ("1e3", None)],
)  # fmt: skip
def test_a_number_fits_into_a_database_or_is_none(text: str, number: int | None) -> None:
    """Digits of other scripts are none, nor is what no row can have."""
    assert number_of(text) == number
