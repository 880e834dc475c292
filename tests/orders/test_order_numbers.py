"""Order numbers never repeat, whatever is restored from wherever: real folders and databases."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from gdtbridge.settings import load_settings
from tests.tools.practice import Practice

LAST_NIGHT = 1_796_000_400.0
"""2026-11-30 01:00 UTC."""
DATABASE = "db.sqlite"
WORKLIST = "worklist"


class Ward:
    """A practice that orders day by day, and whose copies are put back."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder / "practice"
        self._folder.mkdir()
        (self._folder / "gdtbridge.toml").touch()
        self._copy = folder / "copy"
        self.seconds = LAST_NIGHT
        self.given: list[str] = []

    def start(self) -> Practice:
        """Return the running practice at the ward's time."""
        practice = Practice(self._folder, load_settings(self._folder / "gdtbridge.toml", {}))
        practice.clock.seconds = self.seconds
        return practice

    def order(self, practice: Practice) -> None:
        """Order for another patient, an hour after the last."""
        self.seconds += 3600
        practice.clock.seconds = self.seconds
        wanted = practice.order(patient_id=f"{len(self.given)}")
        self.given.append(practice.core.orders.place(wanted).entry.AccessionNumber)

    def day(self) -> None:
        """Start, order, and stop."""
        practice = self.start()
        for _ in range(8):
            self.order(practice)
        practice.close()

    def make_copy(self) -> None:
        """Make tonight's copy."""
        shutil.copytree(self._folder, self._copy)

    def lose(self, *parts: str) -> None:
        """Lose parts of what the practice keeps."""
        for path in (found for part in parts for found in self._folder.glob(f"{part}*")):
            shutil.rmtree(path) if path.is_dir() else path.unlink()

    def put_back(self, *parts: str) -> None:
        """Put parts of the copy in the place of what is there."""
        self.lose(*parts)
        for path in (found for part in parts for found in self._copy.glob(f"{part}*")):
            target = self._folder / path.name
            shutil.copytree(path, target) if path.is_dir() else shutil.copy2(path, target)


@pytest.fixture
def ward(tmp_path: Path) -> Ward:
    """Return a practice that ordered, made a copy at night, and ordered on."""
    ward = Ward(tmp_path)
    ward.day()
    ward.make_copy()
    ward.day()
    return ward


@pytest.mark.parametrize(
    "parts", [(DATABASE, WORKLIST), (DATABASE,), (WORKLIST,)], ids=["all", "database", "worklist"]
)
def test_last_nights_copy_repeats_no_number(ward: Ward, parts: tuple[str, ...]) -> None:
    """Put back whole or in part, and a second time, it goes on above what was given away since."""
    for _ in range(2):
        ward.put_back(*parts)
        ward.day()
    assert ward.given == sorted(set(ward.given))


@pytest.mark.parametrize(
    "parts", [(DATABASE, WORKLIST), (DATABASE,), (WORKLIST,)], ids=["all", "database", "worklist"]
)
def test_a_loss_repeats_no_number(ward: Ward, parts: tuple[str, ...]) -> None:
    """A fresh installation beside charts that know the numbers of the one before goes on above."""
    ward.lose(*parts)
    ward.day()
    assert ward.given == sorted(set(ward.given))


def test_a_worklist_put_back_under_a_running_service_repeats_no_number(ward: Ward) -> None:
    """Neither the service that runs meanwhile nor a program beside it gives a number again."""
    running = ward.start()
    ward.order(running)
    ward.put_back(WORKLIST)
    beside = ward.start()
    for practice in (beside, running, beside, running):
        ward.order(practice)
    beside.close()
    running.close()
    assert ward.given == sorted(set(ward.given))
