"""The page of a day: how long the whole of it takes, and what pages that follow it cost."""

from __future__ import annotations

import http.client
import json
import re
import statistics
import sys
import threading
import time
from datetime import date, timedelta
from pathlib import Path

from bench_tools.servers import SETTLE_SECONDS, START_SECONDS, bridge, processor_seconds
from bench_tools.stock import fill
from gdtbridge.database import Database

PAGE = "/heute"
ENTRIES = 200
"""Patients of the day: half of them examined, half on the list."""
STOCK = 20_000
"""Exams of the days before."""
PAGES = 10
ASKS = 50
PHASE_SECONDS = 60
POLL_SECONDS = 2.0
CHANGE_SECONDS = 10.0
FOLLOWS = "X-Live-Revision"


def measure_page(checkout: Path, folder: Path) -> None:
    """Print what a page of 200 entries takes, and the processor's part of ten open ones."""
    var = folder / "var"
    var.mkdir()
    _fill(var)
    with bridge(checkout, folder) as (_, pid):
        web = re.search(r"HTTP \S+ port (\d+)", (folder / "serve.log").read_text("utf-8"))
        if web is None:
            sys.exit("bench: the service has no HTTP port")
        port = int(web[1])
        for number in range(ENTRIES // 2):
            _place(port, number)
        time.sleep(PHASE_SECONDS)  # what a start has to catch up with
        times = sorted(_milliseconds(port) for _ in range(ASKS))
        print(f"{'a day of 200 entries, whole page, ms':46}{'median':>9}{'worst':>9}")
        print(f"{'':46}{statistics.median(times):9.1f}{times[-1]:9.1f}")
        print(f"{'processor of the service, % of a core':46}")
        for name, pages, changes in (
            ("ten pages open, nothing changes", PAGES, False),
            ("ten pages open, a change each 10 s", PAGES, True),
            ("no page open", 0, False),
        ):
            print(
                f"{'  ' + name:46}{_processor(pid, port, pages, changes=changes):9.2f}", flush=True
            )


def _fill(var: Path) -> None:
    database = Database(f"sqlite:///{var / 'gdtbridge.sqlite'}")
    today = date.today()  # noqa: DTZ011 - the day of the practice
    fill(database, STOCK // 10, STOCK, today + timedelta(days=1))
    database.close()


def _place(port: int, number: int) -> None:
    patient = {"id": f"N{number}", "family_name": f"Neu{number:03}", "given_name": "Anna"}
    patient |= {"birth_date": "1960-01-02", "sex": "F"}
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=START_SECONDS)
    body = json.dumps({"patient": patient, "procedure": "Abdomen"})
    connection.request("POST", "/api/v1/worklist", body, {"Content-Type": "application/json"})
    answer = connection.getresponse()
    said = answer.read().decode()
    connection.close()
    if answer.status >= http.HTTPStatus.BAD_REQUEST:
        sys.exit(f"bench: an order was answered {answer.status}: {said}")


def _milliseconds(port: int) -> float:
    """Return how long the whole page takes, after a change that makes it anew."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=START_SECONDS)
    began = time.perf_counter()
    connection.request("GET", PAGE)
    answer = connection.getresponse()
    content = answer.read()
    took = (time.perf_counter() - began) * 1000
    connection.close()
    rows = content.count(b"data-row")
    if answer.status != http.HTTPStatus.OK or rows < ENTRIES:
        sys.exit(f"bench: {PAGE} was answered {answer.status} with {rows} rows")
    return took


def _processor(pid: int, port: int, pages: int, *, changes: bool) -> float:
    """Return the part of a core the service takes while pages are open."""
    over = threading.Event()
    threads = [threading.Thread(target=_follow, args=(port, over, n / pages)) for n in range(pages)]
    for thread in threads:
        thread.start()
    time.sleep(SETTLE_SECONDS)
    before, began = processor_seconds(pid) or 0.0, time.monotonic()
    number = 1000
    while time.monotonic() - began < PHASE_SECONDS:
        if changes:
            number += 1
            _place(port, number)
        time.sleep(CHANGE_SECONDS)
    used = (processor_seconds(pid) or 0.0) - before
    took = time.monotonic() - began
    over.set()
    for thread in threads:
        thread.join()
    return 100 * used / took


def _follow(port: int, over: threading.Event, first: float) -> None:
    """Ask for the page as its script does, until it is over; every page at another moment."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=START_SECONDS)
    revision = "-1"
    over.wait(first * POLL_SECONDS)
    while not over.is_set():
        connection.request("GET", PAGE, headers={FOLLOWS: revision})
        answer = connection.getresponse()
        content = answer.read()
        if found := re.search(rb'data-revision="([^"]+)"', content):
            revision = found[1].decode()
        over.wait(POLL_SECONDS)
    connection.close()
