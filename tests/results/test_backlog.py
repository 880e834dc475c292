"""However many exams are due: a fresh one does not wait behind them, and a stop not at all."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import pytest
import sqlalchemy as sa

from gdtbridge.exams.model import ExamState
from gdtbridge.results import reporting
from gdtbridge.results.gathering import GatheredExam
from gdtbridge.schema import exam
from tests.tools.practice import Practice

MANY = 60


def send_exam(practice: Practice, number: int) -> None:
    """Send one image of an exam of its own; a second later the next may come."""
    practice.send(
        StudyInstanceUID=f"2.25.9.{number}",
        SOPInstanceUID=f"2.25.8.{number}",
        PatientID=f"{1000 + number}",
        PatientName=f"Probe^{number}",
        PatientBirthDate=f"{1930 + number}0101",
    )
    practice.clock.seconds += 1


class Spy:
    """Sees which exams are read, and does what a test wants when the n-th has been."""

    def __init__(self, practice: Practice) -> None:
        self.read: list[int] = []
        self.after: dict[int, Callable[[], object]] = {}
        gatherer = practice.core.reporting.gatherer
        gather = gatherer.gather

        def noted(exam_id: int) -> GatheredExam | None:
            found = gather(exam_id)
            self.read.append(exam_id)
            self.after.pop(len(self.read), lambda: None)()
            return found

        gatherer.gather = noted  # type: ignore[method-assign]


def states(practice: Practice) -> list[str]:
    """Return the state of each exam, the oldest first."""
    with practice.database.read() as connection:
        return list(connection.execute(sa.select(exam.c.state).order_by(exam.c.id)).scalars())


def test_the_newest_and_the_oldest_take_turns(practice: Practice) -> None:
    """Neither end of a backlog waits for the other."""
    for number in range(MANY):
        send_exam(practice, number)
    spy = Spy(practice)
    practice.wait()

    assert states(practice) == [ExamState.REPORTED] * MANY
    first = spy.read[: reporting.TURN]
    half = reporting.TURN // 2
    assert sorted(first) == [*range(1, half + 1), *range(MANY - half + 1, MANY + 1)]


def test_exams_of_one_person_keep_their_order(practice: Practice) -> None:
    """Whose the later one is may rest on what became of the earlier one."""
    for number in range(MANY):
        send_exam(practice, number)
    practice.send(StudyInstanceUID="2.25.9.999", PatientID="9999", PatientBirthDate="19600101")
    practice.clock.seconds += practice.quiet
    spy = Spy(practice)
    practice.core.reporting.report_due()

    assert spy.read[:2] == [31, MANY + 1]  # born in 1960, too
    assert states(practice) == [ExamState.REPORTED] * (MANY + 1)
    assert sorted(spy.read) == list(range(1, MANY + 2))


def test_a_fresh_exam_waits_for_its_persons_earlier_ones(
    practice: Practice, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where the backlog has to wait for the outbox, and where they are more than a turn."""
    for number in range(MANY):
        send_exam(practice, number)
    for number in range(2 * reporting.TURN):
        practice.send(StudyInstanceUID=f"2.25.7.{number}", PatientID="9999", PatientName="Eins^Ä")
    practice.clock.seconds += practice.quiet
    behind = [False, *[True] * 12]
    monkeypatch.setattr(practice.outbox, "is_behind", lambda: behind.pop(0) if behind else False)

    def comes() -> None:
        practice.send(StudyInstanceUID="2.25.7.99", PatientID="9999", PatientName="Eins^Ä")
        practice.clock.seconds += practice.quiet

    spy = Spy(practice)
    spy.after[1] = comes
    practice.core.reporting.report_due()

    own = [one for one in spy.read if one > MANY]
    assert list(dict.fromkeys(own)) == list(range(MANY + 1, MANY + 2 * reporting.TURN + 2))
    assert states(practice) == [ExamState.REPORTED] * (MANY + 2 * reporting.TURN + 1)


@pytest.mark.parametrize(("between", "behind"), [(0, 0), (4, 6)])
def test_one_that_changes_is_not_overtaken_by_its_persons_later_one(
    practice: Practice, between: int, behind: int
) -> None:
    """Neither in its turn nor in the next one: an order that is still open may hold the later."""
    order = practice.core.orders.place(practice.order()).entry.AccessionNumber
    practice.send(StudyInstanceUID="2.25.9.998", AccessionNumber=order)
    for number in range(between):
        send_exam(practice, number)
    practice.send(StudyInstanceUID="2.25.9.999", PatientID="4712", AccessionNumber="")
    for number in range(between, between + behind):
        send_exam(practice, number)
    practice.clock.seconds += practice.quiet
    count = between + behind + 2
    turn = min(count, reporting.TURN)
    others = iter(["78", "79"])

    def another_is_ordered() -> None:
        """Somebody born on the same day: that is evidence, and decides nothing."""
        order = practice.order(patient_id=next(others), family_name="Fremd", given_name="Er")
        practice.core.orders.place(order)

    spy = Spy(practice)
    spy.after = dict.fromkeys((turn, turn + 1), another_is_ordered)
    practice.core.reporting.report_due()

    assert spy.read[turn] == 1
    assert spy.read.count(1) > 2
    assert states(practice) == [ExamState.REPORTED] * count


