"""Earlier exams from another archive: what it has of a patient, and having it sent.

Nothing is believed of the archive that it does not show: the patient is the one that was asked for,
and a study is here when each object it lists is.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Protocol

from gdtbridge.archive import Standing
from gdtbridge.database import Database
from gdtbridge.durable.clock import Clock
from gdtbridge.errors import BridgeError, NeedsConfirmation
from gdtbridge.exams import history_store
from gdtbridge.exams import store as exam_store
from gdtbridge.exams.fetching import FetchBook
from gdtbridge.exams.model import EventKind, ExamEvent
from gdtbridge.exams.renumbering import known_people
from gdtbridge.people import Patient, are_two
from gdtbridge.retrieve import store

KEEP_SECONDS: Final = 60.0
"""How often is written down that somebody is still fetching."""
ANOTHER: Final = (
    "Das Archiv führt unter dieser Nummer eine andere Person als die Praxis. Ist es doch dieselbe, "
    "mit --confirm holen. / Under this number the archive has another person than the practice. "
    "If it is the same all the same, fetch with --confirm."
)


class OtherPatient(BridgeError):
    """An archive answers with another patient than the one it was asked for."""


@dataclass(frozen=True, slots=True)
class RemoteStudy:
    """A study as another archive lists it (PS3.4 C.6.2.1.2); dates as it says them."""

    study_instance_uid: str
    patient_id: str
    patient_name: str
    birth_date: str
    sex: str
    study_date: str
    description: str
    modalities: tuple[str, ...]
    instances: str

    @property
    def patient(self) -> Patient:
        """Whom the archive names."""
        return Patient.from_dicom(self.patient_id, self.patient_name, self.birth_date, self.sex)


@dataclass(frozen=True, slots=True)
class RemoteObject:
    """An object as another archive lists it; transfer syntaxes where it says them."""

    sop_instance_uid: str
    sop_class_uid: str
    transfer_syntaxes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SentStudy:
    """What did not come of a study: what we refused, by SOP Instance UID and kind of error.

    ``failed`` is how many further objects the archive says it could not send.
    """

    refused: Mapping[str, str] = field(default_factory=dict)
    failed: int = 0


class RemoteArchive(Protocol):
    """Port: another archive. Each call raises a `BridgeError` where it does not do it."""

    @property
    def aet(self) -> str:
        """Its AE title."""

    def studies(self, *, patient_id: str, study: str) -> Sequence[RemoteStudy]:
        """Return its studies of a patient, or the one with that UID."""

    def objects(self, study: str) -> Sequence[RemoteObject]:
        """Return the objects of a study."""

    def send(
        self,
        study: str,
        objects: Sequence[RemoteObject],
        arrived: Callable[[], int],
        progress: Callable[[int, int | None], None],
    ) -> SentStudy:
        """Have a study sent; return what did not come.

        ``arrived`` counts what is here of it, ``progress`` is told objects done and to come.
        """


@dataclass(frozen=True, slots=True)
class FetchedStudy:
    """What came of fetching a study: objects listed, new here, kept aside, refused, and missing."""

    study: RemoteStudy
    listed: int
    new: int = 0
    aside: int = 0
    refused: Mapping[str, str] = field(default_factory=dict)
    missing: int = 0
    failed: int = 0
    """How many the archive says it could not send."""
    problem: str = ""
    """Why it ended before its end, in words."""

    @property
    def is_whole(self) -> bool:
        """Whether everything the archive lists is here."""
        return not (self.missing or self.refused or self.failed or self.problem)


Told = Callable[[RemoteStudy, int, int | None], None]
"""Told of a study how many objects are done, and how many are to come (None: unknown)."""


@dataclass(frozen=True, slots=True)
class StudyFetcher:
    """Finds studies in another archive and has them sent."""

    database: Database
    fetches: FetchBook
    clock: Clock
    remote: RemoteArchive

    def find(self, *, patient_id: str = "", study: str = "") -> list[RemoteStudy]:
        """Return what the archive has, the newest first.

        Raises `OtherPatient` where it answers with others than were asked for.
        """
        found = self.remote.studies(patient_id=patient_id, study=study)
        for one in found:
            if patient_id and one.patient_id != patient_id:
                raise OtherPatient(_others(self.remote.aet, one))
            if study and one.study_instance_uid != study:
                raise OtherPatient(_others(self.remote.aet, one))
        return sorted(found, key=lambda one: one.study_date, reverse=True)

    def must_be_known_so(self, studies: Sequence[RemoteStudy]) -> None:
        """Raise `NeedsConfirmation` where the practice knows a number as another person's."""
        with self.database.read() as connection:
            for one in studies:
                if not (one.patient.family_name and one.patient.birth_date and one.patient_id):
                    continue
                for known in known_people(connection, one.patient_id):
                    if are_two(one.patient, known):
                        raise NeedsConfirmation(ANOTHER, (one.patient.listed, known.listed))

    def fetch(self, study: RemoteStudy, *, reported: bool, who: str, told: Told) -> FetchedStudy:
        """Have a study sent and see whether all of it is here; what is here stays in any case."""
        uid = study.study_instance_uid
        objects = self.remote.objects(uid)
        before = self._here(uid)
        listed = {one.sop_instance_uid for one in objects}
        if listed and listed <= set(before) and not reported:
            return FetchedStudy(study, len(listed))
        number = self.fetches.open(uid, self.remote.aet, study.patient_id, reported=reported)
        sent, problem = SentStudy(), ""
        try:
            sent = self.remote.send(
                uid,
                objects,
                lambda: len(self._here(uid)),
                self._kept_alive(number, lambda done, left: told(study, done, left)),
            )
        except BridgeError as error:
            problem = str(error)
        finally:
            self.fetches.close(number)
        outcome = self._outcome(study, listed, before, sent, problem)
        self._note(outcome, who)
        return outcome

    def _here(self, study: str) -> dict[str, list[tuple[int, str]]]:
        """Return what is here of a study: id and standing of each version, by SOP Instance UID."""
        with self.database.read() as connection:
            return store.versions_of_study(connection, study)

    def _kept_alive(
        self, number: int, told: Callable[[int, int | None], None]
    ) -> Callable[[int, int | None], None]:
        last = [time.monotonic()]

        def progress(done: int, left: int | None) -> None:
            if time.monotonic() - last[0] > KEEP_SECONDS:
                last[0] = time.monotonic()
                self.fetches.keep(number)
            told(done, left)

        return progress

    def _outcome(
        self,
        study: RemoteStudy,
        listed: set[str],
        before: Mapping[str, Sequence[tuple[int, str]]],
        sent: SentStudy,
        problem: str,
    ) -> FetchedStudy:
        here = self._here(study.study_instance_uid)
        known = {number for versions in before.values() for number, _ in versions}
        came = [
            standing
            for versions in here.values()
            for number, standing in versions
            if number not in known
        ]
        aside = sum(one in {Standing.FETCHED_ASIDE, Standing.UNCOMPARED} for one in came)
        missing = len(listed - set(here))
        return FetchedStudy(
            study=study,
            listed=len(listed),
            new=len(came) - aside,
            aside=aside,
            refused=sent.refused,
            missing=missing,
            failed=sent.failed,
            problem=problem,
        )

    def _note(self, outcome: FetchedStudy, who: str) -> None:
        """Enter into the exam's history who fetched how much, and whence."""
        if not outcome.new:
            return
        detail: dict[str, object] = {"from": self.remote.aet, "instances": outcome.new}
        event = ExamEvent(self.clock.utc(), who, EventKind.FETCHED, 0, detail)
        with self.database.write() as connection:
            exam = exam_store.find_exam(connection, outcome.study.study_instance_uid)
            if exam is not None:
                history_store.note_event(connection, exam.id, event)


def _others(aet: str, one: RemoteStudy) -> str:
    return (
        f"{aet} antwortet mit anderem, als gefragt war (Patient {one.patient_id or '-'}, Studie "
        f"{one.study_instance_uid}): nichts geholt. / answers with something else than was asked "
        "for: nothing fetched."
    )
