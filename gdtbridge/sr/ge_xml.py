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
from decimal import Decimal
from typing import Final
from xml.parsers import expat

from gdtbridge.sr.content import NumFinding
from gdtbridge.sr.elements import PRIVATE_GROUP
from gdtbridge.sr.numbers import decimal_of

CREATOR: Final = b"GE_GROUP"
ELEMENT: Final = 0x10

MAX_BYTES: Final = 4 * 1024 * 1024
MAX_AVERAGES: Final = 2000
MAX_TEXT: Final = 64

TOLERANCE: Final = Decimal("1e-6")
"""Relative; GE writes both from one binary number, with 12 digits."""

SI: Final[dict[str, tuple[str, Decimal]]] = {
    # Unit, as GE displays it or UCUM writes it, to the SI unit and its factor
    "m": ("m", Decimal(1)),
    "cm": ("m", Decimal("1e-2")),
    "mm": ("m", Decimal("1e-3")),
    "cm2": ("m2", Decimal("1e-4")),
    "cm²": ("m2", Decimal("1e-4")),
    "mm2": ("m2", Decimal("1e-6")),
    "l": ("m3", Decimal("1e-3")),
    "ml": ("m3", Decimal("1e-6")),
    "cm3": ("m3", Decimal("1e-6")),
    "m/s": ("m/s", Decimal(1)),
    "cm/s": ("m/s", Decimal("1e-2")),
    "s": ("s", Decimal(1)),
    "ms": ("s", Decimal("1e-3")),
}

_WANTED: Final = frozenset({"resultNo", "valueDouble", "displayUnit", "deleted"})


def untold_averages(private: Mapping[int, bytes], findings: Iterable[NumFinding]) -> int:
    """Return how many averages of the XML no finding equals; 0 where there is no such XML.

    Averages in units without an entry in `SI` cannot be compared and do not count.
    """
    told: dict[str, list[Decimal]] = {}
    for finding in findings:
        if finding.unit in SI and not finding.fault:
            dimension, factor = SI[finding.unit]
            told.setdefault(dimension, []).append(finding.value * factor)
    for values in told.values():
        values.sort()
    return sum(
        not _holds(told.get(dimension, []), value)
        for dimension, value in _averages(_document(private))
    )


def _holds(values: list[Decimal], wanted: Decimal) -> bool:
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


def _averages(document: bytes) -> list[tuple[str, Decimal]]:
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
        self.found: list[tuple[str, Decimal]] = []
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
        unit = SI.get(fields.get("displayUnit", "").strip())
        if value is None or unit is None:
            return
        if len(self.found) >= MAX_AVERAGES:
            raise _RefusedXmlError
        self.found.append((unit[0], value))
