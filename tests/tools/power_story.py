"""One whole day's work of a practice that writes down what it was promised, and when.

The story goes on where its books end: what was not promised before the power went is asked for
again, as people and devices do.
"""

from __future__ import annotations

import sqlite3
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from gdtbridge.dicom.client import Peer, find_worklist
from gdtbridge.durable.clock import local_time
from gdtbridge.durable.files import delete, write_new
from gdtbridge.gdt.read.reader import read_records
from gdtbridge.people import Patient
from gdtbridge.simulator.query import worklist_query
from tests.tools.device import Instance
from tests.tools.judgement import Judgement
from tests.tools.reception import record
from tests.tools.service import Service
from tests.tools.surgery import QUICK, Surgery, image, large, person, report
from tests.tools.waiting import wait_for

CALLED = person("101", "Erste^Erna", "01.01.1950")
"""Ordered by HTTP."""
FILED = person("102", "Zweite^Zenzi", "02.02.1960")
"""Ordered by a file."""
PAIR = person("103", "Dritte^Dora", "03.03.1970"), person("104", "Vierte^Vera", "04.04.1980")
"""Two whose pictures are in one study, which is held."""
STUDY = {CALLED.id: "2.25.101", FILED.id: "2.25.102"}
STUDY_OF_PAIR = "2.25.103"
RECORDS = {(CALLED.id, "study"), (CALLED.id, "values"), (FILED.id, "study")} | {
    (one.id, "study") for one in PAIR
}
"""What the charts are to have in the end, each once: patient and kind of record."""
ENDS = {".jpg": b"\xff\xd9", ".pdf": b"%%EOF"}
SETTINGS = {**QUICK, "gdt__dialect": "medistar"}


class Promise(NamedTuple):
    """What somebody was told, and from which moment on it has to be true."""

    moment: int
    kind: str
    what: str
    said: str = ""


@dataclass
class Books:
    """All promises so far."""

    promises: list[Promise] = field(default_factory=list)
    records: list[tuple[str, str]] = field(default_factory=list)
    """Of the files collected: patient and kind."""

    def at(self, moment: int) -> Books:
        """Return the books as they were at a moment, all of it promised from the beginning."""
        told = [one._replace(moment=0) for one in self.promises if one.moment <= moment]
        collected = [(one.what, one.said) for one in told if one.kind == "collected"]
        return Books(told, collected)

    def of(self, kind: str) -> dict[str, str]:
        """Return all of one kind: what, and what was said of it."""
        return {one.what: one.said for one in self.promises if one.kind == kind}

    def numbers(self) -> set[tuple[str, str]]:
        """Return each order number anybody saw, with its patient's."""
        kinds = {"ordered", "listed"}
        return {(one.said, one.what) for one in self.promises if one.kind in kinds}


