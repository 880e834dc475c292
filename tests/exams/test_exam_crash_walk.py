"""A crash at any line of an exam of several people leaves every result once in its own chart.

Devices repeat what was not acknowledged, and people the command that gave no answer.
"""

from __future__ import annotations

import random
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from itertools import count
from pathlib import Path
from typing import ClassVar

import pytest
from PIL import Image

import gdtbridge.exams
import gdtbridge.results
from gdtbridge.errors import NotFound
from gdtbridge.gdt.read.reader import read_records
from gdtbridge.gdt.read.record import Record
from gdtbridge.results.gathering import ObjectOpeners
from tests.tools.dying import SimulatedCrash, dying_at, files_of
from tests.tools.elements import still
from tests.tools.practice import Practice, Reports

WALKED = files_of(
    {
        gdtbridge.exams: ("held", "intake", "receiving", "versions"),
        gdtbridge.results: ("corrections", "gathering", "outgoing", "reporting"),
    }
)
"""Here the database, the archive and the outbox are called one after the other."""
SPARSELY = 800
"""Of so many lines a sample has one, from a line of the seed's on."""

LATER = {"Nachtrag", "Korrektur", "Irrtümlich"}
"""First words of study records that are not the first."""

pytestmark = [
    pytest.mark.crash,
    pytest.mark.timeout(3600),
    # The dead close nothing.
    pytest.mark.filterwarnings(
        "ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning"
    ),
]

Step = Callable[[], object]


class Story(ABC):
    """An exam of Erna's and Zenzi's: what happens before the crash, and what in it."""

    charts: ClassVar[dict[str, list[int]]]
    """Shades of the pictures that each chart has in the end, by first letter of the number."""
    records: ClassVar[dict[str, int]]
    """How many records there are in the end, by first letter of the number and kind."""
    held: ClassVar[list[str]] = []
    """First letters of those of whom something is held in the end."""

    def __init__(self, practice: Practice, reports: Callable[[Practice], Reports], n: int) -> None:
        self.practice = practice
        self.number = n
        self.study = f"2.25.5{n}"
        self._reports = reports
        self.steps: list[Step] = self.act()

    @abstractmethod
    def prepare(self) -> None:
        """Do what is done before."""

    @abstractmethod
    def act(self) -> list[Step]:
        """Return the steps during which the service dies; each may be done again."""

    def go(self) -> None:
        """Do what is not done yet."""
        while self.steps:
            self.steps[0]()
            del self.steps[0]

    # ------------------------------------------------------------------ what they do

    def order(self, procedure: str) -> str:
        """Order something for Erna; return the accession number."""
        wanted = self.practice.order(patient_id=f"E{self.number}", procedure=procedure)
        placed = self.practice.core.orders.place(wanted)
        return placed.entry.AccessionNumber

    def picture(self, who: str, shade: int, accession: str = "", uid: int = 0) -> None:
        """Send a picture; its shade tells it from all others, and its UID unless that is said."""
        values = {
            "PatientID": f"{who}{self.number}",
            "PatientName": f"{NAMES[who][0]}^Änne",
            "PatientBirthDate": NAMES[who][1],
            "StudyInstanceUID": self.study,
            "SOPInstanceUID": f"{self.study}.{uid or shade}",
            "AccessionNumber": accession,
        }
        self.practice.send_dataset(still(shade, **values), **values)

    def report(self, who: str, accession: str = "") -> None:
        """Send a Structured Report."""
        self._reports(self.practice).send(
            "thyroid.dcm",
            PatientID=f"{who}{self.number}",
            PatientName=f"{NAMES[who][0]}^Änne",
            PatientBirthDate=NAMES[who][1],
            StudyInstanceUID=self.study,
            SOPInstanceUID=f"{self.study}.99",
            AccessionNumber=accession,
        )

    def wait(self) -> None:
        """Let the exam be complete, its files be delivered, then its records."""
        self.practice.wait()
        self.practice.outbox.deliver_due("attachments")
        self.practice.wait(1)

    def release(self, who: str, number: str = "") -> None:
        """Say that what is held of one of the two is of the number, her own unless said."""
        person = 1 if who == "E" else 2
        with suppress(NotFound):  # the first time did it
            self.practice.core.held.release(
                self.study, f"{number or who}{self.number}", person=person, confirmed=True
            )

    # ------------------------------------------------------------------ what came of it

    def check(self) -> None:
        """Hold what the practice got against what it has to get, then let it collect all."""
        found = [_read(path) for path in self.practice.out.iterdir()]
        kinds: Counter[str] = Counter()
        told: dict[str, list[str]] = {}
        for record in found:
            chart = str(record.first("3000"))[0]
            kinds[f"{chart} {_kind(record)}"] += 1
            told.setdefault(chart, []).extend(record.all("6305"))
        assert kinds == self.records, self.number
        shown = {chart: [self._shade(path) for path in paths] for chart, paths in told.items()}
        shown = {chart: sorted(shades) for chart, shades in shown.items() if shades}
        assert shown == self.charts, self.number
        held = self.practice.core.overview.exams(held=True)
        mine = [one for one in held if one.study_instance_uid == self.study]
        assert [one.sent_patient_id[0] for one in mine] == self.held, self.number
        for one in mine:  # held exams are looked at again for ever
            self.practice.core.held.discard(self.study, "Test", person=one.person)
        for path in (*self.practice.out.iterdir(), *self.pictures.iterdir()):
            path.unlink()

    @property
    def pictures(self) -> Path:
        """Where the attachments appear."""
        return self.practice.folder / "pictures"

    def _shade(self, shown: str) -> int:
        with Image.open(self.pictures / shown.rsplit("/", 1)[-1]) as image:
            grey = image.convert("L").tobytes()[0]
        return round(grey / 10) * 10


