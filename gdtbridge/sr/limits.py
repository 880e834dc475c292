"""What a measurement cannot be: ranges no living patient leaves, by measurement and dimension.

``catalogue/limits.tsv`` has the ranges with their reasons, ``catalogue/codings.tsv`` says which
concepts devices code a measurement by. A concept of many measurements (Diameter) has the widest of
their ranges, and what the catalogue does not have that of its dimension. Sentinels (-9999, 1e12)
lie outside of every range.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from fnmatch import fnmatchcase
from fractions import Fraction
from functools import lru_cache
from typing import Final

from gdtbridge.sr.codes import Concept
from gdtbridge.sr.plain_words import plain_words
from gdtbridge.sr.ucum import UcumUnit, convert, parse
from gdtbridge.tsv import table

UNKNOWN: Final = "-"
"""Pattern of what the catalogue does not have."""

SIGNED: Final = "-signed"
"""The same, of ways and differences."""

_SIGNED: Final = re.compile(
    r"displac|excursion|shift|movement|motion|verschieb|auslenk|differen|delta|offset|change"
    r"|aenderung|deviation|abweich|relative|regurg|reverse|rueck"
)

ANY_UNIT: Final = "*"
ABOVE: Final = ">"
_NO_UNIT: Final = "1"


@dataclass(frozen=True, slots=True)
class PossibleRange:
    """The values a measurement may have, in ``unit`` (UCUM); ``open`` leaves out ``low`` itself."""

    low: Decimal
    high: Decimal
    unit: str
    open: bool = False

    def holds(self, value: Decimal) -> bool:
        """Return whether the value, in the range's unit, may be."""
        return (value > self.low if self.open else value >= self.low) and value <= self.high

    def within(self, unit: str) -> PossibleRange | None:
        """Return the range in another unit; None where that measures something else.

        A mere number is no percentage: what a device means by 58 without a unit is not known.
        """
        if _is_number(parse(unit)) is not _is_number(parse(self.unit)):
            return None
        low, high = convert(self.low, self.unit, unit), convert(self.high, self.unit, unit)
        if low is None or high is None:
            return None
        return PossibleRange(_decimal(low), _decimal(high), unit, self.open)


def _decimal(value: Fraction) -> Decimal:
    return Decimal(value.numerator) / Decimal(value.denominator)


def _is_number(unit: UcumUnit | None) -> bool:
    return unit is not None and not unit.dimension and unit.factor == 1


def is_possible(concept: Concept | None, value: Decimal, unit: str, name: str = "") -> bool:
    """Return whether a living patient may have this value.

    ``unit`` is as sent, empty for none; without a concept only the dimension counts. A measurement
    the catalogue does not have may be negative where its ``name`` says a way or a difference.
    """
    unit = unit or _NO_UNIT
    if _range_of(concept, unit).holds(value):
        return True
    if value >= 0 or (concept is not None and is_known(concept)):
        return False
    return bool(_SIGNED.search(plain_words(name))) and _by_dimension(unit, SIGNED).holds(value)


def is_known(concept: Concept) -> bool:
    """Return whether the catalogue has a measurement that is coded by this concept."""
    return ":".join(concept) in _ids_by_concept()


@lru_cache(maxsize=4096)
def _range_of(concept: Concept | None, unit: str) -> PossibleRange:
    found = [
        one
        for known in _ranges(":".join(concept) if concept else "")
        if (one := known.within(unit)) is not None
    ]
    if not found:
        return _by_dimension(unit)
    low = min(one.low for one in found)
    return PossibleRange(
        low,
        max(one.high for one in found),
        unit,
        all(one.open for one in found if one.low == low),
    )


@lru_cache(maxsize=1024)
def _by_dimension(unit: str, kind: str = UNKNOWN) -> PossibleRange:
    ranges = [one for patterns, one in _lines() if patterns in {(kind,), (UNKNOWN,)}]
    ranges.sort(key=lambda one: one.unit == ANY_UNIT)
    if kind == SIGNED:
        ranges = [one for patterns, one in _lines() if patterns == (SIGNED,)] + ranges
    found = (one if one.unit == ANY_UNIT else one.within(unit) for one in ranges)
    return next(one for one in found if one is not None)


@lru_cache(maxsize=1)
def _lines() -> tuple[tuple[tuple[str, ...], PossibleRange], ...]:
    """Return the lines of ``limits.tsv``: patterns of ids, and the range."""
    return tuple(
        (
            tuple(ids.split()),
            PossibleRange(Decimal(low.removeprefix(ABOVE)), Decimal(high), unit, ABOVE in low),
        )
        for ids, unit, low, high, _ in table("catalogue/limits.tsv")
    )


def range_of(made: str, unit: str) -> PossibleRange | None:
    """Return the range of a measurement of the catalogue by its id and unit; None without one."""
    for patterns, one in _lines():
        if one.unit == unit and any(_fits(made, pattern) for pattern in patterns):
            return one
    return None


def _fits(made: str, pattern: str) -> bool:
    """Return whether an id fits a pattern; most have but one star, at an end."""
    if "?" in pattern or pattern.count("*") > 1 or "*" in pattern[1:-1]:
        return fnmatchcase(made, pattern)
    if pattern.endswith("*"):
        return made.startswith(pattern[:-1])
    return made.endswith(pattern[1:]) if pattern.startswith("*") else made == pattern


@lru_cache(maxsize=1)
def _units() -> Mapping[str, str]:
    """Return the units of the catalogue's measurements by id."""
    return {made: unit for made, _, unit, *_ in table("catalogue/measurements.tsv")}


@lru_cache(maxsize=1024)
def _ranges(concept: str) -> tuple[PossibleRange, ...]:
    """Return the ranges of the measurements a concept may be, without doubles."""
    made = (one for one in _ids_by_concept().get(concept, ()) if one in _units())
    found = (range_of(one, _units()[one]) for one in made)
    return tuple(dict.fromkeys(one for one in found if one is not None))


@lru_cache(maxsize=1)
def _ids_by_concept() -> Mapping[str, tuple[str, ...]]:
    """Return the measurements of the catalogue each concept may be."""
    found: dict[str, list[str]] = {}
    for made, concept, *_ in table("catalogue/codings.tsv"):
        scheme, _, value = concept.partition(":")
        found.setdefault(f"{scheme.upper()}:{value}", []).append(made)
    return {concept: tuple(ids) for concept, ids in found.items()}
