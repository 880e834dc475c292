"""The panel a person looks at pictures in: whose they are, of which day, and what is beside it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from flask import Response, request

from gdtbridge.day import DayLine
from gdtbridge.day.exam import ExamSheet, ShownObject
from gdtbridge.errors import BridgeError, NotFound
from gdtbridge.exams import StudyQuery
from gdtbridge.exams.held import NO_SUCH_EXAM
from gdtbridge.people import Patient
from gdtbridge.web.access.principal import concerns
from gdtbridge.web.numbers import number_of
from gdtbridge.web.pages.exams.beside import ExamBeside, exams_before
from gdtbridge.web.pages.exams.tiles import PictureTile, tiles_of
from gdtbridge.web.pages.frame import Frame
from gdtbridge.web.ports import CorePorts


@dataclass(frozen=True, slots=True)
class PicturePanel:
    """The pictures of one person of an exam, and which exams may be looked at beside it.

    ``address`` is where one of ``earlier`` is to be had. ``is_renamed`` tells that the device
    called the person otherwise, so that another name may stand in the pictures.
    """

    exam_id: int
    person: int
    name: str
    day: date
    counts: str
    tiles: tuple[PictureTile, ...]
    address: str
    earlier: tuple[ExamBeside, ...] = ()
    is_earlier: bool = False
    is_renamed: bool = False

    @property
    def id(self) -> str:
        """What the ids of its elements begin with."""
        return f"{'earlier' if self.is_earlier else 'pictures'}-{self.person}"

    @property
    def has_values_alone(self) -> bool:
        """Whether nothing came but reports."""
        return bool(self.tiles) and all(one.is_report for one in self.tiles)

    def address_beside(self, one: ExamBeside) -> str:
        """Return where an earlier exam is to be had as a panel to be put beside."""
        return f"{self.address}/{one.exam_id}?person={self.person}&teil={one.person}"


@dataclass(frozen=True, slots=True)
class PicturePanels:
    """Makes panels, and answers with one of an earlier exam."""

    frame: Frame
    core: CorePorts

    def of_exam(self, exam_id: int, numbers: Mapping[int, int]) -> dict[int, PicturePanel]:
        """Return the panel of each of an exam's people, pictures under these numbers."""
        sheet = self.core.exams.sheet(exam_id)
        return {one.person: self.of(sheet, one, numbers) for one in sheet.lines}

    def of(
        self, sheet: ExamSheet, line: DayLine, numbers: Mapping[int, int] | None = None
    ) -> PicturePanel:
        """Return the panel of the person a line is of; ``numbers`` as `tiles_of` has them."""
        objects = [one for one in sheet.objects if one.person == line.person]
        return PicturePanel(
            sheet.exam_id,
            line.person,
            line.patient.listed_name or self.frame.texts("patient.no_name"),
            line.at.date(),
            self._counted(objects),
            tiles_of(sheet.exam_id, objects, self.frame.formats, numbers),
            f"/untersuchung/{sheet.exam_id}/neben",
            self._earlier(sheet.exam_id, line.person, line.patient),
            is_renamed=line.person in sheet.renamed,
        )

    def beside(self, exam_id: int, earlier_id: int) -> Response:
        """Answer with the panel of an earlier exam of the patient ``person`` of an exam is."""
        person = number_of(request.args.get("person", "")) or 0
        part = number_of(request.args.get("teil", "")) or 0
        this = self.of(*self._part(exam_id, person))
        if all((one.exam_id, one.person) != (earlier_id, part) for one in this.earlier):
            raise NotFound(NO_SUCH_EXAM)
        sheet, line = self._part(earlier_id, part)
        concerns(line.patient.id, f"exam:{sheet.study_instance_uid}")
        found = replace(
            self.of(sheet, line), address=this.address, earlier=this.earlier, is_earlier=True
        )
        return self.frame.part("exams/beside.html", panel=found, person=person)

    def _part(self, exam_id: int, person: int) -> tuple[ExamSheet, DayLine]:
        sheet = self.core.exams.sheet(exam_id)
        line = next((one for one in sheet.lines if one.person == person), None)
        if line is None:
            raise NotFound(NO_SUCH_EXAM)
        return sheet, line

    def _earlier(self, exam_id: int, person: int, patient: Patient) -> tuple[ExamBeside, ...]:
        if not patient.id:
            return ()
        try:
            found = self.core.studies.find(StudyQuery(patient_id=patient.id))
        except BridgeError:
            return ()  # whose an exam is cannot be found out: nothing is put beside it
        return exams_before(found, exam_id, person)

    def _counted(self, objects: Sequence[ShownObject]) -> str:
        texts = self.frame.texts
        counts = Counter(one.kind for one in objects)
        return ", ".join(texts(f"exam.kinds.{kind}", n=count) for kind, count in counts.items())
