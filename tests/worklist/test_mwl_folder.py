"""The folder of .wl files: ours, others', broken ones, and several programs at once."""

from __future__ import annotations

import dataclasses
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import pytest
from pydicom import dcmread
from pydicom.dataset import Dataset

from worklist import (
    Entry,
    EntryError,
    FolderError,
    Match,
    WorklistFolder,
    to_dataset,
)
from worklist.form import encoded

Make = Callable[..., Entry]
Ask = Callable[..., Dataset]


def accessions(matches: object) -> list[str]:
    """Return the accession numbers of answers."""
    assert not isinstance(matches, Match)
    return [str(match.dataset.AccessionNumber) for match in matches]  # type: ignore[attr-defined]


def visible(path: Path) -> set[str]:
    """Return the file names without a leading dot."""
    return {file.name for file in path.iterdir() if not file.name.startswith(".")}


def test_an_added_entry_is_there_at_once(folder: WorklistFolder, make: Make, ask: Ask) -> None:
    """What add returns is found by every way of asking, and its file is named like the seed's."""
    entry = make(AccessionNumber="R0000000042")
    path = folder.add(entry)
    assert path.name == "R0000000042-20240115103015.wl"
    assert str(dcmread(path).PatientName) == "Müller^Hans"
    assert folder.get("R0000000042") == entry
    assert folder.by_study_uid(entry.StudyInstanceUID) == entry
    assert folder.entries() == (entry,)
    assert accessions(folder.find(ask())) == ["R0000000042"]
    assert folder.problems() == ()
    assert visible(folder.path) == {path.name, "lockfile"}


def test_a_removed_entry_is_gone_at_once(folder: WorklistFolder, make: Make, ask: Ask) -> None:
    """Removing deletes the file; removing again says there was nothing."""
    entry = make()
    path = folder.add(entry)
    assert folder.remove(entry.AccessionNumber)
    assert not path.exists()
    assert folder.get(entry.AccessionNumber) is None
    assert list(folder.find(ask())) == []
    assert not folder.remove(entry.AccessionNumber)


def test_a_replaced_entry_keeps_its_file(folder: WorklistFolder, make: Make) -> None:
    """New values stand under the old name."""
    entry = make()
    path = folder.add(entry)
    changed = dataclasses.replace(entry, ScheduledStationAETitle="US02")
    assert folder.replace(changed) == path
    assert folder.get(entry.AccessionNumber) == changed
    assert WorklistFolder(folder.path).entries() == (changed,)


def test_what_is_not_there_cannot_be_replaced(folder: WorklistFolder, make: Make) -> None:
    """Replacing never adds."""
    with pytest.raises(EntryError) as refused:
        folder.replace(make())
    assert refused.value.field == "AccessionNumber"
    assert folder.entries() == ()


def test_an_id_is_never_used_twice(folder: WorklistFolder, make: Make) -> None:
    """Neither an accession number nor a study UID gets a second entry."""
    first, second = make(), make()
    folder.add(first)
    with pytest.raises(EntryError) as refused:
        folder.add(dataclasses.replace(second, AccessionNumber=first.AccessionNumber))
    assert refused.value.field == "AccessionNumber"
    with pytest.raises(EntryError) as refused:
        folder.add(dataclasses.replace(second, StudyInstanceUID=first.StudyInstanceUID))
    assert refused.value.field == "StudyInstanceUID"
    folder.add(second)
    with pytest.raises(EntryError):
        folder.replace(dataclasses.replace(second, StudyInstanceUID=first.StudyInstanceUID))
    assert folder.entries() == (first, second)


@pytest.mark.parametrize("accession", ["../../etc/x", "A/B", "..", "R 1", "R-1", "R1\0"])
def test_no_accession_number_becomes_a_path(
    folder: WorklistFolder, make: Make, accession: str
) -> None:
    """Only letters, digits and underscores can name a file."""
    before = set(folder.path.parent.rglob("*"))
    with pytest.raises(EntryError) as refused:
        folder.add(dataclasses.replace(make(), AccessionNumber=accession))
    assert refused.value.field == "AccessionNumber"
    assert set(folder.path.parent.rglob("*")) == before


