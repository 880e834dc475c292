"""Many exams that are due at once: how fast they are reported, and how long a fresh one takes."""

from __future__ import annotations

import os
import shutil
import signal
import statistics
import sys
import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

from pydicom.uid import ExplicitVRLittleEndian

from bench_tools.objects import US_IMAGE, image_of, write_exam
from bench_tools.servers import SETTLE_SECONDS, START_SECONDS, bridge, keep_sending, send
from gdtbridge.archive import IncomingInstance
from gdtbridge.core import open_core
from gdtbridge.settings import ExamSettings, Settings

QUIET_SECONDS = 1
FRESH = 7
COLLECT_SECONDS = 0.05
MEMORY = Path("/dev/shm")


def make_backlog(folder: Path, exams: int) -> None:
    """Let an installation below ``folder`` receive so many exams; nobody reports them."""
    place = MEMORY / folder.parent.name if MEMORY.is_dir() else folder  # waits for no disk
    settings = Settings(base=place, exam=ExamSettings(quiet_seconds=0.001))
    with open_core(settings) as core:
        for number in range(1, exams + 1):
            path = write_exam(settings.spool_folder / "incoming", number)
            command = (US_IMAGE, image_of(number), str(ExplicitVRLittleEndian), "BENCH", "here")
            core.receiving.receive(IncomingInstance(path, *command))
    if place != folder:
        shutil.copytree(place, folder)
        shutil.rmtree(place)


def measure_backlog(
    checkout: Path, folder: Path, exams: int, small: Sequence[Path], senders: int
) -> None:
    """Print what a service does that starts with a backlog while ``senders`` send images."""
    make_backlog(folder, exams)
    software = PracticeSoftware(folder / "var" / "gdt" / "out")
    fresh = [write_exam(folder / f"fresh{n}.dcm", exams + n) for n in range(1, FRESH + 1)]
    with bridge(checkout, folder, EXAM__QUIET_SECONDS=str(QUIET_SECONDS)) as (port, pid):
        with ThreadPoolExecutor(max(senders, 1)) as pool, ExitStack() as ending:
            enough = threading.Event()
            ending.callback(enough.set)
            for _ in range(senders):
                pool.submit(keep_sending, port, small, enough)
            time.sleep(SETTLE_SECONDS)
            software.collect()
            before, began = software.collected, time.monotonic()
            lags = [
                until_reported(port, software, file, exams + n) for n, file in enumerate(fresh, 1)
            ]
            rate = (software.collected - before) / (time.monotonic() - began)
        left = exams + FRESH - software.collected
        began = time.monotonic()
        os.kill(pid, signal.SIGTERM)
        os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)
        stopped = time.monotonic() - began
    told = f"{exams} exams due, {senders} senders"
    print(f"{f'{told}: GDT files a second':50}{rate:.0f}")
    print(f"{'a fresh exam after it is due, s (median, longest)':50}", end="")
    print(f"{statistics.median(lags):.1f}, {max(lags):.1f}")
    print(f"{f'stop with {left} exams left, s':50}{stopped:.1f}")


class PracticeSoftware:
    """Takes GDT files from their folder, as practice software does."""

    def __init__(self, folder: Path) -> None:
        self.collected = 0
        self._folder = folder

    def collect(self) -> list[bytes]:
        """Take what is there; return it."""
        found = [path for path in self._folder.iterdir() if path.suffix == ".gdt"]
        contents = [path.read_bytes() for path in found]
        for path in found:
            path.unlink()
        self.collected += len(found)
        return contents


def until_reported(port: int, software: PracticeSoftware, file: Path, number: int) -> float:
    """Send an exam; return the seconds from when it is due until its GDT file was collected."""
    send(port, [file])
    began = time.monotonic() + QUIET_SECONDS
    line = f"3000{number}\r\n".encode()
    while time.monotonic() - began < START_SECONDS:
        if any(line in content for content in software.collect()):
            return max(time.monotonic() - began, 0.0)
        time.sleep(COLLECT_SECONDS)
    sys.exit("bench: a fresh exam was never reported")
