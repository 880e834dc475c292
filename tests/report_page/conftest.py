"""Fixtures of the readable reports: a sheet of any report."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from pydicom.dataset import Dataset

from gdtbridge.catalogue.catalogue import standard
from gdtbridge.report_page.compose import sheet_of
from gdtbridge.report_page.head import read_head
from gdtbridge.report_page.sheet import Person, Sheet
from gdtbridge.sr import read_report
from tests.sr import builder


def sheet_of_file(path: Path, person: Person | None = None) -> Sheet:
    """Return the sheet of a file, by our own catalogue."""
    return sheet_of(read_report(path), read_head(path), standard(), person)


@pytest.fixture
def sheet(tmp_path: Path) -> Callable[..., Sheet]:
    """Return a function that makes the sheet of a report."""

    def made(report: Dataset, person: Person | None = None) -> Sheet:
        return sheet_of_file(builder.write(report, tmp_path / "report.dcm"), person)

    return made
