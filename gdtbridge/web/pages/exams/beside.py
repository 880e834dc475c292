"""An earlier exam beside this one: of the same patient, by what was decided, never by a name."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from gdtbridge.dataset.values import to_date
from gdtbridge.exams import PatientExam
from gdtbridge.exams.model import DOCUMENTS, ClaimState

_UNSEEN: Final = DOCUMENTS - {""}
"""Modalities of exams nobody looks at; one that says none may have pictures."""


@dataclass(frozen=True, slots=True)
class ExamBeside:
    """An exam of the same patient before this one."""

    exam_id: int
    person: int
    day: date | None
    description: str
    """Study Description as sent."""


def exams_before(found: Sequence[PatientExam], exam_id: int, person: int) -> tuple[ExamBeside, ...]:
    """Return the earlier ones of a patient's exams, the newest first.

    ``found`` are the exams of one number, the newest first. Only what was decided counts, of this
    exam as of the others: where somebody may still say that it is another person's, there is none.
    Exams of reports and documents alone are left out.
    """
    decided = [one for one in found if _is_decided(one)]
    at = [(one.id, one.person) for one in decided]
    if (exam_id, person) not in at:
        return ()
    after = decided[at.index((exam_id, person)) + 1 :]
    return tuple(
        ExamBeside(one.id, one.person, to_date(one.study_date), one.study_description)
        for one in after
        if one.id != exam_id and one.modality not in _UNSEEN
    )


def _is_decided(exam: PatientExam) -> bool:
    """Return whether everything of an exam's person went into one chart."""
    return bool(exam.claims) and all(
        one.state is ClaimState.SETTLED and one.number == exam.patient_id for one in exam.claims
    )
