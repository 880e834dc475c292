"""What differs in one respect is two measurements, in any order (``vendors/told_apart.py``)."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy

import pytest
from pydicom.dataset import Dataset

from gdtbridge.sr import Report
from tests.sr.builder import (
    DERIVATION,
    LVIDD,
    MEAN,
    code,
    dataset,
    num,
)
from tests.sr.vendors.case import chosen, reverse, seen
from tests.sr.vendors.told_apart import ORDERLESS, SAID, TOLD_APART

Read = Callable[[Dataset], Report]


@pytest.mark.parametrize("name", SAID)
def test_report_gives_its_measurements(read: Read, name: str) -> None:
    """Each value arrives once, with what its device says about it and nothing else."""
    report, expected = SAID[name]
    found = read(report).measurements
    assert sorted(map(seen, found), key=repr) == sorted(expected, key=repr)
    assert len({one.identity for one in found}) == len(found)


@pytest.mark.parametrize("name", TOLD_APART)
def test_two_things_have_two_identities(read: Read, name: str) -> None:
    """What the tree tells apart is not one measurement with a repeat."""
    found = read(TOLD_APART[name]).measurements
    assert len({one.identity for one in found}) == 2


@pytest.mark.parametrize("name", ORDERLESS)
def test_order_of_siblings_says_nothing(read: Read, name: str) -> None:
    """Turned round, the report gives the same values under the same ids."""
    before, after = read(ORDERLESS[name]), read(reverse(deepcopy(ORDERLESS[name])))
    assert {(one.id, one.value) for one in after.measurements} == {
        (one.id, one.value) for one in before.measurements
    }


BEATS = ("67.28", "49.82", "58.16")
MEAN_OF = code(DERIVATION, MEAN)
CHOICES: dict[str, tuple[list[Dataset], list[str]]] = {
    "the chosen beat": ([num(LVIDD, "4.1", "cm", chosen()), num(LVIDD, "4.3", "cm")], ["4.1"]),
    "the mean": (
        [num(LVIDD, "4.1", "cm"), num(LVIDD, "4.3", "cm"), num(LVIDD, "4.2", "cm", MEAN_OF)],
        ["4.2"],
    ),
    "the chosen beat before the mean": (
        [num(LVIDD, "4.2", "cm", MEAN_OF), num(LVIDD, "4.3", "cm", chosen())],
        ["4.3"],
    ),
    "all beats where nothing is chosen": ([num(LVIDD, beat, "mm") for beat in BEATS], [*BEATS]),
    "one of two exact twins": ([num(LVIDD, "4.1", "cm"), num(LVIDD, "4.1", "cm")], ["4.1"]),
}


@pytest.mark.parametrize("name", CHOICES)
def test_among_repeats_the_chosen_one_wins(read: Read, name: str) -> None:
    """Twins collapse; the chosen one wins, then the mean; otherwise all are kept."""
    numbers, expected = CHOICES[name]
    found = read(dataset(*numbers)).measurements
    assert sorted(str(one.value) for one in found) == sorted(expected)
