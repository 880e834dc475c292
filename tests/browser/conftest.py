"""A browser for each worker, and a running service for each module."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from tests.tools.browser import start_browser
from tests.tools.service import Service, service


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Return Debian's Chromium."""
    yield from start_browser()


@pytest.fixture(scope="module")
def bridge(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """Return a service in German, with the name of a practice."""
    with service(
        tmp_path_factory.mktemp("bridge"),
        exam__quiet_seconds="0.2",
        practice__name="Praxis Dr. Sommer",
    ) as running:
        yield running
