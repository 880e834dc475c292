"""The state of the parts is told at once, whatever they do."""

from __future__ import annotations

import threading

from gdtbridge.errors import DatabaseError
from gdtbridge.health import STALE_SECONDS, Health, PartState
from tests.tools.waiting import wait_for

WELL = PartState(ok=True, detail="7 entries")


def test_what_was_found_is_told() -> None:
    """A probe may tell of several parts."""
    health = Health({"a": lambda: {"a": WELL}, "b": lambda: {"b:1": WELL, "b:2": WELL}})
    health.look()

    assert health.parts() == {"a": WELL, "b:1": WELL, "b:2": WELL}


def test_a_part_that_raises_is_not_well_and_hides_no_other() -> None:
    """The error is named by its type alone."""

    def fail() -> dict[str, PartState]:
        raise OSError("/mnt/praxis/Müller")

    health = Health({"a": fail, "b": lambda: {"b": WELL}})
    health.look()

    assert health.parts() == {"a": PartState(ok=False, detail="OSError"), "b": WELL}


def test_what_became_of_the_database_is_told() -> None:
    """Its errors name no value, and what to do."""

    def fail() -> dict[str, PartState]:
        raise DatabaseError("replaced; restart the service")

    health = Health({"a": fail})
    health.look()

    assert health.parts()["a"].detail == "replaced; restart the service"


def test_nothing_known_is_not_well() -> None:
    """Before the first look nobody is told that all is well."""
    assert not Health({"a": lambda: {"a": WELL}}).parts()["a"].ok


def test_a_part_that_hangs_keeps_nobody_waiting() -> None:
    """What was told last is told until it is too old; then the part is not well."""
    now = [0.0]
    hanging, gate = threading.Event(), threading.Event()

    def hang() -> dict[str, PartState]:
        if hanging.is_set():
            gate.wait(60)
        return {"a": WELL}

    health = Health({"a": hang}, monotonic=lambda: now[0])
    health.look()
    hanging.set()
    looking = threading.Thread(target=health.look)
    looking.start()

    assert health.parts() == {"a": WELL}
    now[0] = STALE_SECONDS + 1
    assert health.parts() == {"a": PartState(ok=False, detail="no answer for 31 s")}
    looking.join()
    gate.set()
    wait_for(lambda: health.parts() == {"a": WELL}, what="the answer")
