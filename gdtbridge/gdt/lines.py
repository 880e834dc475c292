"""From bytes to lines: where a line ends, and what length and field number it has.

A line is ``LLL`` (three digits, its bytes with CR LF), ``FFFF`` (the field number), content, CR LF.
Real files break every part of that, so lines are found by their ends and ``LLL`` is a check only.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

from gdtbridge.gdt.errors import NotGdtError
from gdtbridge.gdt.fields import FIELDS

MAX_LINES: Final = 100_000
"""Lines a file may have; the largest real ones have some thousands."""

_PHYSICAL: Final = re.compile(rb"([^\r\n]*)(\r{0,2}\n|\r|\Z)")
_FIELD: Final = re.compile(rb"(\d{3})(\d{4})(.*)", re.DOTALL)
_FOUR_DIGITS: Final = re.compile(rb"(\d{4})(\d{4})(.*)", re.DOTALL)
_STRAY_BLANK: Final = re.compile(rb" *(\d{3}) *(\d{4})(.*)", re.DOTALL)
_NO_LENGTH: Final = re.compile(
    rb"(8000(?=63\d\d *$)|8100(?=\d+$)|8315|8316|9206(?=[123]$)|9218(?=\d+\.\d+$))(.*)", re.DOTALL
)
"""Only header fields are recognised without a length: "3000 ml" in free text is no patient."""

_SLIGHT: Final = 6
"""By how much the declared length of real lines is off, as far as seen."""


@dataclass(frozen=True, slots=True)
class Fragment:
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
        return len(re.sub(rb"\r\n|\r|\n", b"\r\n", self.raw)) + 2

    @property
    def blank(self) -> bool:
        """Say whether nothing is on the line, or nothing but the end-of-file mark of DOS."""
        return not self.raw.strip(b" \t\x1a\x00")

    @property
    def plausible(self) -> bool:
        """Say whether this is a field even among free text: known, and about as long as it says."""
        if self.flaw in {None, "length-zero", "length-without-line-end", "length-in-characters"}:
            return True
        return self.id in FIELDS and abs((self.declared or self.size) - self.size) <= _SLIGHT


def fragments(data: bytes) -> list[Fragment]:
    """Return the lines of ``data``; a field that runs on over several lines is one."""
    found: list[Fragment] = []
    missing = 0
    after_naked = False
    for fragment in _physical_lines(data):
        if after_naked and fragment.id and not fragment.plausible:
            fragment = _naked(fragment)  # noqa: PLW2901 - free text that starts with digits
        if not fragment.id and not fragment.blank and len(fragment.raw) <= missing:
            found[-1] = _joined(found[-1], fragment)
            missing -= len(fragment.raw) + 2
            continue
        found.append(fragment)
        missing = (fragment.declared or 0) - len(fragment.raw) - 2
        after_naked = not fragment.id and (after_naked or not fragment.blank)
    return found


def _physical_lines(data: bytes) -> Iterator[Fragment]:
    """Yield each physical line, parsed by itself; more than :data:`MAX_LINES` are refused."""
    for number, match in enumerate(_PHYSICAL.finditer(data), start=1):
        raw, end = match.groups()
        if not raw and not end:
            return
        if number > MAX_LINES:
            raise NotGdtError("Die Datei hat zu viele Zeilen. / The file has too many lines.")
        yield _parse(Fragment(number, raw, end, "", raw))


def _parse(line: Fragment) -> Fragment:
    """Return ``line`` with its length, field number and content, as far as it has them."""
    match = _FIELD.match(line.raw)
    if match is None:
        return _broken(line)
    declared, number, content = int(match[1]), match[2].decode("ascii"), match[3]
    flaw = _length_flaw(declared, line.raw)
    if flaw == "length-wrong" and number not in FIELDS:
        if (four := _FOUR_DIGITS.match(line.raw)) and four[2].decode("ascii") in FIELDS:
            return replace(
                line,
                id=four[2].decode("ascii"),
                content=four[3],
                declared=int(four[1]),
                flaw="length-four-digits",
            )
        if header := _NO_LENGTH.fullmatch(line.raw):
            return replace(
                line, id=header[1].decode("ascii"), content=header[2], flaw="length-missing"
            )
    return replace(line, id=number, content=content, declared=declared, flaw=flaw)


def _length_flaw(declared: int, raw: bytes) -> str | None:
    """Say in which known way ``declared`` is not the length of the line, None if it is."""
    size = len(raw) + 2
    if declared == size:
        return None
    if declared == 0:
        return "length-zero"
    if declared == len(raw):
        return "length-without-line-end"
    if not raw.isascii() and declared == _characters(raw) + 2:
        return "length-in-characters"
    return "length-wrong"


def _characters(raw: bytes) -> int:
    """Return how many characters of UTF-8 the bytes are, -1 when they are none."""
    try:
        return len(raw.decode("utf-8"))
    except UnicodeDecodeError:
        return -1


def _broken(line: Fragment) -> Fragment:
    """Return a line whose length or field number is damaged: read where it is safe, or naked."""
    if header := _NO_LENGTH.fullmatch(line.raw):
        return replace(line, id=header[1].decode("ascii"), content=header[2], flaw="length-missing")
    match = _STRAY_BLANK.match(line.raw)
    if match and match[2].decode("ascii") in FIELDS:
        declared, size = int(match[1]), len(match[3]) + 9
        if declared in (size, len(line.raw) + 2):
            return replace(
                line,
                id=match[2].decode("ascii"),
                content=match[3],
                declared=declared,
                flaw="stray-blank",
            )
    return _naked(line)


def _naked(line: Fragment) -> Fragment:
    """Return the line as one that is no field."""
    mark = b"\x1a" in line.raw
    flaw = "naked-line" if not line.blank else "dos-end-mark" if mark else "blank-line"
    return replace(line, id="", content=line.raw, declared=None, flaw=flaw)


def _joined(field: Fragment, more: Fragment) -> Fragment:
    """Return ``field`` continued by the next physical line."""
    return replace(
        field,
        raw=field.raw + field.end + more.raw,
        end=more.end,
        content=field.content + b"\n" + more.raw,
        flaw="line-continued",
    )
