"""The small code tables of GDT."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

SEX_READ: Final[Mapping[str, str | None]] = MappingProxyType(
    {
        **dict.fromkeys(("1", "M", "4", "MÄNNLICH"), "M"),
        **dict.fromkeys(("2", "F", "W", "5", "WEIBLICH"), "F"),
        **dict.fromkeys(("0", "3", "D", "X", "DIVERS"), "O"),
        "U": None,
    }
)
"""Field 3110 (upper case) to the DICOM code M, F, O or None.

1 and 2: GDT 2.1. 0 and 3 (other): Medical Office. M, W, D, X and U (unknown): GDT 3.5. 4, 5 and
the letters of other systems: GNUmed. The words are what they say.
"""

SEX_WRITTEN: Final[Mapping[str, str]] = MappingProxyType({"M": "1", "F": "2"})
"""DICOM Patient's Sex to field 3110 of GDT 2.1, which knows only these two."""

DEVICE_CODES: Final[Mapping[str, str]] = MappingProxyType({"US": "SONO00"})
"""DICOM Modality to field 8402 (GDT 2.1 appendix B: SONO00 = ultrasound, general)."""

DEVICE_CODE_UNSPECIFIED: Final = "ALLG00"
"""Field 8402 of everything :data:`DEVICE_CODES` does not name (appendix B: unspecified)."""
