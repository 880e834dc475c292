"""A practice of today and its desk: a clock before the product existed would need a person."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from pytest_httpserver import HTTPServer

from tests.tools.clock import TO_BELIEVED
from tests.tools.desk import Desk
from tests.tools.practice import Practice


@pytest.fixture
def practice(practice: Practice) -> Practice:
    """Return a practice whose clock shows a year that is believed."""
    practice.clock.turn(TO_BELIEVED)
    return practice


@pytest.fixture
def desk(
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    httpserver: HTTPServer,
    request: pytest.FixtureRequest,
) -> Iterator[Desk]:
    """Return a desk at which nothing waits; a test may give it settings as TOML."""
    opened = Desk(tmp_path, caplog, httpserver, getattr(request, "param", ""))
    yield opened
    opened.close()
