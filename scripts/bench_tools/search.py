"""A day of 200 patients and the search, among the exams of many years."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from datetime import date, timedelta
from functools import partial
from pathlib import Path

from bench_tools.stock import A_DAY, fill
from gdtbridge.database import Database
from gdtbridge.day import Day
from gdtbridge.day.search import Search
from gdtbridge.devices import ConfiguredDevice, DeviceDirectory
from gdtbridge.devices.answering import DeviceWorklist
from gdtbridge.durable import SystemClock
from gdtbridge.exams.dates import DateRule
from gdtbridge.queries.book import QueryBook
from gdtbridge.queries.history import ListHistory
from gdtbridge.queries.report import QueryReports
from gdtbridge.queries.sight import ListSight
from gdtbridge.settings import ExamSettings
from worklist import WorklistFolder

PATIENTS = (10_000, 100_000)
TIMES = 5
TYPED = (
    *("müller", "m", "müller, s", "sabine müller", "müller 12.3.58", "4711", "12.3.58", "27.11."),
    *("1958", "schild", "raum 2", "gestern", "118", "braucht", "xyz", "müller xyz"),
)


def measure_search(folder: Path, sizes: Sequence[int]) -> None:
    """Print what a day and a page of hits take, the median of several, in milliseconds."""
    names = DeviceDirectory([ConfiguredDevice(aet=f"US0{n}", name=f"Raum {n}") for n in (1, 2, 3)])
    columns: dict[int, dict[str, float]] = {}
    for patients in sizes:
        with closing(Database(f"sqlite:///{folder / f'{patients}.sqlite'}")) as database:
            fill(database, patients, patients, date.today())  # noqa: DTZ011 - the practice's day
            columns[patients] = _figures(database, names, WorklistFolder(folder / "worklist"))
    print(f"{'ms, of so many patients':46}" + "".join(f"{one:>10,}" for one in columns))
    for name in next(iter(columns.values())):
        told = "".join(f"{column[name]:10.1f}" for column in columns.values())
        print(f"{name:46}{told}")


def _figures(
    database: Database, devices: DeviceDirectory, worklist: WorklistFolder
) -> dict[str, float]:
    clock = SystemClock()
    book = QueryBook(database, worklist, clock, days=7)
    reports = QueryReports(
        book, ListHistory(database, worklist), DeviceWorklist(worklist, devices), devices, clock
    )
    day = Day(database, ListSight(reports, clock), devices, DateRule(ExamSettings()), clock)
    search = Search(database, day, devices)
    shown = day.today - timedelta(days=3)
    found = {f"a day of {A_DAY} patients": _median(lambda: day.lines(shown))}
    for typed in TYPED:
        found[f"search: {typed}"] = _median(partial(_find, search, typed))
    found["typing: mü"] = _median(lambda: search.suggestions("mü"))
    return found


def _find(search: Search, typed: str) -> None:
    search.find(search.read(typed))


def _median(job: Callable[[], object]) -> float:
    """Return the milliseconds of processor time a job takes, after a first run."""
    job()
    taken = []
    for _ in range(TIMES):
        began = time.process_time()
        job()
        taken.append((time.process_time() - began) * 1000)
    return statistics.median(taken)
