"""The people who come to a practice: ordered, examined, mixed up, corrected, decided about."""

from __future__ import annotations

import json
import re
import shutil
import urllib.parse
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import partial
from pathlib import Path
from typing import Final

from gdtbridge.archive import IncomingInstance
from gdtbridge.dicom.client import Peer, find_worklist
from gdtbridge.durable.clock import local_time
from gdtbridge.simulator.query import worklist_query
from tests.tools.device import send_raw
from tests.tools.fast_motion import HELD, HOUR, MINUTE, ROUTES, FastMotion
from tests.tools.ledger import OrderEnd, WrittenOrder
from tests.tools.marked import MarkedObject, MarkedPerson
from tests.tools.reception import record

RETRY: Final = 10 * MINUTE
"""After so many seconds a device, or a person, tries again."""
FAMILIES: Final = ("Ahorn", "Birke", "Distel", "Erle", "Fichte", "Ginster", "Hasel", "Kiefer")
GIVEN: Final = ("Ada", "Bert", "Clara", "Dirk", "Ella", "Franz", "Gerda", "Horst", "Ida", "Jörg")


@dataclass
class Visit:
    """One person who comes to be examined."""

    person: MarkedPerson
    device: str
    study: str
    accession: str = ""
    examined: bool = False
    """Whether they were examined already; an order may come later, when it failed at first."""


