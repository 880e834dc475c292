"""Units of UCUM as ultrasound uses them, converted exactly.

A table of unit symbols and UCUM's grammar of products and powers (UCUM 2.1, sections 2 and 4), in
exact fractions. What is not in the table is not understood: ``None``, never a guess. Prefixes are
written out, so that no letter is taken for a prefix it may not be (``Mm``, ``dpt``). Temperatures
and other units with an offset are left out, and so are those with an irrational factor (``rad``).

What an index is divided by, ``/m2`` of body surface and ``/m`` of height, is a dimension of its
own: a volume index (``mL/m2``) is no length, though UCUM would cancel it to one.

The libraries for this, pint with ucumvert, take 1.7 seconds and six packages to know these forty
symbols, and their mercury is not UCUM's (133.322 Pa exactly).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache
from types import MappingProxyType
from typing import Final

from gdtbridge.sr.unit_words import respelled

MAX_LENGTH: Final = 40
"""Characters of a unit; the longest in use have about fifteen."""

MAX_POWER: Final = 9

Dimension = tuple[tuple[str, int], ...]
"""Powers of the base units m, g, s, deg and dB and of those an index has, sorted, without zeros;
empty is a mere number."""


@dataclass(frozen=True, slots=True)
class UcumUnit:
    """``factor`` times the base units of ``dimension``."""

    factor: Fraction
    dimension: Dimension = ()

    def __mul__(self, other: UcumUnit) -> UcumUnit:
        """Return the product."""
        powers = dict(self.dimension)
        for base, power in other.dimension:
            powers[base] = powers.get(base, 0) + power
        return UcumUnit(self.factor * other.factor, _dimension(powers))

    def __pow__(self, power: int) -> UcumUnit:
        """Return the power; ``power`` may be negative."""
        return UcumUnit(self.factor**power, _dimension({b: p * power for b, p in self.dimension}))


def _dimension(powers: Mapping[str, int]) -> Dimension:
    return tuple(sorted((base, power) for base, power in powers.items() if power))


def _unit(factor: str | int, **powers: int) -> UcumUnit:
    return UcumUnit(Fraction(factor), _dimension(powers))


_PASCAL: Final = {"g": 1, "m": -1, "s": -2}
_WATT: Final = {"g": 1, "m": 2, "s": -3}

UNITS: Final[Mapping[str, UcumUnit]] = MappingProxyType(
    {
        # UCUM 2.1, tables 1 to 5; case-sensitive symbols
        "m": _unit(1, m=1),
        "dm": _unit("1e-1", m=1),
        "cm": _unit("1e-2", m=1),
        "mm": _unit("1e-3", m=1),
        "um": _unit("1e-6", m=1),
        "[in_i]": _unit("0.0254", m=1),
        "[ft_i]": _unit("0.3048", m=1),
        "L": _unit("1e-3", m=3),
        "l": _unit("1e-3", m=3),
        "dL": _unit("1e-4", m=3),
        "dl": _unit("1e-4", m=3),
        "cL": _unit("1e-5", m=3),
        "cl": _unit("1e-5", m=3),
        "mL": _unit("1e-6", m=3),
        "ml": _unit("1e-6", m=3),
        "uL": _unit("1e-9", m=3),
        "ul": _unit("1e-9", m=3),
        "kg": _unit(1000, g=1),
        "g": _unit(1, g=1),
        "mg": _unit("1e-3", g=1),
        "[lb_av]": _unit("453.59237", g=1),
        "[oz_av]": _unit("28.349523125", g=1),
        "us": _unit("1e-6", s=1),
        "ms": _unit("1e-3", s=1),
        "s": _unit(1, s=1),
        "min": _unit(60, s=1),
        "h": _unit(3600, s=1),
        "d": _unit(86400, s=1),
        "wk": _unit(7 * 86400, s=1),
        "mo": _unit("2629800", s=1),  # 30.4375 days
        "a": _unit("31557600", s=1),  # 365.25 days
        "Hz": _unit(1, s=-1),
        "kHz": _unit(1000, s=-1),
        "MHz": _unit(1000000, s=-1),
        "Pa": _unit(1000, **_PASCAL),
        "kPa": _unit(1000000, **_PASCAL),
        "mm[Hg]": _unit("133322", **_PASCAL),
        "cm[H2O]": _unit("98066.5", **_PASCAL),
        "dyn": _unit("1e-2", g=1, m=1, s=-2),
        "W": _unit(1000, **_WATT),
        "mW": _unit(1, **_WATT),
        "deg": _unit(1, deg=1),
        "dB": _unit(1, dB=1),
        "%": _unit("1e-2"),
        # No UCUM: a mass divided by the 2.7th power of the height
        "[g/m2.7]": _unit(1, **{"g/m2.7": 1}),
    }
)

NO_UCUM: Final = "[g/m2.7]"
"""The one unit of the table that UCUM does not have."""

PRINTED: Final = (
    # What a chart shows instead of UCUM
    ("mm[Hg]", "mmHg"),
    ("mL", "ml"),
    ("L/min", "l/min"),
    ("uL", "µl"),
    ("[in_i]", "in"),
    ("[ft_i]", "ft"),
    ("[lb_av]", "lb"),
    ("[oz_av]", "oz"),
)

_WHOLE: Final[Mapping[str, str]] = MappingProxyType({"1": "", "/min": "1/min", "d": "Tage"})

_TOKEN: Final = re.compile(
    r"(?P<note>\{[^{}]*\})"
    r"|(?P<one>1(?![0-9*^]))"
    r"|(?P<symbol>(?:[A-Za-z%]|\[[A-Za-z0-9_./]+\])+)(?P<power>[+-]?[0-9]{1,2})?"
)
_NOTE: Final = re.compile(r"\{[^{}]*\}")
_OF_THE_BODY: Final = re.compile(r"m2?(?![A-Za-z0-9+\[-])")
_ONE: Final = UcumUnit(Fraction(1))


@lru_cache(maxsize=1024)
def parse(text: str) -> UcumUnit | None:
    """Return the unit ``text`` names, None where it is not understood.

    Annotations in braces say nothing about the unit (UCUM 2.1 section 6): ``{H.B.}/min`` is
    ``/min``. An empty text is no unit at all and not understood. What is no UCUM is read as
    devices write it (`unit_words`).
    """
    text = text.strip()
    if not text or len(text) > MAX_LENGTH:
        return None
    return _as_ucum(text) or _as_ucum(respelled(text))


def is_ucum(text: str) -> bool:
    """Return whether ``text`` is a unit as UCUM itself writes it, of those that are known."""
    return NO_UCUM not in text and _as_ucum(text) is not None


def _as_ucum(text: str) -> UcumUnit | None:
    try:
        return _UnitReader(text).whole()
    except _UnknownUnitError:
        return None


class _UnknownUnitError(ValueError):
    """The text is no unit of the table."""


class _UnitReader:
    """Reads one unit from left to right, as UCUM evaluates it: ``a/b.c`` is ``(a/b).c``."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0

    def whole(self) -> UcumUnit:
        unit = self._term()
        if self._at != len(self._text):
            raise _UnknownUnitError
        return unit

    def _term(self) -> UcumUnit:
        unit = self._divisor() if self._takes("/") else self._component()
        while True:
            if self._takes("."):
                unit = unit * self._component()
            elif self._takes("/"):
                unit = unit * self._divisor()
            else:
                return unit

    def _divisor(self) -> UcumUnit:
        match = _OF_THE_BODY.match(self._text, self._at)
        if match is None:
            return self._component() ** -1
        self._at = match.end()
        self._skip_note()
        return _unit(1, **{f"{match[0]} of the body": -1})

    def _takes(self, mark: str) -> bool:
        if self._text.startswith(mark, self._at):
            self._at += 1
            return True
        return False

    def _component(self) -> UcumUnit:
        if self._takes("("):
            unit = self._term()
            if not self._takes(")"):
                raise _UnknownUnitError
            return unit
        match = _TOKEN.match(self._text, self._at)
        if match is None:
            raise _UnknownUnitError
        self._at = match.end()
        if match["note"]:
            return _ONE
        unit = _ONE if match["one"] else _symbol(match)
        self._skip_note()
        return unit

    def _skip_note(self) -> None:
        match = _TOKEN.match(self._text, self._at)
        if match is not None and match["note"]:
            self._at = match.end()


