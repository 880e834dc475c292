"""Values over time: how long a curve and the page of a patient with many values take."""

from __future__ import annotations

import http.client
import re
import statistics
import sys
import time
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import sqlalchemy as sa

from bench_tools.servers import START_SECONDS, bridge
from bench_tools.stock import fill
from gdtbridge.catalogue.catalogue import standard
from gdtbridge.database import Database
from gdtbridge.schema import claim, exam, exam_result, instance, report, report_value
from gdtbridge.trends.keeping import mark_of

EXAMS = 30
"""Exams of the patient who is looked at."""
VALUES = 60
"""Values of each."""
OTHERS = 20_000
"""Exams of other patients."""
NUMBER, SERIES = "CURVES", "S1"
ASKS = 30


def measure_curves(checkout: Path, folder: Path) -> None:
    """Print what the pages of a patient with 30 exams take."""
    var = folder / "var"
    var.mkdir()
    _fill(var)
    curve = f"nr={NUMBER}&wert={SERIES}"
    pages = {
        f"a curve of {EXAMS} exams": f"/verlauf?{curve}",
        "the same as a file": f"/verlauf/datei?{curve}",
        f"a patient with {VALUES} values over time": f"/patient?nr={NUMBER}",
    }
    with bridge(checkout, folder) as _:
        web = re.search(r"HTTP \S+ port (\d+)", (folder / "serve.log").read_text("utf-8"))
        if web is None:
            sys.exit("bench: the service has no HTTP port")
        print(f"{'values over time, whole page, ms':46}{'median':>9}{'worst':>9}")
        for name, path in pages.items():
            times = sorted(_milliseconds(int(web[1]), path) for _ in range(ASKS))
            print(f"{'  ' + name:46}{statistics.median(times):9.1f}{times[-1]:9.1f}", flush=True)


def _fill(var: Path) -> None:
    database = Database(f"sqlite:///{var / 'gdtbridge.sqlite'}")
    today = date.today()  # noqa: DTZ011 - the day of the practice
    fill(database, OTHERS // 10, OTHERS, today)
    with database.write(synced=False) as connection:
        numbers = {
            table.name: connection.execute(sa.select(sa.func.max(table.c.id))).scalar() or 0
            for table in (exam, claim, instance)
        }
        for at in range(EXAMS):
            day = today - timedelta(days=30 * (EXAMS - at))
            for table, row in _rows(at, day, {name: of + 1 + at for name, of in numbers.items()}):
                connection.execute(sa.insert(table), row)
    database.close()


def _rows(
    at: int, day: date, numbers: dict[str, int]
) -> Iterator[tuple[sa.Table, dict[str, object] | list[dict[str, object]]]]:
    """Yield what an exam with a report is in the database."""
    exam_id, claim_id, instance_id = numbers["exam"], numbers["claim"], numbers["instance"]
    study, moment = f"2.25.31.{at}", time.mktime(day.timetuple())
    times = dict.fromkeys(("first_instance_at", "last_instance_at"), moment)
    yield (
        exam,
        {
            "id": exam_id,
            "study_instance_uid": study,
            "state": "reported",
            "device": "US01",
            "instances": 1,
            **times,
        },
    )
    person = dict.fromkeys(("patient_name", "patient_birth_date", "patient_sex"), "")
    order = {"patient_id": NUMBER, "accession_number": "", **person}
    said = {"modality": "US", "study_description": "", "study_time": "101500"}
    yield (
        claim,
        {
            "id": claim_id,
            "exam_id": exam_id,
            "said": study,
            "study_date": f"{day:%Y%m%d}",
            "first_at": moment,
            "person": 1,
            "state": "settled",
            "number": NUMBER,
            **order,
            **said,
        },
    )
    sent = {"sha256": study, "size": 1, "file": f"{study}.dcm", "standing": "new"}
    uids = dict.fromkeys(("sop_instance_uid", "series_instance_uid"), f"{study}.1")
    yield (
        instance,
        {
            "id": instance_id,
            "sop_class_uid": "1.2.840.10008.5.1.4.1.1.88.33",
            "study_instance_uid": study,
            "transfer_syntax_uid": "1.2.840.10008.1.2.1",
            "calling_aet": "US01",
            "received_at": moment,
            "claim_id": claim_id,
            "told": True,
            **sent,
            **uids,
        },
    )
    yield exam_result, {"exam_id": exam_id, "route": "", "reported_at": moment, **order}
    known = {"exam_id": exam_id, "instance_id": instance_id, "sop_instance_uid": f"{study}.1"}
    yield report, {**known, "state": "reported", "catalogue": mark_of(standard())}
    words = ("kind", "code", "heading", "name", "method", "remarks", "place", "section")
    yield (
        report_value,
        [
            {
                "instance_id": instance_id,
                "position": value,
                "series": f"S{value}",
                **{name: f"{name} {value}" for name in words},
                **{name: str(40 + (at + value) % 9) for name in ("number", "value", "sent_value")},
                **dict.fromkeys(("number_unit", "unit"), "mm"),
                "of_child": False,
            }
            for value in range(VALUES)
        ],
    )


def _milliseconds(port: int, path: str) -> float:
    """Return how long a whole page takes."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=START_SECONDS)
    began = time.perf_counter()
    connection.request("GET", path)
    answer = connection.getresponse()
    answer.read()
    took = (time.perf_counter() - began) * 1000
    connection.close()
    if answer.status != http.HTTPStatus.OK:
        sys.exit(f"bench: {path} was answered {answer.status}")
    return took
