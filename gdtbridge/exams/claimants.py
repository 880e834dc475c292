"""Whom a held exam's objects and orders name, for the person who says whose it is."""

from __future__ import annotations

from collections.abc import Iterator

from gdtbridge.archive import Archive, Kept
from gdtbridge.database import Database
from gdtbridge.dataset.header import read_header
from gdtbridge.errors import StoreError
from gdtbridge.exams.identity import look_up, orders_of
from gdtbridge.exams.model import Exam
from worklist import FolderError, WorklistFolder


def claimants(
    exam: Exam, database: Database, archive: Archive, worklist: WorklistFolder
) -> tuple[str, ...]:
    """Return number, name and birth date (as sent) of everybody but the first whom it names.

    A file or a worklist that cannot be read names nobody.
    """
    with database.read() as connection:
        kept = archive.kept_of(connection, exam.study_instance_uid)
    try:
        listed = look_up(exam, worklist)
    except FolderError:
        named = []
    else:
        with database.read() as connection:
            orders = orders_of(connection, exam, listed)
        named = [_line(one.patient_id, one.patient_name, one.patient_birth_date) for one in orders]
    first = _line(exam.sent_patient_id, exam.patient_name, exam.patient_birth_date)
    return tuple(line for line in dict.fromkeys([*_sent(kept), *named]) if line not in {first, ""})


def _sent(kept: list[Kept]) -> Iterator[str]:
    for one in kept:
        try:
            header = read_header(one.path, one.transfer_syntax_uid)
        except (OSError, StoreError):
            continue
        yield _line(header.PatientID, header.PatientName, header.PatientBirthDate)


def _line(*parts: str) -> str:
    return " ".join(part for part in parts if part)
