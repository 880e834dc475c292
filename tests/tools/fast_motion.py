"""A practice in fast motion: everything is real but the clock, and the machine may die.

`FastMotion` has the time, the service and the folder of the practice software; what devices,
people and troubles do with them is in `tests.tools.visits` and `tests.tools.week`.
"""

from __future__ import annotations

import heapq
import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Final

import pytest

import gdtbridge.archive
import gdtbridge.exams
import gdtbridge.outbox
import gdtbridge.results
from gdtbridge.attention import sources
from gdtbridge.database import writer_lock
from gdtbridge.dicom.server import DicomServer, Observers
from gdtbridge.durable.clock import local_time
from gdtbridge.errors import BridgeError
from gdtbridge.exams import store
from gdtbridge.folders import OrderWatch
from gdtbridge.pictures import AttachmentReader
from gdtbridge.report_page import PagePrinter
from gdtbridge.results.gathering import ObjectOpeners
from gdtbridge.service import web_ports
from gdtbridge.settings import Settings, load_settings
from gdtbridge.web import create_server
from tests.tools.clock import HandClock
from tests.tools.dying import SimulatedCrash, dying_at, files_of
from tests.tools.ledger import Ledger
from tests.tools.practice import HereReader, Practice
from worklist import WorklistError

SETTINGS: Final = """
[storage]
root = "var"
min_free_mb = 2
[dicom]
port = 0
[http]
port = 0
[exam]
date_hold_days = 2
[gdt]
dialect = "medistar"
file_name = "{accession}.gdt"
out = "praxis/out"
in = "praxis/in"
attachments_folder = "praxis/bilder"
attachments_path = '\\\\server\\bilder'
attachments_most = 90
[[gdt.routes]]
name = "kardio"
out = "kardio/out"
attachments_folder = "kardio/bilder"
when = { device = ["US02"] }
"""
ROUTES: Final = {"US01": "", "US02": "kardio", "US03": ""}
"""The route of each device."""
SUNDAYS: Final = (date(2027, 10, 31), date(2027, 3, 28))
"""When summer time ends and begins in Europe."""
DAYS: Final = 7
MINUTE, HOUR, DAY = 60.0, 3600.0, 86400.0
REST: Final = HOUR
"""How often the clean-up runs here, and all else whether it was asked for or not."""
RETRY: Final = 10 * MINUTE
"""After so many seconds a device, or a person, tries again."""
DISK: Final = "48m"
HELD: Final = frozenset({"held-exam", "correction-waiting"})
WALKED: Final = files_of(
    {
        gdtbridge.archive: ("store",),
        gdtbridge.exams: ("claim_store", "intake", "receiving", "store", "versions"),
        gdtbridge.outbox: ("gdt_drop", "queue", "store", "worker"),
        gdtbridge.results: ("gathering", "outgoing", "reporting", "store"),
    }
)
"""Where something is received, decided, written and delivered."""
FAMILIES: Final = ("Ahorn", "Birke", "Distel", "Erle", "Fichte", "Ginster", "Hasel", "Kiefer")
GIVEN: Final = ("Ada", "Bert", "Clara", "Dirk", "Ella", "Franz", "Gerda", "Horst", "Ida", "Jörg")

Action = Callable[[], object]


class PracticeClock(HandClock):
    """A hand clock on the wall of the practice."""

    def local(self) -> datetime:
        """Return the wall clock of the practice."""
        return local_time(self.seconds)


class House:
    """The service with its edges; the machine may die under it and it starts again."""

    def __init__(self, practice: Practice) -> None:
        self.practice = practice
        self._start()

    def _start(self) -> None:
        core, settings = self.practice.core, self.practice.settings
        core.adopt()
        self.watch = OrderWatch(core.order_files, monotonic=self.practice.clock.monotonic)
        self.dicom = DicomServer(
            settings.dicom,
            settings.spool_folder,
            core.receiving,
            core.device_worklist,
            Observers(core.refusals),
        )
        self.dicom.start()
        self.web = create_server(settings, web_ports(core), dict)
        self.web.start()

    def stop(self) -> None:
        """Let go of everything; nobody is waited for."""
        self.dicom.stop(grace=0)
        self.web.stop(0)
        self.practice.close()

    def restart(self) -> None:
        """Start again after the process died."""
        self.stop()
        self.practice = self.practice.again()
        self._start()

    @property
    def is_due(self) -> bool:
        """Whether an exam waits to be reported at this moment."""
        core = self.practice.core
        with core.database.read() as connection:
            return bool(store.due_exams(connection, core.clock.utc(), DAY))

    def jobs(self, *, at_rest: bool) -> Iterator[Action]:
        """Return what the service does again and again, at rest also what nobody asks for."""
        core = self.practice.core
        yield core.clock_watch.look
        yield self.watch.look
        if at_rest:
            yield core.reporting.reconsider
            yield core.orders.clean
            yield core.order_book.follow_marked
            yield core.refusals.keep
        if at_rest or self.is_due:
            yield core.reporting.report_due
        for worker in self.practice.outbox._workers.values():
            if at_rest or worker._bell.is_set():
                worker._bell.clear()
                yield worker.deliver_due


