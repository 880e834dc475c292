"""A PDF taken apart by a reader of the tests' own: objects, streams, fonts (ISO 32000-1).

It reads files with one cross-reference table and complains of what does not stand where the table
says. It knows nothing of ReportLab or of the product.
"""

from __future__ import annotations

import re
import struct
import zlib
from base64 import a85decode
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

TOKEN = re.compile(
    rb"%[^\n]*|\s+|(?P<open><<)|(?P<close>>>)|(?P<list>\[)|(?P<end>\])"
    rb"|(?P<hex><[0-9A-Fa-f\s]*>)|(?P<string>\((?:\\.|[^\\()])*\))|(?P<name>/[^\s()<>\[\]{}/%]*)"
    rb"|(?P<reference>\d+ \d+ R\b)|(?P<number>[+-]?(?:\d+\.?\d*|\.\d+))"
    rb"|(?P<word>[^\s()<>\[\]{}/%]+)",
    re.DOTALL,
)
ESCAPES = {b"n": b"\n", b"r": b"\r", b"t": b"\t", b"b": b"\b", b"f": b"\f"}


@dataclass(frozen=True)
class Reference:
    """An indirect reference."""

    number: int


@dataclass(frozen=True)
class Word:
    """A word of PDF: an operator, ``true``."""

    text: bytes


@dataclass
class PdfObject:
    """An indirect object: its value, and the data of its stream as it stands in the file."""

    value: Any
    raw: bytes | None = None


class PdfFile:
    """A file taken apart; ``Name`` keys are str with their slash, texts are bytes."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        start = re.search(rb"startxref\n(\d+)\n%%EOF\n?\Z", data)
        assert start, "the file ends after %%EOF"
        table = data[int(start[1]) :]
        head = re.match(rb"xref\n0 (\d+)\n((?:\d{10} \d{5} [nf] ?[\r\n]{1,2})+)trailer\s", table)
        assert head, "a cross-reference table of one section"
        self.trailer = first_of(table[head.end() :])
        places = [entry.split()[0] for entry in head[2].splitlines()[1:]]
        assert len(places) + 1 == int(head[1]) == self.trailer["/Size"]
        self.objects = {at: self._object(int(place), at) for at, place in enumerate(places, 1)}

    def _object(self, place: int, number: int) -> PdfObject:
        begin = re.compile(rb"%d 0 obj\n" % number).match(self.data, place)
        assert begin, f"object {number} stands where the table says"
        value, end = parsed(self.data, begin.end())
        rest = re.compile(rb"\s*stream\r?\n").match(self.data, end)
        if rest is None:
            assert re.compile(rb"\nendobj\n").match(self.data, end), f"object {number} ends"
            return PdfObject(value)
        raw = self.data[rest.end() : rest.end() + value["/Length"]]
        after = self.data[rest.end() + len(raw) :]
        assert after.startswith(b"\nendstream\nendobj\n"), f"stream {number} is as long as it says"
        return PdfObject(value, raw)

    def get(self, value: Any) -> Any:
        """Return what a value refers to, or itself."""
        return self.objects[value.number].value if isinstance(value, Reference) else value

    def stream(self, value: Any) -> bytes:
        """Return the decoded data of a stream."""
        found = self.objects[value.number]
        assert found.raw is not None
        data, filters = found.raw, found.value.get("/Filter", [])
        for name in filters if isinstance(filters, list) else [filters]:
            assert name in {"/FlateDecode", "/ASCII85Decode"}
            data = zlib.decompress(data) if name == "/FlateDecode" else a85decode(data[:-2])
        return data

    @property
    def catalog(self) -> dict[str, Any]:
        """The root of the document."""
        return self.get(self.trailer["/Root"])  # type: ignore[no-any-return]

    def pages(self) -> list[dict[str, Any]]:
        """Return the pages in their order; there is one list of them."""
        kids = self.get(self.catalog["/Pages"])["/Kids"]
        return [self.get(kid) for kid in kids]

    def dictionaries(self) -> Iterator[dict[str, Any]]:
        """Yield every dictionary of the file, however deep."""
        for one in self.objects.values():
            yield from _dictionaries(one.value)


def _dictionaries(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        yield value
    if isinstance(value, dict | list):
        for one in value.values() if isinstance(value, dict) else value:
            yield from _dictionaries(one)


def first_of(data: bytes) -> Any:
    """Return the first value of some bytes."""
    return parsed(data, 0)[0]


def operations(data: bytes) -> Iterator[tuple[list[Any], bytes]]:
    """Yield each operator of a content stream with what stands before it."""
    operands: list[Any] = []
    at = 0
    while data[at:].strip():
        value, at = parsed(data, at)
        if isinstance(value, Word):
            yield operands, value.text
            operands = []
        else:
            operands.append(value)
    assert operands == []


def parsed(data: bytes, at: int) -> tuple[Any, int]:
    """Return the value at a place and the place behind it."""
    stack: list[list[Any]] = []
    while True:
        token = TOKEN.match(data, at)
        assert token, data[at : at + 40]
        kind, text, at = token.lastgroup, token[0], token.end()
        if kind is None:
            continue
        if kind in {"open", "list"}:
            stack.append([])
            continue
        if kind in {"close", "end"}:
            items = stack.pop()
            value = dict(zip(items[::2], items[1::2], strict=True)) if kind == "close" else items
        else:
            value = _scalar(kind, text)
        if not stack:
            return value, at
        stack[-1].append(value)


def _scalar(kind: str, text: bytes) -> Any:
    if kind == "reference":
        return Reference(int(text.split()[0]))
    if kind == "name":
        return text.decode("ascii")
    if kind == "number":
        return float(text) if b"." in text else int(text)
    if kind == "hex":
        digits = b"".join(text[1:-1].split())
        assert len(digits) % 2 == 0, "an even number of digits (ISO 19005-2, 6.1.6)"
        return bytes.fromhex(digits.decode())
    if kind == "string":
        return re.sub(rb"\\([0-7]{1,3}|.)", _unescaped, text[1:-1], flags=re.DOTALL)
    return Word(text)


def _unescaped(found: re.Match[bytes]) -> bytes:
    text = found[1]
    return bytes([int(text, 8)]) if text.isdigit() else ESCAPES.get(text, text)


@dataclass(frozen=True)
class TrueTypeFont:
    """An embedded TrueType font: which code is which glyph, how wide a glyph is."""

    subtables: int
    glyphs: dict[int, int]
    widths: list[float]

    @classmethod
    def read(cls, data: bytes) -> TrueTypeFont:
        """Read head, hhea, hmtx, maxp and a cmap of format 6, the one ReportLab writes."""
        count = struct.unpack_from(">H", data, 4)[0]
        tables = {}
        for at in range(count):
            tag, _, start, size = struct.unpack_from(">4s3I", data, 12 + 16 * at)
            tables[tag] = data[start : start + size]
        per_em = struct.unpack_from(">H", tables[b"head"], 18)[0]
        full = struct.unpack_from(">H", tables[b"hhea"], 34)[0]
        number = struct.unpack_from(">H", tables[b"maxp"], 4)[0]
        widths = [
            struct.unpack_from(">H", tables[b"hmtx"], 4 * min(at, full - 1))[0] * 1000 / per_em
            for at in range(number)
        ]
        cmap = tables[b"cmap"]
        subtables, start = struct.unpack_from(">2xH4xI", cmap)
        form, first, entries = struct.unpack_from(">H4xHH", cmap, start)
        assert form == 6
        found = struct.unpack_from(f">{entries}H", cmap, start + 10)
        return cls(subtables, dict(enumerate(found, first)), widths)
