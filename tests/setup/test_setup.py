"""The set-up below its pages: folders, progress, how umlauts may look."""

from __future__ import annotations

from pathlib import Path

import pytest

from gdtbridge.durable.mounts import Place
from gdtbridge.gdt.tools.readings import readings
from gdtbridge.setup import FolderProblem, SetupProgress, SetupStep, look_at
from gdtbridge.setup.folders import _on_server
from tests.tools.practice import Practice


@pytest.mark.parametrize(
    ("typed", "problem"),
    [
        (r"\\server\praxis\gdt", FolderProblem.WINDOWS),
        (r"C:\gdt", FolderProblem.WINDOWS),
        ("nowhere", FolderProblem.MISSING),
        ("file.txt", FolderProblem.NO_FOLDER),
    ],
)
def test_a_folder_that_cannot_be_used(tmp_path: Path, typed: str, problem: FolderProblem) -> None:
    """Each problem by its name, and nothing is raised."""
    (tmp_path / "file.txt").touch()
    assert look_at(typed, tmp_path).problem is problem


def test_a_folder_that_can_be_used(tmp_path: Path) -> None:
    """It is told how much is free; nothing stays in it."""
    (tmp_path / "gdt").mkdir()
    found = look_at("gdt", tmp_path)
    assert (found.problem, found.server) == (None, "")
    assert found.elsewhere == str(tmp_path / "gdt")
    assert found.free > 0
    assert list((tmp_path / "gdt").iterdir()) == []


@pytest.mark.parametrize(
    ("source", "told"),
    [
        ("//server/praxis", r"\\server\praxis\gdt\out"),
        ("server:/export/", "server:/export/gdt/out"),
    ],
)
def test_a_folder_of_another_machine_is_told_as_others_call_it(source: str, told: str) -> None:
    """The practice software has to be told the server's name of it, not our mount point."""
    place = Place("/mnt/p/gdt/out", "/mnt/p", "cifs", source, "", "/gdt/out", "1")
    assert _on_server(place) == told


def test_the_set_up_is_due_until_somebody_does_something(practice: Practice) -> None:
    """Leaving it is enough, and so is an order; done steps are remembered."""
    progress = SetupProgress(practice.core.database)
    assert progress.is_due(practice.core.settings)
    progress.finish(SetupStep.PRACTICE)
    assert progress.done() == {SetupStep.PRACTICE}
    assert progress.is_due(practice.core.settings)
    progress.leave()
    assert not progress.is_due(practice.core.settings)


class TestWithSettings:
    """A practice whose settings somebody has written."""

    @pytest.fixture
    def settings_text(self) -> str:
        """Return settings that name a folder."""
        return "[gdt]\ndialect = 'medistar'\n"

    def test_it_is_not_due(self, practice: Practice) -> None:
        """Who has written settings is not led there."""
        assert not SetupProgress(practice.core.database).is_due(practice.core.settings)


@pytest.mark.parametrize(
    ("written", "shown", "wanted"),
    [
        ("iso8859-1", "Mⁿller", "cp437"),
        ("iso8859-1", "M�ller", "utf-8"),
        ("cp437", "M�ller", "iso8859-1"),
        ("utf-8", "MÃ¼ller", "iso8859-1"),
        ("utf-8", "Müller", "utf-8"),
    ],
)
def test_what_is_seen_says_which_character_set_is_read(
    written: str, shown: str, wanted: str
) -> None:
    """Each look calls for the character set whose reader would show it."""
    assert dict(readings("Müller", written))[shown] == wanted
