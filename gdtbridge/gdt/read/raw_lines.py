"""From bytes to lines: line ends, declared lengths and field numbers.

A line is ``LLL`` (three digits, its bytes with CR LF), ``FFFF`` (the field number), content, CR LF.
Real files break every part of that, so lines are found by their ends and ``LLL`` is a check only.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

from gdtbridge.gdt.errors import NotGdtError
from gdtbridge.gdt.tables.fields import FIELDS

MAX_LINES: Final = 100_000
"""Lines a file may have; the largest real ones have some thousands."""

_PHYSICAL: Final = re.compile(rb"([^\r\n]*)(\r{0,2}\n|\r|\Z)")
_FIELD: Final = re.compile(rb"(\d{3})(\d{4})(.*)", re.DOTALL)
_OTHER_DIGITS: Final = (
    ("length-four-digits", re.compile(rb"(\d{4})(\d{4})(.*)", re.DOTALL)),
    ("length-two-digits", re.compile(rb"(\d{2})(\d{4})(.*)", re.DOTALL)),
)
_STRAY_BLANK: Final = re.compile(rb"[\x01-\x20]*(\d{3}) *(\d{4})(.*)", re.DOTALL)
_NO_LENGTH: Final = re.compile(
    rb"(8000(?=63\d\d *$)|8100(?=\d+$)|8315|8316|9206(?=[123]$)|9218(?=\d+\.\d+$))(.*)", re.DOTALL
)
"""Only header fields are recognised without a length: "3000 ml" in free text is no patient."""

_BOM: Final = b"\xef\xbb\xbf"

_LONGEST: Final = 999
"""Bytes of the longest line that three digits can count."""

_SLIGHT: Final = 6
"""Bytes by which the declared length of real lines is off, as far as seen."""

_SHORTEST_TEXT: Final = 60
"""Bytes of a field that holds text; what has fewer (a number, a name) never runs on over lines."""


@dataclass(frozen=True, slots=True)
class RawLine:
    """One logical line: ``id`` is empty where there is no field, ``flaw`` a warning's code.

    ``end`` holds the bytes that ended it, ``declared`` its LLL.
    """

    number: int
    raw: bytes
    end: bytes
    id: str
    content: bytes
    declared: int | None = None
    flaw: str | None = None

    @property
    def size(self) -> int:
        """Return the bytes the line has with each of its ends counted as CR LF."""
        return len(re.sub(rb"\r\n|\r|\n", b"\r\n", self.raw.removeprefix(_BOM))) + 2

    @property
    def marked(self) -> bool:
        """Return whether a byte order mark stands before it: where a file starts, or started."""
        return self.raw.startswith(_BOM)

    @property
    def blank(self) -> bool:
        """Return whether the line holds nothing but blanks and controls (NUL, 1A, ETX)."""
        return not self.raw.removeprefix(_BOM).strip(_BLANKS)

    @property
    def plausible(self) -> bool:
        """Return whether this is a field even among free text: known, its length about right."""
        if self.flaw in {None, "length-zero", "length-without-line-end", "length-in-characters"}:
            return True
        if self.flaw == "length-two-digits":
            return False
        return self.id in FIELDS and abs((self.declared or self.size) - self.size) <= _SLIGHT

    @property
    def runs_on(self) -> bool:
        """Return whether the field may hold several lines of text."""
        known = FIELDS.get(self.id)
        return known is None or (known.max_length or _SHORTEST_TEXT) >= _SHORTEST_TEXT


_BLANKS: Final = bytes(range(0x21))


def raw_lines(data: bytes) -> list[RawLine]:
    """Return the lines of ``data``; a field that runs on over several lines is one."""
    found: list[RawLine] = []
    missing = 0
    after_naked = bare = False
    for fragment in _lines(data):
        if len(found) >= MAX_LINES:
            raise _too_many()
        if bare and fragment.id != "8000":
            fragment = _without_length(fragment)  # noqa: PLW2901 - the whole record has none
        if fragment.id == "8000":
            bare = fragment.flaw == "length-missing"
        if after_naked and fragment.id and not fragment.plausible:
            fragment = _naked(fragment)  # noqa: PLW2901 - free text that starts with digits
        if not fragment.id and not fragment.blank and len(fragment.raw) <= missing:
            torn = found[-1].flaw != "line-continued" and len(fragment.raw) == missing
            if torn or found[-1].runs_on:
                found[-1] = _joined(found[-1], fragment, b"" if torn else b"\n")
                missing -= len(fragment.raw) + 2
                continue
        found.append(fragment)
        missing = (fragment.declared or 0) - len(fragment.raw) - 2
        after_naked = not fragment.id and (after_naked or not fragment.blank)
    return found


def _lines(data: bytes) -> Iterator[RawLine]:
    """Yield each line, parsed by itself: several where line ends got lost between them."""
    for number, match in enumerate(_PHYSICAL.finditer(data), start=1):
        raw, end = match.groups()
        if not raw and not end:
            return
        if number > MAX_LINES:
            raise _too_many()
        *stuck, last = _pieces(raw)
        for piece in stuck:
            yield replace(_parse(RawLine(number, piece, b"", "", piece)), flaw="lines-joined")
        yield _parse(RawLine(number, last, end, "", last))


def _too_many() -> NotGdtError:
    return NotGdtError("Die Datei hat zu viele Zeilen. / The file has too many lines.")


def _pieces(raw: bytes) -> list[bytes]:
    """Return the lines that stand on one: each known, as long as it says, the last one too."""
    found: list[bytes] = []
    start = 0
    while match := _FIELD.match(raw[start : start + 7]):
        length = int(match[1]) - 2
        if length < len(match[0]) or match[2].decode("ascii") not in FIELDS:
            break
        found.append(raw[start : start + length])
        start += length
        if start >= len(raw):
            return found if start == len(raw) else [raw]
    return [raw]


def _parse(line: RawLine) -> RawLine:
    """Return ``line`` with its length, field number and content, as far as it has them."""
    raw = line.raw.removeprefix(_BOM)
    match = _FIELD.match(raw)
    if match is None:
        return _broken(line, raw)
    declared, number, content = int(match[1]), match[2].decode("ascii"), match[3]
    flaw = _length_flaw(declared, raw)
    if flaw == "length-wrong" and (other := _otherwise(line, raw, exact=number in FIELDS)):
        return other
    return replace(line, id=number, content=content, declared=declared, flaw=flaw)


def _length_flaw(declared: int, raw: bytes) -> str | None:
    """Return the code of a declared length that is wrong in a known way, None if it is right."""
    size = len(raw) + 2
    if declared == size:
        return None
    if declared == 0:
        return "length-zero"
    if declared == len(raw):
        return "length-without-line-end"
    if not raw.isascii() and declared - 2 == _characters(raw):
        return "length-in-characters"
    return "length-wrong"


def _characters(raw: bytes) -> int | None:
    """Return how many characters of UTF-8 the bytes are, None when they are none."""
    try:
        return len(raw.decode("utf-8"))
    except UnicodeDecodeError:
        return None


def _otherwise(line: RawLine, raw: bytes, *, exact: bool) -> RawLine | None:
    """Return a line that has no length, or one of two or four digits; None when it has not.

    ``exact`` asks for a length that is right: the line could be read with three digits too.
    """
    if header := _NO_LENGTH.fullmatch(raw):
        return replace(line, id=header[1].decode("ascii"), content=header[2], flaw="length-missing")
    for flaw, pattern in _OTHER_DIGITS:
        if (match := pattern.match(raw)) is None or match[2].decode("ascii") not in FIELDS:
            continue
        declared, content = int(match[1]), match[3]
        right = declared - len(content) in {7, 9} or declared == len(raw) + 2
        if right or (declared > _LONGEST and not exact):
            number = match[2].decode("ascii")
            return replace(line, id=number, content=content, declared=declared, flaw=flaw)
    return None


def _broken(line: RawLine, raw: bytes) -> RawLine:
    """Return a line whose length or field number is damaged: read where it is safe, or naked."""
    if other := _otherwise(line, raw, exact=True):
        return other
    match = _STRAY_BLANK.match(raw)
    if match and match[2].decode("ascii") in FIELDS:
        declared, size = int(match[1]), len(match[3]) + 9
        if declared in (size, len(raw) + 2):
            return replace(
                line,
                id=match[2].decode("ascii"),
                content=match[3],
                declared=declared,
                flaw="stray-blank",
            )
    return _naked(line)


def _without_length(line: RawLine) -> RawLine:
    """Return a line of a record whose first line has no length, read as one without."""
    number = line.raw[:4].decode("ascii", "replace")
    if line.flaw not in {"naked-line", "length-wrong"} or number not in FIELDS:
        return line
    return replace(line, id=number, content=line.raw[4:], declared=None, flaw="length-missing")


def _naked(line: RawLine) -> RawLine:
    """Return the line as one that is no field."""
    mark = b"\x1a" in line.raw
    flaw = "naked-line" if not line.blank else "dos-end-mark" if mark else "blank-line"
    return replace(line, id="", content=line.raw, declared=None, flaw=flaw)


def _joined(field: RawLine, more: RawLine, between: bytes) -> RawLine:
    """Return ``field`` continued by the next physical line.

    ``between`` is nothing where its length says that the line end is not of the content.
    """
    return replace(
        field,
        raw=field.raw + field.end + more.raw,
        end=more.end,
        content=field.content + between + more.raw,
        flaw="line-continued",
    )