class Visits:
    """Lets people come, and enters into the ledger what they and their devices know."""

    def __init__(self, motion: FastMotion, samples: Path) -> None:
        self.motion = motion
        self.samples = samples
        self.last_sent: dict[str, float] = {}
        """When the last object of a study was taken."""
        self.refused_at: float | None = None
        """When a device was refused for the last time."""
        self._marks = 0

    def visit(self) -> Visit:
        """Return somebody who was never here."""
        number, draw = self.motion.number(), self.motion.random
        born = date(1930, 1, 1) + timedelta(days=number * 97)
        person = MarkedPerson(
            number=str(5000 + number),
            family=f"{draw.choice(FAMILIES)}{_letters(number)}",
            married="",
            given=draw.choice(GIVEN),
            born=born,
            mistyped=born,
            sex=draw.choice("MF"),
            description="Abdomen",
            modality="US",
        )
        return Visit(person, draw.choice(list(ROUTES)), f"2.25.7.{number}")

    # ------------------------------------------------------------------ orders

    def order(self, visit: Visit, way: Callable[[Visit], None]) -> None:
        """Let the practice software order; where it is told that it failed, people try again."""
        try:
            way(visit)
        except OSError:
            if not self.motion.stalls:
                raise
            self.motion.soon(RETRY, lambda: self.order(visit, way))
            return
        number = visit.person.number
        placed = local_time(self.motion.now)
        end = OrderEnd.EXAMINED if visit.examined else OrderEnd.OPEN
        self.motion.ledger.orders[number] = WrittenOrder(number, visit.device, placed, end)

    def click(self, visit: Visit) -> None:
        """Order by a click."""
        patient = visit.person.patient
        values = {
            "id": patient.id,
            "lastname": patient.family_name,
            "firstname": patient.given_name,
            "birthdate": patient.german_birth_date,
            "sex": "1" if patient.sex == "M" else "2",
            "scheduledStation": visit.device,
            "procedure": "Abdomen",
        }
        answer = self._http(f"/worklist/add?{urllib.parse.urlencode(values)}")
        assert re.search(rb"Auftragsnummer: R\d{10}", answer), answer

    def call(self, visit: Visit) -> None:
        """Order by the JSON API."""
        patient = visit.person.patient
        body = {
            "patient": {
                "id": patient.id,
                "family_name": patient.family_name,
                "given_name": patient.given_name,
                "birth_date": f"{visit.person.born:%Y-%m-%d}",
                "sex": patient.sex,
            },
            "station": visit.device,
            "procedure": "Abdomen",
        }
        assert b"accession" in self._http("/api/v1/worklist", json.dumps(body).encode())

    def _http(self, path: str, body: bytes | None = None) -> bytes:
        head = {"Content-Type": "application/json"} if body else {}
        url = f"http://127.0.0.1:{self.motion.house.web.port}{path}"
        with urllib.request.urlopen(urllib.request.Request(url, body, head), timeout=30) as answer:
            return bytes(answer.read())

    def drop(self, visit: Visit) -> None:
        """Order by a file, which the bridge takes when it has not changed for a while."""
        person = visit.person
        fields = {
            "f3000": person.number,
            "f3101": person.family,
            "f3102": person.given,
            "f3103": f"{person.born:%d%m%Y}",
            "f3110": "1" if person.sex == "M" else "2",
        }
        file = self.motion.base / "praxis/in" / f"A{self.motion.number()}.GDT"
        file.write_bytes(record("6302", **fields))
        for seconds in (1, 4):
            self.motion.soon(seconds, lambda: None)

    def listed(self) -> dict[str, tuple[str, str]]:
        """Ask the worklist as a device does; return study and accession number by patient."""
        peer = Peer("127.0.0.1", self.motion.house.dicom.port, "GDTBRIDGE", "US01")
        query = worklist_query("", local_time(self.motion.now))
        step = query.ScheduledProcedureStepSequence[0]
        step.ScheduledStationAETitle = step.ScheduledProcedureStepStartDate = None
        answers = find_worklist(peer, query)
        return {str(o.PatientID): (o.StudyInstanceUID, o.AccessionNumber) for o in answers}

    # ------------------------------------------------------------------ exams

    def examine(self, visit: Visit) -> None:
        """Let somebody be examined: by the worklist, or with what is typed by hand."""
        draw = self.motion.random
        order = self.motion.ledger.orders.get(visit.person.number)
        if order is not None:
            if not self.is_sure(order):
                self.motion.soon(RETRY, lambda: self.examine(visit))
                return
            entry = self.listed().get(order.number)
            assert entry is not None, f"{order} is not on the list"
            order.end = OrderEnd.EXAMINED
            if draw.random() < 0.8:
                visit.study, visit.accession = entry
        visit.examined = True
        objects = [self.picture(visit) for _ in range(draw.randint(1, 4))]
        if draw.random() < 0.6:
            objects.append(self.picture(visit, kind="report"))
        self._send_all(objects)
        if draw.random() < 0.2:
            late = draw.uniform(20 * MINUTE, 2 * HOUR)
            self.motion.soon(late, lambda: self.send(self.picture(visit)))
        if objects[-1].kind == "report" and draw.random() < 0.4:
            self.motion.soon(2 * HOUR, lambda: self.correct_values(objects[-1]))

    def is_sure(self, order: WrittenOrder) -> bool:
        """Return whether the order must be on the list: nothing keeps its file from being taken."""
        settled = local_time(self.motion.now - 10) > order.placed
        return settled and not self.motion.stalls

    def picture(self, visit: Visit, kind: str = "picture", **said: str) -> MarkedObject:
        """Return an object of somebody, made just now."""
        person, mark = visit.person, self._mark()
        words = {
            "PatientID": person.number,
            "PatientName": f"{person.family}^{person.given}",
            "PatientBirthDate": f"{person.born:%Y%m%d}",
            "PatientSex": person.sex,
            "AccessionNumber": visit.accession,
        }
        return MarkedObject(
            person=person,
            kind=kind,
            mark=mark,
            study=visit.study,
            uid=f"2.25.5.{self.motion.number()}",
            said=tuple({**words, **said}.items()),
            device=visit.device,
            day=f"{local_time(self.motion.now):%Y%m%d}",
        )

    def _mark(self) -> int:
        self._marks += 1
        assert self._marks < 400, "there are no more shades of grey"
        return self._marks

    def _send_all(self, objects: list[MarkedObject], *, held: bool = False) -> None:
        later = 0.0
        for one in objects:
            self.motion.soon(later, partial(self.send, one, held=held))
            later += self.motion.random.uniform(5, 40)

    def send(self, one: MarkedObject, *, held: bool = False) -> None:
        """Let the device send an object until it is taken, and sometimes once more."""
        path = self.motion.base / "object.dcm"
        one.write(path, self.samples)
        if self.motion.may_die("receive"):
            self.motion.dies(lambda: self._receive(one, path))
        status = self._store(one, path)
        self.motion.ledger.answered(one, status, ROUTES[one.device])
        if status != 0:
            assert self.motion.stalls, f"{status:04x} for {one}"
            self.refused_at = self.motion.now
            self.motion.soon(RETRY, lambda: self.send(one, held=held))
            return
        self.last_sent[one.study] = self.motion.now
        if held:
            self.motion.ledger.wait_for_a_person(one)
        if self.motion.random.random() < 0.05:
            again = self._store(one, path)
            assert again == 0 or self.motion.stalls

    def _receive(self, one: MarkedObject, path: Path) -> None:
        """Receive an object of which the device gets no answer, for the process may die."""
        copy = shutil.copy(path, self.motion.settings.spool_folder / "dying.part")
        incoming = IncomingInstance(
            Path(copy), one.sop_class, one.uid, one.transfer_syntax, one.device, "127.0.0.1"
        )
        self.motion.house.practice.core.receiving.receive(incoming)

    def _store(self, one: MarkedObject, path: Path) -> int:
        data = path.read_bytes()
        dataset = data[144 + int.from_bytes(data[140:144], "little") :]
        instance = (one.sop_class, one.uid, one.transfer_syntax, dataset)
        (status,) = send_raw(self.motion.house.dicom.port, [instance], one.device)
        return status

    # ------------------------------------------------------------------ what needs a person

    def emergency(self) -> None:
        """Let somebody come whom nobody has time to register."""
        visit = self.visit()
        said = {"PatientID": "", "PatientName": "NOTFALL^1", "PatientBirthDate": ""}
        self._send_all([self.picture(visit, **said) for _ in range(2)], held=True)

    def two_people(self) -> None:
        """Let two people get into one study."""
        first, second = self.visit(), self.visit()
        second.study, second.device = first.study, first.device
        self._send_all([self.picture(one) for one in (first, first, second)], held=True)

    def wrong_person(self) -> None:
        """Let somebody be examined under another one's name, which the device corrects later."""
        visit, right = self.visit(), self.visit()
        right.study, right.device = visit.study, visit.device
        objects = [self.picture(visit) for _ in range(2)]
        self._send_all(objects)
        self.motion.soon(2 * HOUR, lambda: self.correct_person(objects, right))

    def correct_person(self, objects: list[MarkedObject], right: Visit) -> None:
        """Send everything again for the right person, once it is in the wrong chart."""
        if not all(self.motion.ledger.seen[one.mark] for one in objects) or self.motion.trouble:
            self.motion.soon(HOUR, lambda: self.correct_person(objects, right))
            return
        said = self.picture(right)
        again = [
            replace(one, person=right.person, said=said.said, mark=self._mark()) for one in objects
        ]
        self._send_all(again, held=True)

    def correct_values(self, one: MarkedObject) -> None:
        """Correct the values of a report on the device, once they are in the chart."""
        if not self.motion.ledger.seen[one.mark]:
            self.motion.soon(HOUR, lambda: self.correct_values(one))
            return
        self.motion.ledger.replaced.add(one.mark)
        self.send(replace(one, mark=self._mark()))

    def decide(self, day: int) -> None:
        """Let staff say whose the exams of the days before are."""
        if self.motion.stalls:
            self.motion.soon(HOUR, lambda: self.decide(day))
            return
        core = self.motion.house.practice.core
        items = [one for one in core.attention.items() if one.code in HELD]
        for key, marks in list(self.motion.ledger.held.items()):
            study, number = key
            one = self.motion.ledger.taken[min(marks)]
            if self.last_sent[study] > self.motion.at(day, 0):
                continue
            (item,) = [i for i in items if i.names["study"] == study and number in i.whose]
            person = int(item.names["person"])
            if item.code == "correction-waiting":
                wrong = self._corrected(one)
                core.corrections.accept(study, person=person, confirmed=True)
                self.motion.ledger.to_take_back[wrong] += 1
            else:
                core.held.release(study, one.person.number, person=person, confirmed=True)
            self.motion.ledger.decided(key, one.person)

    def _corrected(self, one: MarkedObject) -> str:
        """Return the number whose chart had an object that was corrected."""
        same = (o for o in self.motion.ledger.taken.values() if o.uid == one.uid)
        return next(o for o in same if o.mark != one.mark).person.number


def _letters(number: int) -> str:
    """Return a number as lower-case letters: names have no digits."""
    return "".join(chr(ord("a") + int(digit)) for digit in str(number))
