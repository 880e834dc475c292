"""Ids: the same for the same measurement for ever, different within a report."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom.dataset import Dataset

from gdtbridge.sr import Code, Report
from gdtbridge.sr.codes import ModifierRole
from gdtbridge.sr.content import NumFinding
from gdtbridge.sr.context import ModifierContext
from gdtbridge.sr.identity import abbreviated, ids_of
from tests.sr.builder import (
    DERIVATION,
    LATEST_CHOSEN,
    LVIDD,
    MEAN,
    PROPERTY,
    SELECTION,
    code,
    dataset,
    echo_section,
    num,
    row,
)

Read = Callable[[Dataset], Report]

SHAPE = re.compile(r"[A-Z0-9]{9,20}")


def finding(value: str = "1", unit: str = "cm", **context: Code) -> NumFinding:
    """Return a finding of the left ventricle's diameter with these modifiers."""
    name = Code("29436-3", "LN", "Left Ventricle Internal End Diastolic Dimension")
    modifiers = {ModifierRole(role): code for role, code in context.items()}
    return NumFinding(
        name, Decimal(value), unit, ModifierContext().with_modifiers(modifiers), "1.1"
    )


@pytest.mark.parametrize(
    ("template", "item", "expected"),
    [
        ("5200", echo_section(num(LVIDD, "4.8", "cm")), "LVIDDEJ6GJ65V"),
        ("5200", num(LVIDD, "4.8", "cm"), "LVIDDHBJCOM7Z"),
        ("5200", num("LN|8867-4|Heart rate", "68", "{H.B.}/min"), "HRGB7MZ7JA"),
        ("SONO1000", row("THY_L_LEN", "Thyroid L Length", "-1", "4"), "THYLLENGDC4EPJZ"),
    ],
)
def test_released_ids_never_change(read: Read, template: str, item: Dataset, expected: str) -> None:
    """A practice's trends hang on these very letters."""
    assert read(dataset(item, template=template)).measurements[0].id == expected


@pytest.mark.parametrize(
    "other",
    [
        finding("9.99", "mm"),
        replace(finding(), name=Code("29436-3", "LN", "LVIDd")),
        replace(finding(), place="1.7.3"),
        finding(derivation=Code("R-00317", "SRT", "Mean")),
        finding(selection=Code("121412", "DCM", "Mean value chosen")),
    ],
)
def test_value_wording_place_and_derivation_do_not_enter(other: NumFinding) -> None:
    """A mean carries on the series of the single values."""
    assert ids_of([other]) == ids_of([finding()])


@pytest.mark.parametrize(
    "other",
    [
        finding(site=Code("T-32500", "SRT", "Right Ventricle")),
        finding(laterality=Code("G-A101", "SRT", "Left")),
        finding(topography=Code("G-A119", "SRT", "Distal")),
        finding(mode=Code("G-0394", "SRT", "M mode")),
        finding(method=Code("125209", "DCM", "Teichholz")),
        finding(equation=Code("125209", "DCM", "Teichholz")),
        finding(view=Code("G-A19C", "SRT", "Apical four chamber")),
        finding(cycle=Code("F-32020", "SRT", "Systole")),
        finding(breathing=Code("F-20010", "SRT", "Expiration")),
        finding(flow=Code("R-42047", "SRT", "Antegrade Flow")),
        finding(stage=Code("127001", "DCM", "Baseline")),
        finding(protocol=Code("", "", "Bruce")),
        finding(fetus=Code("", "", "A")),
        finding(label=Code("", "", "Pfortader")),
        replace(finding(), name=Code("29438-9", "LN", "LVIDs")),
    ],
)
def test_what_the_measurement_is_enters(other: NumFinding) -> None:
    """Each modifier makes another measurement."""
    assert ids_of([other]) != ids_of([finding()])


def test_free_text_counts_without_case_and_spacing() -> None:
    """A label typed twice by hand is one label."""
    first, second = (
        finding(label=Code("", "", text)) for text in ("Pfortader  re", "pfortader Re")
    )
    assert ids_of([first]) == ids_of([second])


@pytest.mark.parametrize(
    ("order", "plain_at"),
    [
        (("single", "single", "mean"), 2),
        (("single", "chosen", "mean"), 1),
        (("single", "single"), 1),
        (("mean", "mean"), 1),
        (("mean", "single"), 0),
        (("chosen", "single", "chosen"), 2),
        (("minimum", "mean", "maximum"), 1),
        (("minimum", "single"), 0),
    ],
)
def test_of_repeats_the_chosen_one_has_the_plain_id(order: Sequence[str], plain_at: int) -> None:
    """Selection Status first, then a mean, then what was measured last.

    A minimum and a maximum, both chosen for what they are, stand for nothing but themselves.
    """
    kinds = {
        "single": finding(),
        "mean": finding(derivation=Code("R-00317", "SRT", "Mean")),
        "chosen": finding(selection=Code("121410", "DCM", "User chosen value")),
        "minimum": finding(selection=Code("255605001", "SCT", "Minimum")),
        "maximum": finding(selection=Code("56851009", "SCT", "Maximum")),
    }
    made = ids_of([kinds[kind] for kind in order])
    assert made[plain_at] == ids_of([finding()])[0]
    assert len(set(made)) == len(order)


@given(
    st.lists(
        st.tuples(
            st.text(max_size=12), st.text(max_size=6), st.text(max_size=40), st.text(max_size=9)
        ),
        max_size=25,
    )
)
def test_ids_are_unique_and_fit(rows: list[tuple[str, str, str, str]]) -> None:
    """Whatever devices send, ids have at most 20 characters and differ."""
    findings = [
        NumFinding(Code(*name), Decimal(1), "", ModifierContext(label=Code("", "", label)), "1")
        for *name, label in rows
    ]
    made = ids_of(findings)
    assert len(set(made)) == len(findings)
    assert all(SHAPE.fullmatch(one) for one in made)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Diameter", "DIAMETER"),
        ("Peak Velocity", "PEAKVELOC"),
        ("Left Ventricle Internal End Diastolic Dimension", "LVIEDD"),
        ("Schilddrüse links", "SCHILLINKS"),
        ("Größe ß", "GROESSS"),
        ("左室", ""),
        ("#1", "1"),
    ],
)
def test_prefix_reminds_of_the_name(name: str, expected: str) -> None:
    """One to three words are shortened, of more the initials stay."""
    assert abbreviated(name) == expected


def test_mean_alone_and_among_singles_keeps_its_id(read: Read) -> None:
    """Whether a device also sends the single readings does not break the trend."""
    mean = num(LVIDD, "4.2", "cm", code(DERIVATION, MEAN))
    alone = read(dataset(echo_section(mean))).measurements[0]
    among = read(dataset(echo_section(num(LVIDD, "4.1", "cm"), num(LVIDD, "4.3", "cm"), mean)))
    latest = num(LVIDD, "5", "cm", code(SELECTION, LATEST_CHOSEN, rel=PROPERTY))
    assert [one.id for one in among.measurements] == [alone.id]
    assert read(dataset(echo_section(latest))).measurements[0].id == alone.id
