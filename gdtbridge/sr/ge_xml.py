"""GE LOGIQ's private XML as a witness of whether the tree tells every average the device kept.

Element (6005,xx10) of private creator ``GE_GROUP`` repeats the measurements as XML in SI units:
``<MEASUREMENT>`` with ``resultNo`` (-1 the average, 0..n the single readings), ``valueDouble``,
``displayUnit``, ``deleted``. Values are never taken from it; an average that no measurement of the
tree equals is counted for a warning. The XML names the patient, so nothing of it leaves here.

Bounded: `MAX_BYTES`, `MAX_AVERAGES`; a document type, and with it every entity, is refused.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Mapping
from fractions import Fraction
from typing import Final
from xml.parsers import expat

from gdtbridge.sr import ucum
from gdtbridge.sr.content import NumFinding
from gdtbridge.sr.elements import PRIVATE_GROUP
from gdtbridge.sr.numbers import decimal_of
from gdtbridge.sr.ucum import Dimension

CREATOR: Final = b"GE_GROUP"
ELEMENT: Final = 0x10

MAX_BYTES: Final = 4 * 1024 * 1024
MAX_AVERAGES: Final = 2000
MAX_TEXT: Final = 64

TOLERANCE: Final = Fraction(1, 1_000_000)
"""Relative; GE writes both from one binary number, with 12 digits."""

COMPARED: Final = frozenset(map(ucum.dimension_of, ("m", "m2", "m3", "m/s", "s")))
"""Dimensions whose values GE is known to write in the SI unit."""

_WANTED: Final = frozenset({"resultNo", "valueDouble", "displayUnit", "deleted"})


def untold_averages(private: Mapping[int, bytes], findings: Iterable[NumFinding]) -> int:
    """Return how many averages of the XML no finding equals; 0 where there is no such XML.

    Averages of other dimensions than `COMPARED` cannot be compared and do not count.
    """
    averages = _averages(_document(private))
    if not averages:
        return 0
    told: dict[Dimension, list[Fraction]] = {}
    for finding in findings:
        unit = ucum.parse(finding.unit)
        if unit is not None and not finding.fault:
            told.setdefault(unit.dimension, []).append(Fraction(finding.value) * unit.factor)
    for values in told.values():
        values.sort()
    return sum(not _holds(told.get(dimension, []), value) for dimension, value in averages)


def _holds(values: list[Fraction], wanted: Fraction) -> bool:
    """Return whether the sorted ``values`` hold the wanted one within `TOLERANCE`."""
    margin = TOLERANCE * abs(wanted)
    at = bisect_left(values, wanted - margin)
    return at < len(values) and values[at] <= wanted + margin


def _document(private: Mapping[int, bytes]) -> bytes:
    """Return the XML of the block that GE reserved, empty where there is none."""
    for tag, creator in private.items():
        if tag >> 16 == PRIVATE_GROUP and tag & 0xFFFF < 0x100 and creator.strip(b"\0 ") == CREATOR:
            block = tag & 0xFF
            raw = private.get(PRIVATE_GROUP << 16 | block << 8 | ELEMENT, b"")
            return raw.strip(b"\0 \r\n").removeprefix(b"<![CDATA[").removesuffix(b"]]>")
    return b""


def _averages(document: bytes) -> list[tuple[Dimension, Fraction]]:
    """Return dimension and SI value of each average; what was read before an error counts."""
    if not document or len(document) > MAX_BYTES:
        return []
    reader = _AverageReader()
    parser = expat.ParserCreate("iso-8859-1")
    parser.StartElementHandler = reader.start
    parser.EndElementHandler = reader.end
    parser.CharacterDataHandler = reader.text
    parser.StartDoctypeDeclHandler = reader.refuse
    try:
        parser.Parse(document, True)
    except (expat.ExpatError, _RefusedXmlError):
        return reader.found
    return reader.found


class _RefusedXmlError(Exception):
    """The document has a document type or too much in it."""


class _AverageReader:
    """Collects the averages of one document."""

    def __init__(self) -> None:
        self.found: list[tuple[Dimension, Fraction]] = []
        self._fields: dict[str, str] = {}
        self._open = ""

    def start(self, name: str, _attributes: dict[str, str]) -> None:
        if name == "MEASUREMENT":
            self._fields = {}
        self._open = name if name in _WANTED else ""

    def text(self, text: str) -> None:
        if self._open:
            self._fields[self._open] = (self._fields.get(self._open, "") + text)[:MAX_TEXT]

    def end(self, name: str) -> None:
        self._open = ""
        if name == "MEASUREMENT":
            self._add(self._fields)

    def refuse(self, *_: object) -> None:
        raise _RefusedXmlError

    def _add(self, fields: dict[str, str]) -> None:
        if fields.get("resultNo") != "-1" or fields.get("deleted", "0") != "0":
            return
        value, _ = decimal_of(fields.get("valueDouble", "").encode("latin_1", "replace"))
        dimension = ucum.dimension_of(fields.get("displayUnit", ""))
        if value is None or dimension is None or dimension not in COMPARED:
            return
        if len(self.found) >= MAX_AVERAGES:
            raise _RefusedXmlError
        self.found.append((dimension, Fraction(value)))
