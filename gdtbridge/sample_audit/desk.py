"""What people do about the sample audit, in one place for pages and commands."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Final

from gdtbridge.audit import Actor, AuditTrail, DoneAct
from gdtbridge.database import Connection, Database
from gdtbridge.durable.clock import Clock
from gdtbridge.errors import NotFound, TooLate
from gdtbridge.picture_labels import Asked
from gdtbridge.sample_audit import case_store, check_store
from gdtbridge.sample_audit.check_list import CaseChecker
from gdtbridge.sample_audit.checks import PictureChecks
from gdtbridge.sample_audit.constancy import ConstancyFinder, TransducerSheet
from gdtbridge.sample_audit.exports import MadeSet, SampleExports
from gdtbridge.sample_audit.model import CaseSheet, SampleCase
from gdtbridge.sample_audit.package import SampleSet, SetParts
from gdtbridge.sample_audit.papers import WrittenCase

MOST_CASES: Final = 50
"""Ten fields of use with five patients each."""
FULL: Final = (
    "Mehr als 50 Fälle gehen nicht auf einmal. Bitte zuerst welche entfernen. / No more than 50 "
    "cases at once. Please remove some first."
)
NO_CASE: Final = "Diesen Fall gibt es nicht mehr. / There is no such case any more."
NO_TRANSDUCER: Final = "Diesen Schallkopf gibt es nicht. / There is no such transducer."
NO_PICTURE: Final = "Dieses Bild gehört nicht zum Fall. / This image is not of the case."
FILE_NAMES: Final = {Asked.SAMPLE: "KV-Stichprobe", Asked.CONSTANCY: "Konstanzpruefung"}
"""What sets are saved as, before the day."""
NO_CASES: Final = "Es gibt nichts zusammenzustellen. / There is nothing to assemble."


@dataclass(frozen=True, slots=True)
class SampleDesk:
    """The sample audit as pages and commands ask for it. Thread-safe."""

    database: Database
    clock: Clock
    audit: AuditTrail
    checks: PictureChecks
    checker: CaseChecker
    constancy: ConstancyFinder
    parts: SetParts
    exports: SampleExports

    # ------------------------------------------------------------------ cases

    def cases(self) -> list[SampleCase]:
        """Return every case, in the order they were added."""
        with self.database.read() as connection:
            return case_store.cases(connection)

    def case(self, case_id: int) -> SampleCase:
        """Return a case; raise `NotFound`."""
        with self.database.read() as connection:
            return _case(connection, case_id)

    def sheet(self, case_id: int) -> CaseSheet:
        """Return a case with its pictures and its check list; raise `NotFound`."""
        return self.checker.sheet(self.case(case_id))

    def sheets(self) -> list[CaseSheet]:
        """Return every case so."""
        return [self.checker.sheet(one) for one in self.cases()]

    def sheets_of(self, asked: Sequence[tuple[str, date]]) -> list[CaseSheet]:
        """Return cases that are nowhere entered: those of a command."""
        return [
            self.checker.sheet(SampleCase(number, who, day))
            for number, (who, day) in enumerate(asked, 1)
        ]

    def add(self, asked: Sequence[tuple[str, date]]) -> int:
        """Enter patients (number or name) with a day; return how many are new.

        Raises `TooLate` where that would be more than `MOST_CASES`, and enters none.
        """
        now = self.clock.utc()
        with self.database.write() as connection:
            added = sum(case_store.add(connection, who, day, now) for who, day in asked)
            if len(case_store.cases(connection)) > MOST_CASES:
                raise TooLate(FULL)
        return added

    def remove(self, case_id: int) -> SampleCase:
        """Take a case off the list; return it as it was. Raises `NotFound`."""
        with self.database.write() as connection:
            found = _case(connection, case_id)
            case_store.remove(connection, case_id)
        return found

    def choose(self, case_id: int, instances: Collection[int]) -> None:
        """Say which pictures of a case are handed in; raise `NotFound` for another's picture."""
        sheet = self.sheet(case_id)
        if not set(instances) <= {one.instance_id for one in sheet.pictures}:
            raise NotFound(NO_PICTURE)
        self._change(case_id, lambda one: case_store.choose(one, case_id, instances))

    def note_seen(self, case_id: int, who: str) -> None:
        """Note that somebody has looked at the chosen pictures; raise `NotFound`."""
        now = self.clock.utc()
        self._change(case_id, lambda one: case_store.note_seen(one, case_id, now, who))

    def note_unseen(self, case_id: int) -> None:
        """Take that back; raise `NotFound`."""
        self._change(case_id, lambda one: case_store.note_seen(one, case_id, None, ""))

    def _change(self, case_id: int, act: Callable[[Connection], None]) -> None:
        with self.database.write() as connection:
            _case(connection, case_id)
            act(connection)

    # ------------------------------------------------------------------ transducers

    def transducers(self) -> list[TransducerSheet]:
        """Return each device and transducer of the last six months with its newest picture."""
        return self.constancy.transducers(self.clock.local().date())

    def constancy_sheets(self) -> list[CaseSheet]:
        """Return the pictures of the constancy test."""
        return [one.sheet for one in self.transducers()]

    def name_transducer(self, aet: str, transducer: str, name: str) -> None:
        """Say what a transducer of a device is called; an empty name takes it back.

        Raises `NotFound` for one no picture was made with.
        """
        with self.database.write() as connection:
            if not check_store.has_transducer(connection, aet, transducer):
                raise NotFound(NO_TRANSDUCER)
            check_store.name_transducer(connection, aet, transducer, name)

    # ------------------------------------------------------------------ the set

    def begin_set(self, password: str, actor: Actor) -> MadeSet:
        """Have the set of every case made; raise `NotFound` without one, `TooLate` while one is.

        Whose pictures leave is in the audit trail before anything is written.
        """
        return self._begin(self.sheets(), Asked.SAMPLE, password, actor)

    def begin_constancy_set(self, password: str, actor: Actor) -> MadeSet:
        """Have the set of every transducer made; raises as `begin_set` does."""
        return self._begin(self.constancy_sheets(), Asked.CONSTANCY, password, actor)

    def _begin(
        self, sheets: Sequence[CaseSheet], asked: Asked, password: str, actor: Actor
    ) -> MadeSet:
        if not sheets:
            raise NotFound(NO_CASES)

        def write(target: Path, noted: Callable[[int], None]) -> None:
            self._set(target, password, asked).write(sheets, noted)

        name = f"{FILE_NAMES[asked]}_{self.clock.local():%Y-%m-%d}.zip"
        made = self.exports.begin(name, len(sheets), write)
        self._note_leaving(sheets, actor)
        return made

    def write_set(
        self,
        sheets: Sequence[CaseSheet],
        target: Path,
        password: str,
        actor: Actor,
        asked: Asked = Asked.SAMPLE,
    ) -> list[WrittenCase]:
        """Write a set to a file; raise `BridgeError`, `ReportError` or `OSError`."""
        self._note_leaving(sheets, actor)
        return self._set(target, password, asked).write(sheets)

    def _set(self, target: Path, password: str, asked: Asked) -> SampleSet:
        return SampleSet(self.parts, target, password, self.clock.local(), asked)

    def _note_leaving(self, sheets: Sequence[CaseSheet], actor: Actor) -> None:
        with self.database.write() as connection:
            for sheet in sheets:
                if sheet.patient is not None and sheet.chosen:
                    day = sheet.case.day.isoformat()
                    done = DoneAct(
                        "exported", sheet.patient.id, f"sample:{day}", str(len(sheet.chosen))
                    )
                    self.audit.enter(connection, actor, done)


def _case(connection: Connection, case_id: int) -> SampleCase:
    found = case_store.case_of(connection, case_id)
    if found is None:
        raise NotFound(NO_CASE)
    return found
