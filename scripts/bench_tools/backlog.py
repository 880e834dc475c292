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
    out = folder / "var" / "gdt" / "out"
    fresh = [write_exam(folder / f"fresh{n}.dcm", exams + n) for n in range(1, FRESH + 1)]
    with bridge(checkout, folder, EXAM__QUIET_SECONDS=str(QUIET_SECONDS)) as (port, pid):
        with ThreadPoolExecutor(max(senders, 1)) as pool, ExitStack() as ending:
            enough = threading.Event()
            ending.callback(enough.set)
            for _ in range(senders):
                pool.submit(keep_sending, port, small, enough)
            time.sleep(SETTLE_SECONDS)
            before, began = len(names_in(out)), time.monotonic()
            lags = [until_reported(port, out, file, exams + n) for n, file in enumerate(fresh, 1)]
            rate = (len(names_in(out)) - before) / (time.monotonic() - began)
        left = exams + FRESH - len(names_in(out))
        began = time.monotonic()
        os.kill(pid, signal.SIGTERM)
        os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)
        stopped = time.monotonic() - began
    told = f"{exams} exams due, {senders} senders"
    print(f"{f'{told}: GDT files a second':50}{rate:.0f}")
    print(f"{'a fresh exam after it is due, s (median, longest)':50}", end="")
    print(f"{statistics.median(lags):.1f}, {max(lags):.1f}")
    print(f"{f'stop with {left} exams left, s':50}{stopped:.1f}")


def names_in(folder: Path) -> set[str]:
    """Return the names of the files in a folder."""
    return {path.name for path in folder.iterdir()}


def until_reported(port: int, out: Path, file: Path, number: int) -> float:
    """Send an exam; return the seconds from when it is due until its patient has a GDT file."""
    known = names_in(out)
    send(port, [file])
    began = time.monotonic() + QUIET_SECONDS
    line = f"3000{number}\r\n".encode()
    while time.monotonic() - began < START_SECONDS:
        new = names_in(out) - known
        if any(line in (out / name).read_bytes() for name in new if name.endswith(".gdt")):
            return max(time.monotonic() - began, 0.0)
        known |= new
        time.sleep(0.02)
    sys.exit("bench: a fresh exam was never reported")
