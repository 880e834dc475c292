"""A practice whose child processes are those of all tests of a module: starting them costs most."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from gdtbridge.pictures import AttachmentReader
from gdtbridge.report_page import PagePrinter
from gdtbridge.results.gathering import ObjectOpeners
from gdtbridge.settings import load_settings
from tests.tools.practice import HereReader, Practice


@pytest.fixture(scope="module")
def openers() -> Iterator[ObjectOpeners]:
    """Return who opens received files."""
    with AttachmentReader() as pictures, PagePrinter() as sheets:
        yield ObjectOpeners(HereReader(), pictures, sheets)


@pytest.fixture
def practice(tmp_path: Path, openers: ObjectOpeners) -> Iterator[Practice]:
    """Return a practice with its own folder."""
    file = tmp_path / "gdtbridge.toml"
    file.write_text("", encoding="utf-8")
    practice = Practice(tmp_path, load_settings(file, {}), openers)
    yield practice
    practice.close()
