"""The bridge's own records for the samples' studies: what a practice would find in its folder."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Final

from gdtbridge.exams import PatientExam
from gdtbridge.exams.plan import PlannedResult
from gdtbridge.gdt.tables.dialects import DIALECTS
from gdtbridge.gdt.write.results import (
    Attachment,
    Identification,
    RetractedTest,
    RetractionResult,
    Revision,
    StudyResult,
)
from gdtbridge.gdt.write.writer import render_retraction, render_study
from gdtbridge.people import Patient
from gdtbridge.results.revision import news_of
from gdtbridge.results.routing import Routing
from gdtbridge.settings import Settings
from gdtbridge.sr import read_report
from sample_maker.cast import Study
from worklist import make_entry

_PICTURES: Final = tuple(
    Attachment(f"Bild {number}", "JPG", "Abdomen", rf"\\server\bilder\{number}.jpg")
    for number in (4, 5)
)
"""Pictures that came after the exam was reported with three."""


class Bridge:
    """An installation with the default settings and one dialect."""

    def __init__(self, dialect: str) -> None:
        self._dialect = DIALECTS[dialect]
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
        return self._records.study(_planned(study))

    def values(self, study: Study, report: Path) -> bytes:
        """Return the value record of the study's Structured Report."""
        read = read_report(report)
        made = self._records.values(_planned(study), read, news_of({}, read))
        return made.payload if made is not None else b""

    def supplement(self, study: Study) -> bytes:
        """Return the record of two further pictures, with a remark."""
        later = replace(
            _result(study),
            remarks=("Name am Gerät weicht ab.",),
            revision=Revision.SUPPLEMENT,
            pictures=len(_PICTURES),
            attachments=_PICTURES,
        )
        return render_study(later, self._dialect, Identification()).data

    def retraction(self, study: Study) -> bytes:
        """Return the record that takes the study back."""
        result = _result(study)
        retraction = RetractionResult(
            patient=result.patient,
            date=result.date,
            time=result.time,
            accession=result.accession,
            modality=result.modality,
            description=result.description,
            test_id=result.test_id,
            test_description=result.test_description,
            sent=study.started + timedelta(minutes=13),
            values=2,
            tests=(
                RetractedTest("ABDLIVLRIUEMKL7", "Liver Length"),
                RetractedTest("ABDSPLLJLIUGP6L", "Spleen Length"),
            ),
            pictures=3,
            reason="Am Gerät wurde ein anderer Eintrag gewählt.",
        )
        return render_retraction(retraction, self._dialect, Identification()).data


def _result(study: Study) -> StudyResult:
    settings = Settings().gdt
    return StudyResult(
        patient=Patient(
            study.patient.PatientID,
            study.patient.family_name,
            study.patient.given_name,
            study.patient.birth_date,
            study.patient.sex,
        ),
        date=study.started.date(),
        time=study.started.time(),
        accession=study.AccessionNumber,
        modality="US",
        description=study.StudyDescription,
        test_id=settings.test_id,
        test_description=settings.test_description,
    )


def _planned(study: Study) -> PlannedResult:
    exam = PatientExam(
        id=1,
        study_instance_uid=study.StudyInstanceUID,
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
    )
    return PlannedResult(exam, exam.sent_patient, None, "")
