"""A record for people and programs."""

from __future__ import annotations

import json

from gdtbridge.gdt import (
    DIALECTS,
    Identification,
    StudyResult,
    read_records,
    record_to_json,
    record_to_text,
    render_study,
)


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
    assert rows[8].split() == ["8", "3101", "Name", "des", "Patienten", "Müller"]
    assert len(rows) == 1 + len(record.lines)


def test_text_ends_with_the_warnings() -> None:
    """What was tolerated is said with its line and its code."""
    (record,) = read_records(b"01380006310\r\n01430004711\r\nlose\r\n")
    rows = record_to_text(record).splitlines()
    assert rows[3].split() == ["3", "----", "lose"]
    assert rows[4].startswith("Zeile / line 2: ")
    assert rows[4].endswith(" [length-wrong]")
    assert rows[5].endswith(" [naked-line]")


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
