"""Everything for who decides, in one place: what waits, how it looks, what to do with it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from gdtbridge.clarifying.acting import Clarifier
from gdtbridge.clarifying.leases import Leases
from gdtbridge.clarifying.looking import ExamLook
from gdtbridge.clarifying.model import QuestionView
from gdtbridge.clarifying.people import PeopleFinder
from gdtbridge.clarifying.queue import ClarifyingQueue
from gdtbridge.day.exam import ExamSheets
from gdtbridge.devices import DeviceDirectory
from gdtbridge.errors import AlreadyDecided, NotFound
from gdtbridge.gdt.errors import GdtError
from gdtbridge.gdt.read.reader import read_records
from gdtbridge.outbox import Outbox
from gdtbridge.trends import ReportValue

FIRST_VALUES: Final = 4
"""Values of a report that are shown where it has to be said whose it is."""


@dataclass(frozen=True, slots=True)
class ClarifyingDesk:
    """Shows what waits for a person, and takes what the person decides."""

    queue: ClarifyingQueue
    exams: ExamLook
    acts: Clarifier
    people: PeopleFinder
    outbox: Outbox
    devices: DeviceDirectory
    sheets: ExamSheets
    leases: Leases = field(default_factory=Leases)

    def device_name(self, aet: str) -> str:
        """Return what the practice calls a device, else its AE title."""
        return self.devices.name_of(aet) or aet

    def first_values(self, exam_id: int, person: int) -> tuple[ReportValue, ...]:
        """Return the first values of the reports of one of an exam's people, as a chart gets them.

        A report that cannot be read has none.
        """
        reports = (one for one in self.sheets.sheet(exam_id).reports if one.person == person)
        return tuple(value for one in reports for value in one.values)[:FIRST_VALUES]

    def question(self, number: int) -> QuestionView:
        """Return a delivery of which only a person can tell whether it arrived.

        Raises `AlreadyDecided` where nobody is asked about it.
        """
        found = next((one for one in self.outbox.questions() if one.id == number), None)
        if found is None:
            raise AlreadyDecided
        try:
            records = tuple(read_records(self.outbox.content(number)))
        except (NotFound, GdtError):  # answered just now, or no record: a picture
            records = ()
        return QuestionView(found, records)