@dataclass
class Story:
    """The practice at work with a service; ``moment`` is what its disk's clock says."""

    service: Service
    books: Books
    moment: Callable[[], int]

    def __post_init__(self) -> None:
        self._surgery = Surgery(self.service)

    def run(self) -> None:
        """Do all that is not done by the books."""
        self._order_by_call()
        self._order_by_file()
        self._ask_for_the_list()
        for instance in self._objects():
            if instance[1] not in self.books.of("stored"):
                self._surgery.send(instance)
                self._note("stored", instance[1])
        self._settle()
        self._collect()
        for one in PAIR:
            self._release(one)
        self._settle()
        self._collect()

    def _note(self, kind: str, what: str, said: str = "") -> None:
        self.books.promises.append(Promise(self.moment(), kind, what, said))

    def _settle(self) -> None:
        """Wait until no exam is due and nothing is left to deliver."""
        self._until(
            "SELECT NOT EXISTS (SELECT 1 FROM exam WHERE due_at IS NOT NULL)"
            " AND NOT EXISTS (SELECT 1 FROM outbox WHERE state != 'delivered')"
        )

    def _until(self, query: str) -> None:
        """Wait until a query finds a true value; it is asked often, so over one connection."""
        with closing(sqlite3.connect(f"{self.service.database.as_uri()}?mode=ro", uri=True)) as one:
            wait_for(lambda: (one.execute(query).fetchone() or (0,))[0], what=query)

    def _order_by_call(self) -> None:
        if CALLED.id not in self.books.of("ordered"):
            self._note("ordered", CALLED.id, self._surgery.order(CALLED))

    def _order_by_file(self) -> None:
        """Write a file as software on another machine does: what it wrote, it need not repeat."""
        if FILED.id not in self.books.of("filed"):
            fields = {"f3000": FILED.id, "f3101": FILED.family_name, "f3102": FILED.given_name}
            data = record("6302", f3103=FILED.german_birth_date.replace(".", ""), **fields)
            path = self.service.root / "var" / "gdt" / "in" / "A.GDT"
            try:
                write_new(path, data)
            except FileExistsError:  # it survived the cut, and was not taken yet
                with suppress(FileNotFoundError):  # but now
                    assert path.read_bytes() == data
            self._note("filed", FILED.id)
        self._until(
            "SELECT accession_number FROM placed_order"
            f" WHERE patient_id = '{FILED.id}' AND listing IS NULL"
        )

    def _ask_for_the_list(self) -> None:
        """Let the device ask; each number it shows has been told to somebody."""
        if FILED.id in self.books.of("listed"):
            return
        peer = Peer("127.0.0.1", self.service.ports["DICOM"], "GDTBRIDGE", "US01")
        for entry in find_worklist(peer, worklist_query("US01", local_time(time.time()))):
            self._note("listed", str(entry.PatientID), str(entry.AccessionNumber))

    def _objects(self) -> Iterator[Instance]:
        first, second = PAIR
        numbers = {patient: number for number, patient in self.books.numbers()}
        for uid, patient in (("1", CALLED), ("2", CALLED), ("1", FILED)):
            study, number = STUDY[patient.id], numbers[patient.id]
            made = image(study, uid, patient, int(uid) * 50, AccessionNumber=number)
            yield large(made) if uid == "2" else made
        number = numbers[CALLED.id]
        yield report(STUDY[CALLED.id], "3", CALLED, "48", AccessionNumber=number)
        yield image(STUDY_OF_PAIR, "1", first, 70)
        yield image(STUDY_OF_PAIR, "2", second, 90)

    def _release(self, patient: Patient) -> None:
        if patient.id not in self.books.of("released"):
            held = {number for number, _ in self._surgery.held(STUDY_OF_PAIR)}
            if patient.id in held:  # or the word had arrived, and only the answer had not
                self._surgery.exams("release", STUDY_OF_PAIR, "--id", patient.id)
                self._settle()
            self._note("released", patient.id)

    def _collect(self) -> None:
        """Take the results away, as the practice software does on another machine."""
        for path in sorted(self.service.gdt_out.glob("*.gdt")):
            (found,) = read_records(path.read_bytes())
            assert found.warnings == (), path.name
            for name in map(Path, found.all("6305")):
                assert name.read_bytes().rstrip().endswith(ENDS[name.suffix.lower()]), name
            kind = "values" if found.first("8420") else "study"
            # Read and not surely deleted when the power went: the same file, no second one.
            if path.name not in self.books.of("read") or path.name in self.books.of("deleted"):
                self._note("read", path.name)
                self._note("collected", str(found.first("3000")), kind)
                self.books.records.append((str(found.first("3000")), kind))
            delete(path)
            self._note("deleted", path.name)


def judge_start(service: Service, books: Books) -> Judgement:
    """Hold what a service has right after the start against what had been promised."""
    judgement = Judgement()
    stored = Counter(uid for _, uid in service.rows("SELECT 1, sop_instance_uid FROM instance"))
    promised = set(books.of("stored"))
    judgement.count("object", promised, stored)
    judgement.lost += [f"file of {uid}" for uid in sorted(promised) if not service.has(uid)]
    query = "SELECT accession_number, patient_id FROM placed_order"
    orders = Counter(f"{number} of {patient}" for number, patient in service.rows(query))
    judgement.count("order", {f"{one} of {whose}" for one, whose in books.numbers()}, orders)
    return judgement


def judge_end(service: Service, books: Books) -> Judgement:
    """Hold what became of everything against the whole story."""
    judgement = judge_start(service, books)
    records = Counter(f"{kind} of {patient}" for patient, kind in books.records)
    judgement.count("record", {f"{kind} of {patient}" for patient, kind in RECORDS}, records)
    orders = Counter(one for _, one in service.rows("SELECT 1, patient_id FROM placed_order"))
    orders[CALLED.id] = min(orders[CALLED.id], 1)  # a call that was not answered is another order
    judgement.count("order of", {CALLED.id, FILED.id}, +orders)
    numbers = Counter(number for number, _ in books.numbers())
    judgement.count("number", set(), numbers)
    return judgement
