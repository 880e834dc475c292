"""The exams of a practice of schema 3, wherever each stood: none changes its patient.

``make_schema_3.py`` made the folder with the code of that time. Exams are named by the number of
their first patient.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from gdtbridge import exams
from gdtbridge.exams import Exam, ExamState, claim_store, store
from gdtbridge.exams.model import by_person
from gdtbridge.schema import exam_result, instance
from gdtbridge.settings import load_settings
from tests.tools.dying import SimulatedCrash, dying_at, files_of
from tests.tools.practice import Practice
from tests.tools.unpacking import unpack

HERE = Path(__file__).parent


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return the folder as the old version left it."""
    unpack(HERE / "schema-3.tar.gz", tmp_path)
    return tmp_path


Opener = Callable[[], Practice]


@pytest.fixture
def opened(folder: Path) -> Iterator[Opener]:
    """Return what opens the folder with the program of today; it upgrades the database."""
    practices: list[Practice] = []

    def open_folder() -> Practice:
        practice = Practice(folder, load_settings(folder / "gdtbridge.toml", {}))
        practice.clock.seconds = float((folder / "clock").read_text())
        practices.append(practice)
        return practice

    yield open_folder
    for practice in practices:
        practice.close()


@pytest.fixture
def adopted(opened: Opener) -> Practice:
    """Return the practice as the service starts it."""
    practice = opened()
    practice.core.adopt()
    return practice


def results(practice: Practice) -> list[tuple[str, str, str, int]]:
    """Return study, chart, order and number of pictures of everything that was sent."""
    columns = (exam_result.c.exam_id, exam_result.c.patient_id, exam_result.c.accession_number)
    query = sa.select(*columns, exam_result.c.pictures).order_by(*columns)
    with practice.database.read() as connection:
        return [
            (_exam(connection, number).study_instance_uid, *said)
            for number, *said in connection.execute(query)
        ]


def _exam(connection: sa.Connection, number: int) -> Exam:
    found = store.exam_by_id(connection, number)
    assert found is not None
    return found


def people(practice: Practice, study: str) -> list[tuple[str, str, str, int]]:
    """Return number as sent, chart, state and objects of each of the people of an exam."""
    with practice.database.read() as connection:
        exam = store.find_exam(connection, study)
        assert exam is not None
        found = by_person(exam, claim_store.claims_of(connection, exam.id))
    return [
        (one.sent_patient_id, one.claims[0].number, str(one.state), one.instances) for one in found
    ]


def held(practice: Practice) -> set[tuple[str, str, str]]:
    """Return study, number as sent and reason of everything that is held."""
    return {
        (one.study_instance_uid, one.sent_patient_id, one.held_because)
        for one in practice.core.overview.exams(held=True)
        if one.state is ExamState.HELD
    }


HELD = {
    ("2.25.20000", "", "no-patient-id"),
    ("2.25.21000", "21", "order-of-other-patient"),
    ("2.25.22000", "22", "several-patients"),
    ("2.25.22000", "23", "several-patients"),
    ("2.25.24000", "24", "uid-taken"),
    ("2.25.25000", "", "unwritable"),
    ("2.25.26000", "26", "several-patients"),
    ("2.25.26000", "27", "several-patients"),
    ("2.25.30000", "31", "other-patient-after-report"),
    ("2.25.33000", "33", "other-patient-after-report"),
    ("2.25.36000", "37", "other-patient-after-report"),
    ("2.25.51000", "52", "other-patient-after-report"),
}
"""What was held is held; what a released or reported exam had of others is now held as theirs."""


def test_what_was_sent_is_known_with_its_chart_order_and_pictures(adopted: Practice) -> None:
    """Results are in the charts they were sent to, for the orders they met."""
    found = results(adopted)

    assert [chart for _, chart, _, _ in found] == [
        *("10", "12", "13", "14", "26", "30", "34", "38", "39", "50", "51")
    ]
    assert {chart: order for _, chart, order, _ in found if order} == {
        "10": "R0000000001",
        "12": "R0000000002",
    }
    assert {chart for _, chart, _, pictures in found if pictures} == {
        *("10", "12", "14", "26", "39", "50", "51")
    }


@pytest.mark.parametrize(
    ("study", "expected"),
    [
        ("2.25.30000", [("30", "30", "reported", 2), ("31", "", "held", 2)]),
        ("2.25.33000", [("33", "", "held", 2), ("34", "34", "reported", 2)]),
        ("2.25.36000", [("36", "38", "reported", 2), ("37", "", "held", 2)]),
        ("2.25.51000", [("51", "51", "receiving", 1), ("52", "", "held", 1)]),
        ("2.25.39000", [("", "39", "reported", 1)]),
    ],
)
def test_nobody_is_taken_for_whom_an_exam_was_released(
    adopted: Practice, study: str, expected: list[tuple[str, str, str, int]]
) -> None:
    """What was reported stays with those who have that number; what is of others waits."""
    assert people(adopted, study) == expected


KEPT_ASIDE = ("2.25.51000", "52", "other-patient-after-report")
"""The same object for another patient: once it is compared, a correction."""


def test_what_was_held_is_held(adopted: Practice) -> None:
    """Nothing that waited for a person goes out, and nothing is forgotten."""
    assert held(adopted) == HELD
    adopted.wait()
    study, number, _ = KEPT_ASIDE
    assert held(adopted) == HELD - {KEPT_ASIDE} | {(study, number, "correction")}


def test_nothing_is_sent_twice(folder: Path, adopted: Practice) -> None:
    """After the upgrade only what waited leaves, each once, and under its own number."""
    before = {path.name: path.read_bytes() for path in adopted.out.iterdir()}
    for _ in range(3):
        adopted.wait()
        for name in ("attachments", "attachments:kardio"):
            adopted.outbox.deliver_due(name)

    assert {name: adopted.out.joinpath(name).read_bytes() for name in before} == before
    new = {name: record for name, record in adopted.records().items() if name not in before}
    assert {name: record.first("3000") for name, record in new.items()} == {
        "E0000000017.gdt": "42",
        "E0000000018.gdt": "40",
        "E0000000018-sr-2.25.41.gdt": "40",
        "E0000000015-2.gdt": "50",
    }
    assert adopted.files("kardio") == ["E0000000004.gdt"]


def test_objects_of_held_people_leave_for_whom_a_person_says(adopted: Practice) -> None:
    """A person gives the other's objects to the other, with the report that was never sent."""
    adopted.wait()
    before = set(adopted.files())

    adopted.core.held.release("2.25.30000", "31")
    adopted.wait()

    new = {name: record for name, record in adopted.records().items() if name not in before}
    assert {record.first("3000") for record in new.values()} == {"31"}
    assert any("-sr-" in name for name in new)


def test_every_object_belongs_to_somebody(adopted: Practice) -> None:
    """No object is left without a claim."""
    count = sa.select(sa.func.count()).select_from(instance).where(instance.c.claim_id.is_(None))
    with adopted.database.read() as connection:
        assert connection.execute(count).scalar_one() == 0


def test_a_crash_in_the_middle_is_made_good(opened: Opener) -> None:
    """Wherever reading the old objects ends, the next start goes on, with the same end."""
    walked = files_of({exams: ["adoption"]})
    practice = opened()
    crashes = 0
    for line in itertools.count(1, 7):
        try:
            with dying_at(line, walked):
                practice.core.adopt()
        except SimulatedCrash:
            crashes += 1
        else:
            break

    assert crashes > 10
    assert held(practice) == HELD
    assert people(practice, "2.25.33000") == [("33", "", "held", 2), ("34", "34", "reported", 2)]
