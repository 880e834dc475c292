"""The running service while the clock of the machine jumps: results leave, entries stay."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from gdtbridge.durable.clock import BELIEVED_SINCE
from gdtbridge.gdt.read.reader import read_records
from gdtbridge.people import Patient
from gdtbridge.service import Bridge
from gdtbridge.settings import load_settings
from tests.tools.device import send_raw
from tests.tools.elements import EXPLICIT, US_IMAGE, identification
from tests.tools.judgement import Judged, Judgement
from tests.tools.service import Service
from tests.tools.surgery import Surgery, image, person
from tests.tools.waiting import wait_for

pytestmark = pytest.mark.slow  # starts whole services

SOURCE = Path(__file__).parents[1] / "tools" / "wall_clock.c"
HOUR = 3600
YEARS = 30 * 365 * 24 * HOUR
JUMPS = (2, HOUR, -HOUR, 30 * 24 * HOUR, YEARS, -YEARS)
"""Seconds from the right time, one after the other; in the end the time is right again."""
PROMPT_SECONDS = 60
"""A result leaves in so many seconds, on a busy machine; the pause is 0.2 s."""
SETTINGS = {"exam__quiet_seconds": "0.2", "worklist__cleanup_seconds": "1"}
ANNA = person("1", "Muster^Anna", "01.02.2019")


class TurnedService(Service):
    """A service whose wall clock a test turns; its monotonic clock runs on."""

    library: Path

    @property
    def offset(self) -> Path:
        """The file that says by how many seconds the clock is wrong."""
        return self.root / "offset"

    def environment(self) -> dict[str, str]:
        """Return the environment with the library that turns the clock."""
        return super().environment() | {
            "LD_PRELOAD": str(self.library),
            "WALL_CLOCK_OFFSET": str(self.offset),
        }

    def turn(self, seconds: float) -> None:
        """Let the clock be wrong by so many seconds from now on."""
        self.offset.touch()
        with self.offset.open("r+b") as file:  # in place: the process has mapped it
            file.write(int(seconds).to_bytes(8, sys.byteorder, signed=True))

    @property
    def memory(self) -> int:
        """Resident memory of the process, in MB."""
        status = Path(f"/proc/{self.pid}/status").read_text()
        (line,) = (line for line in status.splitlines() if line.startswith("VmRSS"))
        return int(line.split()[1]) // 1024

    def attention(self) -> list[str]:
        """Return the kinds of what needs a person, as a command beside the service lists them."""
        said = self.command("attention", "list", "--json").stdout
        return [one["kind"] for one in json.loads(said)]


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the library that turns the clock of a process."""
    compiler = shutil.which("cc")
    if compiler is None or sys.platform != "linux":
        pytest.skip("the wall clock of a process can be turned on Linux with a C compiler only")
    made = tmp_path_factory.mktemp("clock") / "wall_clock.so"
    subprocess.run([compiler, "-shared", "-fPIC", "-o", made, SOURCE], check=True)
    return made


@pytest.fixture
def turned(tmp_path: Path, library: Path) -> Iterator[TurnedService]:
    """Return a service that is not started yet."""
    bridge = TurnedService(tmp_path, **SETTINGS)
    bridge.library = library
    bridge.turn(0)
    yield bridge
    if bridge.is_running:
        bridge.kill()


def examine(bridge: TurnedService, patient: Patient) -> None:
    """Let a device send an exam; its result must be in the folder promptly."""
    Surgery(bridge).send(image(f"2.25.{patient.id}", "1", patient))
    wait_for(lambda: results(bridge, patient), PROMPT_SECONDS, "the result")


def nth(number: int) -> Patient:
    """Return a patient with a number of their own."""
    return person(str(number), "Muster^Anna", "01.02.2019")


def results(bridge: TurnedService, patient: Patient) -> Counter[str]:
    """Count the results in the folder by the patient's number; only this one's."""
    files = [path.read_bytes() for path in bridge.gdt_out.glob("*.gdt")]
    numbers = [str(found.first("3000")) for data in files for found in read_records(data)]
    return Counter(number for number in numbers if number == patient.id)


