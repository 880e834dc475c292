"""Regular expressions of a practice: read once at the start, and never slow on what a device sends.

Python's matcher tries every way a pattern may be read. What may repeat something that itself has
several readings takes time without bound, so it is refused; of all else the ways are counted.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import Final

LONGEST_TEXT: Final = 64
"""Characters a pattern is matched with at most: those of a Patient ID (VR LO, PS3.5 6.2)."""
LONGEST_PATTERN: Final = 200
MOST_WAYS: Final = 5_000_000
"""Ways one text may be tried in; a million take some hundredths of a second."""

_TOKEN: Final = re.compile(
    r"(?P<atom>\\.|\[\^?\]?(?:\\.|[^\\\]])*\])"
    r"|(?P<open>\((?:\?(?::|=|!|P<\w+>))?)"
    r"|(?P<close>\))"
    r"|(?P<branch>\|)"
    r"|(?P<repeat>(?:[*+?]|\{(?P<least>\d*)(?P<comma>,?)(?P<most>\d*)\}(?<!\{\}))[?+]?)"
    r"|(?P<other>.)",
    re.DOTALL,
)
_REPEATS: Final = {"*": (0, LONGEST_TEXT), "+": (1, LONGEST_TEXT), "?": (0, 1)}


def compiled_pattern(pattern: str) -> re.Pattern[str]:
    """Return a pattern ready to match whole texts of at most `LONGEST_TEXT` characters.

    Digits and letters are ASCII. Of groups, plain, named and look-ahead ones are known. Raises
    `ValueError` with a sentence.
    """
    if len(pattern) > LONGEST_PATTERN:
        raise ValueError(
            f"höchstens {LONGEST_PATTERN} Zeichen / at most {LONGEST_PATTERN} characters"
        )
    try:
        compiled = re.compile(pattern, re.ASCII)
    except (re.error, OverflowError, RecursionError) as error:
        raise ValueError(f"kein regulärer Ausdruck / no regular expression: {error}") from None
    if _ways(pattern) > MOST_WAYS:
        raise ValueError(
            "lässt zu viele Lesarten offen; schreiben Sie {1,10} statt + oder * und [AB] statt "
            "(A|B) / can be read in too many ways; write {1,10} instead of + or *, and [AB] "
            "instead of (A|B)"
        )
    return compiled


@dataclass(slots=True)
class _Group:
    """What is known of a group while it is read; the whole pattern is the outermost one."""

    ways: float = 1
    branches: int = 1

    @property
    def total(self) -> float:
        return self.ways * self.branches


def _ways(pattern: str) -> float:
    """Return in how many ways a pattern may be tried, which is infinite where nothing bounds them.

    Raises `ValueError` for a kind of group that is not known.
    """
    open_groups = [_Group()]
    last = 1.0
    for token in _TOKEN.finditer(pattern):
        if token["open"] is not None:
            if pattern.startswith("?", token.end()):
                raise ValueError("unbekannte Art von Gruppe / unknown kind of group")
            open_groups.append(_Group())
        elif token["branch"] is not None:
            open_groups[-1].branches += 1
        elif token["close"] is not None and len(open_groups) > 1:
            last = open_groups.pop().total
            open_groups[-1].ways *= last
            continue
        elif token["repeat"] is not None:
            open_groups[-1].ways *= _ways_of_repeat(token, last)
        last = 1.0
    return open_groups[0].total


def _ways_of_repeat(token: re.Match[str], repeated: float) -> float:
    """Return the ways a repetition adds; ``repeated`` are those of what it repeats."""
    least, most = _bounds(token)
    if repeated > 1 and most > 1:
        return math.inf
    return max(1, min(most, LONGEST_TEXT) - min(least, LONGEST_TEXT) + 1)


def _bounds(token: re.Match[str]) -> tuple[int, int]:
    if token["repeat"][0] in _REPEATS:
        return _REPEATS[token["repeat"][0]]
    least = int(token["least"] or 0)
    if not token["comma"]:
        return least, least
    return least, int(token["most"] or LONGEST_TEXT)
