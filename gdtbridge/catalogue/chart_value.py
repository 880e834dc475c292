"""A measurement as a practice's chart gets it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Final

from gdtbridge.catalogue.names import fitted
from gdtbridge.catalogue.rows import NAME_LENGTH
from gdtbridge.catalogue.wording import FETUS, comma

FETAL_GROUPS: Final = frozenset(
    {
        "Schwangerschaft",
        "Fetale Zusammenfassung",
        "Fetale Biometrie",
        "Fetaler Schädel",
        "Frühschwangerschaft",
        "Fruchtwasser",
        "Biophysikalisches Profil",
        "Fetaler Doppler",
    }
)
"""Groups whose names say that their values are a child's."""


def heading_of(subject: str, group: str) -> str:
    """Return what stands above a group of a subject (`ChartValue.subject`)."""
    if not subject or (subject == FETUS and group in FETAL_GROUPS):
        return group
    return f"{subject}: {group}"


@dataclass(frozen=True, slots=True)
class ChartValue:
    """A measurement as the chart gets it: named, converted, rounded.

    ``unit`` is printed as a chart shows it. ``subject`` is empty for the patient, else the child in
    words (``Fetus A``). ``order`` sorts by subject, by group, within it and by the number among
    repeats. ``known`` says whether the catalogue has it. ``warning`` says in German why a unit was
    not converted; it holds no value. ``doubts`` are the first of the remarks, about what a person
    should look at. ``whole`` is the name at its full length, for whom has room, ``tail`` the end
    of it that no shortening may touch. ``spoken`` is number and unit as a text has them where it
    has them otherwise: ``30+4 SSW``. Of a measurement
    whose ``maximum`` the catalogue wants told the greatest of several has itself ``besides``, as
    that. ``about`` is the finding that was measured, with which its name begins.
    """

    id: str
    name: str
    value: Decimal
    unit: str
    group: str
    order: tuple[int, ...]
    remarks: tuple[str, ...]
    known: bool
    warning: str = ""
    subject: str = ""
    doubts: tuple[str, ...] = ()
    tail: str = ""
    whole: str = ""
    spoken: tuple[str, str] | None = None
    maximum: bool = False
    besides: ChartValue | None = None
    about: str = ""

    @property
    def heading(self) -> str:
        """Return what stands above the values of its subject and group."""
        return heading_of(self.subject, self.group)

    @property
    def lines(self) -> tuple[str, ...]:
        """Return the remarks in lines: one for each doubt, one for all others."""
        others = self.remarks[len(self.doubts) :]
        return (*self.doubts, "; ".join(others)) if others else self.doubts

    @property
    def in_text(self) -> tuple[str, str]:
        """Return number and unit as a German text has them."""
        return self.spoken if self.spoken is not None else (comma(self.value), self.unit)

    def ending(self, words: str) -> ChartValue:
        """Return the value with ``words`` behind its name, which no shortening may touch."""
        tail = f"{self.tail}{words}"
        stem = self.name[: len(self.name) - len(self.tail)]
        name = fitted(stem, tail, NAME_LENGTH)
        return replace(self, name=name, tail=tail, whole=f"{self.whole}{words}")
