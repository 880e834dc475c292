"""What in an order folder is ours, and that everything else stays as it is."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Self

import pytest

from gdtbridge.attention import AttentionItem
from gdtbridge.folders import OrderWatch, watch, watching
from gdtbridge.folders.claims import ClaimedFile, claim
from gdtbridge.gdt.read.reader import read_records
from tests.tools.reception import HEAD, Reception, record
from tests.tools.waiting import wait_for

HOUR = 3600.0

LDT = b"01380008220\r\n014810000044\r\n0199212LDT1014.01\r\n"
BDT = b"01380000020\r\n0149100123456\r\n01380000021\r\n"
KVDT = b"013800010con0\r\n0149132ADT\r\n"
LDT3 = b"01380008220\r\n0178002Obj_0032\r\n0200001LDT3.2.19\r\n0178003Obj_0032\r\n"
HL7 = b"MSH|^~\\&|PRAX|A|ECG|B|20261130||ORM^O01|1|P|2.3\r"
XML = b'<?xml version="1.0" encoding="UTF-8"?><gdt><satz>6302</satz></gdt>\n'
OTHERS = {
    "ecg": record(f8315="EKG_TYP1", f8402="EKG01"),
    "spirometry": record(f8315="LUFU", f8402="LUFU02"),
    "blood pressure": record(f8315="BDM_01", f8402="BDM01"),
    "longer": record(f8315="GDTBRIDGE2"),
    "master data": record("6301", f8315="EKG_TYP1"),
    "answer": record("6300", f8315="PRAX"),
    "two": record(f8315="EKG_TYP1") + record(f8315="LUFU"),
    "result": record("6310", f8315="PRAX_EDV", f8316="EKG_TYP1"),
    "order as a result": record("6310"),
    "cut": record(f8315="EKG_TYP1")[:150],
    "only its head": record()[:27],
    "utf-16": record(f8315="EKG_TYP1").decode("latin-1").encode("utf-16"),
    "ldt": LDT,
    "bdt": BDT,
    "kvdt": KVDT,
    "ldt3": LDT3,
    "hl7": HL7,
    "xml": XML,
    "pdf": b"%PDF-1.4\n%\xe2\xe3\n1 0 obj\n",
    "text": b"Bitte nichts loeschen.\r\n",
    "lock": b"",
    "zeros": bytes(100),
    "blank": b"\r\n\r\n",
}


def left_items(reception: Reception) -> list[AttentionItem]:
    """Return what a person is told of files that are left alone."""
    found = reception.practice.core.attention.items()
    return [item for item in found if item.code == "order-file-left"]


@pytest.mark.parametrize("what", OTHERS)
def test_what_is_not_ours_is_left_alone_and_told(reception: Reception, what: str) -> None:
    """It is never touched; one cause is on the list after an hour, until the file is collected."""
    path = reception.drop(OTHERS[what])
    before = path.stat()
    assert reception.look(seconds=HOUR / 2) == 0
    assert "1 left alone" in reception.watch.state().detail
    assert reception.watch.state().ok
    assert left_items(reception) == []
    assert reception.look(seconds=HOUR / 2 + 1) == 0
    (item,) = left_items(reception)
    assert "ORDER.GDT" in item.detail
    after = path.stat()
    assert (path.read_bytes(), after.st_mtime_ns) == (OTHERS[what], before.st_mtime_ns)
    assert (reception.entries(), reception.refusals()) == ((), [])

    path.unlink()
    reception.look()
    assert left_items(reception) == []
    assert "left alone" not in reception.watch.state().detail


@pytest.mark.parametrize("receiver", [None, "", "GDTBRIDG", " gdtbridg ", "Gdtbridg"])
def test_what_is_ours_is_taken(reception: Reception, receiver: str | None) -> None:
    """An order without a receiver, and one for our own id."""
    reception.drop(record(f8315=receiver))
    assert reception.look() == 1
    assert reception.entry.PatientID == "4711"


@pytest.mark.parametrize(
    "name", ["a.bdt", "b", "c.gdt.tmp", "d.01", "e.dat", "f.gdt~", "g.gdt.lck", "h.pdf"]
)
def test_a_name_that_does_not_fit_is_told(reception: Reception, name: str) -> None:
    """An order under an unusual name lies there no longer than an hour without a word."""
    reception.drop(record(), name)
    assert reception.look(seconds=HOUR + 1) == 0
    (item,) = left_items(reception)
    assert name in item.detail
    assert "orders.names" in item.detail
    assert reception.left() == [name]


def test_causes_are_told_once(reception: Reception, caplog: pytest.LogCaptureFixture) -> None:
    """Many files of one cause are one item and one line of the log, which names no file."""
    caplog.set_level("INFO")
    for number in range(7):
        reception.drop(record(f8315="EKG_TYP1", f3000=str(number)), f"MEIER{number}.GDT")
    reception.look(seconds=HOUR + 1)
    reception.look()
    (item,) = left_items(reception)
    assert ": 7 (MEIER0.GDT, " in item.detail
    assert "EKG_TYP1" in item.detail
    told = [line.getMessage() for line in caplog.records if "left alone" in line.getMessage()]
    assert told == ["order folder: left alone: Empfänger (8315) / receiver EKG_TYP1"]


def test_a_restart_forgets_nothing(reception: Reception) -> None:
    """What was told stays told, and since when; what others collected meanwhile is gone."""
    reception.drop(OTHERS["ecg"], "A.GDT")
    reception.drop(OTHERS["ecg"], "B.GDT")
    reception.look(seconds=HOUR + 1)
    (before,) = left_items(reception)
    (reception.folder / "B.GDT").unlink()
    again = reception.again()
    again.look()
    (after,) = left_items(again)
    assert after.since == before.since
    assert ": 1 (A.GDT)" in after.detail


def test_one_file_for_us_and_for_others(reception: Reception) -> None:
    """Ours is done, the other record is refused: a person sees it."""
    reception.drop(record(f8315="EKG_TYP1", f3000="1") + record(f3000="2"))
    assert reception.look() == 1
    assert reception.entry.PatientID == "2"
    (text,) = reception.refusals()
    assert "EKG_TYP1" in text


class TestSettings:
    """A practice that says what is ours."""

    @pytest.fixture
    def settings_text(self) -> str:
        """Return settings for [gdt] and for a route."""
        return """
