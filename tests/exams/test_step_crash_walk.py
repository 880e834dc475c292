"""A crash at any line of what a device tells of its exam leaves one result and an empty list.

The device repeats what was not acknowledged; a step it began again without an answer is known.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from contextlib import suppress
from itertools import count
from pathlib import Path

import pytest

import gdtbridge.exams.steps
import gdtbridge.orders
from gdtbridge.exams.steps import StepRefused
from tests.tools.dying import SimulatedCrash, dying_at, files_of
from tests.tools.practice import Practice
from tests.tools.steps import StepDevice, begun

WALKED = files_of(
    {gdtbridge.exams.steps: ("keeping", "rule"), gdtbridge.orders: ("book", "listing")}
)
SPARSELY = 40
"""Of so many lines a sample has one."""

pytestmark = [
    pytest.mark.crash,
    pytest.mark.timeout(3600),
    pytest.mark.filterwarnings(
        "ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning"
    ),
]


@pytest.fixture
def tmp_path(memory: Path) -> Path:
    """Return a folder in memory."""
    return memory


class Examination:
    """One exam: begun, sent, ended and reported; each act is done again until it is done."""

    def __init__(self, practice: Practice, number: int) -> None:
        self.device = StepDevice(practice)
        self.number = number
        order = practice.order(patient_id=f"P{number}")
        self.entry = practice.core.orders.place(order).entry
        self.acts: list[Callable[[], object]] = [self.begin, self.send, self.end, self.wait]

    @property
    def uid(self) -> str:
        """The step's UID."""
        return f"2.25.7{self.number}"

    def go(self) -> None:
        """Do what is not done yet."""
        while self.acts:
            self.acts[0]()
            del self.acts[0]

    def begin(self) -> None:
        """Begin the step; one that is known was begun, only the answer was lost."""
        said = begun(self.entry.StudyInstanceUID, PatientID=f"P{self.number}")
        with suppress(StepRefused):
            self.device.begin(said, self.uid)

    def send(self) -> None:
        """Send the one image."""
        self.device.practice.send(
            SOPInstanceUID=f"{self.uid}.1",
            StudyInstanceUID=self.entry.StudyInstanceUID,
            PatientID=f"P{self.number}",
            AccessionNumber=self.entry.AccessionNumber,
        )

    def end(self) -> None:
        """End the step."""
        self.device.end(f"{self.uid}.1", uid=self.uid)

    def wait(self) -> None:
        """Let what is due happen: the exam is over, so a second is enough."""
        self.device.practice.wait(1)

    def check(self) -> None:
        """Hold that there is one result, and nobody left on the list."""
        practice = self.device.practice
        practice.core.order_book.follow_marked()
        assert practice.files() == [f"{self.entry.AccessionNumber}.gdt"], self.number
        assert practice.core.orders.all() == (), self.number
        for path in practice.out.iterdir():
            path.unlink()


def test_a_crash_at_any_line(
    practice: Practice, chance: random.Random, *, exhaustive: bool
) -> None:
    """The service dies, starts again, and the device goes on."""
    lines = count(1) if exhaustive else count(chance.randint(1, SPARSELY), SPARSELY)
    alive = practice.again()
    for line in lines:
        exam = Examination(alive, line)
        with dying_at(line, WALKED) as run, suppress(SimulatedCrash):
            exam.go()
        alive.database.close()
        exam.device.practice = alive = alive.again()
        exam.go()
        exam.check()
        if run[0] < line:
            assert line > 50
            break
    alive.database.close()
