"""What is chosen for each part of a held exam, as a form says it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from gdtbridge.clarifying import (
    Assignment,
    Candidate,
    ClarifyingPart,
    ClarifyingView,
)
from gdtbridge.clarifying.people import PeopleFinder
from gdtbridge.web.numbers import number_of

OTHER: Final = "other"
"""The choice of somebody who is no candidate: the number is typed."""


@dataclass(frozen=True, slots=True)
class PartChoice:
    """What is chosen for one part: a candidate, somebody else, or nothing yet."""

    part: ClarifyingPart
    chosen: str
    """Key of a candidate, `OTHER`, or empty."""
    typed: str
    """What was typed for somebody else."""
    found: tuple[Candidate, ...] = ()
    """Whom that leads to."""
    moved: tuple[int, ...] = ()
    """Claims of other parts that go along."""
    split: tuple[tuple[int, str], ...] = ()
    """Objects that are of another order than the chosen one, by instance, with its number."""
    day: str = ""
    """``receipt`` or ``device``, where the day of the exam has to be chosen; else empty."""

    @property
    def person(self) -> int:
        """Which of the exam's people."""
        return self.part.person

    @property
    def assignment(self) -> Assignment | None:
        """Whose it is then; None where nothing is said of it.

        What somebody moved into it is moved although it goes on waiting: it must not go where it
        was.
        """
        number, order = self._whose
        if not number and not self.moved:
            return None
        others = tuple((one, said) for one, said in self.split if order and said != order)
        day = self.day == "receipt"
        return Assignment(self.person, number, order, self.moved, day, others)

    @property
    def _whose(self) -> tuple[str, str]:
        """Number and order; empty while nothing, or no day that has to be, is chosen."""
        if self.part.received is not None and not self.day:
            return "", ""
        if self.chosen == OTHER:
            typed = self.typed.strip()
            return (self.found[0].patient.id if len(self.found) == 1 else typed), ""
        meant = next((one for one in self.part.candidates if one.key == self.chosen), None)
        if meant is None:
            return "", ""
        return meant.patient.id, meant.order.accession_number if meant.order is not None else ""


def choices(
    view: ClarifyingView, fields: Mapping[str, str], people: PeopleFinder
) -> Iterator[PartChoice]:
    """Yield what the fields of a form choose for each part.

    ``choice-PERSON`` is the key of a candidate or `OTHER`, ``typed-PERSON`` what was typed then,
    ``day-PERSON`` the day that counts, ``move-CLAIM`` the part a claim belongs to, ``order-OBJECT``
    the order one of several objects is of.
    """
    for part in view.parts:
        said = fields.get(f"choice-{part.person}")
        typed = fields.get(f"typed-{part.person}", "")
        found = people.find(typed) if said == OTHER and typed.strip() else ()
        wanted = part.preselected if said is None else said
        if said is None and not part.candidates:
            wanted = OTHER
        day = fields.get(f"day-{part.person}", "")
        moved, split = _moved(fields, part.person), tuple(_split(fields, part))
        yield PartChoice(part, wanted, typed, found, moved, split, day)


def _split(fields: Mapping[str, str], part: ClarifyingPart) -> Iterator[tuple[int, str]]:
    """Yield the objects of a part that are of an order of their own, and its number."""
    known = {one.accession_number for one in part.orders}
    for one in part.objects:
        if (said := fields.get(f"order-{one.id}", "")) in known:
            yield one.id, said


def moves(fields: Mapping[str, str]) -> dict[str, str]:
    """Return the part each claim was moved into, by the claim's id; empty: it stays."""
    return {
        name.removeprefix("move-"): value
        for name, value in fields.items()
        if name.startswith("move-")
    }


def _moved(fields: Mapping[str, str], person: int) -> tuple[int, ...]:
    """Return the claims that were moved into a part."""
    found = (claim for claim, to in moves(fields).items() if to == str(person))
    return tuple(number for one in found if (number := number_of(one)) is not None)
