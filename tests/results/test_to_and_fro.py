"""Words that are said, taken back and said again: nothing is lost, doubled or in a wrong chart."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from pathlib import Path

import pydicom
import pytest
import sqlalchemy as sa

from gdtbridge.archive import ArchivedInstance, Standing
from gdtbridge.exams import ExamState, versions
from gdtbridge.gdt.read.record import Record
from gdtbridge.outbox.model import Attempt, DeliveryJournal, OutgoingMessage, Sender
from gdtbridge.outbox.worker import DestinationWorker
from gdtbridge.results.message_keys import order_of, turn_of
from gdtbridge.schema import claim, instance
from tests.tools.practice import Practice, Reports

STUDY = "2.25.1000"
REPORT = {"PatientID": "4711", "StudyInstanceUID": STUDY, "SOPInstanceUID": "2.25.77"}
WEISS = {"PatientID": "815", "PatientName": "Weiß^Jo", "PatientBirthDate": "19700101"}


@pytest.fixture
def reports(project: Path, practice: Practice, tmp_path: Path) -> Reports:
    """Return the sample reports, sent as a device would."""
    return Reports(project, practice, tmp_path)


def changed(dataset: pydicom.Dataset) -> None:
    """Let the first value of a report be another one."""
    number = next(item for item in dataset.iterall() if item.keyword == "NumericValue")
    number.value = "99"


@pytest.fixture(autouse=True)
def collects(practice: Practice) -> None:
    """Let the practice software collect what it gets."""
    practice.collects = True


def of(practice: Practice, number: str) -> list[Record]:
    """Return the records of a chart."""
    return [one for one in practice.records().values() if one.patient.id == number]


def retractions(records: list[Record]) -> list[Record]:
    """Return which records say that something does not belong there."""
    return [one for one in records if any("Irrtümlich" in line.value for line in one.lines)]


def value_counts(practice: Practice) -> list[int]:
    """Return how many values each value record has."""
    found = (len(one.all("8420")) for one in practice.records().values())
    return sorted(count for count in found if count)


def states(practice: Practice) -> dict[str, ExamState]:
    """Return the state of each of the exam's people, by the number they were sent."""
    return {one.sent_patient_id: one.state for one in practice.core.overview.exams()}


def without_share(practice: Practice) -> None:
    """Let everything due be put into the outbox, and nothing leave."""
    practice.clock.seconds += practice.quiet
    practice.core.reporting.report_due()


def test_a_value_that_changes_to_and_fro_is_sent_each_time(
    practice: Practice, reports: Reports
) -> None:
    """The chart's last word is the device's last word, whatever was said under the UID before."""
    for change in (None, changed, None, changed):
        reports.send("echo.dcm", change, **REPORT)
        practice.wait()
    assert value_counts(practice)[:3] == [1, 1, 1]
    reports.send("echo.dcm", **{**REPORT, "SOPInstanceUID": "2.25.78"})
    practice.wait()
    assert value_counts(practice)[:4] == [1, 1, 1, 1]


def test_all_values_come_again_after_a_withdrawal(practice: Practice, reports: Reports) -> None:
    """What a version before the last one said is in the chart no more."""
    reports.send("echo.dcm", **REPORT)
    practice.wait()
    (every,) = value_counts(practice)
    reports.send("echo.dcm", changed, **REPORT)
    practice.wait()
    practice.core.corrections.withdraw(STUDY, "4711", "Verwechselt")
    practice.core.held.release(STUDY, "4711")
    practice.wait()
    assert value_counts(practice) == [1, every, every]


def test_undo_does_not_send_to_the_chart_it_was_withdrawn_from(practice: Practice) -> None:
    """Not this one, said a person; that the other is wrong too does not change that."""
    practice.send()
    practice.wait()
    practice.core.corrections.withdraw(STUDY, "4711", "Falsch", to="815")
    practice.core.corrections.undo(STUDY)
    practice.wait()
    assert len(of(practice, "4711")) == 2
    assert states(practice) == {"4711": ExamState.HELD}


def test_an_accepted_correction_that_is_undone_is_held(practice: Practice) -> None:
    """Nobody says any more that it is right."""
    practice.send(SOPInstanceUID="2.25.1")
    practice.wait()
    practice.send(SOPInstanceUID="2.25.1", **WEISS)
    practice.wait()
    practice.core.corrections.accept(STUDY)
    practice.core.corrections.undo(STUDY)
    practice.wait()
    assert of(practice, "815") == []
    assert states(practice)["815"] is ExamState.HELD


