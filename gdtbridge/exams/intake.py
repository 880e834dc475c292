"""What an arriving instance does to its exam."""

from __future__ import annotations

import hashlib
from typing import Final

from gdtbridge.archive import IncomingInstance
from gdtbridge.database import Connection
from gdtbridge.dataset.header import Header
from gdtbridge.dataset.values import meaningful, uid_from
from gdtbridge.exams import store
from gdtbridge.exams.completion import CompletionRule
from gdtbridge.exams.model import Exam, ExamState, HoldReason
from gdtbridge.people import Patient, are_two
from gdtbridge.sr import is_report

DOCUMENTS: Final = frozenset({"", "SR", "KO", "PR", "DOC", "OT"})
"""Modalities that say nothing about how the patient was examined (PS3.3 C.7.3.1.1.1)."""


def study_of(incoming: IncomingInstance, header: Header) -> str:
    """Return the Study Instance UID; an object without one is a study of its own."""
    if header.StudyInstanceUID:
        return header.StudyInstanceUID
    digest = hashlib.sha256(incoming.SOPInstanceUID.encode()).digest()
    return uid_from(int.from_bytes(digest[:16]))


def _facts(header: Header) -> dict[str, str]:
    """Return an object's values for the exam, by column of the table ``exam``."""
    when = [
        (header.StudyDate, header.StudyTime),
        (header.ContentDate, header.ContentTime),
        (header.AcquisitionDate, header.AcquisitionTime),
        (header.SeriesDate, header.SeriesTime),
    ]
    day, clock = next((pair for pair in when if pair[0]), ("", ""))
    return {
        "accession_number": header.AccessionNumber,
        "patient_id": header.PatientID,
        "sent_patient_id": header.PatientID,
        "patient_name": header.PatientName,
        "patient_birth_date": header.PatientBirthDate,
        "patient_sex": header.PatientSex,
        "modality": header.Modality,
        "study_description": meaningful(header.StudyDescription),
        "study_date": day,
        "study_time": clock,
    }


def enter(
    connection: Connection,
    completion: CompletionRule,
    incoming: IncomingInstance,
    header: Header,
    instance_id: int,
    now: float,
) -> int:
    """Let a new instance begin, extend or reopen its exam; return the exam's number."""
    facts = _facts(header)
    study = study_of(incoming, header)
    found = store.find_exam(connection, study)
    wanted = is_report(incoming.SOPClassUID)
    if found is not None:
        exam_id = found.id
        _extend(connection, completion, found, facts, now, wanted=wanted)
    else:
        exam_id = store.insert_exam(
            connection,
            study_instance_uid=study,
            device=incoming.calling_aet,
            instances=1,
            first_instance_at=now,
            last_instance_at=now,
            due_at=completion.due_at(now, now),
            **facts,
        )
    if wanted:
        store.insert_report(connection, exam_id, instance_id, incoming.SOPInstanceUID)
    return exam_id


def _extend(
    connection: Connection,
    completion: CompletionRule,
    exam: Exam,
    facts: dict[str, str],
    now: float,
    *,
    wanted: bool,
) -> None:
    changes: dict[str, object] = dict(_additions(exam, facts))
    changes |= {"instances": exam.instances + 1, "last_instance_at": now}
    if exam.state is ExamState.RECEIVING:
        changes["due_at"] = completion.due_at(now, exam.first_instance_at)
    elif exam.state is ExamState.REPORTED and wanted and exam.due_at is None:
        # Later reports wait no longer than the first.
        changes["due_at"] = completion.due_at(now, now)
    foreign = _is_foreign(exam, facts)
    store.update_exam(connection, exam.id, mixed=exam.mixed or foreign, **changes)
    if foreign:
        store.hold(connection, exam.id, HoldReason.SEVERAL_PATIENTS)


def _is_foreign(exam: Exam, facts: dict[str, str]) -> bool:
    """Return whether an object names a patient that is not the exam's."""
    number = facts["patient_id"]
    if number and exam.patient_id and not exam.is_of(number):
        return True
    sent = Patient.from_dicom(number, facts["patient_name"], facts["patient_birth_date"])
    return are_two(sent, exam.sent_patient)


def _additions(exam: Exam, facts: dict[str, str]) -> dict[str, str]:
    """Return the values an exam lacks; values it has stay."""
    additions = {
        name: value
        for name, value in facts.items()
        if value and not getattr(exam, name) and name not in {"modality", "study_time"}
    }
    if "study_date" in additions and facts["study_time"]:
        additions["study_time"] = facts["study_time"]
    if exam.modality in DOCUMENTS and facts["modality"] not in DOCUMENTS:
        additions["modality"] = facts["modality"]
    return additions