NAMES = {"E": ("Müller", "19581224"), "Z": ("Zweite", "19700101")}


def _read(path: Path) -> Record:
    (record,) = read_records(path.read_bytes())
    assert record.warnings == (), path.name
    return record


def _kind(record: Record) -> str:
    if record.first("8420"):
        return "values"
    heading = record.first("6228") or record.first("6220") or ""
    return next((word for word in LATER if heading.startswith(word)), "study")


class TwoOrders(Story):
    """One person, two orders in one study: a picture for each, one for neither, a report."""

    charts: ClassVar = {"E": [10, 20, 30]}
    records: ClassVar = {"E study": 2, "E values": 1}

    def prepare(self) -> None:
        """Order twice."""
        self.first, self.second = self.order("Abdomen"), self.order("Mamma")

    def act(self) -> list[Step]:
        """Send everything and wait."""
        return [
            lambda: self.picture("E", 10, self.first),
            lambda: self.picture("E", 20, self.second),
            lambda: self.picture("E", 30),
            lambda: self.report("E", self.second),
            self.wait,
        ]


class LatePictures(Story):
    """Two pictures more after both orders' results, and the report."""

    charts: ClassVar = {"E": [10, 20, 30, 40]}
    records: ClassVar = {"E study": 2, "E Nachtrag": 2, "E values": 1}

    def prepare(self) -> None:
        """Have both orders reported."""
        self.first, self.second = self.order("Abdomen"), self.order("Mamma")
        self.picture("E", 10, self.first)
        self.picture("E", 20, self.second)
        self.wait()

    def act(self) -> list[Step]:
        """Send one more for each."""
        return [
            lambda: self.picture("E", 30, self.first),
            lambda: self.picture("E", 40, self.second),
            lambda: self.report("E", self.first),
            self.wait,
            self.wait,
        ]


class TwoPeople(Story):
    """Two people in one study, each released by a command, one under the number of her own."""

    charts: ClassVar = {"E": [10], "Z": [20, 30]}
    records: ClassVar = {"E study": 1, "Z study": 1, "Z Nachtrag": 1, "Z values": 1}

    def prepare(self) -> None:
        """Send pictures of both: they are held."""
        self.picture("E", 10)
        self.picture("Z", 20)
        self.report("Z")
        self.wait()

    def act(self) -> list[Step]:
        """Release one after the other, and send one more."""
        return [
            lambda: self.release("E"),
            self.wait,
            lambda: self.release("Z"),
            self.wait,
            lambda: self.picture("Z", 30),
            self.wait,
            self.wait,
        ]


