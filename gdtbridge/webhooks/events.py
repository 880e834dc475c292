"""The events and the variables of a template: the tables ``events.tsv`` and ``variables.tsv``."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final

from gdtbridge.people import Patient
from gdtbridge.tsv import table

TEST: Final = "test"
"""The event that is sent by a command only."""


@dataclass(frozen=True, slots=True)
class EventKindRow:
    """One row of the events: when it happens, in German and English."""

    name: str
    german: str
    english: str


@dataclass(frozen=True, slots=True)
class EventVariable:
    """One row of the variables: whether it is of the patient, what it says, and an example."""

    name: str
    of_patient: bool
    german: str
    english: str
    sample: str


def _variable(cells: list[str]) -> EventVariable:
    name, who, german, english, sample = cells
    return EventVariable(name, who == "patient", german, english, sample)


EVENTS: Final[Mapping[str, EventKindRow]] = MappingProxyType(
    {row[0]: EventKindRow(*row) for row in table("webhooks/events.tsv")}
)
"""Every event by its name."""
VARIABLES: Final[Mapping[str, EventVariable]] = MappingProxyType(
    {one.name: one for one in map(_variable, table("webhooks/variables.tsv"))}
)
"""Every variable by its name."""
SAMPLES: Final[Mapping[str, str]] = MappingProxyType(
    {one.name: one.sample for one in VARIABLES.values()}
)
"""An example of each variable."""


@dataclass(frozen=True, slots=True)
class HouseEvent:
    """Something the house may be told.

    ``name`` is a key of `EVENTS`; the same ``key`` is told once. ``facts`` are values by
    variable, those of the patient among them: what may leave is `sayable`.
    """

    name: str
    key: str
    facts: Mapping[str, str] = field(default_factory=dict)


def allowed(fields: Collection[str]) -> frozenset[str]:
    """Return the variables that may be said where ``fields`` of the patient are named."""
    return frozenset(
        one.name for one in VARIABLES.values() if not one.of_patient or one.name in fields
    )


def sayable(event: HouseEvent, fields: Collection[str]) -> dict[str, str]:
    """Return what an event says to somebody who may be told ``fields`` of the patient."""
    said = allowed(fields)
    return {name: value for name, value in event.facts.items() if value and name in said}


def patient_facts(patient: Patient) -> dict[str, str]:
    """Return what is known of a patient, by variable; a birth date as YYYY-MM-DD."""
    born = patient.birth_date
    return {
        "patient_id": patient.id,
        "family_name": patient.family_name,
        "given_name": patient.given_name,
        "birth_date": born.isoformat() if born is not None else "",
    }
