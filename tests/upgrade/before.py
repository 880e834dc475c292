"""What a service of today ended with, in the words of an older version: how both are compared."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Container, Iterable, Mapping
from pathlib import Path
from typing import Any

from tests.upgrade.ending import text_of

Row = dict[str, Any]

NAMED = re.compile(rb"^\d{3}(3101|3102|3103|3110).*\n", re.MULTILINE)
NUMBERED = re.compile(rb"\d{3}8470Auftragsnummer[^\r]*\r\n")
"""The lines of a GDT record that name the person beside the number."""
TEST = b"8410"
TEST_LINE = re.compile(rb"^\d{3}8410", re.MULTILINE)
UNCOUNTED = re.compile(rb"8100\d+|\d{3}$")
"""What a head says of the record's length, and of the line behind it."""
VALUE = re.compile(
    rb"^\d{3}8410([^\r]*)\r\n\d{3}8411([^\r]*)\r\n(?:\d{3}8418[^\r]*\r\n)?"
    rb"\d{3}8420([^\r]*)\r\n",
    re.MULTILINE,
)
"""A test of a value record: its id, name and number."""
SENT = re.compile(r"(study:[^:]+:[^:]+|values:\d+)(:.*)?")
"""What the outbox knows a record by; the part after it has been told apart since schema 4."""
OF_OBJECTS = (
    *("patient_name", "patient_birth_date", "patient_sex", "accession_number", "modality"),
    *("study_description", "study_date", "study_time"),
)


def exams_before(tables: Mapping[str, list[Row]]) -> list[Row]:
    """Return what claims and results of today say of each exam, as schema 3 had it in one row."""
    return [
        _exam_before(exam, _of(tables["claim"], exam), _of(tables["exam_result"], exam))
        for exam in tables["exam"]
    ]


def _of(rows: Iterable[Row], exam: Row) -> list[Row]:
    return sorted((row for row in rows if row["exam_id"] == exam["id"]), key=lambda row: row["id"])


def _exam_before(exam: Row, claims: list[Row], results: list[Row]) -> Row:
    first = claims[0]
    return exam | {
        **{name: first[name] for name in OF_OBJECTS},
        "sent_patient_id": first["patient_id"],
        "patient_id": first["number"] or first["word"] or first["patient_id"],
        "held_because": first["held_because"],
        "mixed": len({claim["person"] for claim in claims}) > 1,
        "released": bool(first["word"]),
        "route": results[0]["route"] if results else "",
        "sent_to": [result["patient_id"] for result in results],
    }


def expected_exam(row: Row) -> Row:
    """Return a row of schema 3 without what meant nothing, with what was sent of the exam."""
    held = row["state"] == "held"
    expected = row | {
        "held_because": row["held_because"] if held else "",
        "sent_to": [] if held else [row["patient_id"]],
    }
    del expected["order_id"]
    return expected


def without_part(messages: Iterable[Row]) -> list[Row]:
    """Return rows of the outbox, their keys without the part schema 4 has added."""
    return sorted((_without_part(row) for row in messages), key=text_of)


def _without_part(row: Row) -> Row:
    known = SENT.fullmatch(row["key"])
    return row | {"key": known[1] if known else row["key"]}


