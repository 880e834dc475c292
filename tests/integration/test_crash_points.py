"""The service is killed at one system call after the other, on the way from order to result.

`test_kill` kills at random moments; here every step of a small exam has its turn.
"""

from __future__ import annotations

import http.client
import subprocess
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlencode

import pytest

from gdtbridge.gdt.read.reader import read_records
from tests.tools.device import Closed, Instance, RawAssociation, store_rq
from tests.tools.service import NUMBER, Service, Study, traced
from tests.tools.waiting import wait_for

ALL_FROM = 100
"""``--kills`` from which every point is tried; below, one in `SPARSELY`."""
SPARSELY = 5


class Point(NamedTuple):
    """Where the service is killed: before the n-th such call of any one thread in a phase."""

    phase: str
    call: str
    n: int


REACHED = {
    # number, its copy in the folder, entry, its name: a file and its folder each
    ("order", "fsync"): (1, 2, 3, 4),
    ("order", "rename"): (1,),  # the counter
    ("order", "renameat2"): (1,),  # the entry
    ("order", "fdatasync"): (1, 2),  # the order with its mark; the mark gone
    # the first file, two folders above, its folder; then file and folder of the two others
    ("send", "fsync"): (1, 2, 3, 4, 5, 6, 7, 8),
    ("send", "mkdir"): (1, 2, 3),
    ("send", "rename"): (1, 2, 3),
    ("send", "pwrite64"): (1, 8, 30),
    ("send", "fdatasync"): (1, 2, 3),
    # two files: the temporary one, the folder, the folder after the renaming
    ("deliver", "fsync"): (1, 2, 3, 4, 5, 6),
    ("deliver", "renameat2"): (1, 2),
    ("deliver", "pwrite64"): (1, 4, 20),
    ("deliver", "fdatasync"): (1, 2, 3, 4, 5, 6),
    ("deliver", "unlink"): (1, 2, 3, 4, 5, 6),
}
POINTS = [Point(phase, call, n) for (phase, call), times in REACHED.items() for n in times]


@dataclass
class Practice:
    """A reception and a device that repeat what was not answered."""

    service: Service
    sample: Path
    numbers: dict[int, set[str]] = field(default_factory=dict)
    """Accession numbers that were answered, by study."""
    acknowledged: set[str] = field(default_factory=set)
    missed: list[Point] = field(default_factory=list)
    """Points the service did not come to."""

    def order(self, study: int) -> str | None:
        """Place an order; return its number, or nothing when there is no answer."""
        query = urlencode({"id": f"P{study}", "lastname": "Müller", "firstname": "J", "sex": 1})
        path = f"/worklist/add?{query}&birthdate=01.01.1980"
        web = http.client.HTTPConnection("127.0.0.1", self.service.ports["HTTP"], timeout=10)
        with closing(web):
            try:
                web.request("GET", path)
                (record,) = read_records(web.getresponse().read())
            except (OSError, http.client.HTTPException):
                return None
        (line,) = (text for text in record.all("6227") if text.startswith(NUMBER))
        number = line.removeprefix(NUMBER)
        self.numbers.setdefault(study, set()).add(number)
        return number

    def objects(self, study: Study) -> list[Instance]:
        """Return two images and a report."""
        return [study.image(1), study.image(2), study.report(self.sample)]

    def send(self, study: Study) -> bool:
        """Send everything in one association; return whether all of it was acknowledged."""
        instances = self.objects(study)
        try:
            with RawAssociation(self.service.ports["DICOM"]) as association:
                proposals = list(dict.fromkeys((one[0], (one[2],)) for one in instances))
                association.associate(proposals)
                for sop_class, uid, syntax, dataset in instances:
                    context = proposals.index((sop_class, (syntax,))) * 2 + 1
                    association.message(context, store_rq(sop_class, uid), dataset)
                    if association.response().status == 0:
                        self.acknowledged.add(uid)
                association.release()
        except (OSError, Closed):
            return False
        return True


def _until(point: Point, phase: str, practice: Practice, step: Callable[[], object]) -> bool:
    """Do one step of an exam; return whether the service was killed in it, as it should be.

    A step that was answered had fewer such calls this time: SQLite now and then begins its log
    anew.
    """
    if point.phase != phase:
        assert step()
        return False
    fault = f"{point.call}:signal=KILL:when={point.n}"
    options = ("-e", f"trace={point.call}", "-e", f"inject={fault}")
    with traced(practice.service.pid, *options):
        answered = step() and phase != "deliver"
        try:
            wait_for(lambda: not practice.service.is_running, 15, f"reaching {point}")
        except AssertionError:
            if not answered:
                raise
            practice.missed.append(point)
    return not practice.service.is_running


def _exam(practice: Practice, number: int, point: Point) -> None:
    """Let an exam run until the service is killed at ``point``; then finish it with a new one."""
    service = practice.service
    if _until(point, "order", practice, lambda: practice.order(number)):
        service.start()
        accession = practice.order(number)
    else:
        (accession,) = practice.numbers[number]
    assert accession is not None
    study = Study(number, accession)
    if _until(point, "send", practice, lambda: practice.send(study)):
        service.start()
        assert practice.send(study)
    if _until(point, "deliver", practice, lambda: True):
        service.start()
    assert practice.send(study)
    wait_for(service.settled, 30, f"reporting after {point}")
    found = service.results()
    assert (found[accession, "study"], found[accession, "values"]) == (1, 1), point
    assert all(service.has(uid) for _, uid, _, _ in practice.objects(study)), point


@pytest.mark.kill
@pytest.mark.timeout(600)
def test_every_crash_ends_with_one_result(
    tmp_path: Path, project: Path, request: pytest.FixtureRequest
) -> None:
    """Wherever it is killed, a new start and a sender that repeats lead to exactly one result."""
    if subprocess.run(["strace", "-V"], capture_output=True, check=False).returncode != 0:
        pytest.skip("strace is not installed")
    step = 1 if int(request.config.getoption("--kills")) >= ALL_FROM else SPARSELY
    points = POINTS[::step]
    sample = project / "samples" / "sr" / "thyroid.dcm"
    with Service(tmp_path, exam__quiet_seconds="0.3") as service:
        practice = Practice(service, sample)
        for number, point in enumerate(points, 1):
            _exam(practice, number, point)
        assert len(practice.missed) * 4 <= len(points), practice.missed
        assert all(service.has(uid) for uid in practice.acknowledged)
        given = Counter(one for numbers in practice.numbers.values() for one in numbers)
        assert set(given.values()) == {1}, "an accession number repeats"
        left = [path for path in service.gdt_out.iterdir() if path.suffix != ".gdt"]
        assert all(path.name.endswith("-w.tmp") for path in left), "a half file was left behind"
        assert list(service.spool.iterdir()) == []
        assert service.stop() == 0
