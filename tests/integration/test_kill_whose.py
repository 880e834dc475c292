"""The service and its commands are killed while exams of several people and orders arrive.

Each exam goes on where the last kill left it: devices repeat what was not acknowledged, staff the
command that did not count.
"""

from __future__ import annotations

import http.client
import itertools
import json
import random
import signal
import threading
import time
from abc import ABC, abstractmethod
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import ClassVar
from urllib.parse import urlencode

import pytest

from gdtbridge.dicom.client import Peer, PeerError
from gdtbridge.dicom.store_client import store
from gdtbridge.gdt.read.reader import read_records
from gdtbridge.gdt.read.record import Record
from tests.tools.forked import fork_command
from tests.tools.killing import PracticeSoftware, kill_at_random
from tests.tools.marked import PEOPLE, MarkedObject, shades_in, values_in
from tests.tools.service import NUMBER, Service
from tests.tools.waiting import wait_for

PATIENCE = 120
"""Seconds in which a step of an exam succeeds, however often the service is killed."""
KILLS = 2
ALL_KILLS = 25
"""How often the service is killed for a sample, and with ``--exhaustive``."""
KILLED_COMMANDS = 0.3
"""Share of a person's commands that are killed at any moment."""
MARKS = 400
"""Marks there are; a chart has few, so they may come again."""
LATER = ("Nachtrag", "Korrektur", "Irrtümlich")
"""First words of records that are not the first."""


@dataclass
class Ward:
    """What the stories share: the service, the device's disk, and numbers that do not repeat."""

    service: Service
    disk: Path
    samples: Path
    enough: threading.Event = field(default_factory=threading.Event)
    numbers: itertools.count[int] = field(default_factory=lambda: itertools.count(1))
    marks: itertools.count[int] = field(default_factory=itertools.count)
    told: list[Story] = field(default_factory=list)

    def play(self, story: type[Story]) -> None:
        """Play exams of one kind, each to its end."""
        while not self.enough.is_set():
            one = story(self, next(self.numbers))
            one.play()
            self.told.append(one)

    def ask(self, query: str) -> list[tuple[str, str]]:
        """Return what the database answers."""
        return self.service.rows(query)


