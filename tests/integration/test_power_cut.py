"""The power is cut at any moment of one whole story, and nothing promised is lost or doubled."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from http.client import HTTPException
from itertools import pairwise
from pathlib import Path
from random import Random
from types import TracebackType
from typing import NamedTuple, Self

import pytest

from gdtbridge.durable.files import sync_folder
from gdtbridge.service import Bridge
from gdtbridge.settings import load_settings
from tests.tools.device import send_raw
from tests.tools.judgement import Judged, Judgement
from tests.tools.power import power_disk
from tests.tools.power_journal import Step, Survivors, survivors
from tests.tools.power_story import (
    PAIR,
    SETTINGS,
    STUDY_OF_PAIR,
    Books,
    Story,
    judge_end,
    judge_start,
)
from tests.tools.service import Service
from tests.tools.surgery import image

SAMPLE = 7
"""Cuts of an ordinary run; ``--exhaustive`` makes them at each sync."""
AGAIN = 7
"""Every so many cuts the power goes once more, while the story goes on."""
SEED = 20261130
PICTURES = "p"
ROOMY_SECONDS, FULL_SECONDS = (0.05, 0.4), (0.02, 0.2)
LEAST_FULL = 5
NO_ROOM = 0xA700


class ServiceHere(Service):
    """The service in a thread of this process: one that starts costs a fraction."""

    _bridge: Bridge

    def start(self) -> Self:
        """Start it."""
        ours = {k: v for k, v in self.environment().items() if k.startswith("GDTBRIDGE_")}
        self._bridge = Bridge(load_settings(None, ours))
        self._bridge.start()
        self.ports = {"DICOM": self._bridge.dicom_port, "HTTP": self._bridge.http_port}
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._bridge.stop()


class Cut(NamedTuple):
    """When the power goes, and by which chance more is left than what was synced."""

    moment: int
    seed: int | None


@dataclass(frozen=True)
class Told:
    """A story with its books and all that was done to the disk, of which the first was before."""

    books: Books
    steps: list[tuple[int, Step]]
    began: int

    def before_each_sync(self) -> list[int]:
        """Return the moments at which the most was promised, and the least is durable for it."""
        steps = [(when, step) for when, step in self.steps if when >= self.began]
        before = [when for (when, _), (_, step) in pairwise(steps) if step.is_sync]
        return [*before, steps[-1][0]]

    def left(self, cut: Cut) -> tuple[Survivors, Books]:
        """Return what survives on the disk, and what had been promised by then."""
        chance = None if cut.seed is None else Random(cut.seed)
        return survivors(self.steps, cut.moment, chance), self.books.at(cut.moment)


class Practice:
    """Where the disk is mounted, time and again, and what a service is told of it."""

    def __init__(self, folder: Path) -> None:
        self._disk = folder / "d"  # practice software takes no long paths
        self._log = folder / "service.log"
        self._journal = folder / "journal"
        self._settings = SETTINGS | {
            "storage__root": str(self._disk / "var"),
            "gdt__attachments_folder": str(self._disk / PICTURES),
        }
        self._began = time.monotonic()

    def _late(self) -> dict[str, str]:
        """Return the settings of a story that goes on later than after a cut: others were first.

        A file written again within some minutes is the same order; so it is here.
        """
        late = (time.monotonic() - self._began) / 60
        usual = load_settings(None, {}).orders.repeat_minutes
        return self._settings | {"orders__repeat_minutes": f"{usual + late:.0f}"}

    def a_day(self) -> Told:
        """Let the whole story happen, with the service as a process."""
        with power_disk(self._disk, self._journal) as disk:
            (disk.place / PICTURES).mkdir()
            sync_folder(disk.place)
            service = Service(disk.place, **self._settings)
            service.log = self._log
            began, books = disk.moment, Books()
            with service:
                Story(service, books, lambda: disk.moment).run()
            assert judge_end(service, books) == Judgement()
            return Told(books, disk.steps, began)

    def a_day_with_a_full_disk(self, chance: Random) -> tuple[list[int], list[Judgement]]:
        """Let the story happen on a disk that has no room time and again.

        Returns what a device was answered the first time, and what became of each time.
        """
        done = threading.Event()
        with power_disk(self._disk, self._journal) as disk:
            (disk.place / PICTURES).mkdir()
            books = Books()

            def work() -> None:
                while not done.is_set():
                    with contextlib.suppress(AssertionError, OSError, HTTPException):
                        Story(service, books, lambda: disk.moment).run()
                        done.set()

            def judge() -> Judgement:
                return judge_start(service, books.at(disk.moment))

            with ServiceHere(disk.place, **self._settings) as service:
                with disk.full():
                    picture = image(STUDY_OF_PAIR, "1", PAIR[0], 70)
                    answers = send_raw(service.ports["DICOM"], [picture], "US01")
                judgements = [judge()]
                people = threading.Thread(target=work)
                people.start()
                while not done.wait(chance.uniform(*ROOMY_SECONDS)):
                    with disk.full():
                        done.wait(chance.uniform(*FULL_SECONDS))
                    judgements.append(judge())
                people.join()
                judgements[-1] += judge_end(service, books)
                return answers, judgements

    def goes_on(self, kept: Survivors, books: Books) -> tuple[Judgement, Told]:
        """Start on what survived, and let the story go on to its end."""
        with power_disk(self._disk, self._journal, kept) as disk:
            began = disk.moment
            with ServiceHere(disk.place, **self._late()) as service:
                at_once = judge_start(service, books)
                Story(service, books, lambda: disk.moment).run()
            judgement = at_once + judge_end(service, books)
            return judgement, Told(books, disk.steps, began)


def cuts_of(told: Told, chance: Random, *, exhaustive: bool) -> Iterator[Cut]:
    """Yield as many cuts to the letter of POSIX as by chance, as real disks are."""
    moments = told.before_each_sync()
    if exhaustive:
        yield from (Cut(moment, None) for moment in moments)
        yield from (Cut(moment, seed) for seed, moment in enumerate(moments))
    for number, moment in enumerate(chance.choices(moments, k=SAMPLE)):
        yield Cut(moment, number if number % 2 else None)


def survived(practice: Practice, told: Told, cuts: Iterable[Cut]) -> Iterator[Judgement]:
    """Yield what became of each cut, and of those that followed it."""
    for number, cut in enumerate(cuts):
        try:
            judgement, again = practice.goes_on(*told.left(cut))
            yield judgement.at(cut.moment)
            if number % AGAIN == 0:
                second = Cut(Random(number).choice(again.before_each_sync()), None)
                judgement, _ = practice.goes_on(*again.left(second))
                yield judgement.at(cut.moment, second.moment)
        except Exception as error:
            error.add_note(f"the power was cut at {cut}")
            raise


@pytest.mark.kill
@pytest.mark.timeout(3600)
def test_nothing_promised_is_lost_or_doubled(
    memory: Path, judged: Judged, *, exhaustive: bool
) -> None:
    """Whatever was synced when the power went, a new start makes of it what had been promised.

    An HTTP order that was committed, not answered and repeated more than a minute later is a second
    order by the rule of the minute, and is not counted as doubled.
    """
    practice = Practice(memory)
    told = practice.a_day()
    cuts = cuts_of(told, Random(SEED), exhaustive=exhaustive)
    judged("power cuts", *survived(practice, told, cuts))


@pytest.mark.kill
def test_a_disk_that_fills_up_now_and_then(memory: Path, judged: Judged) -> None:
    """What is refused is tried again by whoever wanted it; nothing else is needed."""
    answers, judgements = Practice(memory).a_day_with_a_full_disk(Random(SEED))
    judged("full disk", *judgements)
    assert answers == [NO_ROOM]
    assert len(judgements) >= LEAST_FULL
