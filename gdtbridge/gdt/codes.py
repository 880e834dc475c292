"""Record types (Satzarten) and the small code tables of GDT."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final


@dataclass(frozen=True, slots=True)
class RecordType:
    """One record type; ``to_device`` says which way it travels, None where nobody documents it."""

    number: str
    name: str
    to_device: bool | None
    versions: frozenset[str]


def _type(number: str, name: str, *, to_device: bool | None, since: str = "2.1") -> RecordType:
    """Return one row; a record type stays once a version introduced it."""
    versions = ("2.1", "3.0", "3.1", "3.5")
    return RecordType(number, name, to_device, frozenset(versions[versions.index(since) :]))


RECORD_TYPES: Final[Mapping[str, RecordType]] = MappingProxyType(
    {
        row.number: row
        for row in (
            _type("6300", "Stammdaten anfordern", to_device=False),
            _type("6301", "Stammdaten übermitteln", to_device=True),
            _type("6302", "Neue Untersuchung anfordern", to_device=True),
            _type("6303", "Angeforderte Untersuchung stornieren", to_device=True, since="3.0"),
            _type("6310", "Daten einer Untersuchung übermitteln", to_device=False),
            _type("6311", "Daten einer Untersuchung anzeigen", to_device=True),
            _type("6320", "Satzart der Version 3.5", to_device=None, since="3.5"),
            _type("6321", "Satzart der Version 3.5", to_device=None, since="3.5"),
            _type("6330", "Satzart der Version 3.5", to_device=None, since="3.5"),
            _type("6331", "Satzart der Version 3.5", to_device=None, since="3.5"),
        )
    }
)
"""GDT 2.1 and 3.0 record tables; 6320-6331 are accepted by one implementation of 3.5."""

SEX_READ: Final[Mapping[str, str | None]] = MappingProxyType(
    {
        **dict.fromkeys(("1", "M", "4"), "M"),
        **dict.fromkeys(("2", "F", "W", "5"), "F"),
        **dict.fromkeys(("0", "3", "D", "X"), "O"),
        "U": None,
    }
)
"""Field 3110 (upper case) to the DICOM code M, F, O or None.

1 and 2: GDT 2.1. 0 and 3 (other): Medical Office. M, W, D, X and U (unknown): GDT 3.5. 4, 5 and
the letters of other systems: GNUmed.
"""

SEX_WRITTEN: Final[Mapping[str, str]] = MappingProxyType({"M": "1", "F": "2"})
"""DICOM Patient's Sex to field 3110 of GDT 2.1, which knows only these two."""

DEVICE_CODES: Final[Mapping[str, str]] = MappingProxyType({"US": "SONO00"})
"""DICOM Modality to field 8402 (GDT 2.1 appendix B: SONO00 = ultrasound, general)."""

DEVICE_CODE_UNSPECIFIED: Final = "ALLG00"
"""Field 8402 of everything :data:`DEVICE_CODES` does not name (appendix B: unspecified)."""
