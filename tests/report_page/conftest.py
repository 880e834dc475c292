"""Fixtures of the readable reports: a sheet of any report."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from pydicom.dataset import Dataset

from gdtbridge.catalogue.catalogue import standard
from gdtbridge.people import Patient
from gdtbridge.report_page.compose import sheet_of
from gdtbridge.report_page.sheet import ReportSheet
from gdtbridge.sr import read_report
from tests.sr import builder


def sheet_of_file(
    path: Path, patient: Patient | None = None, accession: str | None = None
) -> ReportSheet:
    """Return the sheet of a file, by our own catalogue."""
    report = read_report(path)
    number = report.accession_number if accession is None else accession
    return sheet_of(report, standard(), patient or report.patient, number)


@pytest.fixture
def sheet(tmp_path: Path) -> Callable[..., ReportSheet]:
    """Return a function that makes the sheet of a report."""

    def made(
        report: Dataset, patient: Patient | None = None, accession: str | None = None
    ) -> ReportSheet:
        return sheet_of_file(builder.write(report, tmp_path / "report.dcm"), patient, accession)

    return made