class Story(ABC):
    """One exam and what each of its people's charts has to get."""

    records: ClassVar[dict[str, int]]
    """How many records of each kind, by the person's letter."""

    def __init__(self, ward: Ward, number: int) -> None:
        self.ward = ward
        self.study = f"2.25.7{number:06d}"
        self.people = {
            letter: replace(one, number=f"{number:05d}{place}", family=f"{one.family}{number}")
            for place, (letter, one) in enumerate(zip("EZD", PEOPLE, strict=False), 1)
        }
        self.wanted: dict[str, list[str]] = {}
        """Marks of values and pictures by patient number."""
        self.orders: list[str] = []
        self.held: list[str] = []
        self._objects = itertools.count(1)

    @abstractmethod
    def play(self) -> None:
        """Examine, say whose it is, send more."""

    # ------------------------------------------------------------------ the device

    def make(
        self, who: str, kind: str = "picture", *, accession: str = "", uid: str = ""
    ) -> MarkedObject:
        """Return an object of one of the people, whose chart has to get it."""
        person = self.people[who]
        one = MarkedObject(
            person=person,
            kind=kind,
            mark=next(self.ward.marks) % MARKS,
            study=self.study,
            uid=uid or f"{self.study}.{next(self._objects)}",
            said=(
                ("PatientID", person.number),
                ("PatientName", person.patient.person_name),
                ("PatientBirthDate", person.patient.birth_date_da),
                ("PatientSex", person.sex),
                ("AccessionNumber", accession),
            ),
            device="US01",
            day="20240115",
        )
        marks = one.values if kind == "report" else [str(one.shades)]
        self.wanted.setdefault(person.number, []).extend(marks)
        return one

    def send(self, *objects: MarkedObject) -> None:
        """Send objects until each is acknowledged, then wait until nothing of the exam is due."""
        files = [self._file(one) for one in objects]
        wait_for(lambda: self._sent(files), PATIENCE, "acknowledgement")
        self.wait()

    def _file(self, one: MarkedObject) -> Path:
        path = self.ward.disk / f"{one.uid}.{one.mark}"
        one.write(path, self.ward.samples)
        return path

    def _sent(self, files: list[Path]) -> bool:
        port = self.ward.service.ports.get("DICOM")
        if port is None:
            return False
        try:
            answers = store(Peer("127.0.0.1", port, "GDTBRIDGE", "US01"), files)
        except PeerError:
            return False
        files[:] = [file for file, status in answers if status != 0]
        return not files

    def wait(self) -> None:
        """Wait until the service has looked at everything of the exam."""
        due = f"SELECT due_at FROM exam WHERE study_instance_uid = '{self.study}'"
        wait_for(lambda: self.ward.ask(due) == [("None", "None")], PATIENCE, "the exam's end")

    # ------------------------------------------------------------------ the reception

    def order(self, procedure: str) -> str:
        """Order for the first person until there is an answer; return the accession number."""
        first = self.people["E"]
        values = {
            "id": first.number,
            "lastname": first.family,
            "firstname": first.given,
            "birthdate": first.patient.german_birth_date,
            "sex": "2",
            "procedure": procedure,
        }
        found: list[str] = []
        wait_for(lambda: self._ordered(values, found), PATIENCE, "an order's answer")
        self.orders += found
        return found[0]

    def _ordered(self, values: dict[str, str], found: list[str]) -> bool:
        port = self.ward.service.ports.get("HTTP")
        if port is None:
            return False
        with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=10)) as connection:
            try:
                connection.request("GET", f"/worklist/add?{urlencode(values)}")
                (record,) = read_records(connection.getresponse().read())
            except (OSError, http.client.HTTPException):
                return False
        (line,) = {text for text in record.all("6227") if text.startswith(NUMBER)}
        found.append(line.removeprefix(NUMBER))
        return True

    # ------------------------------------------------------------------ a person's word

    def release(self, who: str) -> None:
        """Say that what is held of one of the people is of that number."""
        number = self.people[who].number
        self._say(who, "settled", "release", "--id", number)
        self.wait()

    def discard(self, who: str) -> None:
        """Say that what is held of one of the people is not to be sent."""
        del self.wanted[self.people[who].number]
        self._say(who, "discarded", "discard", "--reason", "Test")
        self.wait()

    def _say(self, who: str, then: str, command: str, *more: str) -> None:
        """Repeat a command until it counts; some are killed at any moment."""
        number = self.people[who].number
        of_exam = f"exam_id = (SELECT id FROM exam WHERE study_instance_uid = '{self.study}')"
        claim = f"FROM claim WHERE patient_id = '{number}' AND {of_exam}"
        ((person, state),) = self.ward.ask(f"SELECT person, state {claim}")
        assert state == "held", "it is sent before anybody said whose it is"
        said = ("exams", command, self.study, "--person", person, *more)
        while self.ward.ask(f"SELECT word, state {claim}") == [("", "held")]:
            self._run(*said)
        wait_for(
            lambda: self.ward.ask(f"SELECT person, state {claim}") == [(person, then)],
            PATIENCE,
            f"{command} of {who}",
        )

    def _run(self, *arguments: str) -> None:
        """Run a command; kill it at any moment, or let it succeed."""
        service, said = self.ward.service, self.ward.disk / f"{self.study} said"
        process = fork_command(arguments, service.root, service.environment(), said, said)
        if random.random() < KILLED_COMMANDS:
            time.sleep(random.uniform(0.01, 0.8))
            process.send_signal(signal.SIGKILL)
        assert process.wait(60) in {0, -signal.SIGKILL}, said.read_text()


class ThreePeople(Story):
    """One is discarded, one released before a late picture, nobody says whose the third's is."""

    records: ClassVar = {"E study": 1, "E values": 1, "E Nachtrag": 1}

    def play(self) -> None:
        """Send of all three at once."""
        own, other, third = self.make("E"), self.make("Z"), self.make("D")
        self.send(own, other, self.make("Z", "report"), third, self.make("E", "report"))
        self.discard("Z")
        self.release("E")
        self.send(self.make("E"))
        number = self.people["D"].number
        del self.wanted[number]
        self.held.append(number)


class TwoReleased(Story):
    """Both are released, one after the other; a report comes again with other values."""

    records: ClassVar = {"E study": 1, "Z study": 1, "Z values": 2}

    def play(self) -> None:
        """Send of both at once."""
        report = self.make("Z", "report")
        self.send(self.make("E"), report, self.make("Z"))
        self.release("Z")
        self.release("E")
        self.send(self.make("Z", "report", uid=report.uid))


