"""Any practice, any day: whatever devices, software and people do, no chart gets a stranger's."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

import gdtbridge.archive
import gdtbridge.exams
import gdtbridge.outbox
import gdtbridge.results
from gdtbridge.archive import IncomingInstance
from gdtbridge.durable.clock import local_time
from gdtbridge.errors import BridgeError, NeedsConfirmation, NotFound, OrderError
from gdtbridge.exams import HoldReason
from gdtbridge.orders import OrderRequest
from gdtbridge.pictures import AttachmentReader
from gdtbridge.report_page import PageFormat, PagePrinter, ReportSheet
from gdtbridge.report_page.html import to_html
from gdtbridge.results.gathering import ObjectOpeners
from gdtbridge.settings import Settings, load_settings
from tests.tools.curves import CurveLedger
from tests.tools.dying import SimulatedCrash, dying_at, files_of
from tests.tools.judge import Judge, Row, Word
from tests.tools.marked import PEOPLE, MarkedObject, MarkedPerson
from tests.tools.practice import HereReader, Practice
from tests.tools.reception import Reception, record

WALKED = files_of(
    {
        gdtbridge.archive: ("store",),
        gdtbridge.exams: ("claim_store", "held", "intake", "receiving", "store", "versions"),
        gdtbridge.outbox: ("gdt_drop", "queue", "store", "worker"),
        gdtbridge.results: ("gathering", "outgoing", "reporting", "store"),
    }
)
"""Where something is read, decided, written and delivered."""
STEPS = 40
"""Steps of one example at most."""
WANTED = (
    '[gdt]\ndialect = "medistar"\nattachments_folder = "pictures"\n'
    "attachments_path = '\\\\server\\bilder'\nattachments_most = 90\nreport_attachment = true\n"
)
DEVICES = ("US01", "US02")
QUIET = 61.0
DAY = 24 * 3600.0

pytestmark = [
    pytest.mark.law,
    pytest.mark.slow,  # starts a child with decoders
    pytest.mark.timeout(0),  # with many examples it runs for hours
    pytest.mark.filterwarnings(  # the dead close nothing
        "ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning"
    ),
]

person = st.integers(0, len(PEOPLE) - 1)
few = st.integers(0, 3)
number_mode = st.sampled_from(
    ["right"] * 5 + ["other"] * 2 + ["second", "none", "device", "several"]
)
name_mode = st.sampled_from(["right"] * 6 + ["married", "mistyped", "none", "emergency"])
accession_mode = st.sampled_from(
    ["none"] * 3 + ["own"] * 3 + ["other", "other-typed", "typed", "device"]
)
study_mode = st.sampled_from(["new"] * 2 + ["known"] * 3 + ["own-order"] * 2 + ["other-order"])
kind = st.sampled_from(["picture"] * 3 + ["report"] * 3 + ["keys"])
again_mode = st.sampled_from(
    ["same", "coded", "content", "person", "person-new-uid", "accession", "study"]
)


class HtmlPrinter(PagePrinter):
    """Prints in this process, and as HTML, which tells its text."""

    def print(self, sheet: ReportSheet, page_format: PageFormat) -> bytes:
        """Return the page."""
        return to_html(sheet)


class PracticeMachine(RuleBasedStateMachine):
    """A practice with four people; every step is judged."""

    steps = 0
    curves = 0
    openers: ObjectOpeners
    samples: Path
    place: Path

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(dir=self.place))
        self.settings = _settings(self.folder)
        (self.folder / "pictures").mkdir()
        self.practice = Practice(self.folder, self.settings, self.openers)
        self.judge = Judge()
        self.ledger = CurveLedger()
        self.orders: list[tuple[str, str, MarkedPerson, str]] = []
        """Accession number, Study Instance UID, patient, case id."""
        self.studies: list[str] = []
        self.crash_at = 0
        self._made = 0

    def teardown(self) -> None:
        """Close the practice."""
        self.practice.close()
        shutil.rmtree(self.folder)

    # ------------------------------------------------------------------ how things are done

    def _do(self, action: Callable[[], object]) -> bool:
        """Do something; where a crash is due, die on the way, start again and do it once more.

        Returns whether that happened.
        """
        line, self.crash_at = self.crash_at, 0
        died = False
        if line:
            died = True
            with suppress(SimulatedCrash), dying_at(line, WALKED):
                action()
                died = False
        if died:
            self.restart()
        if died or not line:
            action()
        return died

    def _next(self) -> int:
        self._made += 1
        return self._made

    @invariant()
    def every_curve_is_of_decided_exams(self) -> None:
        """Compare the values of each patient over time with those of the exams that are theirs."""
        type(self).curves += self.ledger.look(self.practice, self.judge.known)

    @property
    def _today(self) -> str:
        return f"{local_time(self.practice.clock.seconds):%Y%m%d}"

    @invariant()
    def every_chart_is_clean(self) -> None:
        """No record bears anything of a stranger."""
        type(self).steps += 1
        self.judge.look(self.practice)
        self.judge.settle(self.practice)

    # ------------------------------------------------------------------ the practice software

    @rule(who=person, station=few, by_file=st.booleans(), married=st.booleans())
    def order(self, *, who: int, station: int, by_file: bool, married: bool) -> None:
        """Let the practice software order, by a click or a file."""
        patient, mark = PEOPLE[who], self._next()
        if len(self.orders) > 8:
            return
        procedure, case = f"Auftrag{mark:04}X", f"FALL{mark:04}X"
        family = patient.married if married else patient.family
        self.judge.order_marks |= {procedure: patient.number, case: patient.number}
        if by_file:
            data = record(**_fields(patient, family), f8310=case, f8411=procedure)
            self._drop(data)
        else:
            case = ""
            request = OrderRequest(
                replace(patient.patient, family_name=family),
                station=DEVICES[station % 2],
                procedure=procedure,
            )
            self._do(lambda: self.practice.core.orders.place(request))
        known = {accession for accession, *_ in self.orders}
        for entry in self.practice.core.orders.all():
            if entry.AccessionNumber not in known:
                new = (entry.AccessionNumber, entry.StudyInstanceUID, patient, case)
                self.orders.append(new)

    def _drop(self, data: bytes) -> None:
        reception = Reception(self.practice)
        reception.drop(data)
        reception.look()
        reception.look()

    @rule(which=few)
    @precondition(lambda self: self.orders)
    def cancel(self, *, which: int) -> None:
        """Let the practice software take an order back."""
        accession, _, patient, case = self.orders[which % len(self.orders)]
        if case:
            self._drop(record("6303", **_fields(patient, patient.family), f8310=case))
            for path in self.settings.refused_folder.iterdir():
                path.unlink()  # somebody has seen why it was refused
        else:
            with suppress(NotFound):
                self.practice.core.orders.cancel(accession)

    @rule(which=few, to=st.none() | person)
    @precondition(lambda self: self.orders)
    def change(self, *, which: int, to: int | None) -> None:
        """Correct what is to be done, or whom an order is for."""
        place = which % len(self.orders)
        accession, study, patient, case = self.orders[place]
        patient = patient if to is None else PEOPLE[to]
        procedure = f"Auftrag{self._next():04}X"
        self.judge.order_marks[procedure] = patient.number
        request = OrderRequest(patient.patient, station="US01", procedure=procedure)
        with suppress(NotFound):
            self._do(lambda: self.practice.core.orders.change(accession, request))
            self.orders[place] = (accession, study, patient, case)
            if case:
                self.judge.order_marks[case] = patient.number

    @rule(who=person, married=st.booleans())
    def master_data(self, *, who: int, married: bool) -> None:
        """Let the practice software send master data."""
        patient = PEOPLE[who]
        family = patient.married if married else patient.family
        self._drop(record("6301", **_fields(patient, family)))

    @rule(collects=st.booleans())
    def deliver(self, *, collects: bool) -> None:
        """Let the files leave, attachments first; the practice software takes them or not."""
        practice = self.practice

        def leave() -> None:
            for destination in ("attachments", practice.core.routing.default.destination):
                self.practice.outbox.deliver_due(destination)

        self.practice.clock.seconds += 1
        self.judge.died_delivering |= self._do(leave)
        if collects:
            for name in self.practice.files():
                if name.endswith(".gdt"):
                    (self.practice.out / name).unlink()
                    self.judge.collected.add(name)

    # ------------------------------------------------------------------ the device

    @rule(
        who=person,
        other=person,
        kind=kind,
        study=study_mode,
        number=number_mode,
        name=name_mode,
        accession=accession_mode,
        pick=few,
        device=st.integers(0, 1),
        form=few,
        last=st.booleans(),
    )
    def send(
        self,
        *,
        who: int,
        other: int,
        kind: str,
        study: str,
        number: str,
        name: str,
        accession: str,
        pick: int,
        device: int,
        form: int,
        last: bool,
    ) -> None:
        """Let a device send an object of somebody; after the last one it is silent."""
        patient = PEOPLE[who]
        mark = self._next()
        uid = self._study(study, patient, pick, mark)
        if uid not in self.studies:
            self.studies.append(uid)
        said = {
            "PatientID": _number(number, patient, PEOPLE[other]),
            **_name(name, patient),
            "AccessionNumber": self._accession(accession, patient, pick, mark),
        }
        pictures = [o.uid for o in self.judge.objects if o.study == uid and o.kind == "picture"]
        self._send(
            MarkedObject(
                person=patient,
                kind=kind,
                mark=mark,
                study=uid,
                uid=f"2.25.5.{mark}",
                said=tuple(said.items()),
                device=DEVICES[device],
                day=self._today,
                named=tuple(pictures[: 1 + pick]),
                form=form,
            )
        )
        if last:
            self._report(QUIET)

    def _study(self, mode: str, patient: MarkedPerson, pick: int, mark: int) -> str:
        of = {
            "known": self.studies,
            "own-order": [uid for _, uid, p, _ in self.orders if p is patient],
            "other-order": [uid for _, uid, p, _ in self.orders if p is not patient],
        }.get(mode, [])
        return of[-1 - pick % len(of)] if of else f"2.25.7.{mark}"

    def _accession(self, mode: str, patient: MarkedPerson, pick: int, mark: int) -> str:
        own = [number for number, _, p, _ in self.orders if p is patient]
        others = [number for number, _, p, _ in self.orders if p is not patient]
        of = others if mode in {"other", "other-typed"} else own if mode in {"own", "typed"} else []
        if mode == "device":
            return f"GERAET{mark:04}X"
        found = of[-1 - pick % len(of)] if of else ""
        return found.lstrip("R0") if mode.endswith("typed") else found

    def _send(self, one: MarkedObject) -> None:
        self.judge.objects.append(one)
        samples = self.samples

        def store() -> None:
            path = self.folder / "incoming"
            one.write(path, samples)
            self.practice.core.receiving.receive(
                IncomingInstance(
                    path, one.sop_class, one.uid, one.transfer_syntax, one.device, "127.0.0.1"
                )
            )

        self._do(store)

    @rule(which=st.integers(0, 7), how=again_mode, other=person, form=few)
    @precondition(lambda self: self.judge.objects)
    def send_again(self, *, which: int, how: str, other: int, form: int) -> None:
        """Let a device send an object again: as it was, or corrected."""
        objects = self.judge.objects
        one = objects[-1 - which % len(objects)]
        to = PEOPLE[other]
        mark = self._next()
        right = {"PatientID": to.number, **_name("right", to)}
        words = one.words
        changed = {
            "same": {},
            "coded": {"form": form},
            "content": {"mark": mark},
            "person": {"mark": mark, "person": to, "said": tuple({**words, **right}.items())},
            "person-new-uid": {
                "mark": mark,
                "uid": f"2.25.5.{mark}",
                "person": to,
                "said": tuple({**words, **right}.items()),
            },
            "accession": {"said": tuple({**words, "AccessionNumber": ""}.items())},
            "study": {"study": f"2.25.7.{mark}"},
        }[how]
        self._send(replace(one, **changed))  # type: ignore[arg-type]

    @rule(who=person, kind=kind, accession=accession_mode, pick=few, cleared=st.booleans())
    @precondition(lambda self: self.studies)
    def mix(self, *, who: int, kind: str, accession: str, pick: int, cleared: bool) -> None:
        """Let a device put somebody into a study that may be another one's; people sort it out."""
        self.send(
            who=who,
            other=who,
            kind=kind,
            study="known",
            number="right",
            name="right",
            accession=accession,
            pick=pick,
            device=0,
            form=0,
            last=True,
        )
        self.every_chart_is_clean()
        if cleared and self.held():
            self.clear()

    # ------------------------------------------------------------------ people

    @rule(which=few, to=person, right=st.booleans(), confirmed=st.booleans(), waits=st.booleans())
    @precondition(lambda self: self.held())
    def release(self, *, which: int, to: int, right: bool, confirmed: bool, waits: bool) -> None:
        """Say whose a held exam is, rightly or not."""
        held = self.held()
        first = held[which % len(held)]
        mine = [row for row in held if _same_person(row, first)]
        people = {o.person.number for row in mine for o in self.judge.of_claim(row)}
        number = sorted(people)[0] if right and people else PEOPLE[to].number
        self._release(first, mine, number, confirmed=confirmed)
        if not waits:
            self._report(0)

    @rule()
    @precondition(lambda self: self.held())
    def clear(self) -> None:
        """Say of everything held whose it is, as whoever looks at the pictures can."""
        self._report(QUIET)
        self.every_chart_is_clean()
        for first in {(row["study"], row["person"]): row for row in self.held()}.values():
            mine = [row for row in self.held() if _same_person(row, first)]
            people = {o.person.number for row in mine for o in self.judge.of_claim(row)}
            if len(people) == 1:
                self._release(first, mine, people.pop(), confirmed=True)
                self.every_chart_is_clean()
        self._report(QUIET)

    def _release(self, first: Row, mine: Sequence[Row], number: str, *, confirmed: bool) -> None:
        self._say(
            lambda: self.practice.core.held.release(
                first["study"], number, person=first["person"], confirmed=confirmed
            ),
            _word(first["study"], mine, number, confirmed=confirmed),
        )

    def _say(self, say: Callable[[], object], word: Word) -> None:
        """Say something about whose an exam is; what was refused was not said."""
        self.judge.words.append(word)
        try:
            self._do(say)
        except NeedsConfirmation:
            self.judge.words.remove(word)
        except (NotFound, OrderError):  # done before the crash, or none of the practice's numbers
            pass

    def held(self) -> list[Row]:
        """Return the claims that are held."""
        known = self.judge.known.claims.values()
        return [row for row in known if row["state"] == "held"]

    @rule(which=few)
    @precondition(lambda self: self.held())
    def discard(self, *, which: int) -> None:
        """Say that something held is not to be sent."""
        held = self.held()
        one = held[which % len(held)]
        known = self.judge.known.claims.items()
        waits = {"held", "open"}
        self.judge.discards |= {
            key for key, row in known if _same_person(row, one) and row["state"] in waits
        }
        with suppress(NotFound):
            self._do(
                lambda: self.practice.core.held.discard(one["study"], "Test", person=one["person"])
            )

    @rule(which=few, to=st.none() | person, confirmed=st.booleans())
    @precondition(lambda self: self.judge.known.results)
    def withdraw(self, *, which: int, to: int | None, confirmed: bool) -> None:
        """Take a result back, and say whose it is or not."""
        known = self.judge.known
        sent = [row for row in known.results if row["withdrawn_at"] is None]
        if not sent:
            return
        one = sent[which % len(sent)]
        study, number = known.studies[one["exam_id"]], one["patient_id"]
        mine = [
            row
            for row in known.claims.values()
            if (row["study"], row["number"]) == (study, number) and row["state"] == "settled"
        ]
        said = "" if to is None else PEOPLE[to].number
        self._say(
            lambda: self.practice.core.corrections.withdraw(
                study, number, "Test", to=said, confirmed=confirmed
            ),
            _word(study, mine, said, confirmed=confirmed),
        )

    @rule(which=few, to=st.none() | person, confirmed=st.booleans())
    @precondition(lambda self: self.corrections())
    def accept(self, *, which: int, to: int | None, confirmed: bool) -> None:
        """Accept a correction of the device."""
        held = self.corrections()
        first = held[which % len(held)]
        mine = [row for row in held if _same_person(row, first)]
        sent = next((row["patient_id"] for row in mine if row["patient_id"]), "")
        number = sent if to is None else PEOPLE[to].number
        self.judge.corrections.add(first["study"])
        self._say(
            lambda: self.practice.core.corrections.accept(
                first["study"], person=first["person"], number=number, confirmed=confirmed
            ),
            _word(first["study"], mine, number, confirmed=confirmed),
        )

    def corrections(self) -> list[Row]:
        """Return the claims that came for somebody else after the report."""
        return [one for one in self.held() if one["held_because"] == HoldReason.AFTER_REPORT]

    @rule(which=few)
    @precondition(lambda self: any(row["word"] for row in self.judge.known.claims.values()))
    def undo(self, *, which: int) -> None:
        """Take a release back before anything left."""
        said = [row for row in self.judge.known.claims.values() if row["word"]]
        one = said[which % len(said)]
        with suppress(BridgeError):  # something has left
            self._do(
                lambda: self.practice.core.corrections.undo(one["study"], person=one["person"])
            )

    @rule(which=few)
    @precondition(lambda self: self.studies)
    def unmatch(self, *, which: int) -> None:
        """Say that the open order was not meant."""
        study = self.studies[which % len(self.studies)]
        with suppress(NotFound):
            self._do(lambda: self.practice.core.held.unmatch(study))

    @rule(who=person, back=st.booleans())
    def renumber(self, *, who: int, back: bool) -> None:
        """Say that a chart has another number now, or its first one again."""
        numbers = (PEOPLE[who].number, PEOPLE[who].second)
        old, new = reversed(numbers) if back else numbers
        with suppress(OrderError):  # it is the same chart already
            self._do(lambda: self.practice.core.renumbering.renumber(old, new, confirmed=True))

    # ------------------------------------------------------------------ time and death

    @rule(seconds=st.sampled_from([0, 5, QUIET, QUIET, QUIET, 600, DAY]))
    def wait(self, *, seconds: float) -> None:
        """Let time pass, and have reported what is due."""
        self._report(seconds)

    def _report(self, seconds: float) -> None:
        """Let time pass, and have reported what is due."""
        self.practice.clock.seconds += seconds

        def look() -> None:
            self.practice.core.reporting.reconsider()
            self.practice.core.reporting.report_due()

        self._do(look)

    @rule()
    def restart(self) -> None:
        """Start the service again."""
        self.practice.close()
        self.practice = self.practice.again()

    @rule(line=st.integers(1, 400))
    def crash_next(self, *, line: int) -> None:
        """Let the next thing that is done die on the way."""
        self.crash_at = line


