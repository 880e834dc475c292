"""What the steps of an exam say about its end: wait, wait until it is quiet, or it is over.

The newest step of each device counts: a device that began another one, or that never ends any, is
not waited for. Nobody is waited for beyond ``exam.limit_minutes`` after the first object or the
beginning of the step, whichever came later.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from enum import Enum, auto
from typing import Final

from gdtbridge.database import Connection
from gdtbridge.exams import store as exam_store
from gdtbridge.exams.completion import CompletionRule
from gdtbridge.exams.model import Exam
from gdtbridge.exams.steps import store
from gdtbridge.exams.steps.model import PerformedStep, ScheduledStep, StepState

NEVER_ENDED: Final = 3
"""A device whose last steps, as many, were never ended does not end steps at all."""


class ExamProgress(Enum):
    """How far an exam is, by its steps."""

    UNKNOWN = auto()
    """No step says anything."""
    GOING_ON = auto()
    """A step is in progress, or instances it announced are still to come."""
    OVER = auto()
    """The steps are over and announced nothing: what comes within the quiet time belongs to it."""
    COMPLETE = auto()
    """The steps are over, and every instance they announced is here."""


def progress_of(
    connection: Connection, completion: CompletionRule, steps: Sequence[PerformedStep], now: float
) -> ExamProgress:
    """Return how far an exam is by its ``steps``, oldest first; ``now`` is UTC."""
    if any(_is_awaited(connection, completion, one, now) for one in newest(steps)):
        return ExamProgress.GOING_ON
    ended = [one for one in steps if one.state is not StepState.IN_PROGRESS]
    if not ended:
        return ExamProgress.UNKNOWN
    if store.missing(connection, [one.id for one in ended]):
        return ExamProgress.GOING_ON
    silent = store.silent(connection, [one.id for one in ended])
    says_nothing = len(silent) == len(ended)
    completed = any(one.id in silent and one.state is StepState.COMPLETED for one in ended)
    return ExamProgress.OVER if says_nothing or completed else ExamProgress.COMPLETE


def newest(steps: Iterable[PerformedStep]) -> list[PerformedStep]:
    """Return the newest step of each device, of ``steps`` oldest first."""
    return list({one.device: one for one in steps}.values())


def _is_awaited(
    connection: Connection, completion: CompletionRule, step: PerformedStep, now: float
) -> bool:
    """Return whether a step is in progress, and its device one that ends steps."""
    if step.state is not StepState.IN_PROGRESS or step.reliance == "started-only":
        return False
    before = now - completion.limit_seconds
    earlier = store.of_device(connection, step.device, before, NEVER_ENDED)
    ends = any(one.state is not StepState.IN_PROGRESS for one in earlier)
    return ends or len(earlier) < NEVER_ENDED


def awaited(
    connection: Connection, completion: CompletionRule, exam_ids: Iterable[int], now: float
) -> dict[int, float]:
    """Return the exams that are due but go on by their steps, and when to look again (UTC)."""
    found: dict[int, float] = {}
    for exam_id in exam_ids:
        exam = exam_store.exam_by_id(connection, exam_id)
        if exam is None or exam.due_at is None or completion.at_once:
            continue
        steps = store.of_study(connection, exam.study_instance_uid)
        limit = limit_of(exam, steps, completion)
        goes_on = progress_of(connection, completion, steps, now) is ExamProgress.GOING_ON
        if goes_on and now < limit:
            found[exam_id] = min(now + completion.settings.quiet_seconds, limit)
    return found


def limit_of(exam: Exam, steps: Iterable[PerformedStep], completion: CompletionRule) -> float:
    """Return until when an exam is waited for at the most (UTC)."""
    began = max((one.began_at for one in steps), default=0.0)
    return max(exam.first_instance_at, began) + completion.limit_seconds


def end(connection: Connection, completion: CompletionRule, study: str, now: float) -> bool:
    """Set the deadline of an exam whose steps say that it is over; return whether it is due.

    One of which nothing waits is left alone.
    """
    exam = exam_store.find_exam(connection, study)
    if exam is None or exam.due_at is None or completion.at_once:
        return False
    steps = store.of_study(connection, study)
    progress = progress_of(connection, completion, steps, now)
    if progress is ExamProgress.COMPLETE:
        exam_store.update_exam(connection, exam.id, due_at=now)
        return True
    if progress is ExamProgress.OVER:
        due_at = completion.due_at(now, exam.first_instance_at)
        exam_store.update_exam(connection, exam.id, due_at=due_at)
    return False


def arrived(
    connection: Connection, completion: CompletionRule, uid: str, study: str, now: float
) -> bool:
    """Let an instance that has arrived end its exam, if it was the last that was announced.

    A step that announced it without naming its study is for that study. Returns whether the exam is
    due now.
    """
    announcing = store.announcing(connection, uid)
    for step_id in announcing:
        if study not in store.studies_of(connection, step_id):
            store.schedule(connection, step_id, [ScheduledStep(study, "")])
    return bool(announcing) and end(connection, completion, study, now)
