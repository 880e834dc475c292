"""What the form of an entry says, as text: of an order, of what was sent, of two people merged."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, fields, replace
from datetime import date, datetime, time
from typing import Final

from gdtbridge.orders import Order
from gdtbridge.people import Patient

BEFORE: Final = "before-"
"""What the hidden fields begin with that say how an order was when its form was shown."""
LONGEST: Final = 200
"""Characters of a field that are looked at; every field of an order has room for fewer."""


@dataclass(frozen=True, slots=True)
class FormFields:
    """The fields of the form, each as a person writes it; empty for what is not said.

    ``birth_date`` is ``12.03.1958``, or of what is known ``03.1958`` or ``1958``; ``sex`` is M, F
    or O; ``day`` is an ISO 8601 date, ``time`` is ``09:30``; ``station`` holds AE titles.
    """

    family_name: str = ""
    given_name: str = ""
    birth_date: str = ""
    patient_id: str = ""
    sex: str = ""
    day: str = ""
    time: str = ""
    procedure: str = ""
    station: str = ""

    @classmethod
    def sent(cls, posted: Mapping[str, str], prefix: str = "") -> FormFields:
        """Return what a form sent, or of its hidden fields those that begin with ``prefix``."""
        return cls(**{one: posted.get(prefix + one, "").strip()[:LONGEST] for one in NAMES})

    @classmethod
    def of_patient(cls, patient: Patient) -> FormFields:
        """Return the form of a patient, with nothing of an order."""
        return cls(
            family_name=patient.family_name,
            given_name=patient.given_names,
            birth_date=birth_text(patient),
            patient_id=patient.id,
            sex=patient.sex or "",
        )

    @classmethod
    def of_order(cls, order: Order) -> FormFields:
        """Return the form of an order."""
        said = cls.of_patient(order.patient)
        return replace(said.at(order.scheduled), procedure=order.procedure, station=order.station)

    def at(self, when: datetime | None) -> FormFields:
        """Return the form for a moment; without one, for none."""
        if when is None:
            return self
        return replace(self, day=when.date().isoformat(), time=f"{when:%H:%M}")

    @property
    def scheduled_day(self) -> date | None:
        """The day, None for what is none."""
        try:
            return date.fromisoformat(self.day)
        except ValueError:
            return None

    @property
    def before(self) -> Mapping[str, str]:
        """The hidden fields by which a form tells what it was shown with."""
        return {BEFORE + name: value for name, value in asdict(self).items()}


NAMES: Final = tuple(one.name for one in fields(FormFields))


@dataclass(frozen=True, slots=True)
class MergedFields:
    """What two people made of one form: together, what the other did, and where they disagree."""

    fields: FormFields
    theirs: tuple[str, ...] = ()
    """Names of the fields the other changed and this person did not."""
    conflicts: tuple[str, ...] = ()
    """Names of the fields both changed, to different values; ``fields`` has this person's."""


def merged(before: FormFields, mine: FormFields, theirs: FormFields) -> MergedFields:
    """Return what comes of a form that was shown as ``before`` and meanwhile is ``theirs``."""
    taken, conflicts, values = [], [], asdict(mine)
    for name in NAMES:
        was, own, other = (getattr(one, name) for one in (before, mine, theirs))
        if other in {was, own}:
            continue
        if own == was:
            values[name] = other
            taken.append(name)
        else:
            conflicts.append(name)
    return MergedFields(FormFields(**values), tuple(taken), tuple(conflicts))


def changed(before: FormFields, after: FormFields) -> Iterable[str]:
    """Return the names of the fields that are not the same."""
    return [name for name in NAMES if getattr(before, name) != getattr(after, name)]


def birth_text(patient: Patient) -> str:
    """Return a birth date as a person writes it, as far as it is known."""
    partial = patient.partial_birth_date
    if partial:
        month, year = partial[2:4], partial[4:]
        return year if month == "00" else f"{month}.{year}"
    return patient.german_birth_date


def clock_text(moment: time) -> str:
    """Return a time of day as the form shows it."""
    return f"{moment:%H:%M}"
