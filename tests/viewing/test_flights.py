"""Several who want the same picture at once wait for one who makes it."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from gdtbridge.viewing.flights import Flights, Released


def test_one_makes_what_all_want() -> None:
    """Eight callers, one call, the same value for all."""
    flights: Flights[object] = Flights()
    inside, begun, done = [], threading.Event(), threading.Event()

    def make() -> object:
        inside.append(1)
        begun.set()
        assert done.wait(60)
        return object()

    with ThreadPoolExecutor(8) as pool:
        first = pool.submit(flights.once, "a", make)
        assert begun.wait(60)
        others = [flights.claim(["a", "b"])[1] for _ in range(7)]
        done.set()
        assert {id(one.result(60)) for one in others if one is not None} == {id(first.result(60))}
    assert (len(inside), len(others)) == (1, 7)
    flights.once("a", object)  # later it is made anew


def test_what_is_claimed_ends_where_others_are() -> None:
    """Of several only those up to one that somebody else makes."""
    flights: Flights[str] = Flights()
    assert flights.claim(["c"]) == (1, None)
    assert flights.claim(["a", "b", "c", "d"]) == (2, None)
    assert flights.claim(["d"]) == (1, None)


def test_who_waits_is_told_when_nothing_comes() -> None:
    """The error of the maker, or that somebody else has to."""
    flights: Flights[str] = Flights()
    flights.claim(["a", "b"])
    _, a = flights.claim(["a"])
    _, b = flights.claim(["b"])
    assert a is not None
    assert b is not None
    flights.release(["a"])
    flights.release(["b"], ValueError("busy"))
    with pytest.raises(Released):
        a.result(0)
    with pytest.raises(ValueError, match="busy"):
        b.result(0)
    assert flights.claim(["a", "b"]) == (2, None)
