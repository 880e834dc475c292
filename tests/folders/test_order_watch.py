"""The watched folder: when a file is taken, and what is left alone."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from gdtbridge.folders import claims, watch
from gdtbridge.folders.wholeness import FileCondition, judge
from gdtbridge.gdt.errors import NotGdtError
from gdtbridge.gdt.read.reader import read_records
from gdtbridge.health import STALE_SECONDS
from gdtbridge.outbox import NOT_MOUNTED
from tests.tools.reception import Reception, record
from tests.tools.waiting import wait_for

pytestmark = pytest.mark.slow  # waits for a clock


def test_a_slow_writer_in_three_pieces(reception: Reception) -> None:
    """Nothing is taken before the last piece is there and has settled."""
    data = record(f8402="SONO00", f8411="Abdomen")
    path = reception.folder / "ORDER.GDT"
    for start, end in ((0, 40), (40, 101), (101, len(data))):
        with path.open("ab") as file:
            file.write(data[start:end])
        assert reception.watch.look() == 0
        reception.practice.clock.seconds += 5
        taken = reception.watch.look() if end < len(data) else 0
        assert taken == 0
    assert reception.watch.look() == 1
    assert reception.archived() == [data]
    assert reception.entry.RequestedProcedureDescription == "Abdomen"


def test_a_file_that_still_changes_is_not_taken(reception: Reception) -> None:
    """A whole file that was touched meanwhile settles anew."""
    path = reception.drop(record())
    reception.watch.look()
    reception.practice.clock.seconds += 0.9
    path.write_bytes(record(f3000="4712"))
    assert reception.watch.look() == 0
    reception.practice.clock.seconds += 0.9
    assert reception.watch.look() == 0
    reception.practice.clock.seconds += 0.2
    assert reception.watch.look() == 1
    assert reception.entry.PatientID == "4712"


@pytest.mark.parametrize("lines", range(3, 11))
@pytest.mark.parametrize("inside", [1, 4])
def test_half_a_file_is_refused_in_the_end(reception: Reception, lines: int, inside: int) -> None:
    """Wherever it ends, it is waited for, and then refused: nothing of it is on the worklist."""
    whole = record(f8402="SONO00", f8411="Abdomen").splitlines(keepends=True)
    reception.drop(b"".join(whole[:lines]) + whole[lines][:inside])
    assert reception.look(seconds=50) == 0
    assert reception.left() == ["ORDER.GDT"]
    assert reception.look(seconds=11) == 1
    assert len(reception.refusals()) == 1
    assert reception.entries() == ()


@pytest.mark.parametrize("lines", range(3, 14))
def test_half_a_file_of_whole_lines(reception: Reception, lines: int) -> None:
    """Where it has all of the patient its count is doubted, where not the file."""
    whole = record(f8402="SONO00", f8411="Abdomen").splitlines(keepends=True)
    reception.drop(b"".join(whole[:lines]))
    assert reception.look(seconds=2) == (lines == len(whole))
    reception.look(seconds=60)
    says_whom = lines >= 10
    assert len(reception.entries()) == says_whom
    assert len(reception.refusals()) == (not says_whom)


@pytest.mark.parametrize(("count", "looks"), [("00060", 0), ("106", 0), ("00306", 60), ("306", 60)])
def test_a_wrong_count(reception: Reception, count: str, looks: float) -> None:
    """A whole record that says another number of bytes is taken, a greater one when it is sure."""
    lines = record().splitlines(keepends=True)
    lines[1] = b"%03d8100%s\r\n" % (len(count) + 9, count.encode())
    reception.drop(b"".join(lines))
    assert reception.look() == (looks == 0)
    assert reception.look(seconds=looks) == (looks != 0)
    assert reception.entry.PatientID == "4711"
    assert reception.refusals() == []


class TestCountAtOnce:
    """A practice that knows its software to count wrongly."""

    @pytest.fixture
    def settings_text(self) -> str:
        """Return its settings."""
        return '[orders]\nwrong_count = "take"\n'

    def test_it_is_not_waited_for(self, reception: Reception) -> None:
        """A greater count does not delay the order."""
        reception.drop(record().replace(b"8100002", b"8100992"))
        assert reception.look() == 1


def test_a_name_used_again_and_again(reception: Reception) -> None:
    """Orders under one name, each as soon as the one before has gone, are all placed."""
    for number in range(5):
        reception.drop(record(f3000=f"P{number}"))
        reception.look()
    assert {entry.PatientID for entry in reception.entries()} == {f"P{n}" for n in range(5)}
    assert len(reception.archived()) == 5


def test_a_new_order_under_the_name_while_the_last_is_taken(
    reception: Reception, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is written between reading and filing is an order of its own."""
    reception.drop(record(f3000="A"))
    real = claims.read

    def read_slowly(path: Path) -> bytes:
        data = real(path)
        if path.name != "ORDER.GDT":
            (reception.folder / "ORDER.GDT").write_bytes(record(f3000="B"))
        return data

    monkeypatch.setattr("gdtbridge.folders.files.read", read_slowly)
    reception.look()
    monkeypatch.undo()
    reception.look()
    assert {entry.PatientID for entry in reception.entries()} == {"A", "B"}


