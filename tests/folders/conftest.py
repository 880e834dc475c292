"""A practice whose software drops files, for one test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from gdtbridge.settings import load_settings
from tests.tools.practice import Practice
from tests.tools.reception import Reception


@pytest.fixture
def settings_text() -> str:
    """Return the practice's settings; a test class overrides them."""
    return ""


@pytest.fixture
def reception(tmp_path: Path, settings_text: str) -> Iterator[Reception]:
    """Return a practice with its own folders."""
    file = tmp_path / "gdtbridge.toml"
    file.write_text(settings_text, encoding="utf-8")
    practice = Practice(tmp_path, load_settings(file, {}))
    yield Reception(practice)
    practice.database.close()
