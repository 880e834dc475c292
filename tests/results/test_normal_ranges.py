"""Reference ranges (8460 to 8462) where a report has them, in the unit of the value."""

from __future__ import annotations

from datetime import date, time
from decimal import Decimal

import pytest

from gdtbridge.catalogue.catalogue import standard
from gdtbridge.gdt.read.reader import read_records
from gdtbridge.gdt.tables.dialects import DIALECTS
from gdtbridge.gdt.tables.options import ValueForm
from gdtbridge.gdt.tables.practice_dialects import derive
from gdtbridge.gdt.tools.conformance import check_record
from gdtbridge.gdt.write.results import (
    Identification,
    NormalRange,
    Revision,
    TestValue,
    ValueResult,
)
from gdtbridge.gdt.write.writer import render_values
from gdtbridge.people import Patient
from gdtbridge.results import values
from gdtbridge.results.revision import NewValues
from gdtbridge.settings import TestIds
from gdtbridge.sr import Measurement, Report
from gdtbridge.sr.model import MeasurementProperty

LVIDD = "LN:29436-3"
LOWER, UPPER = ("385524004", "SCT"), ("371933006", "SCT")
UPPER_SRT, WORDS = ("R-0038B", "SRT"), ("121407", "DCM")
NEW = NewValues(Revision.FIRST, (0,), {})


def said(code: tuple[str, str], value: str, unit: str = "") -> MeasurementProperty:
    """Return what a report says beside a value."""
    return MeasurementProperty("Norm", value, unit, *code)


def sent(
    *properties: MeasurementProperty, concept: str = LVIDD, scheme: TestIds = "catalogue"
) -> TestValue:
    """Return how the practice gets a value of 4.2 cm with these properties."""
    designator, _, code = concept.partition(":")
    measurement = Measurement(
        id="DERIVEDAAAAAAAA",
        name="Device's name",
        value=Decimal("4.2"),
        unit="cm",
        code=code,
        scheme=designator,
        unit_code="cm",
        identity=(concept,),
        properties=properties,
    )
    report = Report("", "", "", None, "", "", None, None, (measurement,), ())
    builder = values.TestValueBuilder(standard(), scheme, "send", predecessor_names=False)
    (value,) = builder.tests(report, NEW)
    return value


@pytest.mark.parametrize(
    ("properties", "expected"),
    [
        ((), NormalRange()),
        (
            (said(LOWER, "3.5", "cm"), said(UPPER, "5.7", "cm")),
            NormalRange(Decimal("35.0"), Decimal("57.0")),
        ),
        ((said(UPPER_SRT, "57", "mm"),), NormalRange(None, Decimal("57.0"))),
        ((said(UPPER, "5.7"),), NormalRange(None, Decimal("57.0"))),
        ((said(UPPER, "57", "ml"),), NormalRange()),
        ((said(UPPER, "hoch", "cm"),), NormalRange()),
        ((said(UPPER, "NaN", "cm"),), NormalRange()),
        ((said(WORDS, "bis 57 mm"),), NormalRange(text="bis 57 mm")),
    ],
)
def test_limits_are_in_the_unit_of_the_value(
    properties: tuple[MeasurementProperty, ...], expected: NormalRange
) -> None:
    """The chart gets 42.0 mm of a device's 4.2 cm, and limits to compare it with, or none."""
    value = sent(*properties)
    assert (value.value, value.unit) == (Decimal("42.0"), "mm")
    assert value.normal == expected


@pytest.mark.parametrize("unit", ["cm", ""])
def test_a_value_as_sent_has_limits_as_sent(unit: str) -> None:
    """What is not converted keeps limits of its own unit only."""
    value = sent(said(LOWER, "3.5", unit), said(UPPER, "57", "mm"), scheme="stable")
    assert (value.value, value.unit) == (Decimal("4.2"), "cm")
    assert value.normal == NormalRange(Decimal("3.5"))


@pytest.mark.parametrize("unit", ["cm", ""])
def test_limits_of_what_is_not_in_the_catalogue_go_with_it(unit: str) -> None:
    """It has one unit for its dimension, and so have its limits."""
    value = sent(said(LOWER, "3.5", unit), said(UPPER, "57", "mm"), concept="99X:unknown")
    assert (value.value, value.unit) == (Decimal("42"), "mm")
    assert value.normal == NormalRange(Decimal("35"), Decimal("57"))


@pytest.mark.parametrize("base", DIALECTS)
def test_ranges_stand_in_their_fields(base: str) -> None:
    """8460 to 8462 follow the value with the dialect's decimal sign; elsewhere they are a text."""
    dialect = derive(DIALECTS[base], "own", {"decimal_sign": ","})
    value = sent(said(LOWER, "3.5", "cm"), said(UPPER, "5.75", "cm"), said(WORDS, "normal"))
    person = Patient("4711", "Müller", "Änne", date(1985, 3, 12), "F")
    result = ValueResult(person, date(2024, 1, 15), time(10, 30), "R1", "US", (value,))
    (record,) = read_records(render_values(result, dialect, Identification()).data)
    limits = tuple(record.first(field) for field in ("8460", "8461", "8462"))
    if dialect.options.values is ValueForm.TEXT:
        assert limits == (None, None, None)
    else:
        assert (limits[0], limits[2]) == ("normal", "57,5")
        assert limits[1] in {"35", "35,0"}
    assert check_record(record, dialect) == ()
