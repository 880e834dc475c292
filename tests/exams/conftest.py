"""A practice with every part real, for one test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from gdtbridge.settings import load_settings
from tests.tools.practice import Practice


@pytest.fixture
def settings_text() -> str:
    """Return the practice's settings; a test class overrides them."""
    return ""


@pytest.fixture
def practice(tmp_path: Path, settings_text: str) -> Iterator[Practice]:
    """Return a practice with its own folder."""
    file = tmp_path / "gdtbridge.toml"
    file.write_text(settings_text, encoding="utf-8")
    practice = Practice(tmp_path, load_settings(file, {}))
    yield practice
    practice.renderer.close()
    practice.printer.close()
    practice.database.close()
