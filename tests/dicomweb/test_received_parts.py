"""The parts of a multipart body, whatever stands in them."""

from __future__ import annotations

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gdtbridge.web.dicomweb import received_parts
from gdtbridge.web.dicomweb.received_parts import MultipartError, TooManyParts, parts_in

HEAD = b"Content-Type: application/dicom\r\n"


def contents(body: bytes, boundary: str = "b") -> list[bytes]:
    """Return what stands in the parts of a body."""
    file = io.BytesIO(body)
    return [part.open(file).read() for part in parts_in(file, boundary)]


@pytest.mark.parametrize(
    ("body", "found"),
    [
        (b"--b\r\n" + HEAD + b"\r\nA\r\n--b--\r\n", [b"A"]),
        (b"\r\n--b\r\n" + HEAD + b"\r\nA\r\n--b--", [b"A"]),
        (b"hello\r\n--b \t\r\n\r\nA\r\n--b-- \r\nbye\r\n--b\r\n\r\nB\r\n--b--", [b"A"]),
        (b"--b\r\nx: y\r\n\r\n\r\n\r\nA\r\n\r\n--b--\r\n", [b"\r\n\r\nA\r\n"]),
        (b"--b\r\n\r\n\r\n--bc\r\n--b-\r\n--b--x\r\n--b--\r\n", [b"\r\n--bc\r\n--b-\r\n--b--x"]),
        (b"--b\r\n\r\n--b\r\n\r\n--b--", [b"", b""]),
        (b"--b\r\n\r\nA\n--b\nB\r\n--b--", [b"A\n--b\nB"]),
        (b"--b\r\n" + HEAD + b"\r\n--x\r\n\r\nA\r\n--x--\r\n--b--", [b"--x\r\n\r\nA\r\n--x--"]),
        (b"--b--\r\n", []),
    ],
    ids=["usual", "preamble", "epilogue", "blank", "like it", "empty", "LF", "nested", "none"],
)
def test_where_parts_begin_and_end(body: bytes, found: list[bytes]) -> None:
    """By lines that are a boundary and nothing else, with CR LF before them."""
    assert contents(body) == found


@pytest.mark.parametrize(
    ("body", "boundary"),
    [
        (b"--b\r\n\r\nA\r\n--b--", ""),
        (b"--b\r\n\r\nA\r\n--b--", "b" * 201),
        (b"--b\r\n\r\nA\r\n--b--", "c"),
        (b"--b\r\n\r\nA\r\n--b\r\n\r\nB", "b"),
        (b"--b\r\nx: y\r\nA\r\n--b--", "b"),
        (b"--b\r\n" + b"x" * 20_000 + b"\r\n\r\nA\r\n--b--", "b"),
        (b"", "b"),
    ],
    ids=["none", "long", "another", "no end", "no header", "long header", "nothing"],
)
def test_what_is_no_multipart(body: bytes, boundary: str) -> None:
    """Nothing of it is taken."""
    with pytest.raises(MultipartError):
        contents(body, boundary)


def test_a_million_parts() -> None:
    """More than there may be are not even counted, nor is a window kept of what only looks so."""
    with pytest.raises(TooManyParts):
        contents(b"--b\r\n\r\n" * 1_000_000)
    with pytest.raises(MultipartError):
        contents(b"\r\n--bx" * 500_000)


PIECES = st.lists(st.sampled_from([b"\r\n", b"--", b"b", b"0", b"\r", b"\n", b"-"]), max_size=12)


@given(bodies=st.lists(PIECES.map(b"".join), min_size=1, max_size=4), piece=st.integers(70, 90))
def test_whatever_stands_in_them(bodies: list[bytes], piece: int) -> None:
    """What is written comes back, wherever the pieces that are read end."""
    boundary = "b-0-b-1"
    body = b"".join(b"--b-0-b-1\r\n\r\n" + one + b"\r\n" for one in bodies) + b"--b-0-b-1--"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(received_parts, "_PIECE", piece)
        assert contents(body, boundary) == bodies
