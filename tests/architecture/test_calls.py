"""Every call has a row that says who may make it."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from werkzeug.routing import Map

from gdtbridge.settings import Settings
from gdtbridge.web import CorePorts, create_app
from gdtbridge.web.access.admission import UNATTENDED
from gdtbridge.web.access.calls import call_table, method_of
from tests.architecture.source import PROJECT
from tests.tools.empty_database import open_database
from tests.tools.house import House


@pytest.fixture
def url_map(tmp_path: Path) -> Map:
    """Return the routes of the application."""
    with closing(open_database(tmp_path / "db.sqlite")) as database:
        house = House(database)
        given: dict[str, Any] = {"access": house.access, "audit": house.trail, "revision": int}
        ports: dict[str, Any] = {name: given.get(name) for name in CorePorts.__dataclass_fields__}
        return create_app(Settings(), CorePorts(**ports), dict).url_map


@pytest.fixture
def calls(url_map: Map) -> set[tuple[str, str]]:
    """Return endpoint and method of every call."""
    return {
        (rule.endpoint, method_of(method))
        for rule in url_map.iter_rules()
        for method in rule.methods or ()
    }


def test_every_call_has_a_row(calls: set[tuple[str, str]]) -> None:
    """In gdtbridge/web/access/calls.tsv: who may, and what the audit trail says of it."""
    assert sorted(calls - call_table().keys()) == []


def test_every_row_is_of_a_call(calls: set[tuple[str, str]]) -> None:
    """A call that is gone leaves no right behind."""
    assert sorted(call_table().keys() - calls) == []


POLLED = {
    "clarify_who.html": "page_clarify_who",
    "file.html": "page_setup_file",
    "line.html": "page_setup_line",
    "queries.html": "page_setup_queries",
    "set.html": "page_sample_set",
}
"""The templates of parts that are fetched every few seconds, and the calls that make them."""


def test_what_pages_ask_by_themselves_keeps_nobody_signed_in() -> None:
    """A part of a page that is fetched again and again is no sign of its person."""
    files = (PROJECT / "gdtbridge/web").rglob("*.html")
    found = {file.name for file in files if 'hx-trigger="every' in file.read_text("utf-8")}
    assert found == POLLED.keys()
    assert {(endpoint, "GET") for endpoint in POLLED.values()} < UNATTENDED