def test_a_writer_who_goes_on_after_the_claim(
    reception: Reception, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On a file system that lets him, what he wrote last counts; the case has one entry."""
    reception.drop(record(f8310="F1"))
    real = claims.read
    once: list[Path] = []

    def read_and_write(path: Path) -> bytes:
        data = real(path)
        if path.name != "ORDER.GDT" and not once:
            once.append(path)
            path.write_bytes(record(f8310="F1", f3102="Anna Maria"))
        return data

    monkeypatch.setattr("gdtbridge.folders.files.read", read_and_write)
    reception.look()
    reception.look()
    assert reception.entry.PatientName == "Müller^Anna Maria"
    assert reception.left() == []


@pytest.mark.parametrize("distance", [1, 60, 200])
def test_dropped_twice(reception: Reception, distance: float) -> None:
    """The same bytes within minutes are one order, and both files are archived."""
    reception.drop(record(), "A.GDT")
    reception.look(seconds=distance)
    reception.drop(record(), "B.GDT")
    reception.look()
    assert reception.entry.PatientID == "4711"
    assert len(reception.archived()) == 2


@pytest.mark.parametrize("error", [PermissionError(errno.EACCES, "x"), OSError(errno.EBUSY, "x")])
def test_a_locked_file_is_tried_again(
    reception: Reception, monkeypatch: pytest.MonkeyPatch, error: OSError
) -> None:
    """While its writer holds it, readiness tells; then it is taken."""

    def refuse(*_paths: Path) -> None:
        raise error

    reception.drop(record())
    monkeypatch.setattr(claims, "rename_new", refuse)
    assert reception.look() == 0
    assert not reception.watch.state().ok
    assert reception.left() == ["ORDER.GDT"]
    monkeypatch.undo()
    assert reception.look() == 1
    assert reception.watch.state().ok


@pytest.mark.parametrize(
    "name",
    [
        *(".order.gdt", "~order.gdt", "order.gdt~", "order.gdt.tmp", "order.part", "Thumbs.db"),
        *(".DS_Store", "@eaDir.gdt", "order.pdf", "order", "$RECYCLE.BIN", ".gdtbridge-1-ab.tmp"),
    ],
)
def test_files_that_are_no_orders(reception: Reception, name: str) -> None:
    """Temporary and hidden files, and those of operating systems, are not touched."""
    reception.drop(record(), name)
    assert reception.look(seconds=1000) == 0
    assert reception.left() == [name]


@pytest.mark.parametrize("name", ["a.gdt", "a.GDT", "PRAXGDTB.001", "a.xdt", "a.TXT", "Ä ö.Gdt"])
def test_files_that_are_orders(reception: Reception, name: str) -> None:
    """Every extension practice software uses, in both cases."""
    reception.drop(record(), name)
    assert reception.look() == 1


def test_folders_and_links_are_no_files(reception: Reception, tmp_path: Path) -> None:
    """Nothing outside of the folder can be pulled in by a link."""
    (tmp_path / "secret").write_bytes(record())
    (reception.folder / "link.gdt").symlink_to(tmp_path / "secret")
    (reception.folder / "folder.gdt").mkdir()
    os.mkfifo(reception.folder / "pipe.gdt")
    assert reception.look(seconds=1000) == 0


def test_results_of_others_are_left_alone(reception: Reception) -> None:
    """A 6310 in a common folder is on its way to somebody: it is neither moved nor refused."""
    reception.drop(record("6310"))
    assert reception.look(seconds=1000) == 0
    assert reception.left() == ["ORDER.GDT"]
    assert reception.watch.state().ok


class TestOneFolderForBoth:
    """Orders and results in the same folder."""

    @pytest.fixture
    def settings_text(self) -> str:
        """Return settings with one folder and a dialect of the practice's own."""
        return """
[gdt]
in = "out"
out = "out"
dialect = "ours"
[dialects.ours]
base = "gdt21"
sender = "BRIDGE"
"""

    def test_our_own_answers_stay(self, reception: Reception) -> None:
        """What names us as the sender is not taken, what names us as the receiver is."""
        reception.drop(record("6301", f8316="BRIDGE", f8315="PRAX_EDV"), "A.GDT")
        reception.drop(record(f8315="BRIDGE"), "B.GDT")
        assert reception.look() == 1
        assert reception.left() == ["A.GDT"]


def test_a_folder_that_goes_away(reception: Reception) -> None:
    """It is waited for, readiness says so, and what it brings back is taken."""
    away = reception.folder.with_name("elsewhere")
    reception.drop(record())
    reception.folder.rename(away)
    assert reception.look() == 0
    assert not reception.watch.state().ok
    assert "ENOENT" in reception.watch.state().detail
    away.rename(reception.folder)
    assert reception.look() == 1
    assert reception.watch.state().ok


def test_a_share_that_is_not_mounted(reception: Reception) -> None:
    """The marker of an empty mount point counts for orders as for results."""
    (reception.folder / NOT_MOUNTED).touch()
    reception.drop(record())
    assert reception.look() == 0
    assert "not mounted" in reception.watch.state().detail


def test_a_watcher_that_hangs_is_not_well(reception: Reception) -> None:
    """Who is silent for too long hangs in a share."""
    reception.watch.look()
    reception.practice.clock.seconds += STALE_SECONDS + 1
    assert not reception.watch.state().ok


def test_a_worklist_that_is_away_delays_orders(
    reception: Reception, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The order stays claimed and is placed when the worklist is back."""
    reception.drop(record())
    folder = reception.practice.worklist.path
    folder.rename(folder.with_name("gone"))
    assert reception.look() == 0
    assert not reception.watch.state().ok
    folder.with_name("gone").rename(folder)
    assert reception.look() == 1
    assert reception.entry.PatientID == "4711"


def test_one_bad_file_keeps_no_other_waiting(
    reception: Reception, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A fault of ours with one file is told and tried again; the others are taken."""
    real = reception.files.take

    def fail(claimed: claims.ClaimedFile, *, refuse_because: str = "") -> object:
        if claimed.name == "A.GDT":
            raise ZeroDivisionError
        return real(claimed, refuse_because=refuse_because)

    monkeypatch.setattr(type(reception.files), "take", lambda _self, one, **k: fail(one, **k))
    reception.drop(record(f3000="A"), "A.GDT")
    reception.drop(record(f3000="B"), "B.GDT")
    assert reception.look() == 1
    assert "1 stuck" in reception.watch.state().detail
    monkeypatch.undo()
    assert reception.look() == 1
    assert len(reception.entries()) == 2


def test_what_lies_there_at_the_start_is_taken(reception: Reception) -> None:
    """A file that waited for the service, and one the last service had claimed."""
    reception.drop(record(f3000="A"), "A.GDT")
    claims.claim(reception.drop(record(f3000="B"), "B.GDT"))
    again = reception.again()
    assert again.look() == 2
    assert len(again.entries()) == 2


def test_the_thread_works_and_stops(reception: Reception) -> None:
    """Started, it takes what comes; stopped, it ends at once."""
    reception.drop(record())
    working = watch.OrderWatch(reception.files)
    working.start()
    wait_for(lambda: not reception.left())
    working.stop(5)
    assert reception.left() == []
    assert "1 taken" in working.state().detail


@pytest.mark.slow
def test_a_whole_nights_files(reception: Reception) -> None:
    """A whole night's orders are taken in one go, each once."""
    for number in range(200):
        reception.drop(record(f3000=f"P{number}"), f"{number:04}.GDT")
    assert reception.look() == 200
    assert len({entry.PatientID for entry in reception.entries()}) == 200
    assert len({entry.AccessionNumber for entry in reception.entries()}) == 200
    assert reception.left() == []


def test_real_orders_are_whole(corpus: Path) -> None:
    """No order of the corpus that a reader takes is mistaken for a piece of one."""
    judged = {}
    for path in sorted((corpus / "gdt").iterdir()):
        data = path.read_bytes()
        try:
            types = {one.record_type for one in read_records(data)}
        except NotGdtError:
            continue
        judged[path.name] = (types, judge(data))
    orders = {name: found for name, (types, found) in judged.items() if "6310" not in types}
    waits = {name[:3] for name, one in orders.items() if one.condition is not FileCondition.WHOLE}
    assert len(orders) > 5
    assert waits == {"63_"}  # a third of what its 8100 says: its count is doubted
    assert judged.pop(next(n for n in judged if n.startswith("63_")))[1].condition is (
        FileCondition.MISCOUNTED
    )