def test_other_programs_changes_are_seen(folder: WorklistFolder, make: Make, ask: Ask) -> None:
    """Files that come, change and go by other hands are followed."""
    entry = make(AccessionNumber="R0000000007")
    path = folder.path / "R0000000007-20240115103015.wl"
    path.write_bytes(encoded(entry))
    assert folder.entries() == (entry,)
    path.write_bytes(encoded(dataclasses.replace(entry, PatientID="4712")))
    assert [found.PatientID for found in folder.entries()] == ["4712"]
    path.unlink()
    assert folder.entries() == ()


def test_a_quick_change_of_equal_size_is_seen(folder: WorklistFolder, make: Make) -> None:
    """A file rewritten within one tick of its time stamp is read again."""
    entry = make(AccessionNumber="R0000000007")
    path = folder.path / "R0000000007-20240115103015.wl"
    path.write_bytes(encoded(entry))
    status = path.stat()
    assert len(folder.entries()) == 1
    path.write_bytes(encoded(dataclasses.replace(entry, PatientID="4712")))
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert [found.PatientID for found in folder.entries()] == ["4712"]


def test_the_folder_is_not_read_for_every_query(tmp_path: Path, make: Make, ask: Ask) -> None:
    """Within the interval a query answers from memory; a refresh looks at once."""
    folder = WorklistFolder(tmp_path, interval_seconds=3600.0)
    (tmp_path / "R0000000007-20240115103015.wl").write_bytes(
        encoded(make(AccessionNumber="R0000000007"))
    )
    assert list(folder.find(ask())) == []
    folder.refresh()
    assert accessions(folder.find(ask())) == ["R0000000007"]


