"""A report as a practice's chart shows it, and the comparison with what it is to show.

An `Expected` line is right by medicine and standard, whatever the reader does. Lines are matched
one to one: a line of the chart that nothing expects is too much, an expected one without a line is
missing.
"""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Final, Literal

from gdtbridge.catalogue.catalogue import standard
from gdtbridge.gdt.tables.fields import field_length
from gdtbridge.gdt.write.results import TextResult
from gdtbridge.results.revision import news_of
from gdtbridge.results.values import TestValueBuilder
from gdtbridge.sr import Report

Verdict = Literal["told", "left", "either", "within", "besides"]
"""Told; never told; left or told as what it is; told within the names of other values;
told once more, as the greatest of several."""

NAME_LENGTH: Final = field_length("8411")

TEXT: Final = "text"
"""The unit of what is told in words."""

UNITS: Final[dict[str, tuple[str, Fraction]]] = {
    # Unit as printed: its dimension and how much it is
    "mm": ("length", Fraction(1)),
    "cm": ("length", Fraction(10)),
    "m": ("length", Fraction(1000)),
    "cm/s": ("velocity", Fraction(1)),
    "m/s": ("velocity", Fraction(100)),
    "ms": ("time", Fraction(1)),
    "s": ("time", Fraction(1000)),
    "Tage": ("days", Fraction(1)),
    "d": ("days", Fraction(1)),
    "Wochen": ("days", Fraction(7)),
    "wk": ("days", Fraction(7)),
    "g": ("mass", Fraction(1)),
    "kg": ("mass", Fraction(1000)),
    "l/min": ("flow", Fraction(1)),
    "L/min": ("flow", Fraction(1)),
    "ml/min": ("flow", Fraction(1, 1000)),
}


@dataclass(frozen=True, slots=True)
class ChartLine:
    """A value of a chart; of a text ``value`` is what it says and the unit `TEXT`."""

    id: str
    name: str
    value: str
    unit: str
    remarks: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"{self.id} | {self.name} | {self.value} {self.unit} | {'; '.join(self.remarks)}"


@dataclass(frozen=True, slots=True)
class Expected:
    """What a chart is to say of one value.

    ``id`` may begin with ``!`` (any other) and hold ``*`` (any letters); empty is any. ``value``
    is the exact amount, which a chart may round, or behind ``=`` the digits it shows; ``*`` is any.
    ``unit`` with ``~`` may be any of its dimension, alternatives are between ``|``, ``*`` is any.
    ``name``, ``notes`` and ``never`` are patterns of the name, of name and remarks, and of what
    neither may say.
    """

    value: str
    unit: str
    id: str = ""
    name: str = ""
    notes: str = ""
    never: str = ""
    verdict: Verdict = "told"

    def fits(self, line: ChartLine) -> bool:
        """Return whether the line says this."""
        said = "\n".join((line.name, *line.remarks))
        return (
            self._fits_id(line.id)
            and self._fits_value(line)
            and re.search(self.name, line.name) is not None
            and re.search(self.notes, said) is not None
            and not (self.never and re.search(self.never, said))
        )

    def _fits_id(self, made: str) -> bool:
        if self.id.startswith("!"):
            return made != self.id[1:]
        return not self.id or fnmatch.fnmatchcase(made, self.id)

    def _fits_value(self, line: ChartLine) -> bool:
        if (self.unit == TEXT) != (line.unit == TEXT):
            return False
        if self.unit == TEXT:
            return re.search(self.value, line.value) is not None
        factor = self._factor(line.unit)
        return factor is not None and (self.value == "*" or self._is_rounded(line.value, factor))

    def _factor(self, unit: str) -> Fraction | None:
        """Return how much of the line's unit one of the expected is; None for another dimension."""
        if self.unit == "*" or unit in self.unit.split("|"):
            return Fraction(1)
        known, shown = UNITS.get(self.unit.removeprefix("~")), UNITS.get(unit)
        if not self.unit.startswith("~") or known is None or shown is None:
            return None
        return known[1] / shown[1] if known[0] == shown[0] else None

    def _is_rounded(self, shown: str, factor: Fraction) -> bool:
        if self.value.startswith("="):
            return shown == self.value[1:]
        exact = Fraction(self.value) * factor
        exponent = Decimal(shown).as_tuple().exponent
        assert isinstance(exponent, int)
        half = Fraction(1, 2) * Fraction(10) ** min(exponent, 0)
        return abs(Fraction(shown) - exact) <= half


@dataclass(frozen=True, slots=True)
class Comparison:
    """What a chart shows beside what it is to show."""

    right: int
    shown: int
    due: int
    missing: tuple[Expected, ...]
    extra: tuple[ChartLine, ...]

    @property
    def is_right(self) -> bool:
        """Return whether nothing is missing and nothing too much."""
        return not self.missing and not self.extra

    def __str__(self) -> str:
        missing = "".join(f"\n    {one}" for one in self.missing)
        extra = "".join(f"\n    {one}" for one in self.extra)
        return f"\n  missing:{missing}\n  too much:{extra}"


def chart_of(report: Report) -> list[ChartLine]:
    """Return what the value record of a report that came first says, names as long as they fit."""
    builder = TestValueBuilder(standard(), "catalogue", "send", predecessor_names=False)
    return [
        ChartLine(f"text {at}", one.name, one.text, TEXT, one.sources)
        if isinstance(one, TextResult)
        else ChartLine(
            one.test_id, one.name[:NAME_LENGTH].rstrip(), f"{one.value:f}", one.unit, one.sources
        )
        for at, one in enumerate(builder.results(report, news_of({}, report)))
    ]


def compare(lines: Sequence[ChartLine], expected: Iterable[Expected]) -> Comparison:
    """Match lines and expectations one to one, as many as can be."""
    wanted = [one for one in expected if one.verdict in {"told", "besides", "either"}]
    taken: dict[int, int] = {}
    order = sorted(range(len(wanted)), key=lambda at: wanted[at].verdict == "either")
    for index in order:
        _find(index, lines, wanted, taken, set())
    met = set(taken.values())
    due = [index for index in order if wanted[index].verdict != "either"]
    return Comparison(
        right=len(taken),
        shown=len(lines),
        due=len(due),
        missing=tuple(wanted[index] for index in due if index not in met),
        extra=tuple(line for at, line in enumerate(lines) if at not in taken),
    )


def _find(
    index: int,
    lines: Sequence[ChartLine],
    wanted: Sequence[Expected],
    taken: dict[int, int],
    tried: set[int],
) -> bool:
    """Give an expectation a line, moving others to another of theirs where that helps."""
    for at, line in enumerate(lines):
        if at in tried or not wanted[index].fits(line):
            continue
        tried.add(at)
        if at not in taken or _find(taken[at], lines, wanted, taken, tried):
            taken[at] = index
            return True
    return False
