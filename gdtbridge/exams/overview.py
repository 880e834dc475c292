"""The exams as a person looks at them: the newest, those that wait, what was not sent."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from gdtbridge.archive import Archive, ReceiptStatus
from gdtbridge.database import Database
from gdtbridge.durable.clock import Clock
from gdtbridge.exams import store
from gdtbridge.exams.model import Exam, ExamProblem, ExamState

OVERDUE_SECONDS: Final = 300
"""An exam not reported so long after it was due is a fault a person has to know of."""


@dataclass(frozen=True, slots=True)
class ExamOverview:
    """Lists and counts exams and what was not sent; changes nothing."""

    database: Database
    archive: Archive
    clock: Clock

    def exams(self, state: ExamState | None = None, limit: int = 100) -> list[Exam]:
        """Return exams, the newest first; only those in ``state`` where one is named."""
        with self.database.read() as connection:
            return store.list_exams(connection, state, limit)

    def attention(self) -> dict[str, int]:
        """Return how much waits for a person, by kind."""
        with self.database.read() as connection:
            since = self.clock.utc() - OVERDUE_SECONDS
            held, overdue, unsent = store.attention(connection, since)
            conflicts = self.archive.count_aside(connection)
        return {"held": held, "overdue": overdue, "conflicts": conflicts, "unreadable": unsent}

    def problems(self, limit: int = 100) -> list[ExamProblem]:
        """Return what was received and not (wholly) sent, the newest of each kind first."""
        with self.database.read() as connection:
            aside = self.archive.aside(connection, limit)
            reports = store.report_problems(connection, limit)
        kind = ReceiptStatus.CONFLICT
        conflicts = (
            ExamProblem(kind, one.study_instance_uid, one.sop_instance_uid, one.file)
            for one in aside
        )
        return [*conflicts, *reports]
