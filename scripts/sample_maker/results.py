"""The bridge's own records for the samples' studies: what a practice would find in its folder."""

from __future__ import annotations

from pathlib import Path

from gdtbridge.exams import Exam, ExamState
from gdtbridge.results.revision import news_of
from gdtbridge.results.routing import Routing
from gdtbridge.settings import Settings
from gdtbridge.sr import read_report
from sample_maker.cast import Study
from worklist import make_entry


class Bridge:
    """An installation with the default settings and one dialect."""

    def __init__(self, dialect: str) -> None:
        self._records = Routing(
            Settings.model_validate({"gdt": {"dialect": dialect}})
        ).default.records

    def answer(self, study: Study) -> bytes:
        """Return the answer to the order of the study."""
        entry = make_entry(
            AccessionNumber=study.AccessionNumber,
            StudyInstanceUID=study.StudyInstanceUID,
            PatientID=study.patient.PatientID,
            PatientName=study.patient.PatientName,
            PatientBirthDate=study.patient.birth_date,
            PatientSex=study.patient.sex,
            RequestedProcedureDescription=study.StudyDescription,
            scheduled=study.started,
        )
        return self._records.answer(entry)

    def study(self, study: Study) -> bytes:
        """Return the study record."""
        return self._records.study(_exam(study), None)

    def values(self, study: Study, report: Path) -> bytes:
        """Return the value record of the study's Structured Report."""
        read = read_report(report)
        return self._records.values(_exam(study), None, read, news_of({}, read)) or b""


def _exam(study: Study) -> Exam:
    return Exam(
        id=1,
        study_instance_uid=study.StudyInstanceUID,
        state=ExamState.RECEIVING,
        held_because="",
        released=False,
        accession_number=study.AccessionNumber,
        patient_id=study.patient.PatientID,
        patient_name=study.patient.PatientName,
        patient_birth_date=study.patient.birth_date.strftime("%Y%m%d"),
        patient_sex=study.patient.sex,
        modality="US",
        study_description=study.StudyDescription,
        study_date=study.started.strftime("%Y%m%d"),
        study_time=study.started.strftime("%H%M%S"),
        instances=1,
        first_instance_at=0.0,
        last_instance_at=0.0,
        due_at=None,
        reported_at=None,
    )
