"""Unique identifiers: what is let in, what may be sent, what is made."""

from __future__ import annotations

import pytest

from gdtbridge.dataset.values import is_uid, is_valid_uid, new_uid, uid_from


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("1.2.840.10008.1.1", True),
        ("2.25.213384531378279861352041721331516693815", True),
        ("1.02.3", True),
        ("9" * 64, True),
        ("9" * 65, False),
        ("", False),
        (None, False),
        ("..", False),
        (".1", False),
        ("1.2/3", False),
        ("1.2 3", False),
        ("1.2\n3", False),
        ("1.2\x003", False),
        ("1.²", False),
        ("1.٣", False),
    ],
)
def test_what_counts_as_a_uid(value: str | None, *, expected: bool) -> None:
    """Digits and dots, beginning with a digit, at most 64 characters."""
    assert is_uid(value) is expected


@pytest.mark.parametrize("value", ["1.02.3", "1..2", "1.", "1", "", "1." + "2" * 63, "1.2 3"])
def test_what_may_not_be_sent(value: str) -> None:
    """No leading zeros, no empty component, at most 64 characters."""
    assert not is_valid_uid(value)


def test_made_uids_are_valid_and_never_twice() -> None:
    """A new UID is the number of a UUID below 2.25."""
    made = {new_uid() for _ in range(50)}
    assert len(made) == 50
    assert all(is_valid_uid(uid) and uid.startswith("2.25.") for uid in made)
    assert uid_from(2**128 - 1) == "2.25.340282366920938463463374607431768211455"
