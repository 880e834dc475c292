"""Orders and worklist queries at any size of the list, beside DCMTK's wlmscpfs."""

from __future__ import annotations

import http.client
import re
import shutil
import statistics
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import datetime, timedelta
from io import BytesIO
from pathlib import Path
from urllib.parse import urlencode

from pydicom.dataset import Dataset
from pydicom.filewriter import write_dataset
from pydicom.filebase import DicomBytesIO

from bench_tools.servers import bridge, free_port, receiver
from gdtbridge.dicom.negotiation import MODALITY_WORKLIST
from tests.tools.device import RawAssociation, find_rq
from tests.tools.elements import IMPLICIT
from worklist import Entry, WorklistFolder, make_entry

SIZES = (10, 1_000, 10_000)
LARGEST = 100_000
"""Ours alone: a program that reads each file for each query would take minutes."""
ORDERS = 21
QUERIES = 51
STATIONS = 5
BEGINS = datetime(2026, 1, 1, 8)  # noqa: DTZ001 - local time, as a practice says it
"""Start of the first entry; the others follow, a hundred a day."""


def entry_of(number: int) -> Entry:
    """Return the entry of some number; each has a patient of its own."""
    day, place = divmod(number, 100)
    start = BEGINS + timedelta(days=day, minutes=5 * place)
    return make_entry(
        AccessionNumber=f"R{number:010d}",
        StudyInstanceUID=f"2.25.{number}",
        PatientID=str(number),
        PatientName=f"Müller{number}^Hans",
        PatientBirthDate=start.date().replace(year=1960),
        PatientSex="F",
        Modality="US",
        ScheduledStationAETitle=f"US{number % STATIONS}",
        RequestedProcedureDescription="Abdomen",
        ScheduledPerformingPhysicianName="",
        scheduled=start,
        created=start,
    )


def fill(folder: Path, entries: int) -> None:
    """Write entries through the folder's own code."""
    worklist = WorklistFolder(folder)
    with worklist.lock():
        for number in range(1, entries + 1):
            worklist.add(entry_of(number))