def listed(bridge: TurnedService, accession_number: str) -> Counter[str]:
    """Count the entries an order has in the worklist's folder, by its number."""
    entries = (bridge.root / "var" / "worklist").glob(f"{accession_number}-*.wl")
    return Counter(accession_number for _ in entries)


def test_results_leave_whatever_the_clock_does(turned: TurnedService, judged: Judged) -> None:
    """From a second to thirty years, there and back; the entry of the morning is still listed."""
    with turned:
        order = Surgery(turned).order(person("2", "Warten^Willi", "03.04.1950"))
        examine(turned, nth(100))
        judgements: dict[int, Judgement] = {}
        for number, seconds in enumerate((*JUMPS, 0), 200):
            turned.turn(seconds)
            examine(turned, nth(number))
            entries = listed(turned, order)
            judgements[number] = Judgement().count("entry", {order}, entries)
        cleaned = time.monotonic() + 3
        wait_for(lambda: time.monotonic() > cleaned, what="some clean-ups")
        for number, judgement in judgements.items():
            judgement.count("result", {str(number)}, results(turned, nth(number)))
        judged("clock jumps", *judgements.values())
        assert listed(turned, order)
        assert "clock-jumped" in turned.attention()
        assert turned.memory < 300
        assert turned.stop() == 0
    assert "the clock of this machine jumped from" in turned.log.read_text()


def test_a_start_in_1970_is_put_right(turned: TurnedService, judged: Judged) -> None:
    """Orders are taken, results leave, and when the time is right the entries are of today."""
    turned.turn(HOUR - time.time())
    with turned:
        surgery = Surgery(turned)
        first = surgery.order(ANNA)
        examine(turned, ANNA)
        assert "clock-jumped" in turned.attention()
        last = surgery.order(person("2", "Warten^Willi", "03.04.1950"))
        turned.turn(0)
        query = f"SELECT min(ordered_at) FROM placed_order WHERE ordered_at > {BELIEVED_SINCE}"
        wait_for(lambda: turned.rows(query)[0][0] != "None", what="the right time")
        examine(turned, nth(101))
        day = time.strftime("%Y-%m-%d")
        query = "SELECT accession_number, scheduled FROM placed_order WHERE listing IS NULL"
        wait_for(lambda: len(turned.rows(query)) == 2, what="the entries")
        orders = [number for number, _ in turned.rows(query)]
        assert all(scheduled.startswith(day) for _, scheduled in turned.rows(query))
        assert listed(turned, last)
        judgements = [
            Judgement().count("order", {number}, Counter(one for one in orders if one == number))
            for number in (first, last)
        ]
        for judgement, patient in zip(judgements, (ANNA, nth(101)), strict=True):
            judgement.count("result", {patient.id}, results(turned, patient))
        judged("clock jumps", *judgements)


def test_an_exam_is_reported_when_its_pause_is_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody waits for a tick: here the next is in an hour."""
    monkeypatch.setattr("gdtbridge.service.jobs.TICK_SECONDS", HOUR)
    monkeypatch.setattr("gdtbridge.service.jobs.RECONSIDER_SECONDS", HOUR)
    environ = {
        "GDTBRIDGE_DICOM__PORT": "0",
        "GDTBRIDGE_HTTP__PORT": "0",
        "GDTBRIDGE_EXAM__QUIET_SECONDS": "0.2",
        "GDTBRIDGE_EXAM__DATE_HOLD_DAYS": "0",
    }
    (tmp_path / "gdtbridge.toml").touch()
    settings = load_settings(tmp_path / "gdtbridge.toml", environ)
    bridge = Bridge(settings)
    bridge.start()
    try:
        for number in (1, 2):
            uid = f"2.25.7.{number}"
            dataset = identification(SOPInstanceUID=uid, StudyInstanceUID="2.25.7")
            assert send_raw(bridge.dicom_port, [(US_IMAGE, uid, EXPLICIT, dataset)]) == [0]
        wait_for(lambda: any(settings.gdt_out.glob("*.gdt")), what="the result")
    finally:
        bridge.stop()