[orders]
receivers = ["SONO1", "US_*"]
names = ["SONO*.gdt", "*.bdt"]
ignore = ["LIESMICH*"]
[[gdt.routes]]
name = "two"
in = "two"
out = "two-out"
sender = "SONOGRAPHIE1"
orders.names = ["*"]
orders.receivers = ["*"]
[[gdt.routes]]
name = "three"
in = "three"
out = "three"
sender = "SONOGRAPHIE1"
"""

    @pytest.mark.parametrize(
        ("name", "receiver", "taken"),
        [
            ("SONO1.GDT", "SONO1", True),
            ("sono2.gdt", "sono1", True),
            ("x.BDT", "US_7", True),
            ("SONO1.GDT", None, True),
            ("SONO1.GDT", "GDTBRIDG", True),
            ("SONO1.GDT", "SONO2", False),
            ("SONO1.GDT", "SONOGRAP", False),
            ("EKG.GDT", "SONO1", False),
            ("SONO1.TXT", "SONO1", False),
        ],
    )
    def test_names_and_receivers(
        self, reception: Reception, name: str, receiver: str | None, *, taken: bool
    ) -> None:
        """Both must fit."""
        reception.drop(record(f8315=receiver), name)
        assert reception.look() == taken
        assert reception.left() == ([] if taken else [name])

    @pytest.mark.parametrize(
        ("folder", "receiver", "taken"),
        [("two", "X", True), ("three", "SONOGRAP", True), ("three", "X", False)],
    )
    def test_a_route_has_its_own(
        self, reception: Reception, folder: str, receiver: str, *, taken: bool
    ) -> None:
        """What a route says counts in its folder; our id cut to 8 characters is ours."""
        inbox = reception.practice.folder / folder
        inbox.mkdir(exist_ok=True)
        (inbox / "SONO.GDT").write_bytes(record(f8315=receiver))
        clock = reception.practice.clock
        watching = OrderWatch(reception.files, inbox, monotonic=clock.monotonic)
        watching.look()
        clock.seconds += 2
        assert watching.look() == taken

    def test_what_is_to_be_ignored_is_never_told(self, reception: Reception) -> None:
        """A note that belongs there is nobody's work."""
        reception.drop(b"Bitte nichts loeschen.", "LIESMICH.txt")
        reception.look(seconds=HOUR + 1)
        assert left_items(reception) == []


