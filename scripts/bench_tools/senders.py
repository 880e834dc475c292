"""Frames of 0.92 MB by one sender and by many at once, beside storescp and Orthanc."""

from __future__ import annotations

import http.client
import re
import shutil
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from bench_tools.servers import (
    SETTLE_SECONDS,
    START_SECONDS,
    bridge,
    orthanc,
    processor_seconds,
    send,
    storescp,
)

FRAME_BYTES = 920_000
SENDERS = 8


@dataclass(frozen=True)
class Throughput:
    """What some senders at once brought, and what it cost the receiver.

    ``cpu`` is in milliseconds for each frame, ``worst`` the slowest sender's time divided by the
    mean, ``asked`` the 95th percentile of a call in milliseconds; None where it is not known.
    """

    megabytes: float
    worst: float
    cpu: float | None = None
    asked: float | None = None


FIGURES: Sequence[tuple[str, Callable[[Throughput], float | None]]] = (
    ("MB/s in all", lambda one: one.megabytes),
    ("ms of CPU a frame", lambda one: one.cpu),
    ("slowest by mean", lambda one: one.worst),
    ("/readyz, 95 % under ms", lambda one: one.asked),
)


def send_at_once(port: int, groups: Sequence[Sequence[Path]]) -> Throughput:
    """Send each group by a sender of its own, all at the same time."""
    seconds = [0.0] * len(groups)

    def sender(number: int) -> None:
        seconds[number] = send(port, groups[number])

    threads = [threading.Thread(target=sender, args=(one,)) for one in range(len(groups))]
    began = time.monotonic()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    size = sum(path.stat().st_size for group in groups for path in group)
    passed = time.monotonic() - began
    return Throughput(size / 1e6 / passed, max(seconds) / statistics.mean(seconds))


def send_and_count(port: int, pid: int, groups: Sequence[Sequence[Path]]) -> Throughput:
    """Send as `send_at_once` does; count the receiver's processor time."""
    before = processor_seconds(pid)
    found = send_at_once(port, groups)
    after = processor_seconds(pid)
    if before is None or after is None:
        return found
    return replace(found, cpu=(after - before) * 1000 / sum(map(len, groups)))


def send_and_ask(port: int, web: int, pid: int, groups: Sequence[Sequence[Path]]) -> Throughput:
    """Send as `send_and_count` does; ask the service all the time how it is."""
    enough = threading.Event()
    times: list[float] = []
    asking = threading.Thread(target=keep_asking, args=(web, enough, times))
    asking.start()
    try:
        found = send_and_count(port, pid, groups)
    finally:
        enough.set()
        asking.join()
    asked = statistics.quantiles(times, n=20)[-1] if len(times) > 1 else None
    return replace(found, asked=asked)


def keep_asking(web: int, enough: threading.Event, times: list[float]) -> None:
    """Call ``/readyz`` twenty times a second; append the milliseconds each call took."""
    connection = http.client.HTTPConnection("127.0.0.1", web, timeout=START_SECONDS)
    while not enough.wait(0.05):
        began = time.monotonic()
        connection.request("GET", "/readyz")
        connection.getresponse().read()
        times.append((time.monotonic() - began) * 1000)
    connection.close()


def frames_by_storescp(folder: Path, parts: Sequence[Sequence[Path]]) -> list[Throughput]:
    """Measure DCMTK's receiver with one sender, then with all."""
    with storescp(folder) as port:
        return [send_at_once(port, parts[:1]), send_at_once(port, parts[1:])]


def frames_by_orthanc(
    program: str, folder: Path, parts: Sequence[Sequence[Path]]
) -> list[Throughput]:
    """Measure Orthanc with one sender, then with all."""
    with orthanc(program, folder) as (port, pid):
        return [send_and_count(port, pid, parts[:1]), send_and_count(port, pid, parts[1:])]


def frames_by_bridge(
    checkout: Path, folder: Path, parts: Sequence[Sequence[Path]]
) -> list[Throughput]:
    """Measure the service of a checkout with one sender, then with all."""
    folder.mkdir()
    with bridge(checkout, folder) as (port, pid):
        found = re.search(r"HTTP \S+ port (\d+)", (folder / "serve.log").read_text("utf-8"))
        if found is None:
            sys.exit("bench: the service does not say where it answers HTTP")
        web = int(found[1])
        time.sleep(SETTLE_SECONDS)
        return [send_and_count(port, pid, parts[:1]), send_and_ask(port, web, pid, parts[1:])]


def measure_senders(
    folder: Path, checkouts: Sequence[Path], rounds: int, parts: Sequence[Sequence[Path]]
) -> None:
    """Measure frames by one sender and by many, every receiver in turn; print the medians."""
    names = ["gdtbridge", "against"][: len(checkouts)]
    columns: dict[str, list[list[Throughput]]] = {}
    for number in range(rounds):
        with tempfile.TemporaryDirectory(dir=folder) as place:
            for name, checkout in zip(names, checkouts, strict=True):
                found = frames_by_bridge(checkout, Path(place, name), parts)
                columns.setdefault(name, []).append(found)
            columns.setdefault("storescp", []).append(frames_by_storescp(Path(place), parts))
            if program := shutil.which("Orthanc"):
                found = frames_by_orthanc(program, Path(place), parts)
                columns.setdefault("Orthanc", []).append(found)
        if rounds > 1:
            print(f"round {number + 1} of {rounds}", file=sys.stderr)
    print(f"{'':34}" + "".join(f"{name:>12}" for name in columns))
    for at, senders in enumerate(("one sender", f"{len(parts) - 1} senders")):
        for what, figure in FIGURES:
            told = [middle([figure(one[at]) for one in column]) for column in columns.values()]
            print(f"{f'{senders}: {what}':34}" + "".join(f"{one:>12}" for one in told))


def middle(figures: Sequence[float | None]) -> str:
    """Return the median of what is known."""
    known = [one for one in figures if one is not None]
    return f"{statistics.median(known):.2f}" if known else "-"
