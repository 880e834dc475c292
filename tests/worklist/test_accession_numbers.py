"""Accession numbers never repeat, whatever happens to the counter or to the process."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from worklist import AccessionNumbers, FolderError, NumbersExhausted
from worklist.accession import COUNTER, MIRROR, SKIP


def number(accession: str) -> int:
    """Return the number in ``R0000000042``."""
    assert accession[0] == "R"
    assert len(accession) == 11
    return int(accession[1:])


def test_a_fresh_folder_starts_at_one(tmp_path: Path) -> None:
    """Numbers count up without gaps while nothing goes wrong, also over a restart."""
    numbers = AccessionNumbers(tmp_path / "worklist")
    assert [numbers.next(), numbers.next()] == ["R0000000001", "R0000000002"]
    assert AccessionNumbers(tmp_path / "worklist").next() == "R0000000003"


@pytest.mark.parametrize("content", ["42", "42\n", " 42 ", "0000000042"])
def test_the_seeds_counter_is_taken_over(tmp_path: Path, content: str) -> None:
    """The file of the system before us names the next number."""
    (tmp_path / COUNTER).write_text(content)
    numbers = AccessionNumbers(tmp_path)
    assert numbers.next() == "R0000000042"
    assert (tmp_path / COUNTER).read_text().strip() == "43"


def test_names_in_the_folder_are_taken(tmp_path: Path) -> None:
    """A counter that fell behind the entries (the seed's restarted at 1) is corrected."""
    (tmp_path / COUNTER).write_text("3")
    (tmp_path / "R0000000057-20240115103015.wl").touch()
    (tmp_path / "R0000000012-20240115103015.wl").touch()
    (tmp_path / "X0000000099-20240115103015.wl").touch()
    (tmp_path / "R0000000098-20240115103015.txt").touch()
    assert AccessionNumbers(tmp_path).next() == "R0000000058"


def test_the_floor_is_taken(tmp_path: Path) -> None:
    """No number up to the floor is given, and a higher counter wins."""
    assert AccessionNumbers(tmp_path, floor=1000).next() == "R0000001001"
    assert AccessionNumbers(tmp_path, floor=10).next() == "R0000001002"


@pytest.mark.parametrize(
    "damage", [b"", b"\0\0\0", b"4x", b"-5", b"4_2", b"R42", "٤٢".encode(), b"9" * 40, b"0"]
)
def test_a_damaged_counter_skips_what_nobody_remembers(tmp_path: Path, damage: bytes) -> None:
    """Numbers go on a million higher, with a warning and without the second copy's help."""
    numbers = AccessionNumbers(tmp_path)
    given = {numbers.next() for _ in range(5)}
    (tmp_path / COUNTER).write_bytes(damage)
    (tmp_path / MIRROR).unlink()
    later = AccessionNumbers(tmp_path).next()
    assert later not in given
    assert number(later) == SKIP + 1


def test_a_lost_counter_is_survived(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """The second copy remembers what the first one said."""
    numbers = AccessionNumbers(tmp_path, floor=2_500_000)
    numbers.next()
    (tmp_path / COUNTER).unlink()
    assert number(AccessionNumbers(tmp_path).next()) == 3 * SKIP + 1
    assert "lost or damaged" in caplog.text


def test_a_counter_from_an_old_backup_is_not_believed(tmp_path: Path) -> None:
    """The second copy is ahead and wins, in the running process and in the next."""
    numbers = AccessionNumbers(tmp_path)
    for _ in range(9):
        numbers.next()
    (tmp_path / COUNTER).write_text("2\n")
    assert numbers.next() == "R0000000010"
    (tmp_path / COUNTER).write_text("2\n")
    assert AccessionNumbers(tmp_path).next() == "R0000000011"


def test_two_losses_in_a_row_do_not_repeat(tmp_path: Path) -> None:
    """A second loss skips on from the first one."""
    given = []
    for _ in range(3):
        numbers = AccessionNumbers(tmp_path)
        given += [numbers.next(), numbers.next()]
        (tmp_path / COUNTER).write_bytes(b"")
    assert len(set(given)) == 6
    assert sorted(given) == given


def test_a_stray_file_name_does_not_use_up_the_numbers(tmp_path: Path) -> None:
    """A name in the last tenth of the range is not one of ours."""
    (tmp_path / "R9999999999-20240115103015.wl").touch()
    assert AccessionNumbers(tmp_path).next() == "R0000000001"


def test_the_end_of_the_range_is_an_error(tmp_path: Path) -> None:
    """The last number is given once, then none."""
    (tmp_path / COUNTER).write_text("99")
    numbers = AccessionNumbers(tmp_path, width=2)
    assert numbers.next() == "R99"
    for _ in range(2):
        with pytest.raises(NumbersExhausted):
            numbers.next()


@pytest.mark.parametrize(("prefix", "width"), [("R-", 10), ("", 10), ("Ä", 4), ("R", 16)])
def test_only_safe_short_numbers_are_made(tmp_path: Path, prefix: str, width: int) -> None:
    """A number must be a legal SH value and a safe file name."""
    with pytest.raises(ValueError, match="SH"):
        AccessionNumbers(tmp_path, prefix=prefix, width=width)


class PowerCut(BaseException):
    """The machine stops here."""


@pytest.mark.parametrize("call", ["fsync", "open", "replace"])
def test_no_stop_at_any_instruction_repeats_a_number(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    """Wherever a call stops, the next process gives numbers nobody has."""
    given: list[str] = []
    real = getattr(os, call)
    for stop_at in range(1, 8):
        calls = iter(range(1, 1000))

        def stopping(
            *args: object,
            calls: object = calls,
            stop: int = stop_at,
            dir_fd: int | None = None,
        ) -> object:
            if next(calls) == stop:  # type: ignore[call-overload]
                raise PowerCut
            return real(*args)

        with monkeypatch.context() as patch:
            patch.setattr(os, call, stopping)
            try:
                numbers = AccessionNumbers(tmp_path)
                given += [numbers.next(), numbers.next()]
            except PowerCut:
                pass
        given.append(AccessionNumbers(tmp_path).next())
    assert len(given) > 7
    assert len(set(given)) == len(given)


def test_threads_share_one_counter(tmp_path: Path) -> None:
    """Eight threads get eighty numbers."""
    numbers = AccessionNumbers(tmp_path)
    given: list[str] = []
    threads = [
        threading.Thread(target=lambda: given.extend(numbers.next() for _ in range(10)))
        for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert len(set(given)) == 80


COUNT = """
import sys
from pathlib import Path
from worklist import AccessionNumbers
numbers = AccessionNumbers(Path(sys.argv[1]))
for _ in range(int(sys.argv[2])):
    print(numbers.next(), flush=True)
"""


def counting(folder: Path, times: int) -> subprocess.Popen[str]:
    """Start a process that prints numbers."""
    return subprocess.Popen(
        [sys.executable, "-c", COUNT, str(folder), str(times)],
        stdout=subprocess.PIPE,
        text=True,
    )


@pytest.mark.slow
def test_processes_share_one_counter(tmp_path: Path) -> None:
    """Two processes at once get different numbers."""
    processes = [counting(tmp_path, 60) for _ in range(2)]
    given = [line for process in processes for line in process.communicate(timeout=30)[0].split()]
    assert len(given) == 120
    assert len(set(given)) == 120


@pytest.mark.kill
def test_a_killed_process_repeats_nothing(tmp_path: Path) -> None:
    """A number that was printed before kill -9 is never printed again."""
    given: list[str] = []
    for round_ in range(3):
        process = counting(tmp_path, 100_000)
        assert process.stdout is not None
        given += [process.stdout.readline().strip() for _ in range(2 + 9 * round_)]
        process.kill()
        given += [line for line in process.communicate(timeout=30)[0].split() if len(line) == 11]
    given.append(AccessionNumbers(tmp_path).next())
    assert len(set(given)) == len(given)


def test_an_unusable_folder_is_an_error(tmp_path: Path) -> None:
    """A file in the place of the folder is reported as a folder problem that may pass."""
    (tmp_path / "file").touch()
    with pytest.raises(FolderError) as refused:
        AccessionNumbers(tmp_path / "file")
    assert refused.value.retriable


def test_a_counter_that_cannot_be_written_gives_no_number(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A full disk refuses the order instead of risking a repeated number."""
    numbers = AccessionNumbers(tmp_path)
    numbers.next()

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        with pytest.raises(FolderError):
            numbers.next()
    assert number(numbers.next()) >= 2
