"""What clients accept, as they write it."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.test import EnvironBuilder
from werkzeug.wrappers import Request

from gdtbridge.web.dicomweb.negotiation import MediaRange, accepted


def ranges(*accept: str, query: str = "") -> tuple[MediaRange, ...]:
    """Return what a request accepts."""
    headers = [("Accept", one) for one in accept]
    return accepted(Request(EnvironBuilder("/", query_string=query, headers=headers).get_environ()))


@pytest.mark.parametrize(
    "text",
    [
        'multipart/related; type="application/dicom"; transfer-syntax=*',
        "multipart/related;type=application/dicom;transfer-syntax=*",
        'Multipart/Related ; TYPE = "application/dicom" ; transfer-syntax = "*"',
    ],
)
def test_one_range_in_many_spellings(text: str) -> None:
    """Quotes, blanks and capitals make no difference."""
    assert ranges(text) == (MediaRange("multipart/related", "application/dicom", ("*",)),)


def test_several_in_their_order() -> None:
    """By quality, then as written; two transfer syntaxes in one range are both meant."""
    found = ranges(
        "a/b;q=0.5, multipart/related; type=image/jpeg; transfer-syntax=1; transfer-syntax=*", "c/d"
    )

    assert [one.content for one in found] == ["image/jpeg", "c/d", "a/b"]
    assert found[0].transfer_syntaxes == ("1", "*")


def test_the_address_counts_before_the_header() -> None:
    """A picture's address can say what is wanted, a header cannot be set there."""
    (found,) = ranges("text/html", query="accept=image%2Fjpeg")

    assert found.takes("image/jpeg")


def test_nothing_said_is_everything() -> None:
    """No header, an empty one, and Java's star."""
    assert [one.media_type for accept in ((), ("",), ("*",)) for one in ranges(*accept)] == [
        "*/*"
    ] * 3


@given(st.text(max_size=60))
def test_whatever_is_written_is_read(text: str) -> None:
    """No header stops a call."""
    ranges(text.encode("unicode_escape").decode())


@given(
    st.lists(st.sampled_from([",", ";", '"', "\\", "=", " ", "a/b", "q", "type", "1"]), max_size=20)
)
def test_whatever_is_put_together_is_read(pieces: list[str]) -> None:
    """Marks where none belong."""
    ranges("".join(pieces))


@pytest.mark.parametrize("text", ['"' + '\\"' * 15_000, '"\\"' * 10_000 + "\\"])
def test_quotes_nobody_closes_are_read_once(text: str) -> None:
    """As long as a header may be it is read in milliseconds; looked for anew it takes seconds."""
    begun = time.process_time()
    ranges(text)
    assert time.process_time() - begun < 1
