"""The examples of routes that the documents give, run with orders as files."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from gdtbridge.folders import OrderWatch
from gdtbridge.gdt.read.reader import read_records
from gdtbridge.gdt.read.record import Record
from tests.tools.reception import Reception, record


def example(text: str, heading: str) -> str:
    """Return the first TOML example behind a heading of a document."""
    found = re.search(r"```toml\n(.*?)```", text.partition(heading)[2], re.DOTALL)
    assert found is not None
    return found[1]


def look(reception: Reception) -> None:
    """Let every watcher see what there is, and again after a while."""
    clock = reception.practice.clock
    watches = [
        OrderWatch(reception.files, inbox, monotonic=clock.monotonic)
        for inbox in reception.files.inboxes
    ]
    for _ in range(2):
        for watch in watches:
            watch.look()
        clock.seconds += 2


def results(folder: Path) -> list[Record]:
    """Return the results in a folder of practice software."""
    return [record for path in folder.glob("*.gdt") for record in read_records(path.read_bytes())]


class TestRoutes:
    """Two practice softwares, as docs/reference/settings.md shows them."""

    @pytest.fixture
    def settings_text(self, project: Path, tmp_path: Path) -> str:
        """Return the example, with its folders below the test's."""
        text = (project / "docs" / "reference" / "settings.md").read_text("utf-8")
        found = example(text, "## Mehrere Praxisprogramme oder Arbeitsplätze")
        (tmp_path / "mnt" / "frauenarzt" / "auftraege").mkdir(parents=True)
        return found.replace("/mnt/", f"{tmp_path}/mnt/")

    @pytest.mark.parametrize("sender", ["TURBOMED", "CGM TURBOMED", "cgm  turbomed"])
    def test_a_product_by_its_name(self, reception: Reception, sender: str) -> None:
        """Whatever stands before its name, its results go to its folder and to no other."""
        reception.drop(record(f8316=sender))
        look(reception)
        practice = reception.practice
        practice.send(StudyInstanceUID=reception.entry.StudyInstanceUID, PatientID="4711")
        practice.wait()
        mnt = practice.folder / "mnt"
        assert len(results(mnt / "frauenarzt" / "gdt")) == 1
        assert [*results(mnt / "praxis" / "gdt"), *results(mnt / "raum3" / "gdt")] == []

    def test_another_product(self, reception: Reception) -> None:
        """What no route takes goes where [gdt] says."""
        reception.drop(record(f8316="MEDISTAR"))
        look(reception)
        practice = reception.practice
        practice.send(StudyInstanceUID=reception.entry.StudyInstanceUID, PatientID="4711")
        practice.wait()
        assert len(results(practice.folder / "mnt" / "praxis" / "gdt")) == 1
