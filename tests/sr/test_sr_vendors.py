"""Every maker's reports give their measurements: cases built by hand (``vendors/``).

Every case is also read with its siblings in reverse order: the order of items says nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy

import pytest
from pydicom.dataset import Dataset

from gdtbridge.sr import Report
from tests.sr.vendors.case import reverse, seen
from tests.sr.vendors.general import GENERAL
from tests.sr.vendors.heart import HEART
from tests.sr.vendors.obstetrics import OBSTETRICS
from tests.sr.vendors.private import PHILIPS, SONOSCAPE
from tests.sr.vendors.vessels import VESSELS

Read = Callable[[Dataset], Report]

CASES = {**PHILIPS, **OBSTETRICS, **VESSELS, **HEART, **SONOSCAPE, **GENERAL}


@pytest.mark.parametrize("name", CASES)
def test_report_gives_its_measurements(read: Read, name: str) -> None:
    """Each value arrives once, with what its device says about it and nothing else."""
    report, expected = CASES[name]
    found = map(seen, read(report).measurements)
    assert sorted(found, key=repr) == sorted(expected, key=repr)


@pytest.mark.parametrize("name", CASES)
def test_no_two_values_share_an_identity(read: Read, name: str) -> None:
    """What a person can tell apart, the service does too: nothing here is a repeat."""
    found = read(CASES[name][0]).measurements
    assert len({one.identity for one in found}) == len(found)
    assert len({one.id for one in found}) == len(found)


@pytest.mark.parametrize("name", CASES)
def test_order_of_siblings_says_nothing(read: Read, name: str) -> None:
    """Turned round at every level, the report gives the same values under the same ids."""
    report = CASES[name][0]
    before, after = read(report), read(reverse(deepcopy(report)))
    assert ids_and_values(after) == ids_and_values(before)


def ids_and_values(report: Report) -> set[tuple[str, str, str]]:
    """Return what the practice would file: under which id, which value in which unit."""
    return {(one.id, str(one.value), one.unit) for one in report.measurements}
