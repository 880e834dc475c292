"""Dying at any line between a file and its entry neither loses nor doubles an object."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

import gdtbridge.archive
import gdtbridge.durable
import gdtbridge.exams
import gdtbridge.folders.pickup
from gdtbridge.archive import spool
from tests.tools.dying import SimulatedCrash, Tried, dying_at, files_of
from tests.tools.elements import part10, still
from tests.tools.pickup import SETTINGS, PickupDesk, dicomdir
from tests.tools.practice import Practice

WALKED = files_of(
    {
        gdtbridge.folders.pickup: ("filing", "handling", "known", "media_rule", "watch"),
        gdtbridge.archive: ("picked_files", "spool", "store", "taking"),
        gdtbridge.exams: ("receiving",),
        gdtbridge.durable: ("files", "trees"),
    }
)

REMOVE = f'{SETTINGS}after = "remove"\n'

pytestmark = [
    pytest.mark.crash,
    pytest.mark.filterwarnings(  # the dead close nothing
        "ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning"
    ),
]


@pytest.fixture
def tmp_path(memory: Path) -> Path:
    """Return a folder in memory."""
    return memory


def one_file(desk: PickupDesk, number: int) -> set[str]:
    """Leave one image; return the UIDs the archive must have in the end."""
    desk.drop("DATA/IM1", f"2.25.{number}1", StudyInstanceUID=f"2.25.{number}")
    return {f"2.25.{number}1"}


def medium(desk: PickupDesk, number: int) -> set[str]:
    """Leave a medium with two images."""
    dicomdir(desk.folder, ["A", "B"])
    for name in "AB":
        uid = f"2.25.{number}{ord(name)}"
        desk.drop(name, uid, StudyInstanceUID=f"2.25.{number}")
    return {f"2.25.{number}65", f"2.25.{number}66"}


def settle(desk: PickupDesk) -> None:
    """Let the watcher look until all is settled, across what it tries again later."""
    for _ in range(3):
        desk.look(40)


def restarted(desk: PickupDesk) -> PickupDesk:
    """Start the service again, as it starts after a crash."""
    again = desk.again()
    spool.sweep(again.practice.settings.file_spool)
    again.practice.core.adopt()
    return again


@pytest.mark.parametrize(
    "settings_text", [f'{SETTINGS}after = "{how}"' for how in ("remove", "keep")]
)
@pytest.mark.parametrize("leave", [one_file, medium])
def test_what_is_taken(
    practice: Practice, leave: Callable[[PickupDesk, int], set[str]], tried: Tried
) -> None:
    """After every crash the archive has each object once, and each study has one result."""
    desk = PickupDesk(practice)
    wanted = leave(desk, 1)
    with dying_at(-1, WALKED) as count:
        settle(desk)
    assert set(desk.received()) == wanted
    assert count[0] > 150
    for number, line in enumerate(tried(count[0]), 2):
        _empty(desk)
        wanted |= leave(desk, number)
        with suppress(SimulatedCrash), dying_at(line, WALKED):
            settle(desk)
        desk = restarted(desk)
        settle(desk)
        assert sorted(desk.received()) == sorted(wanted), line
        assert desk.told() == [], line
        assert list(desk.practice.settings.file_spool.iterdir()) == []
        if desk.settings.after == "remove":
            assert desk.names() == [], line
    desk.practice.wait()
    assert len(desk.practice.files()) == number


@pytest.mark.parametrize("settings_text", [REMOVE])
def test_what_was_leaving_goes(practice: Practice) -> None:
    """The directory of a medium that was taken; nothing else that is no object."""
    desk = PickupDesk(practice)
    dicomdir(desk.folder, ["A"]).rename(desk.folder / ".gdtbridge-1.picked")
    (desk.folder / ".gdtbridge-2.picked").write_text("of somebody else")
    settle(desk)
    assert desk.names() == [".gdtbridge-2.picked"]


@pytest.mark.parametrize("settings_text", [REMOVE])
def test_what_is_refused(practice: Practice, tried: Tried) -> None:
    """After every crash the file is aside beside its text, once, and told."""
    desk = PickupDesk(practice)
    for line in (-1, *tried(_lines(desk))):
        _empty(desk)
        part10(desk.folder / "a.dcm", still(1, SOPInstanceUID="x"))
        with suppress(SimulatedCrash), dying_at(line, WALKED):
            settle(desk)
        desk = restarted(desk)
        settle(desk)
        refused = [name for name in desk.names() if not name.endswith(".txt")]
        assert refused == ["gdtbridge-refused/a.dcm"], line
        assert "SOP Instance UID" in desk.refusal("a.dcm")
        assert desk.received() == []


def _lines(desk: PickupDesk) -> int:
    part10(desk.folder / "a.dcm", still(1, SOPInstanceUID="x"))
    with dying_at(-1, WALKED) as count:
        settle(desk)
    return count[0]


def _empty(desk: PickupDesk) -> None:
    """Let somebody clear the folder."""
    for path in desk.folder.rglob("*"):
        if path.is_file():
            path.unlink()
    desk.look()