class TwoOrders(Story):
    """Two orders of one patient are examined in one study, and late pictures come for each."""

    records: ClassVar = {"E study": 2, "E values": 1, "E Nachtrag": 2}

    def play(self) -> None:
        """Order both, then send for both at once."""
        first, second = self.order("Abdomen"), self.order("Mamma")
        self.send(
            self.make("E", accession=first),
            self.make("E", accession=second),
            self.make("E", "report", accession=second),
        )
        self.send(self.make("E", accession=first))
        self.send(self.make("E", accession=second))


STORIES = (ThreePeople, TwoReleased, TwoOrders)


@pytest.mark.kill
@pytest.mark.timeout(1500)
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # sockets cut off
def test_everything_is_once_in_the_right_chart_or_waits_for_a_person(
    memory: Path, project: Path, *, exhaustive: bool
) -> None:
    """After any number of kills each chart has its own once, and the rest waits for a person."""
    kills = ALL_KILLS if exhaustive else KILLS
    pictures, disk = memory / "pictures", memory / "device"
    pictures.mkdir()
    disk.mkdir()
    service = Service(
        memory,
        exam__quiet_seconds="0.3",
        gdt__dialect="medistar",
        gdt__attachments_folder=str(pictures),
        gdt__attachments_path="B:",
    )
    ward = Ward(service, disk, project / "samples" / "sr")
    software = PracticeSoftware(service.gdt_out)
    collecting = threading.Thread(target=software.run)
    collecting.start()
    with service:
        service.kill()  # now there is a database
    service.ports = {}
    try:
        with ThreadPoolExecutor(len(STORIES)) as pool:
            playing = [pool.submit(ward.play, story) for story in STORIES]
            try:
                kill_at_random(service, kills)
                service.start()
            finally:
                ward.enough.set()
            for one in playing:
                one.result(PATIENCE)
        wait_for(service.settled, PATIENCE, "delivery of everything")
        _compare_waiting(ward)
        assert service.stop() == 0
    finally:
        software.done.set()
        collecting.join()
        if service.is_running:
            service.kill()
    software.collect()
    _compare_charts(ward, software, pictures)
    print(f"{kills} kills, {len(ward.told)} exams, {len(software.collected)} files")  # noqa: T201


def _compare_waiting(ward: Ward) -> None:
    """Hold what waits for a person, and the worklist, against what the stories left."""
    items = json.loads(ward.service.command("attention", "list", "--json").stdout)
    subjects = sorted(one["subject"] for one in items if one["subject"].startswith("exam:"))
    assert subjects == sorted(f"exam:{one.study}:3" for one in ward.told if one.held)
    orders = [number for one in ward.told for number in one.orders]
    states = dict(ward.ask("SELECT accession_number, state FROM placed_order"))
    assert [number for number in orders if states[number] != "done"] == []
    still_open = {number for number, state in states.items() if state != "done"}
    wait_for(lambda: _listed(ward) == still_open, PATIENCE, "a worklist that has followed")


def _listed(ward: Ward) -> set[str]:
    listed = ward.service.command("worklist", "list", "--json").stdout
    return {one["accession_number"] for one in json.loads(listed)}


def _compare_charts(ward: Ward, software: PracticeSoftware, pictures: Path) -> None:
    """Hold what each chart got against what it has to get."""
    assert len(set(software.names)) == len(software.names), "a file was doubled"
    kinds: Counter[str] = Counter()
    told: dict[str, list[str]] = {}
    shown: list[str] = []
    for data in software.collected:
        (record,) = read_records(data)
        assert record.warnings == ()
        number = str(record.first("3000"))
        kinds[f"{number} {_kind(record)}"] += 1
        files = [path.replace("\\", "/").rsplit("/", 1)[-1] for path in record.all("6305")]
        shown += files
        marks = [str(shades_in((pictures / name).read_bytes())) for name in files]
        marks += values_in("\n".join(record.all("8420")))
        told.setdefault(number, []).extend(marks)
    wanted = {number: sorted(marks) for one in ward.told for number, marks in one.wanted.items()}
    assert {number: sorted(marks) for number, marks in told.items()} == wanted
    assert kinds == _wanted_records(ward)
    assert sorted(shown) == sorted(path.name for path in pictures.iterdir())


def _wanted_records(ward: Ward) -> Counter[str]:
    return Counter(
        {
            f"{one.people[said[0]].number} {said[2:]}": times
            for one in ward.told
            for said, times in one.records.items()
        }
    )


def _kind(record: Record) -> str:
    """Return the first word of a record that is not the first, else ``study`` or ``values``."""
    headings = [*record.all("6220"), *record.all("6228")]
    later = (word for line in headings for word in LATER if line.startswith(word))
    return next(later, "values" if record.first("8420") else "study")
