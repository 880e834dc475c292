"""The reading process: limits, death, idleness, threads."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from gdtbridge.sandbox.answer import ChildAnswer
from gdtbridge.sandbox.client import result_of
from gdtbridge.sr import (
    NotAReportError,
    ReportError,
    ReportHindered,
    ReportLimitError,
    ReportReader,
    UnreadableReportError,
    read_report,
)
from gdtbridge.sr.reader import READ_REPORT, REPORTS
from tests.sr.builder import (
    LVIDD,
    PROPERTY,
    code,
    dataset,
    echo_section,
    num,
    row,
    sonoscape,
    write,
)
from tests.tools.waiting import wait_for


@pytest.fixture
def report_file(tmp_path: Path) -> Path:
    """Return a small report."""
    return write(dataset(echo_section(num(LVIDD, "4.80", "cm"))), tmp_path / "ä report.dcm")


def endless(tmp_path: Path) -> Path:
    """Return a name that opens but never ends: a pipe nobody writes to."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    return pipe


def test_child_says_what_this_process_would(tmp_path: Path, report_file: Path) -> None:
    """Every field survives the way between the processes."""
    other = write(sonoscape(row("A", "Größe", "-1", "-20.60")), tmp_path / "sono.dcm")
    limit = num("SRT|R-41F90|Normal Range Lower Limit", "20", "%", rel=PROPERTY)
    plane = code("99X|7|Plane", "99X|8|Far")
    rich = write(dataset(echo_section(num(LVIDD, "1", "cm", limit, plane))), tmp_path / "rich.dcm")
    with ReportReader() as reading:
        for path in (report_file, other, rich):
            assert reading.read(path) == read_report(path)
            assert reading.read(path, explain=True) == read_report(path, explain=True)
        assert len(reading.processes()) == 1


@pytest.mark.parametrize(
    ("content", "error"),
    [(b"no DICOM", UnreadableReportError), (bytes(128) + b"DICM", NotAReportError)],
)
def test_errors_arrive_as_themselves(
    tmp_path: Path, content: bytes, error: type[ReportError]
) -> None:
    """The leaf of the tree survives the way, and the child serves on."""
    path = tmp_path / "bad.dcm"
    path.write_bytes(content)
    with ReportReader() as reading:
        with pytest.raises(error):
            reading.read(path)
        before = reading.processes()
        with pytest.raises(ReportHindered):
            reading.read(tmp_path / "missing.dcm")
        assert reading.processes() == before


def test_late_child_is_killed_and_replaced(tmp_path: Path, report_file: Path) -> None:
    """A report that takes too long costs its time and no more."""
    with ReportReader(seconds=3) as reading:
        reading.read(report_file)
        (first,) = reading.processes()
        started = time.monotonic()
        with pytest.raises(ReportLimitError):
            reading.read(endless(tmp_path))
        assert time.monotonic() - started < 30
        assert reading.processes() == ()
        assert len(reading.read(report_file).measurements) == 1
        assert reading.processes() != (first,)


def test_child_killed_while_idle_is_replaced(report_file: Path) -> None:
    """The system's killer may strike between two reports without anybody noticing."""
    with ReportReader() as reading:
        reading.read(report_file)
        os.kill(reading.processes()[0], signal.SIGKILL)
        wait_for(lambda: reading.processes() == ())
        assert len(reading.read(report_file).measurements) == 1


def test_child_killed_at_work_is_a_limit(tmp_path: Path) -> None:
    """Whoever killed it: this report could not be read."""
    with ReportReader() as reading, ThreadPoolExecutor(1) as pool:
        pending = pool.submit(reading.read, endless(tmp_path))
        wait_for(lambda: len(reading.processes()) == 1)
        os.kill(reading.processes()[0], signal.SIGKILL)
        with pytest.raises(ReportLimitError):
            pending.result(timeout=60)


def test_memory_is_limited(tmp_path: Path) -> None:
    """A child that needs more than it may says so or dies; the parent gets a `ReportLimitError`."""
    big = tmp_path / "big.dcm"
    with big.open("wb") as file:
        file.write(bytes(128) + b"DICM")
        file.truncate(30 * 1024 * 1024)
    limited = ReportReader(memory_bytes=70 * 1024 * 1024)
    with limited, pytest.raises(ReportLimitError):
        limited.read(big)


def test_idle_child_ends(report_file: Path) -> None:
    """Nobody pays for a process that nobody needs."""
    with ReportReader(idle_seconds=0.1) as reading:
        reading.read(report_file)
        wait_for(lambda: reading.processes() == ())
        assert len(reading.read(report_file).measurements) == 1


def test_threads_share_a_reader(report_file: Path) -> None:
    """Many callers, two processes, every answer to its caller."""
    with ReportReader(processes=2) as reading, ThreadPoolExecutor(6) as pool:
        reports = list(pool.map(reading.read, [report_file] * 24))
        assert all(report == reports[0] for report in reports)
        assert 1 <= len(reading.processes()) <= 2


def test_closing_ends_what_is_being_read(tmp_path: Path) -> None:
    """Stopping the service waits for no report."""
    reading = ReportReader()
    with ThreadPoolExecutor(1) as pool:
        pending = pool.submit(reading.read, endless(tmp_path))
        wait_for(lambda: len(reading.processes()) == 1)
        reading.close()
        with pytest.raises(ReportLimitError):
            pending.result(timeout=60)
    with pytest.raises(ReportLimitError):
        reading.read(tmp_path / "any.dcm")


def test_program_that_cannot_start_is_a_limit(
    report_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A broken installation is one clear error."""
    monkeypatch.setattr(sys, "executable", "/nonexistent/python")
    with ReportReader() as reading, pytest.raises(ReportLimitError):
        reading.read(report_file)


def test_child_sees_no_secrets_and_says_nothing(
    report_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Tokens of the service are not passed on."""
    monkeypatch.setenv("GDTBRIDGE_HTTP__TOKEN", "secret-of-the-service")
    with ReportReader() as reading:
        reading.read(report_file)
        (pid,) = reading.processes()
        assert b"secret-of-the-service" not in Path(f"/proc/{pid}/environ").read_bytes()


def test_child_writes_only_answers(tmp_path: Path, report_file: Path) -> None:
    """Nothing of a file appears on standard error."""
    bad = tmp_path / "Müller^Erika.dcm"
    bad.write_bytes(bytes(128) + b"DICM" + b"\x08\x00\x05\x00CS\x04\x00ABCD" + b"\xff" * 99)
    requests = "".join(
        json.dumps({"task": READ_REPORT.function, "arguments": {"path": str(path)}}) + "\n"
        for path in (bad, report_file)
    )
    done = subprocess.run(
        [sys.executable, "-m", "gdtbridge.sandbox.child", REPORTS.place, "5", str(512 << 20)],
        input=requests + "no json\n",
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    ready, refused, read, garbled = done.stdout.splitlines()
    assert (json.loads(ready), done.stderr) == ({"ready": True}, "")
    assert json.loads(refused)["error"] == "NotAReportError"
    assert result_of(REPORTS, READ_REPORT, ChildAnswer(read.encode())) == read_report(report_file)
    assert json.loads(garbled)["error"] == "UnreadableReportError"
