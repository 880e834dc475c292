"""The service is killed before each call by which it changes a file, all through whole exams.

Whoever got no answer repeats: the device, the reception, staff at the command line. The practice
software drops an order once and collects what it finds. Then the books must balance.
"""

from __future__ import annotations

import random
import re
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlencode

import pytest
from PIL import Image
from pydicom import Dataset

from gdtbridge.dicom.client import Peer, PeerError, find_worklist
from gdtbridge.dicom.command import DimseStatus
from gdtbridge.dicom.device_client import create_step, set_step
from gdtbridge.gdt.read.reader import read_records
from gdtbridge.gdt.read.record import Record
from tests.tools.crashing import Call, CrashingService
from tests.tools.device import Closed, Instance, RawAssociation, store_rq
from tests.tools.killing import PracticeSoftware
from tests.tools.reception import record
from tests.tools.surgery import QUICK, image, large, person, report
from tests.tools.waiting import wait_for

SAMPLE = 2
"""Exams of a sample, each with a kill in every step."""
PATIENCE = 60
LATER = {"Nachtrag", "Korrektur", "Irrtümlich"}
"""First words of study records that are not the first."""
NAMES = {
    "E": "Erste^Erna",  # ordered by a file, reported
    "Z": "Zweite^Zenzi",  # ordered by a call, held with K, released
    "K": "Keine^Karla",  # discarded
    "F": "Falsch^Frieda",  # reported, then corrected
    "G": "Richtig^Gerda",  # whose Frieda's picture really is
}
RECORDS = ("E study", "E values", "Z study", "F study", "F Irrtümlich", "G study")
SHADES = {"E": [10, 20], "Z": [30], "F": [50], "G": [60]}
KINDS = ("write", "sync", "rename", "commit", "remove", "mkdir")


class Step(NamedTuple):
    """A part of an exam: what is done, again where it was not answered, and when it is over."""

    name: str
    act: Callable[[], object]
    is_over: Callable[[], bool]


@dataclass
class Point:
    """Where a process died: in which step, before the how manyeth call, and which that was."""

    step: str
    number: int
    call: Call


