"""A record for people and programs."""

from __future__ import annotations

import json

import pytest

from gdtbridge.gdt.read.reader import read_records
from gdtbridge.gdt.tables.dialects import DIALECTS
from gdtbridge.gdt.tools.show import findings_to_text, record_to_json, record_to_text
from gdtbridge.gdt.write.results import Identification, StudyResult
from gdtbridge.gdt.write.writer import render_study


def test_json_has_the_agreed_shape() -> None:
    """Names, types and null are those of the contract."""
    data = "01380006301\r\n014921802.10\r\n01330004711\r\n0163101Müller\r\nlose\r\n".encode("cp437")
    (record,) = read_records(data)
    shown = record_to_json(record)
    assert json.loads(json.dumps(shown)) == shown
    assert shown == {
        "record_type": "6301",
        "version": "02.10",
        "encoding": "cp437",
        "fields": [
            {"id": "8000", "value": "6301", "line": 1},
            {"id": "9218", "value": "02.10", "line": 2},
            {"id": "3000", "value": "4711", "line": 3},
            {"id": "3101", "value": "Müller", "line": 4},
            {"id": "", "value": "lose", "line": 5},
        ],
        "patient": {
            "id": "4711",
            "family_name": "Müller",
            "given_name": "",
            "birth_date": None,
            "sex": None,
        },
        "warnings": [
            {
                "line": 4,
                "code": "length-wrong",
                "message": "Die Zeilenlänge stimmt nicht. / The declared length is wrong.",
            },
            {
                "line": 5,
                "code": "naked-line",
                "message": "Zeile ohne Länge und Feldkennung; nicht ausgewertet. / "
                "Line without length and field number; not interpreted.",
            },
        ],
    }


def test_json_birth_date_is_iso(study: StudyResult, ids: Identification) -> None:
    """The patient of a written study, as JSON says it."""
    (record,) = read_records(render_study(study, DIALECTS["gdt21"], ids).data)
    assert record_to_json(record)["patient"] == {
        "id": "12345",
        "family_name": "Müller",
        "given_name": "Änne",
        "birth_date": "1985-03-12",
        "sex": "F",
    }


def test_text_is_a_table_with_german_names(study: StudyResult, ids: Identification) -> None:
    """Line, field number, name and content, under a title."""
    (record,) = read_records(render_study(study, DIALECTS["gdt21"], ids).data)
    rows = record_to_text(record).splitlines()
    assert rows[0] == "6310 Daten einer Untersuchung übermitteln (GDT 02.10, cp1252)"
    assert rows[1] == "Patient 12345 · Müller, Änne · * 12.03.1985 · weiblich / female"
    assert rows[9].split() == ["8", "3101", "Name", "des", "Patienten", "Müller"]
    assert len(rows) == 2 + len(record.lines)


def test_text_ends_with_the_warnings() -> None:
    """What was tolerated is said with its line and its code."""
    (record,) = read_records(b"01380006310\r\n01430004711\r\nlose\r\n")
    rows = record_to_text(record).splitlines()
    assert rows[4].split() == ["3", "----", "kein", "Feld", "/", "no", "field", "lose"]
    assert rows[5].startswith("Zeile / line 2: ")
    assert rows[5].endswith(" [length-wrong]")
    assert rows[6].endswith(" [naked-line]")


def test_warnings_of_a_kind_stand_together() -> None:
    """Twenty wrong lengths are one sentence."""
    lines = [b"0158411Abdomen\r\n", b"0168411Abdomen\r\n"]
    order = [0, 0, 0, 1, 0, 1, 0]
    (record,) = read_records(
        b"01380006310\r\n0123000471\r\n" + b"".join(lines[index] for index in order)
    )
    (said,) = findings_to_text(record.warnings)
    assert said.startswith("Zeilen / lines 3-5, 7, 9: Die Zeilenlänge")


def test_a_field_nobody_knows_is_called_unknown() -> None:
    """The number alone would leave a person wondering."""
    (record,) = read_records(b"01380006399\r\n0103999x\r\n")
    rows = record_to_text(record).splitlines()
    assert rows[0] == (
        "6399 unbekannte Satzart / unknown record type (ohne Version / no version, ascii)"
    )
    assert rows[1] == "Patient ohne Nummer / no number"
    assert "3999  unbekannt / unknown" in rows[3]


TABLE = [
    "Kurzzusammenfassung der 24 Stunden Blutdruckmessung",
    "          Tagphase       Nachtphase   proz. Abfall",
    "Ps[mmHg]       143              134           -6 %",
]


@pytest.mark.parametrize("width", [20, 72, 80, 100, 132])
def test_a_terminal_is_never_too_narrow(width: int) -> None:
    """What does not fit beside its name stands below it; the columns of a table stay columns."""
    fields = [("6228", text) for text in TABLE] + [("6227", "Wort " * 60), ("9999", "q" * 400)]
    head = [("8000", "6310"), ("3000", "4711"), ("3101", "Müller")]
    data = "".join(f"{len(text) + 9:03}{id_}{text}\r\n" for id_, text in head + fields)
    (record,) = read_records(data.encode("cp1252"))
    rows = record_to_text(record, width=width).splitlines()
    assert max(map(len, rows)) <= max(width, 72)
    starts = [next(row.index(text) for row in rows if text in row) for text in TABLE]
    assert len(set(starts)) == 1
    assert sum(row.count("q") for row in rows) == 400


def test_without_a_terminal_a_field_is_a_line() -> None:
    """Other programs search in it; blanks stay as they are."""
    line = b"0706228" + b"  " + b"x" * 59 + b"\r\n"
    (record,) = read_records(b"01380006310\r\n01330004711\r\n" + line)
    assert record_to_text(record).splitlines()[4].endswith("  " * 2 + "x" * 59)


def test_a_file_cannot_drive_the_terminal() -> None:
    """Escape sequences and line breaks of a content are not printed."""
    data = b"01380006310\r\n01330004711\r\n0226228\x1b[2Jgut\x9bboot\r\n"
    (record,) = read_records(data)
    assert "\x1b" not in record_to_text(record)
    assert "\x9b" not in record_to_text(record)


def test_colour_changes_nothing_but_colour() -> None:
    """Without its escape sequences the coloured table is the plain one."""
    (record,) = read_records(b"01380006310\r\n01430004711\r\n")
    coloured = record_to_text(record, colour=True)
    assert "\x1b[" in coloured
    for escape in ("\x1b[0m", "\x1b[1m", "\x1b[2m", "\x1b[33m"):
        coloured = coloured.replace(escape, "")
    assert coloured == record_to_text(record)
