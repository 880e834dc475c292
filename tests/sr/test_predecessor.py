"""Ids, names and units as the predecessor system wrote them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from pydicom.dataset import Dataset

from gdtbridge.sr import Measurement, Report, predecessor_ids
from gdtbridge.sr.model import PredecessorTest
from tests.sr.builder import (
    FINDINGS,
    GROUP,
    LEFT_VENTRICLE,
    LVIDD,
    SITE,
    code,
    container,
    dataset,
    echo_section,
    num,
    row,
    sonoscape,
)
from tests.sr.conftest import predecessor_id

Read = Callable[[Dataset], Report]


def written(measurement: Measurement) -> PredecessorTest:
    """Return how the predecessor wrote a measurement it read."""
    assert measurement.predecessor is not None
    return measurement.predecessor


@pytest.mark.parametrize(
    ("meaning", "mode", "expected"),
    [
        (LVIDD, "SRT|G-03A2|2D mode", "SOEC2DLVIEDD"),
        (
            "LN|17978-8|Mitral Valve A-Wave Peak Velocity",
            "SRT|R-409E4|Doppler Pulsed",
            "SOECDOMVAPV",
        ),
        ("LN|1|E/A (ratio)", "SRT|G-0394|M mode", "SOECME"),
        ("LN|1|EF", "", "SOECXE"),
    ],
)
def test_groups_have_the_predecessors_ids(
    read: Read, meaning: str, mode: str, expected: str
) -> None:
    """SO, EC, two letters of the mode or X, the initials, cleaned and in upper case."""
    modes = [code("SRT|G-0373|Image Mode", mode)] if mode else []
    report = read(dataset(container(FINDINGS, container(GROUP, *modes, num(meaning, "1", "cm")))))
    (one,) = report.measurements
    shown = mode.split("|")[2] if mode else "X"
    assert predecessor_id(one) == expected
    assert written(one).name == f"{meaning.split('|')[2]} ({shown})"
    assert written(one).sources == (f"Quelle: {shown}",)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Thyroid L Length", "SOTHYROIDLLENGTH"),
        ("Höhe_links (max.)", "SOHÖHELINKSMAX"),
        ("Bladder-Vol", "SOBLADDERVOL"),
    ],
)
def test_private_rows_have_the_predecessors_ids(read: Read, name: str, expected: str) -> None:
    """SO and the name in upper case without anything but letters and digits."""
    (one,) = read(sonoscape(row("ID_1", name, "-1", "4"))).measurements
    assert (predecessor_id(one), written(one).name) == (expected, f"US {name}")
    assert written(one).sources == ("Id: ID_1", "Quelle: 2D")


@pytest.mark.parametrize(("sent", "unit"), [("1", ""), ("{H.B.}/min", "/min"), ("cm", "cm")])
def test_units_are_the_codes_as_sent(read: Read, sent: str, unit: str) -> None:
    """The predecessor wrote the code value, also where it says that there is no unit."""
    mode = code("SRT|G-0373|Image Mode", "SRT|G-03A2|2D mode")
    group = container(GROUP, mode, num(LVIDD, "1.5", sent))
    (one,) = read(dataset(container(FINDINGS, group))).measurements
    assert (one.unit, written(one).unit) == (unit, sent)


def test_the_last_of_one_id_carries_it_and_none_is_lost(read: Read) -> None:
    """The predecessor kept the last; here the others are told too, under their stable ids."""
    section = echo_section(*(num(LVIDD, value, "cm") for value in ("1", "2", "3")))
    report = read(dataset(section))
    assert [predecessor_id(one) for one in report.measurements] == [None, None, "SOEC2DLVIEDD"]
    assert predecessor_ids(report) == (*(one.id for one in report.measurements[:2]), "SOEC2DLVIEDD")


@pytest.mark.parametrize(("value", "kept"), [("-1", "4"), ("-18.5", "4"), ("-0.5", "-0.5")])
def test_it_read_values_above_minus_one_only(read: Read, value: str, kept: str) -> None:
    """What the predecessor dropped does not take the id from what it kept."""
    section = echo_section(num(LVIDD, "4", "%"), num(LVIDD, value, "%"))
    report = read(dataset(section))
    assert [str(one.value) for one in report.measurements if predecessor_id(one)] == [kept]
    assert len(report.measurements) == 2


def test_ids_exist_only_where_the_predecessor_read(read: Read) -> None:
    """Outside of measurement groups, and for letters it could not write, there is none."""
    outside = container(FINDINGS, code(SITE, LEFT_VENTRICLE), num(LVIDD, "1", "cm"))
    report = read(dataset(outside, echo_section(num("LN|1|左室", "2", "cm"))))
    assert [predecessor_id(one) for one in report.measurements] == [None, None]
    assert predecessor_ids(report) == tuple(one.id for one in report.measurements)


def test_its_ids_never_collide_with_stable_ones(read: Read) -> None:
    """All test ids of one report differ, whatever the scheme."""
    report = read(dataset(echo_section(num(LVIDD, "1", "cm"), num(LVIDD, "2", "cm"))))
    first, second = report.measurements
    same = PredecessorTest(first.id, "", "", ())
    clash = replace(report, measurements=(first, replace(second, predecessor=same)))
    assert len(set(predecessor_ids(clash))) == 2


@pytest.mark.parametrize(
    ("device_id", "name", "number"), [("A", "", "-1"), ("A", "Isthmus", "0"), ("A", "左", "-1")]
)
def test_rows_the_predecessor_did_not_read(
    read: Read, device_id: str, name: str, number: str
) -> None:
    """A row without a name, a single reading, letters it could not write: none has its id."""
    (one,) = read(sonoscape(row(device_id, name, number, "4"))).measurements
    assert one.predecessor is None
