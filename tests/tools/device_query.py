"""Queries as devices send them, written element by element, and answers as hex dumps."""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence

from tests.tools.device import WORKLIST, RawAssociation, find_rq
from tests.tools.elements import IMPLICIT, element, item

PENDING = (0xFF00, 0xFF01)


def encoded_query(text: str, codec: str = "latin-1") -> bytes:
    """Return an identifier in Implicit VR Little Endian.

    Each line of ``text`` is ``GGGG,EEEE`` and a value; ``SQ`` opens a sequence whose one item has
    the following lines that begin with ``>``, without any it has none, ``SQ{}`` has an empty item.
    """
    lines = [line.strip() for line in text.strip().splitlines()]
    return b"".join(_elements(lines, codec))


def _elements(lines: Sequence[str], codec: str) -> Iterator[bytes]:
    place = 0
    while place < len(lines):
        tag, _, value = lines[place].partition(" ")
        place += 1
        number = int(tag.replace(",", ""), 16)
        if not value.startswith("SQ"):
            yield element(number, b"LO", value.encode(codec), ts=IMPLICIT)
            continue
        inner = []
        while place < len(lines) and lines[place].startswith(">"):
            inner.append(lines[place][1:].strip())
            place += 1
        content = b"".join(_elements(inner, codec))
        items = item(content) if content or value == "SQ{}" else b""
        yield struct.pack("<HHL", number >> 16, number & 0xFFFF, len(items)) + items


def answers_to(port: int, query: bytes, calling: str = "US01") -> list[bytes]:
    """Return the datasets a worklist server answers an encoded query with."""
    with RawAssociation(port).associate([(WORKLIST, [IMPLICIT])], calling) as association:
        association.message(1, find_rq(), query)
        answers = []
        while (answer := association.response()).status in PENDING:
            answers.append(answer.dataset)
        assert answer.status == 0
        return answers


def hex_dump(data: bytes) -> str:
    """Return bytes in lines of sixteen, each with its place, the bytes and what is ASCII of it."""
    lines = []
    for place in range(0, len(data), 16):
        row = data[place : place + 16]
        shown = "".join(chr(byte) if 32 <= byte < 127 else "." for byte in row)
        lines.append(f"{place:04x}  {row.hex(' '):<47}  {shown}".rstrip())
    return "\n".join(lines)
