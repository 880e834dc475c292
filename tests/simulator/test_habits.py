"""Every bad habit of a device against the whole bridge: what becomes of exam, list and result."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest

from gdtbridge import simulator
from gdtbridge.dicom.client import Peer, find_worklist
from gdtbridge.simulator.choice import named_entry
from gdtbridge.simulator.device import simulate
from gdtbridge.simulator.exam import sample_folder
from gdtbridge.simulator.habits import Behaviour, Habit, habits
from gdtbridge.simulator.query import worklist_query
from gdtbridge.simulator.result import SimulatedExam
from tests.tools.service import Service, service
from tests.tools.surgery import QUICK, Surgery, person
from tests.tools.waiting import wait_for

SAMPLES = ("images/echo-1.dcm", "images/echo-2.dcm", "sr/abdomen.dcm")

SOON = {"exam__limit_minutes": "0.07", "worklist__cleanup_seconds": "1"}
"""When an exam ends whose step does not, and when its entry goes: the seconds a test can wait."""

pytestmark = pytest.mark.slow  # starts a whole service


@pytest.fixture(scope="module")
def bridge(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """Return a running service in a hurry."""
    with service(tmp_path_factory.mktemp("habits"), **QUICK, **SOON) as running:
        yield running


def play(bridge: Service, accession: str, *chosen: str) -> tuple[SimulatedExam, list[str]]:
    """Play an exam of two images and a report; return its result and what the device showed."""
    shown: list[str] = []
    result = simulate(
        Peer("127.0.0.1", bridge.ports["DICOM"], "GDTBRIDGE", "US01"),
        station="US01",
        samples=[sample_folder() / name for name in SAMPLES],
        report=shown.append,
        pick=named_entry(accession, None, lambda _entry: None),
        behaviour=Behaviour(frozenset(chosen), image_pause=2 * float(QUICK["exam__quiet_seconds"])),
    )
    return result, shown


def listed(bridge: Service, accession: str) -> bool:
    """Return whether a device is shown the order."""
    peer = Peer("127.0.0.1", bridge.ports["DICOM"], "GDTBRIDGE", "US01")
    query = worklist_query("US01", datetime.now())  # noqa: DTZ005 - devices know no zone
    return accession in {entry.AccessionNumber for entry in find_worklist(peer, query)}


@pytest.mark.parametrize("habit", habits(), ids=lambda habit: habit.name)
def test_habit(bridge: Service, habit: Habit) -> None:
    """Exam, list and result end as the table says, under the name and number of the order."""
    surgery = Surgery(bridge)
    number = str(5000 + habits().index(habit))
    accession = surgery.order(person(number, "Müller^Änne", "12.03.1958"), "Schilddrüse")

    result, _ = play(bridge, accession, habit.name)
    surgery.settle()

    assert result.ok
    assert bool(result.step_statuses) == (habit.name != "no-mpps")
    assert surgery.order_state(accession) == habit.order
    stays = habit.order == "ordered"
    wait_for(lambda: listed(bridge, accession) == stays, 20, "the list to follow")
    assert surgery.held(result.StudyInstanceUID) == []
    chart = surgery.chart(number)
    assert len(chart) == habit.records
    for record in chart:
        assert {"3101Müller", "3102Änne", "310312031958"} <= set(record)
        assert f"6227Auftragsnummer: {accession}" in record


def test_two_patients_at_once(bridge: Service) -> None:
    """Of two exams that come mixed the one without an order has a chart of its own."""
    charts = Surgery(bridge).chart("SIMULATE2")
    surgery = Surgery(bridge)
    accession = surgery.order(person("4999", "Müller^Änne", "12.03.1958"), "Schilddrüse")

    play(bridge, accession, "interleaved")
    surgery.settle()

    added = surgery.chart("SIMULATE2")[len(charts) :]
    assert len(added) == 2
    assert all("3101Testpatient" in record and "3102Zwei" in record for record in added)
    assert len(surgery.chart("4999")) == 2


def test_page_of_habits_follows_the_table(project: Path) -> None:
    """What a practice reads of each habit is what the table says and the test above proves."""
    page = (project / "docs" / "praxis" / "testgeraet.md").read_text("utf-8")
    rows = [f"| `{one.name}` | {one.german} | {one.outcome} |" for one in habits()]
    assert page.partition("|---|---|---|\n")[2].splitlines() == rows


def test_each_habit_changes_something() -> None:
    """A habit of the table is one the device has: its script, its objects or its sending differ."""
    modules = ("bad_objects", "device", "examination", "script")
    package = Path(simulator.__file__).parent
    code = "".join((package / f"{name}.py").read_text("utf-8") for name in modules)
    code += (package.parent / "commands" / "simulate.py").read_text("utf-8")
    assert [one.name for one in habits() if f'"{one.name}"' not in code] == []