def _word(study: str, mine: Sequence[Row], number: str, *, confirmed: bool) -> Word:
    claims = frozenset(row["id"] for row in mine)
    return Word(study, claims, frozenset(row["patient_id"] for row in mine), number, confirmed)


def _same_person(row: Row, other: Row) -> bool:
    return (row["study"], row["person"]) == (other["study"], other["person"])


def _fields(patient: MarkedPerson, family: str) -> dict[str, str]:
    return {
        "f3000": patient.number,
        "f3101": family,
        "f3102": patient.given,
        "f3103": f"{patient.born:%d%m%Y}",
        "f3110": "1" if patient.sex == "M" else "2",
    }


def _number(mode: str, patient: MarkedPerson, other: MarkedPerson) -> str:
    return {
        "right": patient.number,
        "second": patient.second,
        "other": other.number,
        "none": "",
        "device": "20240115-093015",
        "several": f"{patient.number}\\{other.number}",
    }[mode]


def _name(mode: str, patient: MarkedPerson) -> dict[str, str]:
    family = patient.married if mode == "married" else patient.family
    born = patient.mistyped if mode == "mistyped" else patient.born
    said = {
        "PatientName": f"{family}^{patient.given}",
        "PatientBirthDate": f"{born:%Y%m%d}",
        "PatientSex": patient.sex,
    }
    if mode == "none":
        return dict.fromkeys(said, "")
    if mode == "emergency":
        return {"PatientName": "NOTFALL^1", "PatientBirthDate": "", "PatientSex": ""}
    return said


