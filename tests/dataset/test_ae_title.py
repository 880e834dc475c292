"""Application entity titles: what may be sent, how received ones read."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gdtbridge.dataset.values import is_ae_title, received_title


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("US01", True),
        ("A B-C.D/E~", True),
        ("SIXTEEN_LETTERS_", True),
        ("SEVENTEEN_LETTERS", False),
        ("", False),
        ("  ", False),
        ("A\\B", False),
        ("KÖLN", False),
        ("A\nB", False),
        ("A\n", False),
    ],
)
def test_what_may_be_sent(text: str, *, expected: bool) -> None:
    """1 to 16 characters of ASCII that can be printed, no backslash, not only spaces."""
    assert is_ae_title(text) is expected


@pytest.mark.parametrize(
    ("raw", "title"),
    [
        (b"VOLUSON         ", "VOLUSON"),
        (b"VOLUSON\0\0\0\0\0\0\0\0\0", "VOLUSON"),
        (b"  LOGIQ\0 \0       ", "LOGIQ"),
        (b"K\xd6LN            ", "KÖLN"),
        (b"A\\B             ", "A\\B"),
        (b"A\nB\x1b[2J         ", "A?B?[2J"),
        (b" " * 16, ""),
        (b"\0" * 16, ""),
    ],
)
def test_titles_are_cleaned(raw: bytes, title: str) -> None:
    """Padding goes, what cannot be printed is replaced, the rest stays."""
    assert received_title(raw) == title


@given(st.binary(min_size=16, max_size=16))
def test_cleaned_titles_can_be_printed(raw: bytes) -> None:
    """No AE title puts a control character anywhere."""
    assert received_title(raw).isprintable()
