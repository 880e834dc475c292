"""How data elements are encoded (PS3.5 chapter 7 and Annex A)."""

from __future__ import annotations

from typing import Final

IMPLICIT_LITTLE_ENDIAN: Final = "1.2.840.10008.1.2"
EXPLICIT_LITTLE_ENDIAN: Final = "1.2.840.10008.1.2.1"
EXPLICIT_BIG_ENDIAN: Final = "1.2.840.10008.1.2.2"
DEFLATED: Final = frozenset(
    {"1.2.840.10008.1.2.1.99", "1.2.840.10008.1.2.4.95", "1.2.840.10008.1.2.4.205"}
)
"""Transfer syntaxes that deflate the whole dataset (PS3.5 A.5, A.7, A.12)."""

UNDEFINED: Final = 0xFFFFFFFF
ITEM: Final = 0xFFFEE000
ITEM_END: Final = 0xFFFEE00D
SEQUENCE_END: Final = 0xFFFEE0DD

LONG_VRS: Final = frozenset(b"OB OD OF OL OV OW SQ SV UC UN UR UT UV".split())
"""Explicit VRs with two reserved bytes and a length of 32 bits (Table 7.1-1)."""


SHORT_VRS: Final = frozenset(
    b"AE AS AT CS DA DS DT FD FL IS LO LT PN SH SL SS ST TM UI UL US".split()
)
"""Explicit VRs with a length of 16 bits (Table 7.1-2); unknown VRs are taken for such."""


def is_vr(two: bytes) -> bool:
    """Return whether two bytes can be an explicit VR."""
    return two.isalpha() and two.isupper()


def is_explicit(start: bytes) -> bool:
    """Tell the VR encoding by a dataset's first eight bytes: devices announce the wrong one."""
    return is_vr(start[4:6])