def held_before(lines: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """Return what ``exams list --held --json`` says of each exam, whoever it is of."""
    found: dict[str, list[Row]] = {}
    for row in json.loads("".join(lines)):
        found.setdefault(row["study_instance_uid"], []).append(row)
    return {uid: _held(rows) for uid, rows in found.items()}


def _held(rows: list[Row]) -> tuple[str, ...]:
    """Return patient, order, date and description of the first, and the number of objects."""
    named = ("patient_id", "sent_patient_id", "patient_name", "birth_date", "accession_number")
    count = sum(int(row["instances"]) for row in rows)
    return (*(rows[0][name] for name in (*named, "study_date", "description")), str(count))


def name_left_out(expected: Row, file: str) -> None:
    """Take the name out of a record that is expected.

    A person said the number, and nothing of that number has a name: since schema 4 the record then
    has none either.
    """
    (path,) = (path for path in expected["files"] if path.endswith(f"/{file}"))
    _without(expected, path, NAMED)


def _without(expected: Row, path: str, lines: re.Pattern[bytes]) -> None:
    """Take lines out of a record that is expected."""
    before = expected["files"][path].encode("latin-1")
    record = lines.sub(b"", before)
    record = record.replace(b"8100%05d" % len(before), b"8100%05d" % len(record))
    _replace(expected, path, before, record)


def _replace(expected: Row, path: str, before: bytes, record: bytes) -> None:
    """Expect another record, as a file and in the outbox."""
    expected["files"][path] = record.decode("latin-1")
    for row in expected["tables"]["outbox"]:
        if row["payload"] == hashlib.sha256(before).hexdigest():
            row["payload"] = hashlib.sha256(record).hexdigest()


def told_once(expected: Row, written: Container[object]) -> None:
    """Take the accession number out of the tests of records that are expected.

    Since schema 6 a record tells it once, in 6227. ``written`` are the digests of those that the
    old version had made already.
    """
    for path in [path for path in expected["files"] if path.endswith(".gdt")]:
        data = expected["files"][path].encode("latin-1")
        if hashlib.sha256(data).hexdigest() not in written:
            _without(expected, path, NUMBERED)
    answer = expected["answer"]
    twice = [line for line in answer if line[3:].startswith("8470Auftragsnummer")]
    size = sum(int(line[:3]) for line in twice)
    expected["answer"] = [
        f"0148100{int(line[7:]) - size:05}" if line[3:7] == "8100" else line
        for line in answer
        if line not in twice
    ]


def changed_values(table: Path) -> dict[tuple[str, str], tuple[str, str, str]]:
    """Return id, name and number of today for the tests that were told otherwise, by id and number.

    The table says why.
    """
    rows = [line.split("\t") for line in table.read_text("utf-8").splitlines()]
    return {
        (row[0], row[1]): (row[2], row[3], row[4]) for row in rows if not row[0].startswith("#")
    }


def named_anew(
    expected: Row,
    found: Row,
    written: Container[object],
    changed: Mapping[tuple[str, str], tuple[str, str, str]],
) -> None:
    """Let the tests of records that are made only now be told as today's catalogue does.

    The head of such a record is as it was, and each test too, but for those that ``changed``.
    """
    used = set()
    for path in [path for path in expected["files"] if "-sr-" in path]:
        before, now = (one["files"][path].encode("latin-1") for one in (expected, found))
        if hashlib.sha256(before).hexdigest() in written:
            continue
        heads = [UNCOUNTED.sub(b"", data.partition(TEST)[0]) for data in (before, now)]
        assert heads[0] == heads[1], path
        told = [tests_of(before), tests_of(now)]
        used |= {(one[0], one[2]) for one in told[0]}
        wanted = [changed.get((one[0], one[2]), one) for one in told[0]]
        assert sorted(wanted) == sorted(told[1]), path
        _replace(expected, path, before, now)
    assert changed.keys() <= used


def tests_of(record: bytes) -> list[tuple[str, ...]]:
    """Return id, name and number of each test of a record."""
    found = VALUE.findall(record)
    assert len(found) == len(TEST_LINE.findall(record))
    return [tuple(part.decode("iso8859-15") for part in one) for one in found]


def counted_here(expected: Row, study: str) -> None:
    """Let the objects of a study count that have the UID of another study's object.

    Schema 3 kept them aside; since then they count where they are, and the study is held.
    """
    for row in expected["tables"]["instance"]:
        if row["study_instance_uid"] == study:
            row["standing"] = "new"
    expected["tables"]["instance"].sort(key=text_of)