def _symbol(match: re.Match[str]) -> UcumUnit:
    unit = UNITS.get(match["symbol"])
    power = int(match["power"] or 1)
    if unit is None or not 0 < abs(power) <= MAX_POWER:
        raise _UnknownUnitError
    return unit**power


def dimension_of(text: str) -> Dimension | None:
    """Return what the unit ``text`` measures, None where it is not understood."""
    unit = parse(text)
    return unit.dimension if unit is not None else None


def convert(value: Decimal, source: str, target: str) -> Fraction | None:
    """Return ``value`` of the unit ``source`` in the unit ``target``, exactly.

    None where either is not understood or the two measure different things. ``%`` and ``1`` are
    both mere numbers and convert: whether a concept allows that its caller decides.
    """
    have, want = parse(source), parse(target)
    if have is None or want is None or have.dimension != want.dimension:
        return None
    return Fraction(value) * have.factor / want.factor


def rounded(value: Fraction, decimals: int) -> Decimal:
    """Return ``value`` with so many decimals; half is rounded away from zero, zero has no sign."""
    scaled = abs(value) * 10**decimals
    whole = (2 * scaled.numerator + scaled.denominator) // (2 * scaled.denominator)
    sign = 0 if value >= 0 or not whole else 1
    return Decimal((sign, tuple(map(int, str(whole))), -decimals))


def printed(unit: str) -> str:
    """Return a UCUM unit as a German chart shows it: ``mmHg``, ``ml/m2``, empty for ``1``."""
    unit = _NOTE.sub("", unit)
    if unit in _WHOLE:
        return _WHOLE[unit]
    for ucum, shown in PRINTED:
        unit = unit.replace(ucum, shown)
    return unit
