"""The field table of GDT (``fields.tsv``, which names its sources): number, name, type, length."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from gdtbridge.tsv import table


class FieldType(StrEnum):
    """Type of a field: ``date`` is TTMMJJJJ, ``time`` HHMMSS, ``float`` has a decimal point."""

    STR = "str"
    NUM = "num"
    DATE = "date"
    TIME = "time"
    FLOAT = "float"


@dataclass(frozen=True, slots=True)
class FieldDef:
    """One field (Feldkennung).

    ``max_length`` is that of 2.1, of 3.0 for fields 2.1 does not have, in bytes; None where the
    standard sets no limit.
    """

    number: str
    name: str
    type: FieldType
    max_length: int | None
    versions: frozenset[str]
    source: str

    def length_in(self, version: str) -> int | None:
        """Return the length in a version: 3.0 gave texts of 2.1 up, and widened some fields."""
        if version == "2.1" or "2.1" not in self.versions:
            return self.max_length
        if self.number in _LENGTHS_30:
            return _LENGTHS_30[self.number]
        return None if self.type is FieldType.STR else self.max_length


_LENGTHS_30: Final[Mapping[str, int | None]] = MappingProxyType(
    {"6226": None, "8000": 4, "8100": 7, "8418": 1, "9218": 5}
)
"""Fields of 2.1 whose length in 3.0 does not follow from their type."""


def _rows() -> Iterator[FieldDef]:
    """Yield 6330-6399, free categories in pairs of name and content, then ``fields.tsv``."""
    names = ("Freie Kategorie", "Inhalt der freien Kategorie")
    for number in range(6330, 6400):
        both = frozenset({"2.1", "3.0"})
        yield FieldDef(str(number), names[number % 2], FieldType.STR, 60, both, "tables")
    for field, name, type_, length, versions, source in table("gdt/tables/fields.tsv"):
        limit = int(length) if length else None
        known = frozenset(versions.split())
        yield FieldDef(field, name, FieldType(type_), limit, known, source)


FIELDS: Final[Mapping[str, FieldDef]] = MappingProxyType({row.number: row for row in _rows()})
"""Every known field by its four-digit number."""


def field_length(number: str) -> int:
    """Return the characters a field of GDT 2.1 holds; `LookupError` for one without a limit."""
    length = FIELDS[number].max_length
    if length is None:
        raise LookupError(number)
    return length


MAX_CONTENT: Final = 990
"""Bytes of content one line can hold: LLL has three digits and counts 9 bytes besides it."""
