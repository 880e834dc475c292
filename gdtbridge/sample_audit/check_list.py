"""The check list of a case: what the heads of its pictures answer to each item."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from gdtbridge.database import Database
from gdtbridge.dataset.errors import DatasetError
from gdtbridge.dataset.header import Header, read_header
from gdtbridge.people import Patient, are_written_alike
from gdtbridge.people.comparison import says_a_name
from gdtbridge.picture_labels import (
    LabelAnswer,
    LabelContext,
    LabelItem,
    LabelState,
    PairedOrgans,
    answers_of,
    paired_organs,
)
from gdtbridge.pictures.kinds import ObjectKind
from gdtbridge.sample_audit import check_store
from gdtbridge.sample_audit.finding import CaseFinder, FoundCase, FoundObject
from gdtbridge.sample_audit.model import (
    CasePicture,
    CaseReport,
    CaseSheet,
    CheckRow,
    RowPart,
    SampleCase,
)

UNREADABLE: Final = "unreadable"
"""Key of the reason where a picture's file cannot be read."""
_WORST: Final = (LabelState.MISSING, LabelState.LOOK, LabelState.PRESENT)
_TRANSDUCER: Final = "transducer"
_SIDE: Final = "side"


@dataclass(frozen=True, slots=True)
class CaseChecker:
    """Makes the sheet of a case. Thread-safe."""

    database: Database
    finder: CaseFinder
    items: Sequence[LabelItem]
    practice: str
    near_days: int

    def sheet(self, case: SampleCase) -> CaseSheet:
        """Return a case with its pictures and its check list, read from the files now."""
        found = self.finder.find(case)
        patient = found.patient
        if patient is None:
            return CaseSheet(case, found.outcome)
        with self.database.read() as connection:
            names = check_store.transducer_names(connection)
        texts = _texts(found)
        organs = paired_organs(texts)
        pictures = tuple(
            self.picture(
                case, patient, number, one, is_paired=bool(organs) or not any(texts), names=names
            )
            for number, one in enumerate(found.pictures, 1)
        )
        rows = check_rows(self.items, [one for one in pictures if one.is_chosen] or pictures)
        return CaseSheet(
            case,
            found.outcome,
            patient,
            found.procedure,
            pictures,
            tuple(_reports(found)),
            tuple(_with_organs(row, _called(organs)) for row in rows),
        )

    def picture(
        self,
        case: SampleCase,
        patient: Patient,
        number: int,
        one: FoundObject,
        *,
        is_paired: bool,
        names: Mapping[tuple[str, str], str],
    ) -> CasePicture:
        """Return a picture of a case with what its head answers."""
        context = LabelContext(patient, case.day, self.practice, is_paired, self.near_days)
        header = _header(one)
        answers = tuple(answers_of(self.items, header, context)) if header is not None else ()
        device = one.study.exam.device
        named = header is not None and not _names_another(header, patient)
        usual = one.kind is ObjectKind.IMAGE and named
        return CasePicture(
            instance_id=one.listed.instance_id,
            number=number,
            kind=one.kind,
            exam_id=one.study.exam.id,
            device=device,
            leaving=one.leaving,
            answers=tuple(_named(answer, device, names) for answer in answers),
            names_another=not named,
            is_chosen=usual if case.chosen is None else one.listed.instance_id in case.chosen,
        )


def _header(one: FoundObject) -> Header | None:
    try:
        return read_header(one.leaving.file, one.leaving.TransferSyntaxUID)
    except (OSError, DatasetError):
        return None


def _names_another(header: Header, patient: Patient) -> bool:
    """Return whether the device named somebody else than the exam was decided to be of.

    A number of which no name is known got none because the device had named somebody for another.
    """
    sent = Patient.from_dicom(header.PatientID, header.PatientName, header.PatientBirthDate)
    if not says_a_name(patient):
        return says_a_name(sent)
    return not are_written_alike(sent, patient)


def _named(answer: LabelAnswer, device: str, names: Mapping[tuple[str, str], str]) -> LabelAnswer:
    """Return the answer; a transducer with the name the practice gave it."""
    if answer.item != _TRANSDUCER or not answer.value:
        return answer
    name = names.get((device, answer.value))
    shown = f"{name} ({answer.value})" if name else answer.value
    return LabelAnswer(answer.item, answer.state, shown, answer.why, answer.is_loud)


def _texts(found: FoundCase) -> list[str]:
    """Return what the exams are called, and what the pictures say of what they show."""
    words = ("SeriesDescription", "BodyPartExamined")
    said = [one.listed.head[word] for one in found.pictures for word in words]
    return list(dict.fromkeys([found.procedure, *said]))


def _called(organs: Sequence[PairedOrgans]) -> str:
    """Return the organs as ``German / English``; empty for none."""
    german = ", ".join(dict.fromkeys(one.german for one in organs))
    english = ", ".join(dict.fromkeys(one.english for one in organs))
    return f"{german} / {english}" if organs else ""


def _reports(found: FoundCase) -> Iterator[CaseReport]:
    for one in found.objects:
        if one.kind is ObjectKind.REPORT:
            yield CaseReport(one.leaving, one.study.exam.accession_number)


def check_rows(items: Iterable[LabelItem], pictures: Sequence[CasePicture]) -> Iterator[CheckRow]:
    """Yield what pictures answer to each item that is asked of one of them."""
    for item in items:
        parts = tuple(_parts(item, pictures))
        if parts:
            state = next(one for one in _WORST if any(part.state is one for part in parts))
            yield CheckRow(item, state, parts)


def _parts(item: LabelItem, pictures: Sequence[CasePicture]) -> Iterator[RowPart]:
    """Yield what the pictures answer to an item, those that answer alike together, worst first."""
    groups: dict[LabelAnswer, list[int]] = {}
    for picture in pictures:
        if not picture.answers:
            unread = LabelAnswer(item.code, LabelState.LOOK, "", UNREADABLE)
            groups.setdefault(unread, []).append(picture.number)
        for answer in picture.answers:
            if answer.item == item.code:
                groups.setdefault(answer, []).append(picture.number)
    for state in _WORST:
        for answer, numbers in groups.items():
            if answer.state is state:
                yield RowPart(state, answer.value, answer.why, tuple(numbers), answer.is_loud)


def _with_organs(row: CheckRow, organs: str) -> CheckRow:
    if row.item.rule != _SIDE:
        return row
    return CheckRow(row.item, row.state, row.parts, organs)