def test_undo_leaves_another_person_of_the_chart_what_waits(
    practice: Practice, reports: Reports
) -> None:
    """Two numbers of one exam go into one chart; that the second one does was a mistake."""
    reports.send("echo.dcm", **REPORT)
    without_share(practice)
    practice.send(PatientID="4771", PatientName="Moller^Anna", PatientBirthDate="19600101")
    without_share(practice)
    practice.core.held.release(STUDY, "4711", person=2, confirmed=True)
    without_share(practice)
    practice.core.corrections.undo(STUDY)
    practice.wait()
    assert len(value_counts(practice)) == 1
    assert len(practice.files()) == 2


def test_undo_leaves_what_went_to_another_chart_before(practice: Practice) -> None:
    """A late picture without a number was taken for somebody else's; the first was not."""
    practice.send()
    practice.wait()
    practice.send(PatientID="")
    practice.wait()
    practice.core.held.release(STUDY, "815")
    without_share(practice)
    practice.core.corrections.undo(STUDY)
    practice.core.held.release(STUDY, "815")
    practice.wait()
    assert [len(of(practice, number)) for number in ("4711", "815")] == [1, 1]
    with practice.database.read() as connection:
        numbers = connection.execute(sa.select(claim.c.number).order_by(claim.c.id))
        assert list(numbers.scalars()) == ["4711", "815"]


def test_what_waits_is_removed_by_a_withdrawal(practice: Practice) -> None:
    """A chart that got nothing is told nothing, and nothing arrives after the withdrawal."""
    practice.send()
    away = practice.out.rename(practice.out.with_name("away"))
    practice.wait()
    away.rename(practice.out)
    practice.core.corrections.withdraw(STUDY, "4711", "Falsch")
    practice.wait(1000)
    assert practice.files() == []


@pytest.mark.parametrize("act", ["withdraw", "undo"])
def test_what_waits_after_a_withdrawal_is_removed_without_a_word(
    practice: Practice, act: str
) -> None:
    """The chart was told of the first result; of the second it has got nothing."""
    practice.send()
    practice.wait()
    practice.core.corrections.withdraw(STUDY, "4711", "Falsch")
    practice.wait()
    practice.core.held.release(STUDY, "4711")
    without_share(practice)
    if act == "withdraw":
        practice.core.corrections.withdraw(STUDY, "4711", "Doch falsch")
    else:
        assert not practice.core.corrections.undo(STUDY)
    practice.wait(1000)
    assert len(practice.files()) == 2
    assert len(retractions(of(practice, "4711"))) == 1


def test_of_two_orders_only_what_left_is_retracted(practice: Practice) -> None:
    """The record of the second order still waits: nobody has to be told of it."""
    wishes = [practice.order(procedure=procedure) for procedure in ("Abdomen", "Niere")]
    numbers = [practice.core.orders.place(one).entry.AccessionNumber for one in wishes]
    practice.send(AccessionNumber=numbers[0])
    practice.wait()
    practice.send(AccessionNumber=numbers[1])
    without_share(practice)
    practice.core.corrections.withdraw(STUDY, "4711", "Falsch")
    practice.wait(1000)
    (told,) = retractions(of(practice, "4711"))
    assert numbers[0] in " ".join(line.value for line in told.lines)
    assert len(of(practice, "4711")) == 2


@pytest.mark.parametrize(
    ("key", "turn", "order"),
    [
        ("study:1.2:0123456789abcdef:-:0", 0, ""),
        ("study:1.2:0123456789abcdef:R1:2:fedcba9876543210:2~3", 2, "R1"),
        ("study:1.2:0123456789abcdef:20:24 a:1", 1, "20:24 a"),
        ("retraction:1.2:0123456789abcdef:-:1:2", 1, ""),
        ("values:12:0123456789abcdef:4:2", 4, ""),
    ],
)
def test_keys_say_which_order_and_turn_they_are_of(key: str, turn: int, order: str) -> None:
    """Also where another program's accession number has the sign that parts them."""
    assert (turn_of(key), order_of(key)) == (turn, order)


def test_what_waits_is_removed_before_it_is_retracted(practice: Practice, reports: Reports) -> None:
    """The study record is in the chart, its values wait: these never come."""
    practice.send()
    practice.wait()
    reports.send("echo.dcm", **REPORT)
    away = practice.out.rename(practice.out.with_name("away"))
    practice.wait()
    away.rename(practice.out)
    practice.core.corrections.withdraw(STUDY, "4711", "Falsch")
    practice.wait(1000)
    assert value_counts(practice) == []
    assert len(retractions(of(practice, "4711"))) == 1