@dataclass
class Exam:
    """Everything that happens to five people, from the orders to a correction."""

    service: CrashingService
    software: PracticeSoftware
    number: int
    chance: random.Random
    answered: set[str] = field(default_factory=set)
    calls: dict[str, list[Call]] = field(default_factory=dict)
    """The calls of each step in which nobody died."""
    points: list[Point] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.people = {
            letter: person(f"{letter}{self.number}", name, "24.12.1958")
            for letter, name in NAMES.items()
        }

    # ------------------------------------------------------------------ the run of an exam

    @property
    def steps(self) -> tuple[Step, ...]:
        """The parts of the exam, in order."""
        pictures, texts, again = self.pictures(), self.report(), self.corrected()
        return (
            Step("order by file", self.drop, self.is_ordered),
            Step("order by call", self.call, lambda: "order" in self.answered),
            Step("worklist query", self.query, lambda: "query" in self.answered),
            Step("procedure begun", self.begin, lambda: "begun" in self.answered),
            Step("images", lambda: self.send(pictures), lambda: self.has_sent(pictures)),
            Step("report", lambda: self.send(texts), lambda: self.has_sent(texts)),
            Step("procedure ended", self.end, lambda: "ended" in self.answered),
            Step("results", lambda: None, self.is_settled),
            Step("release", self.release, lambda: self.is_settled() and not self.held("ZK")),
            Step(
                "correction",
                lambda: self.send(again),
                lambda: self.has_sent(again) and self.is_settled(),
            ),
            Step("acceptance", self.accept, lambda: self.is_settled() and not self.held("G")),
            Step("start", self.start_again, self.service.listens),
        )

    def run(self, points: dict[str, int]) -> None:
        """Go through all steps; in each, the call with the number of ``points`` is the last."""
        for step in self.steps:
            last = points.get(step.name, 0)
            self.service.die_at(last)
            self._try(step, last)
            if len(calls := self.service.calls()) >= last > 0:
                self._start_after(Point(step.name, last, calls[last - 1]))
            else:
                self.calls[step.name] = calls
            self.service.die_at(0)
            wait_for(partial(self._is_done, step), PATIENCE, f"{step.name}: {self.points}")

    def _try(self, step: Step, last: int) -> None:
        """Do a step until it is over, or the service or a command has made its last call."""

        def has_ended() -> bool:
            return len(self.service.calls()) >= last > 0 or step.is_over()

        with suppress(OSError, Closed, PeerError, AssertionError):
            step.act()
            wait_for(has_ended, PATIENCE, step.name)

    def _is_done(self, step: Step) -> bool:
        if not step.is_over():
            with suppress(OSError, Closed, PeerError):
                step.act()
        return step.is_over()

    def _start_after(self, point: Point) -> None:
        """Start the service anew, where it was not a command that died."""
        self.points.append(point)
        if self.chance.random() < 0.5:
            self.software.collect()
        self.service.die_at(0)
        if point.call.pid == self.service.pid:
            wait_for(lambda: not self.service.is_running, PATIENCE, f"the death at {point}")
            self.service.start()

    def start_again(self) -> None:
        """Let the service be killed while nothing happens, and start it."""
        if self.service.is_running:
            self.service.kill()
        self.service.launch()

    # ------------------------------------------------------------------ the practice

    def drop(self) -> None:
        """Drop a 6302, once."""
        if "file" not in self.answered:
            self.answered.add("file")
            patient = self.people["E"]
            told = {"f3000": patient.id, "f3101": patient.family_name, "f3103": "24121958"}
            data = record(**told, f3102=patient.given_name, f8310=f"F{self.number}")
            hidden = self.folder / f"in-{self.number}.tmp"
            hidden.write_bytes(data)
            hidden.rename(self.folder / "var" / "gdt" / "in" / f"A{self.number}.GDT")

    def is_ordered(self) -> bool:
        """Return whether the file was taken and its order is on the list."""
        taken = not list((self.folder / "var" / "gdt" / "in").glob("*.GDT"))
        return taken and bool(self.order_of("E", "AND listing IS NULL"))

    def order_of(self, letter: str, more: str = "") -> list[tuple[str, str]]:
        """Return number and state of a person's orders."""
        query = "SELECT accession_number, state FROM placed_order WHERE patient_id"
        return self.service.rows(f"{query} = '{self.people[letter].id}' {more}")

    def call(self) -> None:
        """Order by HTTP."""
        patient = self.people["Z"]
        values = {
            "id": patient.id,
            "lastname": patient.family_name,
            "firstname": patient.given_name,
            "birthdate": patient.german_birth_date,
            "sex": "2",
        }
        port = self.service.ports["HTTP"]
        url = f"http://127.0.0.1:{port}/worklist/add?{urlencode(values)}"
        with suppress(ConnectionError), urllib.request.urlopen(url, timeout=60) as answer:
            assert b"Auftragsnummer" in answer.read()
            self.answered.add("order")

    def release(self) -> None:
        """Say whose one of the two held pictures is, and that the other is nobody's."""
        for letter, word in (("K", "discard"), ("Z", "release")):
            for one in self.held(letter):
                tail = ("--reason", "Test") if letter == "K" else ("--id", self.people["Z"].id)
                self.service.command("exams", word, self.study(2), "--person", one, *tail)

    def accept(self) -> None:
        """Accept the correction of what the practice software has: it lies there no more."""
        self.software.collect()
        if self.held("G"):
            self.service.command("exams", "accept", self.study(3))

    def held(self, letters: str) -> list[str]:
        """Return who of the exams' people waits for a word, by their number within the exam."""
        numbers = ", ".join(f"'{self.people[letter].id}'" for letter in letters)
        query = f"SELECT person FROM claim WHERE state = 'held' AND patient_id IN ({numbers})"
        return [number for number, _ in self.service.rows(query)]

    def is_settled(self) -> bool:
        """Return whether no exam is due and nothing is on its way."""
        due = self.service.rows("SELECT id FROM exam WHERE due_at IS NOT NULL")
        leaving = "SELECT id FROM outbox WHERE state NOT IN ('delivered', 'recalled', 'question')"
        return not due and not self.service.rows(leaving)

    # ------------------------------------------------------------------ the device

    def study(self, number: int) -> str:
        """Return the UID of one of three studies."""
        return f"2.25.{self.number}.{number}"

    def pictures(self) -> list[Instance]:
        """Return the pictures: two of Erna, one of Zenzi and Karla in one study, one of Frieda."""
        erna, zenzi, karla, frieda, _ = self.people.values()
        return [
            image(self.study(1), "1", erna, 10),
            large(image(self.study(1), "2", erna, 20)),
            image(self.study(2), "1", zenzi, 30),
            image(self.study(2), "2", karla, 40),
            image(self.study(3), "1", frieda, 50),
        ]

    def report(self) -> list[Instance]:
        """Return Erna's report."""
        return [report(self.study(1), "9", self.people["E"])]

    def corrected(self) -> list[Instance]:
        """Return Frieda's picture once more, now under Gerda's name."""
        return [image(self.study(3), "1", self.people["G"], 60)]

    def begin(self) -> None:
        """Tell that Erna's examination has begun (MPPS); who knows the step already was told."""
        step = Dataset()
        step.PatientID, step.PatientName = self.people["E"].id, self.people["E"].person_name
        step.PerformedProcedureStepStatus = "IN PROGRESS"
        scheduled = Dataset()
        scheduled.StudyInstanceUID, scheduled.AccessionNumber = self.study(1), ""
        step.ScheduledStepAttributesSequence = [scheduled]
        answer = create_step(self.peer, f"2.25.{self.number}.7", step)
        if answer.status in {DimseStatus.SUCCESS, DimseStatus.DUPLICATE_SOP_INSTANCE}:
            self.answered.add("begun")

    def end(self) -> None:
        """Tell that it is over, and of what objects it was."""
        series = Dataset()
        series.SeriesInstanceUID = "2.25.1"
        series.ReferencedImageSequence = []
        for sop_class, uid, _, _ in (*self.pictures()[:2], *self.report()):
            reference = Dataset()
            reference.ReferencedSOPClassUID, reference.ReferencedSOPInstanceUID = sop_class, uid
            series.ReferencedImageSequence.append(reference)
        step = Dataset()
        step.PerformedProcedureStepStatus = "COMPLETED"
        step.PerformedSeriesSequence = [series]
        if set_step(self.peer, f"2.25.{self.number}.7", step) == DimseStatus.SUCCESS:
            self.answered.add("ended")

    @property
    def peer(self) -> Peer:
        """The bridge, as the device knows it."""
        return Peer("127.0.0.1", self.service.ports["DICOM"], "GDTBRIDGE", "US01")

    def query(self) -> None:
        """Ask for Erna's order."""
        query = Dataset()
        query.PatientID, query.PatientName = self.people["E"].id, ""
        (found,) = find_worklist(self.peer, query)
        assert found.PatientName == self.people["E"].person_name
        self.answered.add("query")

    def send(self, objects: list[Instance]) -> None:
        """Send what was not acknowledged, in one association."""
        left = [one for one in objects if _name(one) not in self.answered]
        proposals = list(dict.fromkeys((one[0], (one[2],)) for one in left))
        if not left:
            return
        with RawAssociation(self.service.ports["DICOM"]) as association:
            association.associate(proposals, "US01")
            for one in left:
                sop_class, uid, syntax, dataset = one
                context = proposals.index((sop_class, (syntax,))) * 2 + 1
                association.message(context, store_rq(sop_class, uid), dataset)
                if association.response().status == 0:
                    self.answered.add(_name(one))

    def has_sent(self, objects: list[Instance]) -> bool:
        """Return whether all was acknowledged."""
        return all(_name(one) in self.answered for one in objects)

    # ------------------------------------------------------------------ the books

    @property
    def folder(self) -> Path:
        """Where everything lies."""
        return self.service.root

    def balance(self) -> Iterator[str]:
        """Yield what is lost, doubled or asked in vain of the exam."""
        self.software.collect()
        kinds: Counter[str] = Counter()
        shown: dict[str, list[int]] = {}
        for data in self.software.collected:
            (told,) = read_records(data)
            assert told.warnings == ()
            chart = str(told.first("3000"))
            if chart[1:] != str(self.number):
                continue
            kinds[f"{chart[0]} {_kind(told)}"] += 1
            shown.setdefault(chart[0], []).extend(map(self._shade, told.all("6305")))
        kinds.pop("E Nachtrag", None)  # where its first picture was alone for long: see shades
        yield from (f"lost: {one}" for one in RECORDS if not kinds[one])
        yield from (f"doubled: {one}" for one, times in kinds.items() if times > 1)
        yield from (f"lost: told of {one}" for one in set(kinds) - set(RECORDS))
        for letter, shades in SHADES.items():
            found = Counter(shown.get(letter, []))
            yield from (f"lost: picture {shade}" for shade in shades if not found[shade])
            yield from (f"doubled: picture {one}" for one, times in found.items() if times > 1)
        yield from self._rows()

    def _rows(self) -> Iterator[str]:
        """Yield what the database and the archive lack or have too much."""
        for letter in "EZ":
            orders = self.order_of(letter)
            if [state for _, state in orders] != ["done"]:
                yield f"{'doubled' if len(orders) > 1 else 'lost'}: order of {letter} {orders}"
        objects = (*self.pictures()[:-1], *self.report())  # Frieda's has two rows: it was corrected
        uids = {uid for _, uid, _, _ in objects}
        rows = self.service.rows("SELECT sop_instance_uid, file FROM instance")
        mine = Counter(uid for uid, _ in rows if uid in uids)
        yield from (f"lost: object {uid}" for uid in uids if not self.service.has(uid))
        yield from (f"doubled: object {uid}" for uid, times in mine.items() if times > 1)
        questions = self.service.rows("SELECT id FROM outbox WHERE state = 'question'")
        yield from (f"asked: {one}" for one in questions)
        yield from (f"asked: {one}" for one in self.held("".join(NAMES)))

    def _shade(self, path: str) -> int:
        with Image.open(self.folder / "pictures" / re.split(r"[\\/]", path)[-1]) as picture:
            return round(picture.convert("L").tobytes()[0] / 10) * 10


