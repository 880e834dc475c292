"""Reports for people and programs."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest
from pydicom.dataset import Dataset

from gdtbridge.measurements import (
    REPORT_CLASSES,
    Measurement,
    Report,
    fingerprint,
    is_report,
    remarks,
    report_to_json,
    report_to_text,
    title,
)
from gdtbridge.measurements.warn import MESSAGES
from tests.measurements.builder import (
    LATERALITY,
    LVIDD,
    RIGHT,
    code,
    dataset,
    echo_section,
    empty_num,
    num,
)

Read = Callable[[Dataset], Report]


def measurement(**fields: str | None) -> Measurement:
    """Return a measurement with these texts."""
    whole = Measurement("LENGTH1", "Length", Decimal("1.0"), "cm", "G-A22A", "SRT")
    return replace(whole, **fields)  # type: ignore[arg-type]


def test_json_has_the_agreed_shape(read: Read) -> None:
    """Values are decimal strings, what is absent is null."""
    report = read(dataset(echo_section(num(LVIDD, "1e-7", "cm"), empty_num("LN|1|x"))))
    shown = json.loads(json.dumps(report_to_json(report)))
    assert shown == {
        "sop_uid": "2.25.11",
        "study_uid": "2.25.12",
        "template": "5200",
        "patient_id": "4711",
        "measurements": [
            {
                "id": "LVIDDEJ6GJ65V",
                "name": "Left Ventricle Internal End Diastolic Dimension",
                "value": "0.0000001",
                "unit": "cm",
                "code": "29436-3",
                "scheme": "LN",
                "site": "Left Ventricle",
                "laterality": None,
                "mode": "2D mode",
                "method": None,
                "derivation": None,
                "phase": None,
                "fetus": None,
                "label": None,
            }
        ],
        "warnings": [
            {
                "code": "no_value",
                "message": "Kein Messwert. / No value.",
                "place": "1.1.2.3",
            }
        ],
    }


def test_text_shows_every_value_with_its_unit(read: Read) -> None:
    """The table has one line for each measurement and each warning."""
    report = read(
        dataset(
            echo_section(
                num(LVIDD, "4.80", "cm"),
                num("LN|2|左室", "12", "ml", code(LATERALITY, RIGHT)),
                empty_num("LN|1|x"),
            )
        )
    )
    lines = report_to_text(report).splitlines()
    assert "ACME, Template 5200" in lines[0]
    assert "4.80 cm" in lines[2]
    assert "12 ml" in lines[3]
    assert "Seite: rechts" in lines[3]
    assert "2 Messwerte" in lines[4]
    assert lines[5].startswith("1.1.2.4: Kein Messwert.")
    assert "\x1b" not in "".join(lines)


def test_colour_is_an_addition(read: Read) -> None:
    """Without its escape sequences the coloured table is the plain one."""
    report = read(dataset(echo_section(num(LVIDD, "4.80", "cm"))))
    coloured = report_to_text(report, colour=True)
    for sequence in ("\x1b[1m", "\x1b[2m", "\x1b[0m"):
        assert sequence in coloured
        coloured = coloured.replace(sequence, "")
    assert coloured == report_to_text(report)


def test_report_without_measurements_is_shown(read: Read) -> None:
    """Zero is a number too."""
    assert "0 Messwerte" in report_to_text(read(dataset()))


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({}, ()),
        ({"site": "Kidney", "laterality": "Left"}, ("Ort: Kidney", "Seite: links")),
        ({"laterality": "Unilateral"}, ()),
        ({"mode": "2D mode", "method": "Teichholz"}, ("Bildmodus: 2D mode", "Methode: Teichholz")),
        (
            {"label": "Pfortader", "derivation": "Mean", "fetus": "A"},
            ("Bezeichnung: Pfortader", "Fetus: A", "Ableitung: Mittelwert"),
        ),
        ({"selection": "Most recent value chosen"}, ("Auswahl: letzter Wert",)),
    ],
)
def test_remarks_are_short_german_lines(
    fields: dict[str, str | None], expected: tuple[str, ...]
) -> None:
    """Each modifier is one line under its German word."""
    assert remarks(measurement(**fields)) == expected


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({}, "Length"),
        ({"site": "Kidney", "laterality": "Left"}, "Length, Kidney links"),
        ({"label": "Pfortader"}, "Pfortader (Length)"),
        ({"label": "length"}, "Length"),
        ({"name": "Left Atrium Area", "site": "Left Atrium"}, "Left Atrium Area"),
    ],
)
def test_title_tells_generic_names_apart(fields: dict[str, str | None], expected: str) -> None:
    """The label of the user and the site stand where the concept says little."""
    assert title(measurement(**fields)) == expected


def test_fingerprint_follows_the_content_only() -> None:
    """Order, wording and trailing zeros do not count; ids, values and units do."""
    one, other = measurement(), replace(measurement(), id="OTHER1")
    report = Report("", "1", "2", None, "", "", None, None, (one, other), ())
    same = replace(
        report,
        sop_uid="3",
        measurements=(other, replace(one, name="Länge", value=Decimal("1.000"))),
    )
    assert fingerprint(report) == fingerprint(same)
    for changed in (
        replace(one, value=Decimal("1.1")),
        replace(one, unit="mm"),
        replace(one, id="THIRD1"),
    ):
        assert fingerprint(replace(report, measurements=(changed, other))) != fingerprint(report)
    assert fingerprint(replace(report, measurements=(one,))) != fingerprint(report)


def test_every_warning_is_documented(project: Path) -> None:
    """The table in the documentation lists the codes there are, and no others."""
    page = (project / "docs" / "measurements.md").read_text(encoding="utf-8")
    table = page.split("## Warnings")[1].split("## ")[0]
    assert set(re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE)) == set(MESSAGES)


def test_report_classes_are_known() -> None:
    """Storage classes of Structured Reports, padded or not; no images, no key objects."""
    assert all(is_report(uid) for uid in REPORT_CLASSES)
    assert is_report("1.2.840.10008.5.1.4.1.1.88.33\0")
    assert not is_report("1.2.840.10008.5.1.4.1.1.6.1")
    assert not is_report("1.2.840.10008.5.1.4.1.1.88.59")
