"""What the administrator sees of an installation."""

from __future__ import annotations

from gdtbridge.health import PartHistory, PartState
from gdtbridge.system.versions import versions
from tests.tools.practice import Practice


def test_versions_of_what_is_installed(practice: Practice) -> None:
    """Ours, the schema's, Python's, the system's, the database's, then the libraries'."""
    found = {one.name: one.version for one in versions(practice.core.database)}
    assert list(found)[:3] == ["gdtbridge", "Schema", "Python"]
    assert found["SQLite"]
    assert {"pydicom", "pynetdicom", "flask"} <= found.keys()
    assert all(found.values())


def test_a_change_of_a_part_wakes_the_pages(practice: Practice) -> None:
    """It is in no database, and a page that says that all is well must not go on saying it."""
    before = practice.core.revision.number
    practice.core.revision.notice()
    assert practice.core.revision.number == before + 1


def test_since_when_a_part_is_as_it_is() -> None:
    """The moment of the last change counts; a part that has changed since is not dated yet."""
    clock = iter((100.0, 200.0, 300.0, 400.0))
    history = PartHistory(lambda: next(clock))
    changed = [history.note({"disk": PartState(ok)}) for ok in (True, True, False, False)]
    assert changed == [True, False, True, False]
    assert history.dated({"disk": PartState(ok=False)})["disk"].since == 300.0
    assert history.dated({"disk": PartState(ok=True)})["disk"].since is None
    assert history.dated({"new": PartState(ok=True)})["new"].since is None
