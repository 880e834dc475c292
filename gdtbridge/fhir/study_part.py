"""A study as far as it is one person's, with what its resources say of whom it is and for what."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from gdtbridge.dataset.values import to_date, to_time
from gdtbridge.fhir.elements import Json, accession_identifier, changed_at, on, reference, said
from gdtbridge.fhir.ids import part_id, patient_id, uid_id
from gdtbridge.orders.model import Order
from gdtbridge.retrieve.items import ListedStudy
from gdtbridge.retrieve.store import ListedObject
from gdtbridge.sr import is_report

NOT_ASSIGNED: Final = "nicht zugeordnet / not assigned"


@dataclass(frozen=True, slots=True)
class StudyPart:
    """What of a study is one person's, and the orders it was done for, by accession number.

    ``place`` is where it stands in a search, the newest exam first; ``order_system`` is the URI of
    accession numbers, if any. ``decided`` is the number it was decided to be of, which may have
    become that of its chart since; ``changed`` is when anything of the exam did last (UTC seconds).
    """

    study: ListedStudy
    place: tuple[int, int]
    orders: Mapping[str, Order] = field(default_factory=dict)
    order_system: str = ""
    decided: str = ""
    changed: float = 0.0

    @property
    def uid(self) -> str:
        """Study Instance UID."""
        return self.study.exam.study_instance_uid

    @property
    def chart(self) -> str:
        """The number of the chart it is in; empty where that is not decided."""
        return self.study.chart

    @property
    def id(self) -> str:
        """Logical id of the ImagingStudy and of its page: another one in another chart."""
        return part_id(self.uid, *self.marks)

    @property
    def marks(self) -> tuple[str, ...]:
        """What tells it from all other parts of its study, also from those of former charts.

        A chart that gets another number keeps the ids of what is in it.
        """
        if self.chart:
            return (self.decided or self.chart,)
        return ("", str(self.study.exam.person))

    def report_id(self, uid: str, *names: str) -> str:
        """Return the logical id of what a report of it is: of the whole, or of a value.

        The study is part of it: two may have a report under one SOP Instance UID.
        """
        return part_id(uid, self.uid, *self.marks, *names)

    @property
    def objects(self) -> tuple[ListedObject, ...]:
        """The objects; of several contents under one UID the last."""
        return tuple({one.SOPInstanceUID: one for one in self.study.objects}.values())

    @property
    def reports(self) -> tuple[ListedObject, ...]:
        """The Structured Reports among them, in the order received."""
        found = (one for one in self.objects if is_report(one.SOPClassUID))
        return tuple(sorted(found, key=lambda one: one.instance_id))

    @property
    def accession_numbers(self) -> tuple[str, ...]:
        """Those of all orders it was done for, that of the exam first."""
        return accession_numbers_of(self.study)

    def number_of(self, one: ListedObject) -> str:
        """Return the accession number of the order an object was made for, else the exam's."""
        claims = self.study.exam.claims
        own = (claim.order_number for claim in claims if claim.id == one.claim_id)
        return (next(own, "") if self.chart else "") or self.study.exam.accession_number

    @property
    def procedure(self) -> str:
        """What was ordered, else the device's word for it."""
        return self.procedure_of(self.study.exam.accession_number)

    def procedure_of(self, number: str) -> str:
        """Return what an order is for, else the device's word for it."""
        order = self.orders.get(number)
        return (order.procedure if order is not None else "") or self.study.exam.study_description

    @property
    def started(self) -> str:
        """Study Date and Time as a dateTime; empty without a date."""
        exam = self.study.exam
        return on(to_date(exam.study_date), to_time(exam.study_time))

    def meta(self, *tags: Json) -> Json:
        """Return when it changed last, and tags."""
        return changed_at(self.changed, tags)

    def subject(self) -> Json:
        """Return whose it is; of nobody's the words alone, that no client takes for a patient."""
        name = self.study.exam.sent_patient.listed_name
        if self.chart:
            return reference("Patient", patient_id(self.chart), name)
        return reference("Patient", "", f"{name} ({NOT_ASSIGNED})".strip())

    def imaging_study(self) -> Json:
        """Return the reference to its ImagingStudy."""
        return reference("ImagingStudy", self.id)

    def based_on(self) -> list[Json]:
        """Return the orders it was done for."""
        return [one for number in self.accession_numbers for one in self.based_on_order(number)]

    def based_on_order(self, number: str) -> list[Json]:
        """Return an order; of one that nobody knows here the number alone, none without one."""
        if not number:
            return []
        identifier = accession_identifier(number, self.order_system)
        order = self.orders.get(number)
        id_ = uid_id(order.study_instance_uid) if order is not None else ""
        return [reference("ServiceRequest", id_) | said(identifier=identifier)]


def accession_numbers_of(study: ListedStudy) -> tuple[str, ...]:
    """Return those of the orders a study was done for; of what is in no chart what it says."""
    met = (claim.order_number for claim in study.exam.claims) if study.chart else ()
    return tuple(dict.fromkeys(filter(None, (study.exam.accession_number, *met))))
