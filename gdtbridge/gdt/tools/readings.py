"""How a text looks in a chart where practice software takes it for another character set."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

READINGS: Final = {
    "iso8859-1": "cp1252",
    "iso8859-15": "iso8859-15",
    "cp437": "cp437",
    "utf-8": "utf-8",
}
"""Character sets of the settings, and as which one a program reads that expects it."""


def readings(text: str, written: str) -> Iterator[tuple[str, str]]:
    """Yield how a text may look to whoever reads it, each with the character set that calls for.

    The right one comes first, with ``written`` itself. What looks the same is one reading, and
    calls for the first that would be right.
    """
    data = text.encode(written)
    yield text, written
    seen = {text}
    for wanted, read in READINGS.items():
        shown = "".join(
            one if one.isprintable() else "\N{WHITE SQUARE}" for one in data.decode(read, "replace")
        )
        if shown not in seen:
            seen.add(shown)
            yield shown, wanted
