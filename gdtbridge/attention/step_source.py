"""Performed procedure steps that need a person."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from gdtbridge.attention.model import MOST_OF_A_KIND, AttentionItem
from gdtbridge.database import Database
from gdtbridge.durable.clock import Clock
from gdtbridge.exams.steps.waiting import StepProblem, waiting_steps


@dataclass(frozen=True, slots=True)
class StepSource:
    """Steps whose instances never came, and steps that contradict what was sent."""

    name: ClassVar = "steps"
    codes: ClassVar = frozenset(StepProblem)

    database: Database
    clock: Clock

    def items(self) -> list[AttentionItem]:
        """Return one item for each problem of a step of the last days."""
        with self.database.read() as connection:
            found = waiting_steps(connection, self.clock.utc(), MOST_OF_A_KIND)
        return [
            AttentionItem(
                one.problem,
                f"step:{one.step.id}",
                one.step.ended_at or one.step.began_at,
                one.step.patient.listed,
                one.detail,
                {"study": one.study},
            )
            for one in found
        ]