def test_unchanged_files_are_not_read_again(
    folder: WorklistFolder, make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A rescan opens changed files only."""
    folder.add(make())
    read = Path.read_bytes
    opened: list[Path] = []

    def noted(path: Path) -> bytes:
        opened.append(path)
        return read(path)

    monkeypatch.setattr(Path, "read_bytes", noted)
    folder.refresh()
    assert len(folder.entries()) == 1
    assert [path for path in opened if path.suffix == ".wl"] == []


def test_a_running_answer_is_of_one_moment(folder: WorklistFolder, make: Make, ask: Ask) -> None:
    """Entries that come and go meanwhile do not disturb an answer under way."""
    first, second = make(), make()
    folder.add(first)
    folder.add(second)
    running = folder.find(ask())
    next(running)
    folder.remove(second.AccessionNumber)
    folder.add(make())
    assert accessions(running) == [second.AccessionNumber]


@pytest.fixture
def odd_files(folder: WorklistFolder, make: Make) -> dict[str, bytes]:
    """Put everything into the folder that is not an entry of ours."""
    complete = encoded(make(AccessionNumber="R0000000009", PatientID="f1"))
    incomplete = to_dataset(make(AccessionNumber="R0000000010"))
    del incomplete.StudyInstanceUID
    files = {
        "orthanc-1.wl": complete,
        "R0000000099-20240115103015.wl": complete.replace(b"f1", b"f2"),
        "broken.wl": b"not DICOM",
        "torn.wl": complete[: len(complete) // 2],
        "empty.wl": b"",
        "huge.wl": complete + b"\0" * (1 << 20),
        "deflated.wl": complete.replace(b"1.2.840.10008.1.2.1\0", b"1.2.840.10008.1.2.1.99"),
    }
    for name, data in files.items():
        (folder.path / name).write_bytes(data)
    incomplete.save_as(folder.path / "incomplete.wl", implicit_vr=False, little_endian=True)
    (folder.path / "directory.wl").mkdir()
    os.mkfifo(folder.path / "pipe.wl")
    (folder.path / "dangling.wl").symlink_to(folder.path / "nowhere")
    return files


def test_foreign_files_are_served_when_they_can_be(
    folder: WorklistFolder, odd_files: dict[str, bytes], ask: Ask
) -> None:
    """Another program's complete entry is offered, but it is none of ours."""
    found = {str(match.dataset.PatientID) for match in folder.find(ask())}
    assert found == {"f1", "f2"}
    assert folder.entries() == ()
    assert folder.get("R0000000009") is None


def test_what_is_not_ours_is_never_touched(
    folder: WorklistFolder, odd_files: dict[str, bytes], make: Make
) -> None:
    """Removing and replacing what a foreign file holds leaves every byte as it was."""
    for accession in ("R0000000009", "R0000000099", "R0000000010", "orthanc"):
        assert not folder.remove(accession)
        with pytest.raises(EntryError):
            folder.replace(make(AccessionNumber=accession))
    assert {name: (folder.path / name).read_bytes() for name in odd_files} == odd_files


def test_odd_files_are_reported(folder: WorklistFolder, odd_files: dict[str, bytes]) -> None:
    """Each has a reason; a name that leads nowhere is no file."""
    reasons = {problem.file_name: problem.reason for problem in folder.problems()}
    assert set(reasons) == {*odd_files, "incomplete.wl", "directory.wl", "pipe.wl"}
    assert (
        reasons["incomplete.wl"].endswith("not a readable DICOM file")
        or "StudyInstanceUID" in reasons["incomplete.wl"]
    )
    assert "never changed" in reasons["orthanc-1.wl"]
    assert "never changed" in reasons["R0000000099-20240115103015.wl"]


def test_odd_files_are_named_once_in_the_log(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """One line per file, with its name and nothing of its content."""
    path = tmp_path / "bro\nken.wl"
    path.write_bytes(b"Geheim^Patient")
    os.utime(path, (1_700_000_000, 1_700_000_000))
    folder = WorklistFolder(tmp_path, interval_seconds=0.0)
    for _ in range(3):
        folder.entries()
        folder.refresh()
    messages = [record.getMessage() for record in caplog.records if "ken.wl" in record.getMessage()]
    assert len(messages) == 1
    assert "\n" not in messages[0]
    assert "Geheim" not in messages[0]


def test_a_file_being_written_is_not_called_broken(
    folder: WorklistFolder, make: Make, caplog: pytest.LogCaptureFixture
) -> None:
    """Half a file that is a moment old is not in the log, and is an entry once it is whole."""
    entry = make(AccessionNumber="R0000000007")
    path = folder.path / "R0000000007-20240115103015.wl"
    path.write_bytes(encoded(entry)[:200])
    assert folder.entries() == ()
    assert not caplog.records
    path.write_bytes(encoded(entry))
    assert folder.entries() == (entry,)


def test_several_steps_in_one_file_are_several_answers(
    folder: WorklistFolder, make: Make, ask: Ask
) -> None:
    """Each answer holds exactly one scheduled procedure step."""
    dataset = dcmread(folder.add(make(AccessionNumber="R0000000007")))
    dataset.ScheduledProcedureStepSequence.append(
        to_dataset(make(ScheduledStationAETitle="US02")).ScheduledProcedureStepSequence[0]
    )
    dataset.save_as(folder.path / "two.wl", enforce_file_format=True)
    folder.remove("R0000000007")
    stations = [
        [str(step.ScheduledStationAETitle) for step in m.dataset.ScheduledProcedureStepSequence]
        for m in folder.find(ask())
    ]
    assert sorted(stations) == [["US01"], ["US02"]]
    assert len(list(folder.find(ask(ScheduledStationAETitle="US02")))) == 1


def test_two_entries_with_one_accession_number_are_told_apart(
    folder: WorklistFolder, make: Make, ask: Ask
) -> None:
    """The older file has the number, the other is reported, the study tells which to remove."""
    older, newer = make(AccessionNumber="R0000000001"), make(AccessionNumber="R0000000001")
    (folder.path / "R0000000001-20240115103015.wl").write_bytes(encoded(older))
    (folder.path / "R0000000001-20240115103016.wl").write_bytes(encoded(newer))
    assert folder.get("R0000000001") == older
    assert len(list(folder.find(ask()))) == 2
    assert [problem.file_name for problem in folder.problems()] == ["R0000000001-20240115103016.wl"]
    assert not folder.remove("R0000000001", study_uid="2.25.1")
    assert folder.remove("R0000000001", study_uid=newer.StudyInstanceUID)
    assert folder.entries() == (older,)


def test_a_seed_file_gets_its_age_from_its_name(folder: WorklistFolder, make: Make) -> None:
    """A file that does not tell when it was made is dated by its name."""
    entry = make(AccessionNumber="R0000000007", created=None)
    (folder.path / "R0000000007-20240114080000.wl").write_bytes(encoded(entry))
    (found,) = folder.entries()
    assert found.created == datetime.fromisoformat("2024-01-14 08:00:00")


def test_leftovers_of_a_crash_go_at_the_start(folder: WorklistFolder) -> None:
    """A temporary file of a writer that died is deleted, other hidden files are not."""
    left = folder.path / ".gdtbridge-0123456789abcdef.part"
    other = folder.path / ".hidden"
    left.touch()
    other.touch()
    WorklistFolder(folder.path)
    assert not left.exists()
    assert other.exists()


def test_a_folder_that_is_gone_is_an_error_not_an_empty_list(
    folder: WorklistFolder, make: Make, ask: Ask
) -> None:
    """A device must not be told that nobody is waiting when we cannot know."""
    for file in folder.path.iterdir():
        file.unlink()
    folder.path.rmdir()
    with pytest.raises(FolderError) as refused:
        folder.find(ask())
    assert refused.value.retriable
    with pytest.raises(FolderError):
        folder.add(make())


def test_an_empty_mount_point_is_no_worklist(
    folder: WorklistFolder, make: Make, ask: Ask, tmp_path: Path
) -> None:
    """Orders must not vanish in the folder below a share that is away."""
    away = tmp_path / "share"
    folder.path.rename(away)
    folder.path.mkdir()
    with pytest.raises(FolderError):
        folder.add(make())
    with pytest.raises(FolderError, match=r"lockfile is missing\. Mount the share; .* restart"):
        folder.refresh()
    assert not list(folder.path.glob("*.wl"))

    shutil.rmtree(folder.path)
    away.rename(folder.path)
    assert folder.add(make()).exists()


def test_many_threads_add_and_ask(folder: WorklistFolder, make: Make, ask: Ask) -> None:
    """Nothing is lost or torn when four threads write and read at once."""
    entries = [make() for _ in range(24)]
    errors: list[BaseException] = []

    def work(share: list[Entry]) -> None:
        try:
            for entry in share:
                folder.add(entry)
                found = list(folder.find(ask(AccessionNumber=entry.AccessionNumber)))
                assert len(found) == 1
                folder.remove(entry.AccessionNumber) if int(entry.AccessionNumber[1:]) % 2 else None
        except BaseException as error:  # noqa: BLE001
            errors.append(error)

    threads = [threading.Thread(target=work, args=(entries[i::4],)) for i in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert not errors
    assert len(folder.entries()) == 12
    assert visible(folder.path) == {
        "lockfile",
        *(f"{entry.AccessionNumber}-20240115103015.wl" for entry in folder.entries()),
    }


ADD_UNLESS_THERE = """
import sys
from datetime import datetime
from pathlib import Path
from worklist import WorklistFolder, make_entry
folder = WorklistFolder(Path(sys.argv[1]), interval_seconds=3600.0)
print("ready", flush=True)
sys.stdin.readline()
for patient in range(15):
    with folder.lock():
        if all(entry.PatientID != str(patient) for entry in folder.entries()):
            folder.add(make_entry(
                AccessionNumber=f"{sys.argv[2]}{patient:04d}", PatientID=str(patient),
                PatientName="A", scheduled=datetime(2024, 1, 15),
            ))
"""


@pytest.mark.slow
def test_the_lock_makes_reading_and_writing_one_step_between_processes(
    folder: WorklistFolder,
) -> None:
    """Two processes that add only what is missing never add anything twice."""
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", ADD_UNLESS_THERE, str(folder.path), letter],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        for letter in "AB"
    ]
    for process in processes:
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n"
    for process in processes:
        process.communicate(b"go\n", timeout=30)
        assert process.returncode == 0
    assert sorted(int(entry.PatientID) for entry in folder.entries()) == list(range(15))


def test_the_lock_may_be_taken_again(folder: WorklistFolder, make: Make) -> None:
    """A caller that holds the lock can add."""
    with folder.lock(), folder.lock():
        folder.add(make())
    assert len(folder.entries()) == 1
