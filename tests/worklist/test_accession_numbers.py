"""Accession numbers never repeat, whatever happens to the counter, the process or the copies.

`HandClock` starts before the numbers' epoch: unless a test sets it, numbers count from one.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import threading
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.tools.clock import HandClock
from worklist import AccessionNumbers, FolderError, NumbersExhausted, canonical_number
from worklist.accession import COUNTER, EPOCH, LAP, LEAD, MIRROR, RATE, SKIP


def number(accession: str) -> int:
    """Return the number in ``R0000000042``."""
    assert accession[0] == "R"
    assert len(accession) == 11
    return int(accession[1:])


DAY = 86_400.0
TODAY = EPOCH + 333 * DAY
"""2026-11-30 00:00 UTC; by then numbers are at 287 712 000."""


def at(clock: HandClock) -> int:
    """Return the number the clock stands at."""
    return int((clock.utc() - EPOCH) * RATE)


class Orders:
    """A practice that orders: every order from a process of its own, at the time of its clock."""

    def __init__(self, folder: Path, seconds: float = TODAY) -> None:
        self.folder = folder
        self.clock = HandClock(seconds)
        self.given: list[int] = []

    def place(self, orders: int = 1, every: float = 60.0) -> int:
        """Give away numbers; return the last. None may have been given before."""
        for _ in range(orders):
            self.given.append(number(AccessionNumbers(self.folder, self.clock).next()))
            self.clock.turn(every)
        assert len(set(self.given)) == len(self.given)
        return self.given[-1]

    def copy(self) -> Path:
        """Make tonight's copy."""
        return shutil.copytree(self.folder, self.folder.with_name(f"copy{len(self.given)}"))

    def put_back(self, copy: Path | None) -> None:
        """Put a copy in the place of the folder, or nothing."""
        shutil.rmtree(self.folder)
        if copy is not None:
            shutil.copytree(copy, self.folder)


def test_a_fresh_folder_starts_at_one(tmp_path: Path) -> None:
    """Numbers count up without gaps while nothing goes wrong, also over a restart."""
    numbers = AccessionNumbers(tmp_path / "worklist", HandClock())
    assert [numbers.next(), numbers.next()] == ["R0000000001", "R0000000002"]
    assert AccessionNumbers(tmp_path / "worklist", HandClock()).next() == "R0000000003"


@pytest.mark.parametrize("content", ["42", "42\n", " 42 ", "0000000042"])
def test_the_seeds_counter_is_taken_over(tmp_path: Path, content: str) -> None:
    """The file of the system before us names the next number."""
    (tmp_path / COUNTER).write_text(content)
    numbers = AccessionNumbers(tmp_path, HandClock())
    assert numbers.next() == "R0000000042"
    assert (tmp_path / COUNTER).read_text().strip() == "43"


def test_names_in_the_folder_are_taken(tmp_path: Path) -> None:
    """A counter that fell behind the entries (the seed's restarted at 1) is corrected."""
    (tmp_path / COUNTER).write_text("3")
    (tmp_path / "R0000000057-20240115103015.wl").touch()
    (tmp_path / "R0000000012-20240115103015.wl").touch()
    (tmp_path / "X0000000099-20240115103015.wl").touch()
    (tmp_path / "R0000000098-20240115103015.txt").touch()
    assert AccessionNumbers(tmp_path, HandClock()).next() == "R0000000058"


def test_the_floor_is_taken(tmp_path: Path) -> None:
    """No number up to the floor is given, and a higher counter wins."""
    assert AccessionNumbers(tmp_path, HandClock(), floor=1000).next() == "R0000001001"
    assert AccessionNumbers(tmp_path, HandClock(), floor=10).next() == "R0000001002"


@pytest.mark.parametrize(
    "damage", [b"", b"\0\0\0", b"4x", b"-5", b"4_2", b"R42", "٤٢".encode(), b"9" * 40, b"0"]
)
def test_a_damaged_counter_skips_what_nobody_remembers(tmp_path: Path, damage: bytes) -> None:
    """Numbers go on a million higher, with a warning and without the second copy's help."""
    numbers = AccessionNumbers(tmp_path, HandClock())
    given = {numbers.next() for _ in range(5)}
    (tmp_path / COUNTER).write_bytes(damage)
    (tmp_path / MIRROR).unlink()
    later = AccessionNumbers(tmp_path, HandClock()).next()
    assert later not in given
    assert number(later) == SKIP + 1


