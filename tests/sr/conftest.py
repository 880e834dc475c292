"""Fixtures of the measurements room."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from pydicom.dataset import Dataset

from gdtbridge.sr import Measurement, Report, read_report
from tests.sr import builder


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Call every test of the one huge report slow."""
    for item in items:
        if "edge_big_5000_num" in item.name:
            item.add_marker("slow")


@pytest.fixture
def read(tmp_path: Path) -> Callable[[Dataset], Report]:
    """Return a function that writes a report to a file and reads it back."""

    def write_and_read(report: Dataset) -> Report:
        return read_report(builder.write(report, tmp_path / "report.dcm"))

    return write_and_read


def predecessor_id(measurement: Measurement) -> str | None:
    """Return the predecessor's id of a measurement, None where it has none."""
    return measurement.predecessor.id if measurement.predecessor is not None else None
