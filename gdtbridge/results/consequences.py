"""What an act of a person has as its consequences, as data: told before it happens."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from gdtbridge.gdt.write.results import Revision
from gdtbridge.orders.model import Order
from gdtbridge.people import Patient
from gdtbridge.results.settling import HeldPart
from gdtbridge.results.wrong_results import TakenBack


class OrderOutcome(StrEnum):
    """What becomes of an order that an exam has to do with."""

    DONE = "done"
    """It is closed and leaves the worklist."""
    STAYS = "stays-open"
    """Its patient goes on waiting."""
    REOPENED = "open-again"
    """It was closed, and its patient waits again."""


@dataclass(frozen=True, slots=True)
class OrderConsequence:
    """An order, and what becomes of it."""

    order: Order
    outcome: OrderOutcome


@dataclass(frozen=True, slots=True)
class ChartConsequence:
    """What one chart gets for one order, or for none."""

    patient: Patient
    """As the records name the person; ``id`` is the chart's number."""
    order: Order | None
    accession_number: str
    """As the records have it; empty where they have none."""
    route: str
    """Name of the route; empty for ``[gdt]``."""
    study: Revision | None
    """Standing of the study record; None where the chart gets none."""
    values: int
    """Numbers in the value records."""
    statements: int
    """Texts of reports in the value records."""
    reports: int
    """Value records."""
    pictures: int
    """Pictures that are attached."""
    images: int
    """Pictures and documents that belong to it and that no record was made with before."""
    instances: tuple[int, ...]
    """Ids of all objects that do."""
    people: tuple[int, ...]
    """Which of the exam's people it is of, from 1."""
    remarks: tuple[str, ...]
    """Sentences the records have, in German."""


@dataclass(frozen=True, slots=True)
class Consequences:
    """Everything that happens by an act, and what does not."""

    charts: tuple[ChartConsequence, ...]
    taken_back: tuple[TakenBack, ...]
    orders: tuple[OrderConsequence, ...]
    held: tuple[HeldPart, ...]
    """What is held afterwards, and why."""
    unused: tuple[Patient, ...]
    """Whom the objects name and no chart is told of; pictures may show it all the same."""
    mark: str
    """Another one as soon as anything of what this rests on is."""