class TakenBackMeanwhile:
    """Sender that meets a slow share, while a person takes the message back."""

    def __init__(self, practice: Practice) -> None:
        self._sender: Sender = next(
            worker.sender for name, worker in practice.outbox._workers.items() if name == "gdt"
        )
        self.naming, self.kind = self._sender.naming, self._sender.kind
        self.keeps_payload = self._sender.keeps_payload
        self.lifetime: float | None = None
        self.meanwhile: Callable[[], object] = lambda: None

    def deliver(
        self, messages: Sequence[OutgoingMessage], journal: DeliveryJournal, /
    ) -> Mapping[int, Attempt]:
        """Deliver after the person was quicker."""
        self.meanwhile()
        return self._sender.deliver(messages, journal)

    def clear(self, message: OutgoingMessage, /) -> None:
        """Do nothing."""

    def sweep(self, owned: AbstractSet[str], /) -> None:
        """Do nothing."""


def test_what_is_taken_back_while_the_share_is_slow_does_not_arrive(practice: Practice) -> None:
    """The delivery had begun, and nothing was written yet."""
    practice.send(PatientID="")
    without_share(practice)
    practice.core.held.release(STUDY, "4711")
    without_share(practice)
    sender = TakenBackMeanwhile(practice)
    sender.meanwhile = lambda: practice.core.corrections.undo(STUDY)
    worker = DestinationWorker(
        practice.database, "gdt", sender, practice.clock, {"gdt": None}, lambda _: None
    )
    assert worker.deliver_due() == 0
    assert practice.files() == []


def test_corrected_there_and_back_again(practice: Practice) -> None:
    """The second correction is one as well, though its words were replaced once."""
    practice.send(SOPInstanceUID="2.25.1")
    practice.wait()
    practice.send(SOPInstanceUID="2.25.1", **WEISS)
    practice.wait()
    practice.core.corrections.accept(STUDY)
    practice.wait()
    practice.send(SOPInstanceUID="2.25.1")
    practice.wait()
    practice.core.corrections.accept(STUDY)
    practice.wait()
    assert len(retractions(of(practice, "815"))) == 1
    assert len(of(practice, "4711")) == 3


def test_corrected_there_and_back_while_it_is_compared(
    practice: Practice, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the device sent last counts in the end."""
    first, *others = ({"SOPInstanceUID": "2.25.1", "StudyDescription": text} for text in "abc")
    real = versions.compare

    def compare(objects: Sequence[ArchivedInstance]) -> dict[int, int | None]:
        found = real(objects)
        monkeypatch.undo()
        practice.clock.turn(1)
        practice.send(**first)
        return found

    practice.send(**first)
    for other in others:
        practice.wait()
        practice.send(**other)
    monkeypatch.setattr(versions, "compare", compare)
    for _ in range(3):
        practice.wait()
    with practice.database.read() as connection:
        standings = connection.execute(sa.select(instance.c.standing).order_by(instance.c.id))
        assert list(standings.scalars()) == [Standing.CURRENT, *[Standing.SUPERSEDED] * 2]


def test_an_order_that_waits_again_stays_on_the_list(practice: Practice) -> None:
    """The clean-up does not take what was withdrawn for the order's exam."""
    entry = practice.core.orders.place(practice.order()).entry
    study = entry.StudyInstanceUID
    practice.send(StudyInstanceUID=study, AccessionNumber=entry.AccessionNumber)
    practice.wait()
    practice.core.corrections.withdraw(study, "4711", "Falsch", to="815")
    practice.wait()
    practice.core.order_book.follow_marked()
    practice.core.orders.clean()
    assert len(practice.core.orders.all()) == 1


def test_beyond_a_hundred_claims_nobody_is_meant(practice: Practice) -> None:
    """A device gone mad gets no stranger's picture into a chart."""
    for number in range(100):
        practice.send(AccessionNumber=f"X{number}")
    practice.send(**WEISS)
    practice.wait()
    assert practice.files() == []


def test_late_pictures_do_not_wait_for_a_clock_that_was_put_back(practice: Practice) -> None:
    """Nor is the exam looked at every second until then."""
    practice.send()
    practice.wait()
    practice.send()
    practice.clock.seconds -= 86400
    practice.wait()
    with practice.database.read() as connection:
        assert connection.exec_driver_sql("SELECT due_at FROM exam").scalar() is None
