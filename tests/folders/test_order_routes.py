"""Workplaces with folders of their own: what is dropped there is answered there."""

from __future__ import annotations

from pathlib import Path

import pytest

from gdtbridge.folders import OrderWatch, run
from gdtbridge.folders.files import OrderFiles
from gdtbridge.gdt.read.reader import read_records
from tests.tools.reception import Reception, record


@pytest.fixture
def settings_text() -> str:
    """Return the settings of a practice whose second workplace has one folder for both ways."""
    return '[[gdt.routes]]\nname = "two"\nin = "two"\nout = "two"\ndialect = "medistar"\n'


def look(reception: Reception) -> None:
    """Let both watchers see what there is, and again after a while."""
    files: OrderFiles = reception.files
    clock = reception.practice.clock
    watches = [OrderWatch(files, inbox, monotonic=clock.monotonic) for inbox in files.inboxes]
    for _ in range(2):
        for watch in watches:
            watch.look()
        clock.seconds += 2


def test_a_result_comes_back_to_the_folder_of_its_order(reception: Reception) -> None:
    """The order is taken from the second folder, its result is dropped there and left alone."""
    practice = reception.practice
    two = practice.folder / "two"
    (two / "ORDER.GDT").write_bytes(record())
    look(reception)
    entry = reception.entry
    practice.send(StudyInstanceUID=entry.StudyInstanceUID, PatientID="4711")
    practice.wait()
    look(reception)
    assert practice.files() == []
    (name,) = practice.files("two")
    assert name == f"{entry.AccessionNumber}.gdt"
    (made,) = read_records((two / name).read_bytes())
    assert made.first("8402") == "SONO00"
    assert reception.refusals() == []


def test_a_call_with_a_file_of_the_second_folder(reception: Reception) -> None:
    """A file claimed there and left by a call that died is finished as that folder's."""
    practice = reception.practice
    claimed = practice.folder / "two" / ".gdtbridge-0123456789abcdef-A.GDT.order"
    claimed.write_bytes(record())
    look(reception)
    practice.send(StudyInstanceUID=reception.entry.StudyInstanceUID, PatientID="4711")
    practice.wait()
    assert len(practice.files("two")) == 1


OTHER = {"f3101": "Schmidt", "f3102": "Jo", "f3103": "01011970"}
"""Another person, who has the same number in the other practice software."""


def test_one_number_two_persons_two_orders(reception: Reception) -> None:
    """The second practice's patient does not take the place of the first one's."""
    reception.drop(record())
    look(reception)
    (reception.practice.folder / "two" / "ORDER.GDT").write_bytes(record(**OTHER))
    look(reception)
    names = [str(entry.PatientName) for entry in reception.entries()]
    assert sorted(names) == ["Müller^Änne", "Schmidt^Jo"]


def test_nobody_cancels_another_persons_order(reception: Reception) -> None:
    """A cancellation for somebody else under the same number is refused."""
    reception.drop(record())
    look(reception)
    (reception.practice.folder / "two" / "STORNO.GDT").write_bytes(record("6303", **OTHER))
    look(reception)
    assert reception.entry.PatientName == "Müller^Änne"
    assert len(reception.refusals()) == 1


class TestLinkedSetting:
    """The settings name a folder by a link, as mount points and drives often are."""

    @pytest.fixture
    def settings_text(self, tmp_path: Path) -> str:
        """Return settings whose second workplace is named by a link."""
        (tmp_path / "real").mkdir()
        (tmp_path / "link").symlink_to(tmp_path / "real")
        return '[[gdt.routes]]\nname = "two"\nin = "link"\nout = "two"\n'

    def test_a_call(self, reception: Reception) -> None:
        """The order is of the route in whose folder it lay."""
        practice = reception.practice
        file = practice.folder / "link" / "A.GDT"
        file.write_bytes(record())
        assert run(reception.files, file, None, print, print) == 0
        practice.send(StudyInstanceUID=reception.entry.StudyInstanceUID, PatientID="4711")
        practice.wait()
        assert practice.files() == []
        assert len(practice.files("two")) == 1


def test_a_call_answers_for_the_file_of_its_own_folder(reception: Reception) -> None:
    """Two folders, one file name, as software with a fixed name has it; both files are claimed."""
    folder = reception.practice.folder / "two"
    mine = folder / ".gdtbridge-0123456789abcdef-ORDER.GDT.order"
    mine.write_bytes(record(f3000="2"))
    other = reception.folder / ".gdtbridge-fedcba9876543210-ORDER.GDT.order"
    other.write_bytes(record(f3000="1"))
    assert run(reception.files, folder / "ORDER.GDT", None, print, print) == 0
    assert reception.entry.PatientID == "2"
    assert other.exists()