def test_a_lost_counter_is_survived(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """The second copy remembers what the first one said."""
    numbers = AccessionNumbers(tmp_path, HandClock(), floor=2_500_000)
    numbers.next()
    (tmp_path / COUNTER).unlink()
    assert number(AccessionNumbers(tmp_path, HandClock()).next()) == 3 * SKIP + 1
    assert "lost or damaged" in caplog.text


def test_a_counter_from_an_old_backup_is_not_believed(tmp_path: Path) -> None:
    """The second copy is ahead and wins, in the running process and in the next."""
    numbers = AccessionNumbers(tmp_path, HandClock())
    for _ in range(9):
        numbers.next()
    (tmp_path / COUNTER).write_text("2\n")
    assert numbers.next() == "R0000000010"
    (tmp_path / COUNTER).write_text("2\n")
    assert AccessionNumbers(tmp_path, HandClock()).next() == "R0000000011"


def test_two_losses_in_a_row_do_not_repeat(tmp_path: Path) -> None:
    """A second loss skips on from the first one."""
    given = []
    for _ in range(3):
        numbers = AccessionNumbers(tmp_path, HandClock())
        given += [numbers.next(), numbers.next()]
        (tmp_path / COUNTER).write_bytes(b"")
    assert len(set(given)) == 6
    assert sorted(given) == given


def test_a_stray_file_name_does_not_use_up_the_numbers(tmp_path: Path) -> None:
    """A name in the last tenth of the range is not one of ours."""
    (tmp_path / "R9999999999-20240115103015.wl").touch()
    assert AccessionNumbers(tmp_path, HandClock()).next() == "R0000000001"


def test_the_end_of_the_range_is_an_error(tmp_path: Path) -> None:
    """The last number is given once, then none."""
    (tmp_path / COUNTER).write_text("99")
    numbers = AccessionNumbers(tmp_path, HandClock(), width=2)
    assert numbers.next() == "R99"
    for _ in range(2):
        with pytest.raises(NumbersExhausted):
            numbers.next()


@pytest.mark.parametrize(("prefix", "width"), [("R-", 10), ("", 10), ("Ä", 4), ("R", 16)])
def test_only_safe_short_numbers_are_made(tmp_path: Path, prefix: str, width: int) -> None:
    """A number must be a legal SH value and a safe file name."""
    with pytest.raises(ValueError, match="SH"):
        AccessionNumbers(tmp_path, HandClock(), prefix=prefix, width=width)


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
                numbers = AccessionNumbers(tmp_path, HandClock())
                given += [numbers.next(), numbers.next()]
            except PowerCut:
                pass
        given.append(AccessionNumbers(tmp_path, HandClock()).next())
    assert len(given) > 7
    assert len(set(given)) == len(given)


def test_threads_share_one_counter(tmp_path: Path) -> None:
    """Eight threads get eighty numbers."""
    numbers = AccessionNumbers(tmp_path, HandClock())
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
from gdtbridge.durable.clock import SystemClock
from worklist import AccessionNumbers
numbers = AccessionNumbers(Path(sys.argv[1]), SystemClock())
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
    given.append(AccessionNumbers(tmp_path, HandClock()).next())
    assert len(set(given)) == len(given)


ASKED = """
import sys
from pathlib import Path
from tests.tools.clock import HandClock
from worklist import AccessionNumbers
clock = HandClock()
numbers = AccessionNumbers(Path(sys.argv[1]), clock)
for line in sys.stdin:
    clock.seconds = float(line)
    print(numbers.next(), flush=True)
"""


class Process:
    """A process of its own that gives away a number when it is told the time."""

    def __init__(self, orders: Orders) -> None:
        self._orders = orders
        self._process = subprocess.Popen(
            [sys.executable, "-c", ASKED, str(orders.folder)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def place(self) -> None:
        """Give away a number."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._orders.clock.turn(60)
        self._process.stdin.write(f"{self._orders.clock.utc()}\n")
        self._process.stdin.flush()
        self._orders.given.append(number(self._process.stdout.readline().strip()))

    def kill(self) -> None:
        """End it as a power cut would."""
        self._process.kill()
        self._process.communicate()


@pytest.mark.kill
def test_a_copy_between_killed_processes_repeats_nothing(tmp_path: Path) -> None:
    """Two processes in turns, one killed, the copy put back under the other, and a third one."""
    orders = Orders(tmp_path / "worklist")
    orders.folder.mkdir()
    processes = [Process(orders), Process(orders)]
    for process in (*processes, *processes):
        process.place()
    copy = orders.copy()
    for process in (*processes, *processes):
        process.place()
    processes[0].kill()
    orders.put_back(copy)
    later = [Process(orders), processes[1]]
    for process in (*later, *later):
        process.place()
    for process in later:
        process.kill()
    assert orders.given == sorted(set(orders.given))


def test_an_unusable_folder_is_an_error(tmp_path: Path) -> None:
    """A file in the place of the folder is reported as a folder problem that may pass."""
    (tmp_path / "file").touch()
    with pytest.raises(FolderError) as refused:
        AccessionNumbers(tmp_path / "file", HandClock()).next()
    assert refused.value.retriable


def test_a_counter_that_cannot_be_written_gives_no_number(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A full disk refuses the order instead of risking a repeated number."""
    numbers = AccessionNumbers(tmp_path, HandClock())
    numbers.next()

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        with pytest.raises(FolderError):
            numbers.next()
    assert number(numbers.next()) >= 2


# ------------------------------------------------------------------ the clock


def test_a_number_stands_where_the_clock_stands(tmp_path: Path) -> None:
    """Ten numbers a second since 2026; orders of one instant follow one another."""
    clock = HandClock(TODAY)
    numbers = AccessionNumbers(tmp_path, clock)
    assert [numbers.next(), numbers.next()] == ["R0287712000", "R0287712001"]
    clock.turn(60)
    assert numbers.next() == "R0287712600"


@pytest.mark.parametrize("age", [10.0, 3600.0, DAY, 400 * DAY])
@pytest.mark.parametrize("restored", ["a copy", "nothing"])
def test_what_is_restored_repeats_nothing(tmp_path: Path, age: float, restored: str) -> None:
    """An old copy of the folder, or a new one beside old charts, goes on above all numbers given.

    Also twice in a row, and while another process holds what it saw before.
    """
    orders = Orders(tmp_path / "worklist")
    orders.place(5)
    copy = orders.copy()
    other = AccessionNumbers(orders.folder, orders.clock)
    orders.place(30, every=age / 30)
    for _ in range(2):
        orders.put_back(copy if restored == "a copy" else None)
        orders.folder.mkdir(exist_ok=True)
        orders.place(3)
        orders.given.append(number(other.next()))
        orders.place()


def test_a_copy_of_a_crowded_hour_repeats_nothing(tmp_path: Path) -> None:
    """Orders may come all at once, so long as they are fewer than ten for each second since."""
    orders = Orders(tmp_path / "worklist")
    orders.place()
    copy = orders.copy()
    orders.place(50, every=0)
    orders.clock.turn(5)
    orders.put_back(copy)
    orders.place()


@pytest.mark.parametrize("back", [LEAD / RATE + 60, 2 * DAY, 3000 * DAY])
def test_a_clock_that_was_set_back_repeats_nothing(tmp_path: Path, back: float) -> None:
    """Numbers ahead of the clock keep running with it, so that a copy finds them again."""
    orders = Orders(tmp_path / "worklist", seconds=TODAY + 3000 * DAY)
    orders.place(3)
    orders.clock.step(-back)
    orders.place(3)
    copy = orders.copy()
    orders.place(40, every=DAY / 4)
    orders.put_back(copy)
    orders.place(3)
    assert orders.given == sorted(orders.given)
    assert orders.given[-1] < at(orders.clock) + back * RATE + LAP


def test_a_small_step_of_the_clock_is_no_matter(tmp_path: Path) -> None:
    """Two hours of a wrong time zone cost no numbers: they go on one by one meanwhile."""
    orders = Orders(tmp_path / "worklist")
    last = orders.place()
    orders.clock.step(-7200)
    assert orders.place(2) == last + 2


def test_numbers_far_ahead_keep_time(tmp_path: Path) -> None:
    """A counter of another system, ahead of the clock, counts upwards and runs with it."""
    orders = Orders(tmp_path / "worklist")
    orders.folder.mkdir()
    (orders.folder / COUNTER).write_text("5000000000")
    assert 5_000_000_000 <= orders.place() < 5_000_000_000 + LAP
    copy = orders.copy()
    orders.place(9)
    orders.put_back(copy)
    orders.place()


@pytest.mark.parametrize("year", [1970, 2000, 2025, 2056, 2126, 9999])
def test_a_clock_that_is_wrong_by_decades_is_not_believed(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, year: int
) -> None:
    """It neither uses up the range nor stops orders, and the log says once what is lost."""
    clock = HandClock(datetime(year, 6, 1, tzinfo=UTC).timestamp())
    (tmp_path / COUNTER).write_text("42")
    numbers = AccessionNumbers(tmp_path, clock)
    assert [numbers.next(), numbers.next()] == ["R0000000042", "R0000000043"]
    assert caplog.text.count("clock is wrong") == 1
    clock.seconds = TODAY
    assert numbers.next() == "R0287712000"


def test_numbers_go_on_when_the_clock_runs_out(tmp_path: Path) -> None:
    """In the last tenth of the range they count one by one."""
    (tmp_path / COUNTER).write_text("8999999990")
    clock = HandClock(EPOCH + 899_999_999.0)
    numbers = AccessionNumbers(tmp_path, clock)
    first = number(numbers.next())
    assert 8_999_999_990 <= first <= 9_000_000_000
    clock.turn(3600)
    assert number(numbers.next()) == first + 1


def test_a_change_over_there_and_back_counts_upwards(tmp_path: Path) -> None:
    """The system before us reads our counter as its next number, and we take over what it left."""
    clock = HandClock(TODAY)
    (tmp_path / COUNTER).write_text("15042")
    ours = number(AccessionNumbers(tmp_path, clock).next())
    theirs = int((tmp_path / COUNTER).read_text())
    assert theirs == ours + 1
    (tmp_path / COUNTER).write_text(f"{theirs + 7}")
    assert number(AccessionNumbers(tmp_path, clock).next()) == theirs + 7


def test_a_lost_counter_is_where_the_clock_stands(tmp_path: Path) -> None:
    """With a clock that knows more than all witnesses nothing is skipped, so nothing runs ahead."""
    orders = Orders(tmp_path / "worklist")
    orders.place(3)
    (orders.folder / COUNTER).write_bytes(b"")
    time = at(orders.clock)
    assert orders.place() == time


def test_a_number_costs_two_syncs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The counter's file and its folder."""
    numbers = AccessionNumbers(tmp_path, HandClock(TODAY))
    synced: list[int] = []
    real = os.fsync

    def counted(descriptor: int) -> None:
        synced.append(descriptor)
        real(descriptor)

    monkeypatch.setattr(os, "fsync", counted)
    numbers.next()
    assert len(synced) == 2


# ------------------------------------------------------------------ numbers as typed at a device


@pytest.mark.parametrize(
    "typed",
    [
        "R0000000015",
        "r0000000015",
        "15",
        "R15",
        "r 15",
        "R-15",
        " R0000000015 ",
        "0000000015",
        "00015",
        "\uff32\uff10\uff10\uff11\uff15",
        "\u3000\uff11\uff15\u00a0",
        "R-0000-000-015",
        "R 000 000 0015",
        "00000\u201300015",
        "R\u22120000000015",
    ],
)
def test_a_typed_number_is_recognised(typed: str) -> None:
    """Case, letter, leading zeros, width and gaps are how people and keyboards differ."""
    assert canonical_number(typed) == "R0000000015"


@pytest.mark.parametrize(
    "typed",
    [
        "",
        " ",
        "R",
        "0",
        "R0000000000",
        "-15",
        "15-",
        "15-2",
        "15 2",
        "287971234-2",
        "R287971234 2",
        "28797123-02",
        "R0000000015-2",
        "00000000015",
        "15000000000",
        "RR15",
        "15R",
        "X0000000015",
        "R00000000l5",
        "1.5",
        "1e5",
        "+15",
        "0x15",
        "1_5",
        "15\\16",
        "\u0661\u0665",
        "15\u00b2",
    ],
)
def test_what_may_be_something_else_is_none_of_ours(typed: str) -> None:
    """A doubtful text is no number: it might be another patient's."""
    assert canonical_number(typed) is None


@pytest.mark.parametrize("value", [1, 9, 10, 15042, 287_712_000, 9_999_999_999])
def test_every_number_of_ours_means_itself(value: int) -> None:
    """Whole, without its letter and without its zeros a number means itself and no other."""
    accession = f"R{value:010d}"
    for typed in (accession, accession.lower(), accession[1:], str(value), f"R{value}"):
        assert canonical_number(typed) == accession
