"""What an arriving instance does to its exam."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Final

from gdtbridge.archive import IncomingInstance, ReceiptStatus
from gdtbridge.database import Connection
from gdtbridge.dataset.header import Header
from gdtbridge.dataset.values import meaningful, uid_from
from gdtbridge.exams import claim_store, store
from gdtbridge.exams.completion import CompletionRule
from gdtbridge.exams.model import DOCUMENTS, Claim, ClaimState, Exam, ExamState
from gdtbridge.sr import is_report

MOST_CLAIMS: Final = 100
"""No study has so many people; sorting claims takes time that grows with their square."""
NOBODY: Final = "UNBEKANNT"
"""Name of a claim that is never joined to anybody: a placeholder, as people write it."""


def study_of(sop_instance_uid: str, header: Header) -> str:
    """Return the Study Instance UID; an object without one is a study of its own."""
    return header.StudyInstanceUID or study_alone(sop_instance_uid)


def study_alone(sop_instance_uid: str) -> str:
    """Return the UID of the exam of an object without a Study Instance UID."""
    digest = hashlib.sha256(sop_instance_uid.encode()).digest()
    return uid_from(int.from_bytes(digest[:16]))


def said_of(header: Header) -> dict[str, str]:
    """Return what an object says of whom it is and what was ordered, by column of ``claim``."""
    return {
        "patient_id": header.PatientID,
        "patient_name": header.PatientName,
        "patient_birth_date": header.PatientBirthDate,
        "patient_sex": header.PatientSex,
        "accession_number": header.AccessionNumber,
    }


def facts_of(header: Header) -> dict[str, str]:
    """Return what an object says of the exam itself, by column of the table ``claim``."""
    when = [
        (header.StudyDate, header.StudyTime),
        (header.ContentDate, header.ContentTime),
        (header.AcquisitionDate, header.AcquisitionTime),
        (header.SeriesDate, header.SeriesTime),
    ]
    day, clock = next((pair for pair in when if pair[0]), ("", ""))
    return {
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
    status: ReceiptStatus,
    now: float,
) -> Claim:
    """Let a new instance begin, extend or reopen its exam; return the claim it makes.

    An instance that may be another version of a known one waits to be compared first.
    """
    study = study_of(incoming.SOPInstanceUID, header)
    exam = store.find_exam(connection, study)
    if exam is not None and exam.state is ExamState.FETCHED:
        exam_id = exam.id
        store.update_exam(
            connection,
            exam_id,
            state=ExamState.RECEIVING,
            device=incoming.calling_aet,
            instances=1,
            first_instance_at=now,
            last_instance_at=now,
            due_at=completion.due_at(now, now),
        )
        one = claim(connection, exam_id, header, now)
    elif exam is None:
        exam_id = store.insert_exam(
            connection,
            study_instance_uid=study,
            device=incoming.calling_aet,
            instances=1,
            first_instance_at=now,
            last_instance_at=now,
            due_at=completion.due_at(now, now),
        )
        one = claim(connection, exam_id, header, now)
    else:
        exam_id = exam.id
        one = claim(connection, exam_id, header, now)
        new = status is ReceiptStatus.NEW
        wanted = not new or is_report(incoming.SOPClassUID)
        due = _due_at(completion, exam, one, now, wanted=wanted)
        store.extend_exam(connection, exam_id, exam.instances + new, now, due)
    return one


def enter_fetched(
    connection: Connection, incoming: IncomingInstance, header: Header, now: float
) -> int:
    """Enter what an object fetched from another archive says; return its claim's id.

    An exam that is there does not notice; one that is not is nothing but fetched.
    """
    study = study_of(incoming.SOPInstanceUID, header)
    exam = store.find_exam(connection, study)
    exam_id = (
        exam.id
        if exam is not None
        else store.insert_exam(
            connection,
            ExamState.FETCHED,
            study_instance_uid=study,
            device=incoming.calling_aet,
            instances=0,
            first_instance_at=now,
            last_instance_at=now,
        )
    )
    said, facts = said_of(header), facts_of(header)
    known = claim_store.find_claim(connection, exam_id, said, ClaimState.FETCHED)
    if known is None:
        return claim_store.insert_fetched(connection, said, exam_id=exam_id, first_at=now, **facts)
    if changes := _additions(known, facts):
        claim_store.update_claims(connection, [known.id], **changes)
    return known.id


def claim(connection: Connection, exam_id: int, header: Header, now: float) -> Claim:
    """Enter what an object says of whom it is; return the claim, which others may have made.

    Beyond `MOST_CLAIMS` an exam takes no further ones: such objects are nobody's, and held.
    """
    said, facts = said_of(header), facts_of(header)
    known = claim_store.find_claim(connection, exam_id, said)
    if known is None and claim_store.count_claims(connection, exam_id) >= MOST_CLAIMS:
        said = {**dict.fromkeys(said, ""), "patient_name": NOBODY}
        known = claim_store.find_claim(connection, exam_id, said)
    if known is not None:
        changes: dict[str, object] = {**_additions(known, facts)}
        if known.state is ClaimState.DISCARDED:  # what comes later is not discarded unseen
            changes["state"] = ClaimState.HELD
        if changes:
            claim_store.update_claims(connection, [known.id], **changes)
        return known
    claim_store.insert_claim(connection, said, exam_id=exam_id, first_at=now, **facts)
    claim_store.regroup(connection, exam_id)
    found = claim_store.find_claim(connection, exam_id, said)
    assert found is not None  # noqa: S101 - entered above, in the same transaction
    return found


def _due_at(
    completion: CompletionRule, exam: Exam, one: Claim, now: float, *, wanted: bool
) -> float | None:
    """Return the exam's new deadline.

    What is not decided is waited for as at the beginning. Of what is, later reports wait no longer
    than the first, and pictures until the device is silent. What is held waits for a person.
    """
    if one.state is ClaimState.OPEN:
        began = exam.state is ExamState.RECEIVING
        return completion.due_at(now, exam.first_instance_at if began else one.first_at)
    if exam.due_at is not None or one.state is not ClaimState.SETTLED:
        return completion.due_at(now, now) if wanted and exam.due_at is None else exam.due_at
    return completion.due_at(now, now) if wanted else completion.quiet_at(now, now)


def _additions(known: Claim, facts: Mapping[str, str]) -> dict[str, str]:
    """Return the values a claim lacks; values it has stay."""
    additions = {
        name: value
        for name, value in facts.items()
        if value and not getattr(known, name) and name not in {"modality", "study_time"}
    }
    if "study_date" in additions and facts["study_time"]:
        additions["study_time"] = facts["study_time"]
    if known.modality in DOCUMENTS and facts["modality"] not in DOCUMENTS:
        additions["modality"] = facts["modality"]
    return additions