def test_few_exams_keep_their_order(practice: Practice) -> None:
    """What fits into one turn is reported as it became due."""
    for number in range(reporting.TURN):
        send_exam(practice, number)
    practice.clock.seconds += practice.quiet
    spy = Spy(practice)
    practice.core.reporting.report_due()
    assert spy.read == list(range(1, reporting.TURN + 1))


def test_a_fresh_exam_comes_before_the_backlog(practice: Practice) -> None:
    """What becomes due while many are reported is in the next turn."""
    for number in range(MANY):
        send_exam(practice, number)
    practice.clock.seconds += practice.quiet

    def comes() -> None:
        send_exam(practice, MANY)
        practice.clock.seconds += practice.quiet

    spy = Spy(practice)
    spy.after[reporting.TURN + 1] = comes
    practice.core.reporting.report_due()

    assert states(practice) == [ExamState.REPORTED] * (MANY + 1)
    assert spy.read.index(MANY + 1) <= 2 * reporting.TURN


def test_a_stop_waits_for_no_backlog(practice: Practice) -> None:
    """The exams of the present turn are reported, the others stay due."""
    for number in range(MANY):
        send_exam(practice, number)
    practice.clock.seconds += practice.quiet
    spy = Spy(practice)
    spy.after[reporting.TURN + 1] = practice.core.reporting.stop
    practice.core.reporting.report_due()

    done = states(practice).count(ExamState.REPORTED)
    assert done == 2 * reporting.TURN
    practice = practice.again()
    practice.wait()
    assert states(practice) == [ExamState.REPORTED] * MANY
    assert len(practice.files()) == MANY


def test_one_that_changes_while_it_is_read_is_tried_again_at_once(practice: Practice) -> None:
    """An order that comes in between costs its exam one more look, and those after it."""
    for number in range(3):
        send_exam(practice, number)
    practice.clock.seconds += practice.quiet
    spy = Spy(practice)
    person = {"patient_id": "1001", "family_name": "Probe", "given_name": "1"}
    spy.after[3] = lambda: practice.core.orders.place(
        practice.order(**person, birth_date=date(1931, 1, 1), sex=None)
    )
    practice.core.reporting.report_due()

    assert states(practice) == [ExamState.REPORTED] * 3
    assert spy.read == [1, 2, 3, 2, 3]


@pytest.mark.parametrize("others", [0, 3])
def test_one_that_goes_on_while_it_is_read_waits_again(practice: Practice, others: int) -> None:
    """An image that comes in between begins a new pause: nothing is reported before its end."""
    for number in range(1, others + 2):
        send_exam(practice, number)
    practice.clock.seconds += practice.quiet
    spy = Spy(practice)
    spy.after[others + 1] = lambda: practice.send(
        StudyInstanceUID="2.25.9.1",
        PatientID="1001",
        PatientName="Probe^1",
        PatientBirthDate="19310101",
    )
    practice.core.reporting.report_due()

    assert states(practice) == [ExamState.RECEIVING] + [ExamState.REPORTED] * others
    assert practice.core.reporting.next_due_in() == practice.settings.exam.quiet_seconds
    assert spy.read.count(1) == 1


def test_a_backlog_waits_for_the_outbox_and_a_fresh_exam_does_not(
    practice: Practice, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As long as files wait to be written, only what becomes due now is reported."""
    for number in range(MANY):
        send_exam(practice, number)
    practice.clock.seconds += practice.quiet
    behind = [False, False, True, True, True, True]
    monkeypatch.setattr(practice.outbox, "is_behind", lambda: behind.pop(0) if behind else False)

    def comes() -> None:
        send_exam(practice, MANY)
        practice.clock.seconds += practice.quiet

    spy = Spy(practice)
    spy.after[2 * reporting.TURN] = comes
    practice.core.reporting.report_due()

    assert states(practice) == [ExamState.REPORTED] * (MANY + 1)
    assert spy.read[2 * reporting.TURN] == MANY + 1
    assert not behind


def test_a_long_turn_makes_the_next_ones_shorter(practice: Practice) -> None:
    """While devices keep the machine busy a turn has fewer exams, for a fresh one to be next."""
    for number in range(MANY):
        send_exam(practice, number)
    practice.clock.seconds += practice.quiet
    spy, turns = Spy(practice), []
    settle = practice.core.reporting._settle_all

    def slow(gathered: list[GatheredExam]) -> list[int]:
        turns.append(len(gathered))
        practice.clock.seconds += 2 * reporting.LONG_TURN_SECONDS
        return settle(gathered)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(type(practice.core.reporting), "_settle_all", lambda _, found: slow(found))
        practice.core.reporting.report_due()
    assert turns[:5] == [10, 5, 2, 1, 1]
    assert len(spy.read) == MANY
