"""``gdtbridge order FILE``: exit statuses, files from elsewhere, and the service beside it."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from gdtbridge.folders import OrderFiles, program, run
from gdtbridge.folders.program import ExitStatus
from gdtbridge.parts import exchanges_of
from tests.tools.practice import Reports
from tests.tools.reception import Reception, record

pytestmark = pytest.mark.slow  # starts programs


class Call:
    """One call of the program, with what it said."""

    def __init__(self, reception: Reception, file: Path, wait: float | None = None) -> None:
        self.said: list[str] = []
        self.complaints: list[str] = []
        self.status = run(reception.files, file, wait, self.said.append, self.complaints.append)


def test_a_file_from_elsewhere(reception: Reception, tmp_path: Path) -> None:
    """It is placed, archived and removed; the accession number is printed."""
    file = tmp_path / "AUFTRAG.GDT"
    file.write_bytes(record())
    call = Call(reception, file)
    assert call.status == ExitStatus.DONE
    assert call.said == [reception.entry.AccessionNumber]
    assert not file.exists()
    assert reception.archived() == [record()]
    assert reception.left() == []


def test_the_same_call_twice(reception: Reception, tmp_path: Path) -> None:
    """A repeated call answers with the same number."""
    calls = []
    for _ in range(2):
        (tmp_path / "A.GDT").write_bytes(record())
        calls.append(Call(reception, tmp_path / "A.GDT").said)
    assert calls[0] == calls[1] == [reception.entry.AccessionNumber]


def test_a_refused_order(reception: Reception, tmp_path: Path) -> None:
    """The reason is said, status 1."""
    file = tmp_path / "A.GDT"
    file.write_bytes(record(f3000=None))
    call = Call(reception, file)
    assert call.status == ExitStatus.REFUSED
    assert "Feld 3000" in call.complaints[0]
    assert len(reception.refusals()) == 1


@pytest.mark.parametrize("kind", ["missing", "folder", "result", "large"])
def test_what_is_no_order_is_left_where_it_is(
    reception: Reception, tmp_path: Path, kind: str
) -> None:
    """A wrong argument moves nothing."""
    file = tmp_path / "X.GDT"
    if kind == "folder":
        file.mkdir()
    elif kind != "missing":
        file.write_bytes(record("6310") if kind == "result" else b"x" * (10 * 1024 * 1024 + 1))
    call = Call(reception, file)
    assert call.status == ExitStatus.REFUSED
    assert len(call.complaints) == 1
    assert file.exists() == (kind != "missing")


def test_the_service_was_faster(reception: Reception) -> None:
    """The call answers for the file that is not there any more, but only for a moment."""
    file = reception.drop(record())
    reception.look()
    call = Call(reception, file)
    assert (call.status, call.said) == (ExitStatus.DONE, [reception.entry.AccessionNumber])
    reception.practice.clock.seconds += program.AT_ONCE_SECONDS + 5
    assert Call(reception, file).status == ExitStatus.REFUSED


def test_the_service_died_with_the_file(reception: Reception) -> None:
    """A file that was claimed and not finished is finished by the call."""
    from gdtbridge.folders.claims import claim

    file = reception.drop(record())
    claim(file)
    assert Call(reception, file).status == ExitStatus.DONE
    assert reception.entry.PatientID == "4711"
    assert reception.left() == []


def test_drop_and_call_at_once(reception: Reception, monkeypatch: pytest.MonkeyPatch) -> None:
    """Service and program race for the same file: one order, one archived file, status 0."""
    for number in range(12):
        monkeypatch.setattr(program, "QUIET_SECONDS", number % 3 / 10)
        file = reception.drop(record(f3000=f"P{number}"))
        reception.watch.look()
        reception.practice.clock.seconds += 2
        statuses: list[int] = []
        caller = threading.Thread(target=_call, args=(reception, file, statuses))
        caller.start()
        while caller.is_alive():
            reception.watch.look()
        caller.join()
        assert statuses == [ExitStatus.DONE]
    assert {entry.PatientID for entry in reception.entries()} == {f"P{n}" for n in range(12)}
    assert len(reception.entries()) == len(reception.archived()) == 12


def _call(reception: Reception, file: Path, statuses: list[int]) -> None:
    """Call as another process would: with locks of its own."""
    files = OrderFiles(
        reception.settings,
        reception.files.ports,
        exchanges_of(reception.practice.core.routing, reception.settings),
        reception.practice.clock,
    )
    statuses.append(run(files, file, None, lambda _: None, lambda _: None))


def test_two_calls_at_once(reception: Reception, tmp_path: Path) -> None:
    """The same bytes from two programs are one order."""
    statuses: list[int] = []

    def call(name: str) -> None:
        (tmp_path / name).write_bytes(record())
        statuses.append(Call(reception, tmp_path / name).status)

    callers = [threading.Thread(target=call, args=(f"{n}.GDT",)) for n in range(4)]
    for caller in callers:
        caller.start()
    for caller in callers:
        caller.join()
    assert statuses == [ExitStatus.DONE] * 4
    assert reception.entry.PatientID == "4711"


class TestWaiting:
    """``--wait`` until the result exists."""

    def test_in_vain(self, reception: Reception, tmp_path: Path) -> None:
        """Without an exam the order is placed and the status says so."""
        (tmp_path / "A.GDT").write_bytes(record())
        call = Call(reception, tmp_path / "A.GDT", wait=0.2)
        assert call.status == ExitStatus.NO_RESULT
        assert reception.entry.PatientID == "4711"

    def test_until_the_file_is_there(self, reception: Reception, tmp_path: Path) -> None:
        """A result counts when it lies in the practice's folder, not when it is queued."""
        practice = reception.practice
        (tmp_path / "A.GDT").write_bytes(record())
        assert Call(reception, tmp_path / "A.GDT").status == ExitStatus.DONE
        entry = reception.entry
        out = practice.core.reporting.results_arrived
        assert not out(entry.AccessionNumber)
        practice.send(StudyInstanceUID=entry.StudyInstanceUID, PatientID="4711")
        assert not out(entry.AccessionNumber)
        practice.clock.seconds += practice.quiet
        practice.core.reporting.report_due()
        assert not out(entry.AccessionNumber)
        practice.wait()
        assert out(entry.AccessionNumber)
        (tmp_path / "A.GDT").write_bytes(record())
        assert Call(reception, tmp_path / "A.GDT", wait=5).status == ExitStatus.DONE

    @pytest.mark.parametrize("settings_text", ['[gdt]\ndialect = "t2med"\n'])
    def test_until_the_first_of_several_files_is_there(
        self, reception: Reception, tmp_path: Path, project: Path
    ) -> None:
        """Who waits for results collects them: what waits for that does not keep them waiting."""
        practice = reception.practice
        (tmp_path / "A.GDT").write_bytes(record())
        assert Call(reception, tmp_path / "A.GDT").status == ExitStatus.DONE
        entry, out = reception.entry, practice.core.reporting.results_arrived
        study = {"StudyInstanceUID": entry.StudyInstanceUID, "PatientID": "4711"}
        practice.send(**study)
        Reports(project, practice, tmp_path).send("echo.dcm", **study)
        earlier = practice.out / "T2MEGDTB.GDT"
        earlier.write_bytes(b"not collected yet")
        practice.wait()
        assert not out(entry.AccessionNumber)
        earlier.unlink()
        practice.wait(3)
        assert out(entry.AccessionNumber)
        assert practice.files() == ["T2MEGDTB.GDT"]


def test_a_worklist_that_is_away(reception: Reception, tmp_path: Path) -> None:
    """Status 4: call again; what the call has taken is finished by the service later."""
    folder = reception.practice.worklist.path
    folder.rename(folder.with_name("gone"))
    file = tmp_path / "A.GDT"
    file.write_bytes(record())
    assert Call(reception, file).status == ExitStatus.LATER
    folder.with_name("gone").rename(folder)
    file.write_bytes(record())
    assert Call(reception, file).status == ExitStatus.DONE
    reception.look()
    assert reception.entry.PatientID == "4711"
    assert reception.left() == []