class Discarded(Story):
    """Two people in one study: one is discarded, the other one released."""

    charts: ClassVar = {"E": [10]}
    records: ClassVar = {"E study": 1}

    def prepare(self) -> None:
        """Send pictures of both: they are held."""
        self.picture("E", 10)
        self.picture("Z", 20)
        self.wait()

    def act(self) -> list[Step]:
        """Discard one, release the other."""
        return [self._discard, lambda: self.release("E"), self.wait]

    def _discard(self) -> None:
        with suppress(NotFound):
            self.practice.core.held.discard(self.study, "Test", person=2)


class Corrected(Story):
    """Objects come again under their UIDs: one of the same person, one of another."""

    charts: ClassVar = {"E": [10, 20, 30]}
    records: ClassVar = {"E study": 1, "E Korrektur": 1}
    held: ClassVar = ["Z"]

    def prepare(self) -> None:
        """Have two pictures reported."""
        self.picture("E", 10)
        self.picture("E", 20)
        self.wait()

    def act(self) -> list[Step]:
        """Send each again."""
        return [
            lambda: self.picture("E", 30, uid=10),
            lambda: self.picture("Z", 40, uid=20),
            self.wait,
            self.wait,
        ]


class Withdrawn(Story):
    """A release turns out wrong: the results are retracted there and come in the right chart."""

    charts: ClassVar = {"E": [20], "Z": [20]}
    records: ClassVar = dict.fromkeys(
        ["E study", "E values", "E Irrtümlich", "Z study", "Z values"], 1
    )

    def prepare(self) -> None:
        """Have a picture and a report of Zenzi sent to Erna."""
        self.picture("E", 20)
        self.report("E")
        self.wait()
        self.practice.collect()

    def act(self) -> list[Step]:
        """Withdraw them."""
        return [self._withdraw, self.wait, self.wait]

    def _withdraw(self) -> None:
        with suppress(NotFound):
            wrong, right = f"E{self.number}", f"Z{self.number}"
            self.practice.core.corrections.withdraw(self.study, wrong, "Test", to=right)


class Recalled(Withdrawn):
    """The same while the files still lie there: they are taken back, and no chart is told."""

    records: ClassVar = dict.fromkeys(["Z study", "Z values"], 1)
    charts: ClassVar = {"Z": [20]}

    def prepare(self) -> None:
        """Have a picture and a report of Zenzi lie there for Erna."""
        self.picture("E", 20)
        self.report("E")
        self.wait()


@pytest.fixture
def settings_text() -> str:
    """Return the settings of a practice whose software takes attachments."""
    return '[gdt]\ndialect = "medistar"\nattachments_folder = "pictures"\nattachments_path = "B:"\n'


@pytest.fixture
def tmp_path(memory: Path) -> Path:
    """Return a folder in memory."""
    return memory


@pytest.mark.parametrize(
    "story", [TwoOrders, LatePictures, TwoPeople, Discarded, Corrected, Withdrawn, Recalled]
)
def test_every_result_is_once_in_its_own_chart(
    story: type[Story],
    practice: Practice,
    project: Path,
    chance: random.Random,
    *,
    exhaustive: bool,
) -> None:
    """Wherever it dies: each record and picture is told once, to whom it belongs, or is held."""
    lines = count(1) if exhaustive else count(chance.randint(1, SPARSELY), SPARSELY)
    (practice.folder / "pictures").mkdir()
    openers = ObjectOpeners(practice.reader, practice.renderer, practice.printer)
    alive = Practice(practice.folder, practice.settings, openers)

    def reports(living: Practice) -> Reports:
        return Reports(project, living, practice.folder)

    for line in lines:
        one = story(alive, reports, line)
        one.prepare()
        with dying_at(line, WALKED) as run, suppress(SimulatedCrash):
            one.go()
        alive.database.close()
        one.practice = alive = alive.again()
        one.go()
        one.wait()
        one.check()
        if run[0] < line:
            assert line > 50
            break
    alive.database.close()