def _settings(folder: Path) -> Settings:
    file = folder / "gdtbridge.toml"
    file.write_text(WANTED, encoding="utf-8")
    return load_settings(file, {})


@pytest.fixture
def openers() -> Iterator[ObjectOpeners]:
    """Return who opens objects for all examples together."""
    pictures, sheets = AttachmentReader(), HtmlPrinter()
    yield ObjectOpeners(HereReader(), pictures, sheets)
    pictures.close()
    sheets.close()


def test_no_chart_gets_a_strangers_and_nothing_is_lost(
    request: pytest.FixtureRequest,
    record_property: Callable[[str, object], None],
    memory: Path,
    project: Path,
    openers: ObjectOpeners,
) -> None:
    """Whatever is sent, ordered, corrected, released or interrupted, in any order."""

    class Machine(PracticeMachine):
        pass

    Machine.openers, Machine.place, Machine.samples = openers, memory, project / "samples" / "sr"
    Machine.steps = Machine.curves = 0
    examples = max(1, int(request.config.getoption("--examples")) * 3 // 5)
    run_state_machine_as_test(
        Machine,
        settings=settings(
            max_examples=examples,
            stateful_step_count=STEPS,
            deadline=None,
            print_blob=True,
            suppress_health_check=list(HealthCheck),
            phases=(Phase.explicit, Phase.generate),  # an example made small takes minutes
            database=None,
        ),
    )
    record_property(
        "figure",
        f"whose exam it is: {Machine.steps} steps of any practice, no stranger in "
        f"{Machine.curves} looks at values over time",
    )