def _name(one: Instance) -> str:
    """Return what tells an object from all others, its correction as well."""
    return f"{one[1]} {hash(one[3])}"


def _kind(told: Record) -> str:
    if told.first("8420"):
        return "values"
    headings = (*told.all("6228"), *told.all("6220"))
    return next((word for line in headings for word in LATER if line.startswith(word)), "study")


def _sampled(calls: dict[str, list[Call]], chance: random.Random) -> dict[str, int]:
    """Choose a point of each step: first the kind of call, so that rare ones have their turn."""
    found = {}
    for step, made in calls.items():
        by_kind = {one.kind: number for number, one in _shuffled(made, chance)}
        if by_kind:
            found[step] = by_kind[chance.choice(sorted(by_kind))]
    return found


def _shuffled(made: list[Call], chance: random.Random) -> list[tuple[int, Call]]:
    numbered = list(enumerate(made, 1))
    return chance.sample(numbered, len(numbered))


def _every(calls: dict[str, list[Call]]) -> Iterator[dict[str, int]]:
    """Yield the points of all steps, the first ones first, as far as any run has come."""
    number = 0
    while number < max(map(len, calls.values())):
        number += 1
        yield {step: number for step, made in calls.items() if number <= len(made)}


@pytest.mark.kill
@pytest.mark.timeout(7200)
def test_every_crash_leaves_balanced_books(
    memory: Path,
    chance: random.Random,
    record_property: Callable[[str, object], None],
    *,
    exhaustive: bool,
) -> None:
    """Whichever call was the last: each object, record and order is there once, nobody is asked."""
    (memory / "pictures").mkdir()
    service = CrashingService(
        memory,
        **QUICK,
        gdt__dialect="medistar",
        gdt__attachments_folder=str(memory / "pictures"),
        gdt__attachments_path="B:",
    )
    software = PracticeSoftware(service.gdt_out)
    with service:
        whole = Exam(service, software, 0, chance)
        whole.run({})
        assert list(whole.balance()) == []
        without = {name for name, calls in whole.calls.items() if not calls}
        assert without <= {"worklist query"}  # it is noted later, mostly
        trials = _every(whole.calls)
        if not exhaustive:
            trials = iter([_sampled(whole.calls, chance) for _ in range(SAMPLE)])
        outcomes = [_outcome(service, software, chance, one) for one in enumerate(trials, 1)]
        count = sum(map(len, whole.calls.values()))
        record_property("figure", f"killed: an exam has {count} points, {len(outcomes)} exams")
        _tell(outcomes, record_property)
        assert [told for told in outcomes if told[1]] == []
        assert service.spooled == []
        assert [
            path for path in service.gdt_out.iterdir() if not path.name.endswith("-w.tmp")
        ] == []


Outcome = tuple[list[Point], list[str]]
"""Where an exam's processes died, and what does not balance then."""


def _outcome(
    service: CrashingService,
    software: PracticeSoftware,
    chance: random.Random,
    trial: tuple[int, dict[str, int]],
) -> Outcome:
    exam = Exam(service, software, trial[0], chance)
    exam.run(trial[1])
    return exam.points, list(exam.balance())


def _tell(outcomes: list[Outcome], record_property: Callable[[str, object], None]) -> None:
    """Print how many points of each kind were tried, and what came of them."""
    tried = Counter(point.call.kind for points, _ in outcomes for point in points)
    bad = {
        word: Counter(
            point.call.kind
            for points, problems in outcomes
            if any(one.startswith(word) for one in problems)
            for point in points
        )
        for word in ("lost", "doubled", "asked")
    }
    for kind in KINDS:
        told = ", ".join(f"{bad[word][kind]} {word}" for word in bad)
        record_property("figure", f"killed before a {kind}: {tried[kind]} tried, {told}")