class TestOneFolderForBoth:
    """Orders and results in one folder, ids mirrored."""

    @pytest.fixture
    def settings_text(self) -> str:
        """Return the settings."""
        return (
            '[gdt]\nin = "out"\nout = "out"\nmirror_ids = true\n[orders]\nreceivers = ["SONO1"]\n'
        )

    def test_our_results_are_nobodys_work(self, reception: Reception) -> None:
        """A result waits for hours without being told, also under the id its order called us."""
        reception.drop(record(f8315="SONO1"))
        reception.look()
        practice = reception.practice
        practice.send(StudyInstanceUID=reception.entry.StudyInstanceUID, PatientID="4711")
        practice.wait()
        (name,) = practice.files()
        (made,) = read_records((practice.out / name).read_bytes())
        assert made.first("8316") == "SONO1"
        assert reception.look(seconds=HOUR + 1) == 0
        assert left_items(reception) == []
        assert practice.files() == [name]


def test_another_file_under_the_name_at_the_last_moment(
    reception: Reception, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was put there between judging and claiming, and is not ours, gets its name back."""
    path = reception.drop(record())

    def claim_late(path: Path, name: str | None = None) -> ClaimedFile:
        path.with_name("new").write_bytes(OTHERS["ecg"])
        path.with_name("new").replace(path)
        monkeypatch.undo()
        return claim(path, name)

    monkeypatch.setattr(watch, "claim", claim_late)
    assert reception.look() == 0
    assert path.read_bytes() == OTHERS["ecg"]
    reception.look()
    assert reception.left() == ["ORDER.GDT"]
    assert reception.entries() == ()


class ForeignDevice:
    """Another device's program: collects its own orders from the folder, and counts them."""

    def __init__(self, folder: Path, name: str, receiver: str) -> None:
        self.folder, self.name, self.receiver = folder, name, receiver
        self.got: list[str] = []
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join(60)

    def _run(self) -> None:
        path = self.folder / self.name
        while not self._stop.wait(0.001):
            with suppress(OSError):
                (found,) = read_records(path.read_bytes())
                if found.first("8315") == self.receiver:
                    path.unlink()
                    self.got.append(found.patient.id)


@contextmanager
def running(one: OrderWatch) -> Iterator[None]:
    """Let a watcher run."""
    one.start()
    yield
    one.stop(20)


class TestSharedFolder:
    """A folder that two devices of others use as well, one of them under our order's name."""

    @pytest.fixture
    def settings_text(self) -> str:
        """Return settings with which the watcher takes what it sees at once."""
        return "[orders]\nsettle_seconds = 0\n"

    @pytest.mark.slow
    def test_two_foreign_devices_lose_nothing(
        self, reception: Reception, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Of 200 exchanges each device gets every order of its own, and we get ours."""
        monkeypatch.setattr(watching, "LOOK_SECONDS", 0.002)
        folder = reception.folder
        exchanges = [str(number) for number in range(1, 201)]

        def put(name: str, receiver: str, number: str) -> None:
            temporary = folder / f".{name}"
            temporary.write_bytes(record(f3000=number, f8315=receiver))
            wait_for(lambda: not (folder / name).exists(), what=name)
            os.rename(temporary, folder / name)  # noqa: PTH104 - as their program does it

        with (
            ForeignDevice(folder, "EKG.GDT", "EKG_TYP1") as ecg,
            ForeignDevice(folder, "AUFTRAG.GDT", "LUFU") as spirometer,
            running(OrderWatch(reception.files)),
        ):
            for number in exchanges:
                put("EKG.GDT", "EKG_TYP1", number)
                put("AUFTRAG.GDT", "LUFU", number)
                put("AUFTRAG.GDT", HEAD["8315"], number)
            wait_for(lambda: not list(folder.iterdir()), what="an empty folder")

        assert ecg.got == exchanges
        assert spirometer.got == exchanges
        assert sorted(int(entry.PatientID) for entry in reception.entries()) == list(range(1, 201))
        assert reception.refusals() == []
