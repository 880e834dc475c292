"""The colour profile of the page: sRGB (IEC 61966-2-1) as an ICC profile, computed here.

A display profile of version 2.1 (ICC.1:1998-09) with a matrix and one curve for the three colours.
It is made of the published numbers of sRGB and is nobody's file, so no licence comes with it.
"""

from __future__ import annotations

import struct
from functools import lru_cache
from typing import Final

CONDITION: Final = "sRGB IEC61966-2.1"
"""How a PDF names this colour space (ISO 32000-1, 14.11.5)."""

_WHITE: Final = (0.9642, 1.0, 0.8249)
"""CIE D50, the white of the connection space; also the media white, to which all is adapted."""

_COLOURS: Final = {
    # The primaries of sRGB, adapted from D65 to D50 (Bradford)
    b"rXYZ": (0.43607, 0.22249, 0.01392),
    b"gXYZ": (0.38515, 0.71687, 0.09708),
    b"bXYZ": (0.14307, 0.06061, 0.71410),
}
_STEPS: Final = 1024
"""Points of the curve from device to light."""

_HEADER: Final = 128


@lru_cache(maxsize=1)
def srgb_profile() -> bytes:
    """Return the profile: always the same bytes."""
    tags = {
        b"desc": _description(CONDITION),
        b"cprt": b"text\0\0\0\0No copyright, use freely\0",
        b"wtpt": _xyz(*_WHITE),
        **{tag: _xyz(*colour) for tag, colour in _COLOURS.items()},
        b"rTRC": _curve(),
    }
    start = _HEADER + 4 + 12 * (len(tags) + 2)
    body, places = b"", {}
    for tag, data in tags.items():
        places[tag] = (start + len(body), len(data))
        body += data + b"\0" * (-len(data) % 4)
    places[b"gTRC"] = places[b"bTRC"] = places[b"rTRC"]
    table = struct.pack(">I", len(places))
    table += b"".join(struct.pack(">4sII", tag, *place) for tag, place in places.items())
    return _header(start + len(body)) + table + body


def _header(size: int) -> bytes:
    """Return the 128 bytes before the tags; the date is that of sRGB's standard."""
    fields = struct.pack(">I4sI4s4s4s", size, b"\0\0\0\0", 0x02100000, b"mntr", b"RGB ", b"XYZ ")
    fields += struct.pack(">6H4s", 1999, 10, 1, 0, 0, 0, b"acsp")
    return (fields + b"\0" * 28 + _fixed(*_WHITE)).ljust(_HEADER, b"\0")


def _fixed(*numbers: float) -> bytes:
    """Return s15Fixed16 numbers."""
    return b"".join(struct.pack(">i", round(number * 65536)) for number in numbers)


def _xyz(*numbers: float) -> bytes:
    return b"XYZ \0\0\0\0" + _fixed(*numbers)


def _description(text: str) -> bytes:
    """Return a textDescriptionType: ASCII alone, the other two languages empty."""
    ascii_text = text.encode("ascii") + b"\0"
    return struct.pack(">8sI", b"desc\0\0\0\0", len(ascii_text)) + ascii_text + b"\0" * 78


def _curve() -> bytes:
    points = [round(65535 * _light(step / (_STEPS - 1))) for step in range(_STEPS)]
    return struct.pack(f">8sI{_STEPS}H", b"curv\0\0\0\0", _STEPS, *points)


def _light(device: float) -> float:
    """Return the linear light of a device value, both from 0 to 1 (IEC 61966-2-1, 5.2)."""
    return device / 12.92 if device <= 0.04045 else float(((device + 0.055) / 1.055) ** 2.4)