class FastMotion:
    """The time of a practice, and the service that lives in it."""

    def __init__(self, base: Path, seed: int, start: date) -> None:
        self.base, self.var = base, base / "var"
        self.random, self.first = random.Random(seed), start
        self.clock = PracticeClock(self.at(0, 6))
        self.settings = _settings(base)
        self._renderer, self._printer = AttachmentReader(), PagePrinter()
        openers = ObjectOpeners(HereReader(), self._renderer, self._printer)
        self.house = House(Practice(self.var, self.settings, openers, self.clock))
        self.ledger = Ledger({"": base / "praxis/bilder", "kardio": base / "kardio/bilder"})
        self.crashes: list[tuple[float, str]] = []
        """From when on the process is to die, and in what: ``report`` or ``receive``."""
        self.trouble: set[str] = set()
        """What does not work: ``share``, ``full``, ``locked``, ``clock``."""
        self.log: list[str] = []
        self._events: list[tuple[float, int, Action]] = []
        self._lines = 1500
        self._count = 0
        self._rested = 0.0

    def end(self) -> None:
        """Let go of everything."""
        self.house.stop()
        self._renderer.close()
        self._printer.close()

    def note(self, text: str) -> None:
        """Note what happened, for whoever reads a week that fails."""
        self.log.append(f"{local_time(self.now):%a %H:%M:%S} {text}")

    # ------------------------------------------------------------------ time

    def at(self, day: int, hour: float, minute: float = 0) -> float:
        """Return a moment (UTC seconds) by the right time of the practice."""
        midnight = datetime.combine(self.first + timedelta(days=day), datetime.min.time())
        return (midnight + timedelta(hours=hour, minutes=minute)).timestamp()

    @property
    def now(self) -> float:
        """The right time (UTC seconds), whatever the clock of the machine says."""
        return self.clock.monotonic()

    @property
    def stalls(self) -> bool:
        """Whether nothing can be written."""
        return not self.trouble.isdisjoint({"full", "locked"})

    def number(self) -> int:
        """Return a number that nothing has yet."""
        self._count += 1
        return self._count

    def plan(self, at: float, action: Action) -> None:
        """Have something happen."""
        heapq.heappush(self._events, (at, self.number(), action))

    def soon(self, seconds: float, action: Action) -> None:
        """Have something happen after so many seconds."""
        self.plan(self.now + seconds, action)

    def play(self, end: float) -> None:
        """Let everything happen that is planned until then."""
        while self._events and self._events[0][0] <= end:
            moment, _, action = heapq.heappop(self._events)
            self.pass_until(moment)
            action()
            self.tick()
        self.pass_until(end)

    def pass_until(self, moment: float) -> None:
        """Let time pass; the service wakes when something is due, and at rest now and then."""
        while self.now < moment:
            wakes = [moment, self._rested + REST]
            if not self.stalls:
                due = self.house.practice.core.reporting.next_due_in()
                wakes += [] if due is None else [self.now + max(due, 0) + 0.001]
            self.clock.turn(max(0.001, min(wakes) - self.now))
            self.tick()

    def tick(self) -> None:
        """Let the service do what is due; where a crash is planned, it dies on the way."""
        at_rest = self.now >= self._rested + REST
        if at_rest:
            self._rested = self.now
        if self.may_die("report") and self.house.is_due and not self.dies(self._work):
            return
        self._work(at_rest=at_rest)

    def _work(self, *, at_rest: bool = False) -> None:
        """Run each job as the scheduler does: one that fails is tried again."""
        for job in self.house.jobs(at_rest=at_rest):
            try:
                job()
            except (BridgeError, WorklistError, OSError):
                if not self.trouble:
                    raise

    # ------------------------------------------------------------------ death

    def may_die(self, what: str) -> bool:
        """Return whether the process is to die in that."""
        due = bool(self.crashes) and self.crashes[0][0] <= self.now
        return due and self.crashes[0][1] == what and not self.stalls

    def dies(self, action: Action) -> bool:
        """Do something and die at one of its lines; return whether it was long enough for that."""
        try:
            with dying_at(self.random.randint(1, self._lines), WALKED) as lines:
                action()
        except SimulatedCrash:
            self.note(f"died in {self.crashes.pop(0)[1]} at line {lines[0]}")
            self.house.restart()
            return True
        self._lines = max(50, lines[0])
        return False

    # ------------------------------------------------------------------ the practice software

    def collect(self, route: str) -> None:
        """Let the practice software take its files, where its folder is there."""
        folder = self.base / (route or "praxis") / "out"
        if not folder.is_dir():
            return
        for path in sorted(folder.glob("*.gdt")):
            self.ledger.collected(path.read_bytes(), route)
            path.unlink()

    def collect_all(self) -> None:
        """Let everything leave that can, and take it; each delivery may make room for another."""
        before = -1
        while before != self.ledger.records:
            before = self.ledger.records
            self._rested = 0.0
            self.pass_until(self.now + 2 * MINUTE)
            for route in set(ROUTES.values()):
                self.collect(route)


def _settings(base: Path) -> Settings:
    for folder in ("praxis/in", "praxis/out", "praxis/bilder", "kardio/out", "kardio/bilder"):
        (base / folder).mkdir(parents=True)
    file = base / "gdtbridge.toml"
    file.write_text(SETTINGS, encoding="utf-8")
    settings = load_settings(file, {})
    for path in (
        settings.spool_folder,
        settings.order_spool,
        settings.taken_folder,
        settings.refused_folder,
    ):
        path.mkdir(parents=True, exist_ok=True)
    return settings


@contextmanager
def fast_locks() -> Iterator[None]:
    """Let who waits for a lock give up within tenths of a second: their clock is a real one."""
    with pytest.MonkeyPatch.context() as patched:
        for name, seconds in (("BUSY", 0.2), ("LATE", 0.05), ("STEP", 0.02), ("LONG", 0.1)):
            patched.setattr(writer_lock, f"{name}_SECONDS", seconds)
        patched.setattr(sources, "LOCK_TOLD_SECONDS", 0.0)
        yield
