"""A practice's own dialects: what it may change, and what it is told when it cannot."""

from __future__ import annotations

import pytest

from gdtbridge.gdt.errors import GdtError
from gdtbridge.gdt.read.reader import read_records
from gdtbridge.gdt.tables.dialects import DIALECTS
from gdtbridge.gdt.tables.practice_dialects import CHANGES, derive, dialects_with
from gdtbridge.gdt.write.results import Identification, StudyResult, ValueResult
from gdtbridge.gdt.write.writer import render_study, render_values

FIELD_LIST = ["6201", "9206"]

GOOD: dict[str, object] = {
    "version": "02.00",
    "encoding": "cp437",
    "receiver": "AIS",
    "sender": "US",
    "field_limits": False,
    "comment_field": "6220",
    "comment_width": 40,
    "values": "both",
    "findings": True,
    "decimal_sign": ",",
    "attachments": True,
    "link": "attachment",
    "patient_id": "digits",
    "patient_id_copy": "3105",
    "device_code": "SONO01",
    "entry": False,
    "announce_lines": True,
    "omit": FIELD_LIST,
    "order": ["6228", "6200"],
    "file_name": "{sender}.{number}",
    "file_case": "upper",
}


def test_everything_can_be_changed(
    study: StudyResult, values: ValueResult, ids: Identification
) -> None:
    """All keys at once make a dialect whose records show them; one is of other forms only."""
    assert {*GOOD, "test_objects"} == set(CHANGES)
    dialect = derive(DIALECTS["gdt21"], "own", {"title": "Praxis", **GOOD})
    assert (dialect.name, dialect.title, dialect.family) == ("own", "Praxis", "gdt21")
    (record,) = read_records(render_study(study, dialect, ids).data)
    assert record.warnings == ()
    assert record.encoding == "cp437"
    assert (record.first("8315"), record.first("8316")) == ("AIS", "US")
    assert (record.version, record.first("3105"), record.first("8402")) == (
        "02.00",
        "12345",
        "SONO01",
    )
    assert record.all("6201") == record.all("9206") == ()
    (record,) = read_records(render_values(values, dialect, ids).data)
    assert record.first("8420") == "4,21"
    assert record.first("6220") == "Messwerte vom 15.01.2024"


def test_fields_can_be_put_in_another_order(study: StudyResult, ids: Identification) -> None:
    """The fields named come first in the body, the others follow as ever."""
    dialect = derive(DIALECTS["gdt21"], "own", {"order": ["6228", "6200"]})
    (record,) = read_records(render_study(study, dialect, ids).data)
    body = [line.id for line in record.lines if "6200" <= line.id <= "6228" or line.id == "8402"]
    assert body == ["6228", "6200", "8402", "6201", "6227"]


@pytest.mark.parametrize(
    ("base", "key", "value"),
    [
        ("gdt21", "version", "03.00"),
        ("gdt30", "version", "02.10"),
        ("medical-office", "version", "01.0"),
        ("gdt21", "encoding", "utf-16"),
        ("gdt21", "encoding", 3),
        ("gdt21", "receiver", "X" * 61),
        ("gdt21", "receiver", ""),
        ("gdt21", "sender", "Ä"),
        ("gdt21", "field_limits", "yes"),
        ("gdt21", "comment_field", "8420"),
        ("gdt21", "comment_width", 5),
        ("gdt21", "comment_width", True),
        ("gdt21", "comment_width", "60"),
        ("gdt21", "values", "Text"),
        ("gdt21", "findings", "6220"),
        ("gdt21", "test_objects", "one"),
        ("gdt30", "test_objects", "two"),
        ("medical-office", "test_objects", "one"),
        ("gdt21", "entry", 1),
        ("gdt21", "decimal_sign", ";"),
        ("gdt21", "link", "url"),
        ("medical-office", "link", "attachment"),
        ("medical-office", "attachments", True),
        ("gdt21", "patient_id_copy", "3101"),
        ("gdt21", "device_code", "SEVENCH"),
        ("gdt21", "omit", "6201"),
        ("gdt21", "omit", ["3000"]),
        ("gdt21", "omit", ["8421"]),
        ("gdt21", "omit", ["1"]),
        ("gdt21", "order", ["3000"]),
        ("gdt30", "order", ["6228"]),
        ("gdt21", "file_name", "../{accession}.gdt"),
        ("gdt21", "file_name", "{patient}.gdt"),
        ("gdt21", "file_name", "{sender.__class__}.gdt"),
        ("gdt21", "file_name", "{"),
        ("gdt21", "file_name", "{sender:d}"),
        ("gdt21", "file_case", "title"),
        ("gdt21", "title", 1),
    ],
)
def test_what_cannot_be_is_refused_by_name(base: str, key: str, value: object) -> None:
    """The error names the key, in both languages."""
    with pytest.raises(GdtError, match=rf"^{key}: ungültiger Wert.* / invalid value"):
        derive(DIALECTS[base], "own", {key: value})


def test_an_unknown_key_gets_a_suggestion() -> None:
    """A typing error is told the nearest key."""
    with pytest.raises(GdtError, match=r"^encodign: .*Did you mean encoding\?"):
        derive(DIALECTS["gdt21"], "own", {"encodign": "cp437"})


def test_sections_add_and_override() -> None:
    """A new name needs a base, a known one is changed in place; the others stay."""
    known = dialects_with({"own": {"base": "medistar"}, "gdt21": {"encoding": "cp437"}})
    assert known["own"].options == DIALECTS["medistar"].options
    assert known["gdt21"].options.encoding == "cp437"
    assert known["gdt21"].family == "gdt21"
    assert known["t2med"] is DIALECTS["t2med"]
    assert DIALECTS["gdt21"].options.encoding == "iso8859-1"


@pytest.mark.parametrize(
    ("section", "match"),
    [
        ({}, r"^own\.base: möglich sind gdt21, "),
        ({"base": "gdt"}, r"^own\.base: "),
        ({"base": ["gdt21"]}, r"^own\.base: "),
        ({"base": "gdt21", "valeus": "text"}, r"^own\.valeus: .*values"),
        ({"base": "gdt21", "values": "lines"}, r"^own\.values: "),
    ],
)
def test_a_wrong_section_is_refused_by_name(section: dict[str, object], match: str) -> None:
    """Section and key are named."""
    with pytest.raises(GdtError, match=match):
        dialects_with({"own": section})


def test_a_new_receiver_holds_for_values_too(values: ValueResult, ids: Identification) -> None:
    """Medical Office has another receiver for values, until a practice sets one."""
    dialect = derive(DIALECTS["medical-office"], "own", {"receiver": "AIS"})
    assert read_records(render_values(values, dialect, ids).data)[0].first("8315") == "AIS"
