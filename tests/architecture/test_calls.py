"""Every call has a row that says who may make it."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from gdtbridge.settings import Settings
from gdtbridge.web import CorePorts, create_app
from gdtbridge.web.access.calls import call_table, method_of
from tests.tools.empty_database import open_database
from tests.tools.house import House


@pytest.fixture
def calls(tmp_path: Path) -> set[tuple[str, str]]:
    """Return endpoint and method of every call."""
    with closing(open_database(tmp_path / "db.sqlite")) as database:
        house = House(database)
        given: dict[str, Any] = {"access": house.access, "audit": house.trail, "revision": int}
        ports: dict[str, Any] = {name: given.get(name) for name in CorePorts.__dataclass_fields__}
        app = create_app(Settings(), CorePorts(**ports), dict)
    return {
        (rule.endpoint, method_of(method))
        for rule in app.url_map.iter_rules()
        for method in rule.methods or ()
    }


def test_every_call_has_a_row(calls: set[tuple[str, str]]) -> None:
    """In gdtbridge/web/access/calls.tsv: who may, and what the audit trail says of it."""
    assert sorted(calls - call_table().keys()) == []


def test_every_row_is_of_a_call(calls: set[tuple[str, str]]) -> None:
    """A call that is gone leaves no right behind."""
    assert sorted(call_table().keys() - calls) == []
