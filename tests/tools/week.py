"""A week of a practice in fast motion, with everything that goes wrong in a year.

Run as a program: ``python -m tests.tools.week SEED FOLDER SAMPLES``, with TZ as the practice has
it; it prints the books. What devices, practice software and people do is drawn by the seed.
"""

from __future__ import annotations

import os
import random
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from datetime import date, timedelta
from functools import partial
from pathlib import Path
from typing import Final

import pytest

from gdtbridge.dataset.hardening import harden_pydicom
from gdtbridge.durable.clock import local_time
from tests.tools.fast_motion import DAY, HELD, HOUR, MINUTE, ROUTES, FastMotion, fast_locks
from tests.tools.ledger import OrderEnd
from tests.tools.marked import MarkedObject
from tests.tools.mounting import in_own_mounts
from tests.tools.visits import Visits

SUNDAYS: Final = (date(2027, 10, 31), date(2027, 3, 28))
"""When summer time ends and begins in Europe."""
DAYS: Final = 7
DISK: Final = "48m"
AWAY: Final = "kardio"
"""The route whose share is away for a day, and its folder."""


class Week(FastMotion):
    """One week: who comes, what breaks, and whether the books balance."""

    def __init__(self, base: Path, samples: Path, seed: int, *, own_disk: bool) -> None:
        before = random.Random(seed).randint(1, DAYS - 2)
        super().__init__(base, seed, SUNDAYS[seed % len(SUNDAYS)] - timedelta(days=before))
        self.visits = Visits(self, samples)
        self.own_disk = own_disk
        self.jumped: float | None = None
        """When the clock jumped for the last time."""
        self.went = 0.0
        """When the share went away."""

    def run(self) -> None:
        """Let the week pass, and two quiet hours after it."""
        self._plan()
        self.play(self.at(DAYS, 8))
        self.collect_all()
        self.balance("week")
        self._judge_end()

    # ------------------------------------------------------------------ what is going to happen

    def _plan(self) -> None:
        draw = self.random
        for day in range(DAYS):
            self._plan_day(day)
        days = draw.sample(range(1, DAYS - 1), 4)
        self.plan(self.at(days[0], 7), self.share_goes)
        self.plan(self.at(days[0] + 1, 7), self.share_returns)
        if self.own_disk:
            self.plan(self.at(days[1], 11), self.disk_fills)
            self.plan(self.at(days[1], 14), self.disk_is_cleared)
        self.plan(self.at(days[2], 15), self.lock)
        hour, wrong = draw.choice([12, 22.5]), draw.choice([-HOUR, HOUR])
        self.plan(self.at(days[3], hour), partial(self.step, wrong))
        self.plan(self.at(days[3], hour + draw.uniform(1, 4)), partial(self.step, -wrong))
        crashes = [
            (self.at(day, draw.uniform(8, 17)), draw.choice(["report", "receive"]))
            for day in draw.sample(range(DAYS), 2)
        ]
        self.crashes = sorted(crashes)

    def _plan_day(self, day: int) -> None:
        draw = self.random
        weekend = (self.first + timedelta(days=day)).weekday() >= 5
        for _ in range(3 if weekend else draw.randint(6, 8)):
            self._plan_visit(day)
        special = [self.visits.emergency, self.visits.two_people, self.visits.wrong_person]
        for one in draw.sample(special, 1 if weekend else 2):
            self.plan(self.at(day, draw.uniform(8.5, 10)), one)
        self._plan_night(day)
        for route in set(ROUTES.values()):
            hour = 8.0
            while (hour := hour + draw.uniform(0.7, 4)) < 21:
                self.plan(self.at(day, hour), partial(self.collect, route))
        for hour in (3.3, 9.3, 12.3, 15.3):
            self.plan(self.at(day, hour), self.compare)
        self.plan(self.at(day, 8, 10), partial(self.visits.decide, day))
        self.plan(self.at(day, 22), partial(self.close, day))

    def _plan_visit(self, day: int) -> None:
        draw = self.random
        visit = self.visits.visit()
        start = self.at(day, draw.uniform(8, 17.5))
        if draw.random() < 0.3:
            self.plan(start, lambda: self.visits.examine(visit))
            return
        way = draw.choice([self.visits.click, self.visits.call, self.visits.drop])
        self.plan(
            start - draw.uniform(10 * MINUTE, 2 * HOUR), lambda: self.visits.order(visit, way)
        )
        if draw.random() < 0.85:
            self.plan(start, lambda: self.visits.examine(visit))

    def _plan_night(self, day: int) -> None:
        """Let somebody be ordered before midnight and examined after it."""
        visit = self.visits.visit()
        self.plan(self.at(day, 23, 20), lambda: self.visits.order(visit, self.visits.click))
        self.plan(
            self.at(day, 23.5 + self.random.uniform(1, 4)), lambda: self.visits.examine(visit)
        )

    # ------------------------------------------------------------------ trouble

    def share_goes(self) -> None:
        """Let the share of one practice software be away."""
        self.note("share away")
        self.trouble.add("share")
        self.went = self.now
        (self.base / AWAY).rename(self.base / "away")

    def share_returns(self) -> None:
        """Let it be there again."""
        self.note("share back")
        self.trouble.discard("share")
        (self.base / "away").rename(self.base / AWAY)

    def disk_fills(self) -> None:
        """Let somebody fill the disk of the bridge."""
        self.note("disk full")
        self.trouble.add("full")
        status = os.statvfs(self.var)
        with (self.var / "ballast").open("wb") as file:
            os.posix_fallocate(file.fileno(), 0, status.f_bavail * status.f_bsize)

    def disk_is_cleared(self) -> None:
        """Let it have room again."""
        self.note("disk has room")
        (self.var / "ballast").unlink()
        self.trouble.discard("full")

    def lock(self) -> None:
        """Let a backup program lock the database."""
        self.note("database locked")
        connection = sqlite3.connect(self.var / "db.sqlite", isolation_level=None)
        connection.execute("BEGIN IMMEDIATE")
        self.trouble.add("locked")

        def unlock() -> None:
            self.note("database free")
            connection.rollback()
            connection.close()
            self.trouble.discard("locked")

        self.soon(20 * MINUTE, unlock)
        for minutes in (3, 8):
            self.soon(minutes * MINUTE, lambda: self.visits.examine(self.visits.visit()))

    def step(self, seconds: float) -> None:
        """Set the clock of the machine wrong, or right."""
        self.note(f"clock {seconds:+}")
        self.clock.step(seconds)
        self.jumped = self.now
        self.trouble ^= {"clock"}

    # ------------------------------------------------------------------ the books

    def compare(self) -> None:
        """Compare what the bridge tells people with what they know; and the worklist."""
        if self.stalls:
            self._compare_trouble()
            return
        items = self.house.practice.core.attention.items()
        told = [(i.names["study"]) for i in items if i.code in HELD]
        quiet = self.now - self.settings.exam.quiet_seconds - 2
        known = [study for study, _ in self.ledger.held if self.visits.last_sent[study] < quiet]
        fresh = {study for study, _ in self.ledger.held if self.visits.last_sent[study] >= quiet}
        assert sorted(s for s in told if s not in fresh) == sorted(s for s in known)
        others = {one.code for one in items} - HELD
        assert others <= self._may_be_told(), [one for one in items if one.code not in HELD]
        assert others >= self._must_be_told(), (others, self._must_be_told())
        self._compare_list()

    def _compare_trouble(self) -> None:
        core = self.house.practice.core
        codes = {one.code for source in core.attention.sources for one in core.attention.of(source)}
        wanted = {"full": "disk-full", "locked": "database-locked"}
        assert {code for name, code in wanted.items() if name in self.trouble} <= codes, codes

    def _may_be_told(self) -> set[str]:
        told = self._must_be_told()
        if self.jumped is not None and self.now - self.jumped < DAY + 2 * HOUR:
            told.add("clock-jumped")
        if "share" in self.trouble:
            told |= {"place-missing", "outbox-stuck"}
        if 0 < self.went <= self.now < self.went + 2 * DAY:  # what lay there before it went
            told.add("results-uncollected")
        if self.visits.refused_at is not None and self.now - self.visits.refused_at < HOUR:
            told |= {"stores-refused", "database-locked"}
        return told

    def _must_be_told(self) -> set[str]:
        told = set()
        if "share" in self.trouble and any(self._since_it_went()):
            told.add("place-missing")
        if self.jumped is not None and self.now - self.jumped < DAY - HOUR:
            told.add("clock-jumped")
        return told

    def _since_it_went(self) -> Iterator[MarkedObject]:
        """Yield what was taken for the share that is away since it is, and should have left."""
        for mark in self._overdue():
            one = self.ledger.taken[mark]
            if ROUTES[one.device] == AWAY and self.visits.last_sent[one.study] > self.went:
                yield one

    def _overdue(self) -> Iterator[int]:
        """Yield the marks of what waits though its device is silent."""
        for mark in self.ledger.waiting():
            if self.visits.last_sent[self.ledger.taken[mark].study] < self.now - 5 * MINUTE:
                yield mark

    def _compare_list(self) -> None:
        """Judge that each open order is on the list until its day is over, and not for ever."""
        listed = self.visits.listed()
        now = local_time(self.now)
        for order in self.ledger.orders.values():
            if order.end is not OrderEnd.OPEN:
                continue
            if now < order.day_over and self.visits.is_sure(order):
                assert order.number in listed, f"{order} is not on the list"
            if now > order.day_over + timedelta(days=1, hours=6):
                assert order.number not in listed, f"{order} is still on the list"

    def close(self, day: int) -> None:
        """Close the books of a day: what still waits does so for a reason people know."""
        if self.stalls:
            return
        self.collect_all()
        self.balance(f"day {day + 1}")

    def balance(self, what: str) -> None:
        """Judge that everything received is reported, held, or waits for a share that is away."""
        books = self.ledger.books
        assert books.received == books.reported + books.held + books.waiting, books
        for mark in self._overdue():
            away = "share" in self.trouble and self.ledger.routes[mark] == AWAY
            assert away, f"{what}: {self.ledger.taken[mark]} is lost"
        self.note(f"{what}: {books}")

    def _judge_end(self) -> None:
        ledger = self.ledger
        assert ledger.books.waiting == 0, list(ledger.waiting())
        assert +ledger.taken_back == +ledger.to_take_back
        assert not self.crashes, f"nobody died: {self.crashes}"
        listed = self.visits.listed()
        for order in ledger.orders.values():
            if order.end is OrderEnd.EXAMINED:
                assert order.number not in listed, f"{order} is still on the list"

    @property
    def told(self) -> str:
        """The books in one line."""
        refused = sum(self.ledger.refused.values())
        return (
            f"week from {self.first}: {self.ledger.books}; {self.ledger.records} records, "
            f"{len(self.ledger.orders)} orders, {refused} stores refused and repeated"
        )


def play(base: Path, samples: Path, seed: int, *, own_disk: bool) -> str:
    """Let a week pass; return its books."""
    harden_pydicom()
    (base / "var").mkdir()
    if own_disk:
        place = str(base / "var")
        command = ["mount", "-t", "tmpfs", "-o", f"size={DISK}", "gdtbridge-test", place]
        subprocess.run(command, check=True, capture_output=True)
    with fast_locks():
        week = Week(base, samples, seed, own_disk=own_disk)
        try:
            week.run()
        except BaseException:
            sys.stderr.write("\n".join([*week.log, ""]))
            raise
        finally:
            with suppress(Exception):
                week.end()
    return week.told


def main() -> None:
    """Play one week, on a disk of its own where that may be mounted, and print its books."""
    seed, base, samples = int(sys.argv[1]), Path(sys.argv[2]), Path(sys.argv[3])
    told: list[str] = []
    try:
        in_own_mounts(lambda: told.append(play(base, samples, seed, own_disk=True)))
    except pytest.skip.Exception:
        told.append(play(base, samples, seed, own_disk=False))
    sys.stdout.write("\n".join([*told, ""]))


if __name__ == "__main__":
    main()
