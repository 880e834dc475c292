"""Reports for people and programs."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import cast

import pytest
from pydicom.dataset import Dataset
from pydicom.sr._concepts_dict import concepts
from pydicom.sr._snomed_dict import mapping

from gdtbridge.catalogue import remarks, report_to_json, report_to_text, title
from gdtbridge.catalogue.report_json import JSON_KEYS, REPORT_KEYS
from gdtbridge.sr import (
    REPORT_CLASSES,
    Measurement,
    MeasurementProperty,
    Report,
    fingerprint,
    is_report,
    read_report,
)
from gdtbridge.sr.warn import MESSAGES
from gdtbridge.tsv import table
from tests.sr.builder import (
    LATERALITY,
    LATEST_CHOSEN,
    LVIDD,
    MODIFIER,
    PROPERTY,
    RIGHT,
    SELECTION,
    code,
    dataset,
    echo_section,
    empty_num,
    num,
    text,
    write,
)

Read = Callable[[Dataset], Report]


PROMISED = (
    *("id", "name", "value", "unit", "code", "scheme", "site", "laterality", "mode", "method"),
    *("derivation", "phase", "fetus", "label"),
)


def measurement(**fields: object) -> Measurement:
    """Return a measurement with these texts."""
    whole = Measurement("LENGTH1", "Length", Decimal("1.0"), "cm", "G-A22A", "SRT")
    return replace(whole, **fields)  # type: ignore[arg-type]


def test_json_has_the_agreed_shape(read: Read) -> None:
    """Values are decimal strings, what is absent is null; these keys are promised."""
    report = read(dataset(echo_section(num(LVIDD, "1e-7", "cm"), empty_num("LN|1|x"))))
    shown = json.loads(json.dumps(report_to_json(report)))
    (one,) = shown.pop("measurements")
    assert {key: shown[key] for key in ("sop_uid", "study_uid", "template", "patient_id")} == {
        "sop_uid": "2.25.11",
        "study_uid": "2.25.12",
        "template": "5200",
        "patient_id": "4711",
    }
    assert {key: one[key] for key in PROMISED} == {
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
    assert shown["warnings"] == [
        {"code": "no_value", "message": "Kein Messwert. / No value.", "place": "1.1.2.3"}
    ]
    assert "decisions" not in shown


def test_json_has_everything_else(read: Read) -> None:
    """Properties, further modifiers and what the header says come behind the promised keys."""
    limit = num("SRT|R-41F90|Normal Range Lower Limit", "20", "%", rel=PROPERTY)
    plane = code("99X|7|Plane", "99X|8|Far")
    report = read(dataset(echo_section(num("LN|11871-1|FL/AC", "22", "%", limit, plane))))
    shown = json.loads(json.dumps(report_to_json(report)))
    (one,) = shown["measurements"]
    assert set(JSON_KEYS) | {"properties", "further", "finding"} == set(one)
    lists = {"measurements", "earlier", "untold", "warnings", "statements"}
    assert set(REPORT_KEYS) | lists == set(shown)
    assert one["properties"] == [
        {
            "name": "Normal Range Lower Limit",
            "value": "20",
            "unit": "%",
            "code": "R-41F90",
            "scheme": "SRT",
        }
    ]
    assert one["further"][0]["value"] == "Far"


def test_what_gives_no_result_is_shown(read: Read) -> None:
    """Table and JSON name an impossible value and one that cannot be read, without a number."""
    numbers = (num("LN|18043-0|EF", "999", "%"), num("LN|29436-3|LVIDd", "1,234", "mm"))
    report = read(dataset(echo_section(*numbers)))
    shown = json.loads(json.dumps(report_to_json(report)))
    said = [(one["name"], one["rule"], one["lost"]) for one in shown["untold"]]
    assert said == [("EF", "impossible", False), ("LVIDd", "bad_number", True)]
    text = report_to_text(report)
    assert "2 ohne Ergebnis" in text
    assert "EF, Linker Ventrikel: kein lebender Mensch" in text
    assert "999" not in text
    assert "1,234" not in text


def test_json_has_decisions_on_demand(tmp_path: Path) -> None:
    """Each with its reason in words; a report without a NUM has an empty list."""
    report = dataset(echo_section(num(LVIDD, "1", "cm")))
    shown = report_to_json(read_report(write(report, tmp_path / "a.dcm"), explain=True))
    assert shown["decisions"] == [
        {
            "place": "1.1.2.2",
            "name": LVIDD.split("|")[2],
            "value": "1",
            "unit": "cm",
            "kept": True,
            "rule": "single",
            "beside": "",
            "reason": "einziger Wert / the only value",
        }
    ]
    empty = read_report(write(dataset(), tmp_path / "b.dcm"), explain=True)
    assert report_to_json(empty)["decisions"] == []


def test_text_shows_every_value_with_its_unit(read: Read) -> None:
    """The table has a line for each measurement, what else is known of it below, and warnings."""
    report = read(
        dataset(
            echo_section(
                num(LVIDD, "4.80", "cm"),
                num("LN|2|左室", "12", "ml", code(LATERALITY, RIGHT)),
                empty_num("LN|1|x"),
            )
        )
    )
    lines = report_to_text(report, width=100).splitlines()
    assert "ACME, Template 5200" in lines[0]
    assert lines[3].split() == ["Messwert", "Wert", "Einheit", "Kennung"]
    assert lines[4].split()[-3:] == ["4.80", "cm", "LVIDDEJ6GJ65V"]
    assert lines[5].strip() == "Bildmodus: 2D"
    assert lines[6].startswith("左室, Linker Ventrikel rechts")
    assert lines[6].split()[-3:-1] == ["12", "ml"]
    assert lines[8] == "2 Messwerte / measurements"
    assert lines[9].strip().startswith("1.1.2.4: Kein Messwert.")
    assert "\x1b" not in "".join(lines)


@pytest.mark.parametrize(("asked", "width"), [(10, 80), (100, 100), (400, 120)])
def test_table_fits_its_width_and_cuts_nothing(read: Read, asked: int, width: int) -> None:
    """Between 80 and 120 columns; a long name goes on in the next line."""
    words = [f"word{number}" for number in range(40)]
    label = text("DCM|125309|Short Label", " ".join(words), rel=MODIFIER)
    report = read(dataset(num(LVIDD, "4.2141821355915", "cm", label)))
    shown = report_to_text(report, width=asked)
    assert max(len(line) for line in shown.splitlines()) <= width
    assert all(word in shown for word in words)


def test_explanation_shows_every_number(tmp_path: Path) -> None:
    """What is told and what is not, with the rule, the reason and what stands instead."""
    chosen = num(LVIDD, "4.8", "cm", code(SELECTION, LATEST_CHOSEN, rel=PROPERTY))
    report = dataset(echo_section(chosen, num(LVIDD, "4.8", "cm"), empty_num("LN|1|x")))
    shown = report_to_text(read_report(write(report, tmp_path / "a.dcm"), explain=True))
    lines = [line for line in shown.splitlines() if line.startswith(("+ 1", "- 1"))]
    assert [line[:9] for line in lines] == ["+ 1.1.2.2", "- 1.1.2.3", "- 1.1.2.4"]
    words = " ".join(shown.split())
    assert "twin: derselbe Wert noch einmal" in words
    assert "(1.1.2.2)" in words
    assert "no_value: Kein Messwert." in words


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
        ({"mode": "2D mode", "method": "Teichholz"}, ("Bildmodus: 2D", "Methode: Teichholz")),
        (
            {"label": "Pfortader", "derivation": "Mean", "fetus": "A"},
            ("Bezeichnung: Pfortader", "Fetus: A", "Ableitung: Mittelwert"),
        ),
        ({"selection": "Most recent value chosen"}, ("Auswahl: letzter Wert",)),
        ({"companion_of": "BPD", "group": "Knoten 1"}, ("Zu: BPD", "Gruppe: Knoten 1")),
        ({"repeat": 2, "repeats": 3}, ("Wiederholung: 2 von 3",)),
        (
            {
                "properties": (
                    MeasurementProperty("x", "20", "%", "R-41F90", "SRT"),
                    MeasurementProperty("Risk", "low"),
                )
            },
            ("Norm ab: 20 %", "Risk: low"),
        ),
        ({"further": (MeasurementProperty("Plane", "Far"),)}, ("Plane: Far",)),
    ],
)
def test_remarks_are_short_german_lines(
    fields: dict[str, object], expected: tuple[str, ...]
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
        ({"companion_of": "BPD"}, "Length (BPD)"),
        ({"group": "Knoten 1", "site": "Thyroid"}, "Length, Knoten 1 Thyroid"),
    ],
)
def test_title_tells_generic_names_apart(fields: dict[str, object], expected: str) -> None:
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
    page = (project / "docs" / "reference" / "measurements.md").read_text(encoding="utf-8")
    table = page.split("## Warnings")[1].split("## ")[0]
    assert set(re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE)) == set(MESSAGES)


def test_report_classes_are_known() -> None:
    """Storage classes of Structured Reports, padded or not; no images, no key objects."""
    assert all(is_report(uid) for uid in REPORT_CLASSES)
    assert is_report("1.2.840.10008.5.1.4.1.1.88.33\0")
    assert not is_report("1.2.840.10008.5.1.4.1.1.6.1")
    assert not is_report("1.2.840.10008.5.1.4.1.1.88.59")


def test_coded_words_are_german_whatever_the_device_calls_them() -> None:
    """Site, mode, method, view, phase and flow say in German what their codes mean."""
    one = measurement(
        identity=(
            "LN:1",
            "site=SCT:39057004",
            "topography=SCT:40415009",
            "mode=SCT:261198000",
            "method=DCM:125218",
            "equation==my table",
            "view=SCT:399214001",
            "cycle=SCT:416430001",
            "breathing=SCT:58322009",
            "flow=SCT:397417004",
            "stage=SCT:434161005",
        ),
        site="Pulmonic Valve",
        topography="Proximal",
        mode="Continuous Wave",
        method="Simplified Bernoulli, my table",
        view="Apical four chamber",
        phase="End Systole, Expiration",
        flow="Regurgitant Flow",
        stage="Peak cardiac stress state",
    )
    assert remarks(one) == (
        "Ort: Pulmonalklappe",
        "Lage: proximal",
        "Bildmodus: CW",
        "Schnittebene: 4-Kammer",
        "Methode: Simplified Bernoulli, my table",  # half a translation is none
        "Phase: endsystolisch, exspiratorisch",
        "Flussrichtung: Regurgitation",
        "Stufe: maximale Belastung",
    )
    assert title(one).endswith("Pulmonalklappe proximal, maximale Belastung")


def test_a_code_of_no_context_group_says_where_it_is_from() -> None:
    """Words for SNOMED CT codes that DICOM does not list are from our own knowledge of them."""
    sct = cast("dict[str, dict[str, object]]", concepts["SCT"])
    listed = {code for codes in sct.values() for code in codes} | set(mapping["SRT"].values())
    rows = [row for row in table("catalogue/words.tsv") if row[0].startswith("SCT:")]
    own = {row[0] for row in rows if row[0].removeprefix("SCT:") not in listed}
    assert own == {row[0] for row in rows if len(row) > 3}
    assert {row[3] for row in rows if row[0] in own} == {"SNOMED CT"}
