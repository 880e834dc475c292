"""A practice of today and its desk: a clock before the product existed would need a person."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from pytest_httpserver import HTTPServer

from tests.tools.certificate import GOOD_YEARS, make_ca, make_dated
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
    """Return a desk at which nothing waits; a test may give it settings as TOML.

    A certificate they name as ``own.pem`` is there, and good for years.
    """
    table = getattr(request, "param", "")
    if "own.pem" in table:
        make_dated(tmp_path, "own", make_ca(tmp_path), *GOOD_YEARS)
    opened = Desk(tmp_path, caplog, httpserver, table)
    yield opened
    opened.close()
