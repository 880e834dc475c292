"""Orders and worklist queries at any size of the list, beside DCMTK's wlmscpfs."""

from __future__ import annotations

import http.client
import re
import shutil
import statistics
import sys
import time
from datetime import datetime, timedelta
from pathlib import Path
from urllib.parse import urlencode

from pydicom.dataset import Dataset
from pydicom.uid import ImplicitVRLittleEndian

from bench_tools.servers import START_SECONDS, bridge, free_port, receiver
from gdtbridge.dicom.identifier import encode_dataset
from gdtbridge.dicom.negotiation import MODALITY_WORKLIST
from tests.tools.device import RawAssociation, find_rq
from worklist import Entry, WorklistFolder, make_entry

SIZES = (10, 1_000, 10_000)
ORDERS = 21
CALM_SECONDS = 5
"""How long after a start is measured; in its first seconds a service looks at all its parts."""
QUERIES = 51
BEGINS = datetime(2026, 1, 1, 8)  # noqa: DTZ001 - local, as worklists are
"""Start of the first entry; the others follow, a hundred a day."""
MEMORY = Path("/dev/shm")
AET = "BENCH"
"""The called AE title, which is a folder for wlmscpfs."""
KEYS = ("PatientName", "AccessionNumber", "PatientBirthDate", "PatientSex", "StudyInstanceUID")
STEP_KEYS = ("Modality", "ScheduledStationAETitle", "ScheduledProcedureStepStartDate")


def entry_of(number: int) -> Entry:
    """Return the entry of some number; each has a patient of its own."""
    start = BEGINS + timedelta(days=number // 100, minutes=number % 100)
    return make_entry(
        AccessionNumber=f"R{number:010d}",
        StudyInstanceUID=f"2.25.{number}",
        PatientID=str(number),
        PatientName=f"Müller{number}^Hans",
        PatientBirthDate=start.date().replace(year=1960, month=1),
        PatientSex="F",
        Modality="US",
        ScheduledStationAETitle=f"US{number % 5}",
        RequestedProcedureDescription="Abdomen",
        ScheduledPerformingPhysicianName="",
        scheduled=start,
        created=start,
    )


def fill(folder: Path, entries: int) -> None:
    """Write a list through the folder's own code, in memory, and put it to its place."""
    place = MEMORY / folder.parent.name if MEMORY.is_dir() else folder
    worklist = WorklistFolder(place)
    with worklist.lock():
        for number in range(1, entries + 1):
            worklist.add(entry_of(number))
    if place != folder:
        shutil.copytree(place, folder)
        shutil.rmtree(place)


def query_for(number: int) -> bytes:
    """Return the query for one patient by number, as a device sends it."""
    query, step = Dataset(), Dataset()
    for keyword in KEYS:
        setattr(query, keyword, "")
    for keyword in STEP_KEYS:
        setattr(step, keyword, "")
    query.PatientID = str(number)
    query.ScheduledProcedureStepSequence = [step]
    return encode_dataset(query, ImplicitVRLittleEndian)


def queries(port: int, size: int) -> float:
    """Return the median milliseconds of a query with one match, on one open association."""
    times = []
    with RawAssociation(port, START_SECONDS) as association:
        proposals = [(MODALITY_WORKLIST, [str(ImplicitVRLittleEndian)])]
        association.associate(proposals, "US01", AET)
        for number in range(QUERIES):
            query = query_for(number * 37 % size + 1)
            began = time.perf_counter()
            association.message(1, find_rq(number + 1), query)
            statuses = [association.response().status for _ in range(2)]
            times.append(time.perf_counter() - began)
            if statuses[0] not in {0xFF00, 0xFF01} or statuses[1] != 0:
                sys.exit(f"bench: a query was answered {statuses}")
        association.release()
    return statistics.median(times) * 1000


def orders(port: int, size: int) -> float:
    """Return the median milliseconds of an order by HTTP."""
    times = []
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=START_SECONDS)
    for number in range(ORDERS):
        patient = size + number + 1
        path = "/worklist/add?" + urlencode(
            {
                "id": patient,
                "lastname": "Neu",
                "firstname": "Anna",
                "birthdate": "03.02.1970",
                "sex": 2,
            }
        )
        began = time.perf_counter()
        connection.request("GET", path)
        answer = connection.getresponse()
        said = answer.read()
        times.append(time.perf_counter() - began)
        if answer.status != http.HTTPStatus.OK:
            sys.exit(f"bench: an order was answered {answer.status}: {said!r}")
    connection.close()
    return statistics.median(times) * 1000


def ask_wlmscpfs(root: Path, size: int) -> float | None:
    """Return the same of DCMTK's server on the same folder; None where it is not installed."""
    if shutil.which("wlmscpfs") is None:
        return None
    port = free_port()
    with receiver(["wlmscpfs", "-dfp", str(root), "-csk", str(port)], port, AET):
        return queries(port, size)


def measure_worklist(checkout: Path, folder: Path, size: int) -> None:
    """Print what an order and a query take with ``size`` entries on the list."""
    list_of = folder / AET
    fill(list_of, size)
    wanted = {"WORKLIST__FOLDER": str(list_of), "WORKLIST__MIN_AGE_HOURS": "1000000"}
    began = time.monotonic()
    with bridge(checkout, folder, **wanted) as (port, _):
        started = time.monotonic() - began
        time.sleep(CALM_SECONDS)
        web = re.search(r"HTTP \S+ port (\d+)", (folder / "serve.log").read_text("utf-8"))
        if web is None:
            sys.exit("bench: the service has no HTTP port")
        found = {"an order, ms": orders(int(web[1]), size), "a query, ms": queries(port, size)}
    peer = ask_wlmscpfs(folder, size)
    found |= {"a start, s": started}
    for name, value in found.items():
        print(f"{f'{size} entries: {name}':50}{value:.2f}")
    if peer is not None:
        print(f"{f'{size} entries: a query of wlmscpfs, ms':50}{peer:.2f}")
