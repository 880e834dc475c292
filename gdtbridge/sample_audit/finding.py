"""From a case to its pictures: those of one patient and one day, as they were decided to be."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date

from gdtbridge.database import Database
from gdtbridge.dataset.values import da_text, to_date
from gdtbridge.orders.patient_moves import moves_of
from gdtbridge.people import Patient
from gdtbridge.people.folding import folded_words, word_key
from gdtbridge.pictures.kinds import ObjectKind, kind_of
from gdtbridge.retrieve.finder import ArchiveFinder, Viewer
from gdtbridge.retrieve.items import ListedStudy
from gdtbridge.retrieve.leaving import LeavingObject
from gdtbridge.retrieve.store import ListedObject, Narrowing
from gdtbridge.sample_audit.model import CaseOutcome, SampleCase

PICTURES = frozenset({ObjectKind.IMAGE, ObjectKind.CLIP})


@dataclass(frozen=True, slots=True)
class FoundObject:
    """An object of a case: as it is listed, as it leaves, and the exam it is of."""

    listed: ListedObject
    leaving: LeavingObject
    study: ListedStudy
    kind: ObjectKind


@dataclass(frozen=True, slots=True)
class FoundCase:
    """What was found of a case: whose it is, its objects in the order received."""

    outcome: CaseOutcome
    patient: Patient | None = None
    procedure: str = ""
    objects: tuple[FoundObject, ...] = ()

    @property
    def pictures(self) -> Sequence[FoundObject]:
        """The stills and clips."""
        return [one for one in self.objects if one.kind in PICTURES]


@dataclass(frozen=True, slots=True)
class CaseFinder:
    """Finds what the archive has of a case. Thread-safe."""

    database: Database
    finder: ArchiveFinder

    def find(self, case: SampleCase) -> FoundCase:
        """Return what is there; what is not decided yet is not there."""
        studies = self._of_number(case.asked, case.day)
        if not studies:
            numbers = {one.patient_id for one in self._of_name(case)}
            if len(numbers) > 1:
                return FoundCase(CaseOutcome.SEVERAL)
            studies = [one for number in numbers for one in self._of_number(number, case.day)]
        objects = sorted(self.objects_of(studies), key=lambda one: one.listed.instance_id)
        found = FoundCase(CaseOutcome.FOUND, objects=tuple(objects))
        if not found.pictures:
            return FoundCase(CaseOutcome.NOTHING)
        people = [one.exam.sent_patient for one in studies]
        procedures = dict.fromkeys(one.exam.study_description for one in studies)
        patient = next((one for one in people if one.listed_name), people[0])
        return replace(
            found,
            objects=tuple(_of_patient(one, patient) for one in objects),
            patient=patient,
            procedure=", ".join(filter(None, procedures)),
        )

    def _of_number(self, number: str, day: date) -> list[ListedStudy]:
        """Return the exams that were decided to be of a number, or of what it became since.

        Not those a device named it in that were decided to be of another.
        """
        if not number:
            return []
        with self.database.read() as connection:
            numbers = moves_of(connection, [number]).all_of(number)
        found = self.finder.studies(Narrowing(patients=(number,)), Viewer())
        return [one for one in found if one.patient_id in numbers and _day_of(one) == day]

    def _of_name(self, case: SampleCase) -> list[ListedStudy]:
        """Return the exams of who is called so: every word that was typed begins one of the name.

        The index narrows by the longest of the words.
        """
        words = folded_words(case.asked)
        if not words:
            return []
        day = da_text(case.day)
        narrowing = Narrowing(name=word_key(max(words, key=len)), days=(day, day))
        return [
            one
            for one in self.finder.studies(narrowing, Viewer())
            if _day_of(one) == case.day and _is_called(one.exam.patient_name, words)
        ]

    def objects_of(self, studies: Sequence[ListedStudy]) -> Iterator[FoundObject]:
        """Yield the objects of some exams as they leave."""
        for study in studies:
            leaving = {
                one.instance_id: left
                for one, left in self.finder.settled(study.exam.study_instance_uid)
            }
            for one in study.objects:
                frames = one.head["NumberOfFrames"].strip()
                kind = kind_of(one.SOPClassUID, int(frames) if frames.isdecimal() else 0)
                yield FoundObject(one, leaving[one.instance_id], study, kind)


def _of_patient(one: FoundObject, patient: Patient) -> FoundObject:
    """Return an object that leaves with the name and birth date its number is known by.

    Its record may have had none, where the device had named somebody else.
    """
    known = {"PatientName": patient.person_name, "PatientBirthDate": patient.birth_date_da}
    decided = one.leaving.decided
    added = {word: text for word, text in known.items() if not decided[word] and text}
    return replace(one, leaving=replace(one.leaving, decided={**decided, **added}))


def _day_of(study: ListedStudy) -> date | None:
    said = [study.exam.study_date, *(one.head["ContentDate"] for one in study.objects[:1])]
    return next((day for text in said if (day := to_date(text)) is not None), None)


def _is_called(name: str, words: Sequence[str]) -> bool:
    written = folded_words(name)
    return all(any(one.startswith(word) for one in written) for word in words)
