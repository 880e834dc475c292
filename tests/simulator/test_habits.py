"""Every bad habit of a device against the whole bridge: what becomes of exam, list and result."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import pytest

from gdtbridge import simulator
from gdtbridge.dicom.client import Peer, find_worklist
from gdtbridge.simulator.choice import named_entry
from gdtbridge.simulator.device import simulate
from gdtbridge.simulator.exam import sample_folder
from gdtbridge.simulator.habits import Behaviour, CommitmentWish, Habit, habits
from gdtbridge.simulator.query import worklist_query
from gdtbridge.simulator.result import SimulatedExam
from tests.tools.ports import free_port
from tests.tools.service import Service, service
from tests.tools.surgery import QUICK, Surgery, person
from tests.tools.waiting import wait_for

SAMPLES = ("images/echo-1.dcm", "images/echo-2.dcm", "sr/abdomen.dcm")

SOON = {"exam__limit_minutes": "0.07", "worklist__cleanup_seconds": "1"}
"""When an exam ends whose step does not, and when its entry goes: the seconds a test can wait."""

pytestmark = pytest.mark.slow  # starts a whole service


@dataclass(frozen=True, slots=True)
class Room:
    """A running service and its devices: ``US01`` listens on a port, ``US02`` does not."""

    bridge: Service
    listens: int

    def order(self, number: str, station: str = "US01") -> str:
        """Order an exam; return the accession number."""
        who = person(number, "Müller^Änne", "12.03.1958")
        return Surgery(self.bridge).order(who, "Schilddrüse", station)

    def peer(self, station: str) -> Peer:
        """Return the service as a device sees it."""
        return Peer("127.0.0.1", self.bridge.ports["DICOM"], "GDTBRIDGE", station)

    def play(self, accession: str, habit: str, station: str = "US01") -> SimulatedExam:
        """Play an exam of two images and a report."""
        port = self.listens if station == "US01" else None
        wish = CommitmentWish(port, "127.0.0.1", seconds=20)
        pause = 2 * float(QUICK["exam__quiet_seconds"])
        return simulate(
            self.peer(station),
            station=station,
            samples=[sample_folder() / name for name in SAMPLES],
            report=lambda _line: None,
            pick=named_entry(accession, None, lambda _entry: None),
            behaviour=Behaviour(frozenset({habit}), wish, pause),
        )

    def lists(self, accession: str, station: str) -> bool:
        """Return whether a device is shown the order."""
        query = worklist_query(station, datetime.now())  # noqa: DTZ005 - devices know no zone
        found = find_worklist(self.peer(station), query)
        return accession in {entry.AccessionNumber for entry in found}


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Room]:
    """Return a running service in a hurry, and its devices."""
    root, port = tmp_path_factory.mktemp("habits"), free_port()
    table = f'[[device]]\naet = "US01"\nhost = "127.0.0.1"\nport = {port}\n'
    (root / "gdtbridge.toml").write_text(table, encoding="utf-8")
    with service(root, **QUICK, **SOON) as running:
        yield Room(running, port)


@pytest.mark.parametrize("habit", habits(), ids=lambda habit: habit.name)
def test_habit(room: Room, habit: Habit) -> None:
    """Exam, list and result end as the table says, under the name and number of the order.

    Whatever the device sent, it is told that all of it is kept.
    """
    surgery = Surgery(room.bridge)
    number = str(5000 + habits().index(habit))
    station = "US02" if habit.name == "commitment-same-association" else "US01"
    accession = room.order(number, station)

    result = room.play(accession, habit.name, station)
    surgery.settle()

    assert result.ok
    assert result.is_green == (habit.name not in {"dies", "mpps-wrong-entry"})
    assert bool(result.step_statuses) == (habit.name != "no-mpps")
    assert surgery.order_state(accession) == habit.order
    stays = habit.order == "ordered"
    wait_for(lambda: room.lists(accession, station) == stays, what="the list to follow")
    assert surgery.held(result.StudyInstanceUID) == []
    chart = surgery.chart(number)
    assert len(chart) == habit.records
    for record in chart:
        assert {"3101Müller", "3102Änne", "310312031958"} <= set(record)
        assert f"6227Auftragsnummer: {accession}" in record


def test_two_patients_at_once(room: Room) -> None:
    """Of two exams that come mixed the one without an order has a chart of its own."""
    surgery = Surgery(room.bridge)
    before = len(surgery.chart("SIMULATE2"))
    accession = room.order("4999")

    room.play(accession, "interleaved")
    surgery.settle()

    added = surgery.chart("SIMULATE2")[before:]
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
