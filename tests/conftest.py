"""Fixtures every room's tests may use."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

settings.register_profile(
    "gdtbridge", deadline=None, suppress_health_check=[HealthCheck.too_slow], print_blob=True
)
settings.load_profile("gdtbridge")

PROJECT = Path(__file__).resolve().parent.parent


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add ``--corpus``: a folder of foreign files the project does not ship."""
    beside = PROJECT.parent / "shared" / "corpus"
    parser.addoption(
        "--corpus",
        default=os.environ.get("GDTBRIDGE_CORPUS", str(beside)),
        help="folder with gdt/, sr/, images/ and hostile/ sample files (default: %(default)s)",
    )
    parser.addoption(
        "--kills",
        type=int,
        default=25,
        help="how often the kill test kills the service (default: %(default)s)",
    )


@pytest.fixture(scope="session")
def corpus(request: pytest.FixtureRequest) -> Path:
    """Return the corpus folder, or skip the test where there is none."""
    folder = Path(str(request.config.getoption("--corpus")))
    if not folder.is_dir():
        pytest.skip(f"no corpus at {folder} (name one with --corpus)")
    return folder


@pytest.fixture(scope="session")
def project() -> Path:
    """Return the root of the checkout."""
    return PROJECT
