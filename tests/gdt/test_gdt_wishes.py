"""What practice software wants otherwise: where tests, findings and the patient's number stand."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from gdtbridge.gdt.read.reader import read_records
from gdtbridge.gdt.tables.dialects import DIALECTS, Dialect
from gdtbridge.gdt.tables.practice_dialects import derive
from gdtbridge.gdt.tools.conformance import check_record, tolerated
from gdtbridge.gdt.write.results import (
    Attachment,
    GdtFile,
    Identification,
    OrderReference,
    StudyResult,
    TestValue,
    ValueResult,
)
from gdtbridge.gdt.write.writer import render_study, render_values
from gdtbridge.people import Patient

Check = Callable[[bytes], list[list[tuple[str, bytes]]]]

THREE = tuple(
    TestValue(f"T{n}", f"Wert {n}", Decimal(n) + Decimal("0.5"), "mm", group=group)
    for n, group in ((1, "Links"), (2, "Links"), (3, "Rechts"))
)
ELSEWHERE = OrderReference(device_code="SONO01", number_field="0193")


def fields_of(rendered: GdtFile, check: Check) -> list[str]:
    """Return the field numbers of the one record of a file."""
    (record,) = check(rendered.data)
    return [field for field, _ in record]


def all_of(rendered: GdtFile, field: str) -> tuple[str, ...]:
    """Return what a file says in a field."""
    return tuple(text for record in read_records(rendered.data) for text in record.all(field))


@pytest.mark.parametrize(
    ("dialect", "changes", "objects"),
    [
        ("gdt30", {}, 1),
        ("gdt30", {"test_objects": "each"}, 3),
        ("gdt31", {}, 3),
        ("gdt31", {"test_objects": "one"}, 1),
    ],
)
def test_tests_stand_in_one_object_or_in_several(
    values: ValueResult,
    ids: Identification,
    check: Check,
    dialect: str,
    changes: dict[str, object],
    objects: int,
) -> None:
    """GDT 3.0 has one Obj_Laborergebnis with the group repeated, as its published example."""
    own = derive(DIALECTS[dialect], "own", changes)
    rendered = render_values(replace(values, values=THREE), own, ids)
    (record,) = check(rendered.data)
    starts = [text for field, text in record if field in {"8200", "8002"}]
    assert starts[3:] == [b"Obj_Laborergebnis" if dialect == "gdt30" else b"Obj_Untersuchung"] * (
        objects
    )
    assert all_of(rendered, "8420") == ("1.5", "2.5", "3.5")
    assert check_record(read_records(rendered.data)[0], own) == ()


@pytest.mark.parametrize("values_as", ["groups", "text", "both"])
@pytest.mark.parametrize("base", ["gdt21", "gdt30", "medical-office"])
def test_values_stand_in_the_finding_as_well(
    values: ValueResult, ids: Identification, base: str, values_as: str
) -> None:
    """Where a software shows 6220 as Befund, the lines stand there, once, and before the others."""
    own = derive(DIALECTS[base], "own", {"values": values_as, "findings": True})
    rendered = render_values(replace(values, values=THREE), own, ids)
    (record,) = read_records(rendered.data)
    lines = ("Links:", "Wert 1 1,5 mm", "Wert 2 2,5 mm", "Rechts:", "Wert 3 3,5 mm")
    assert record.all("6220") == ("Messwerte vom 15.01.2024", *lines)
    assert (record.all("6228")[-5:] == lines) is (values_as != "groups")
    assert check_record(record, own) == ()


def test_findings_follow_their_values_into_further_records(
    values: ValueResult, ids: Identification, check: Check
) -> None:
    """A report too long for one record has title and lines of each record's own values."""
    own = derive(DIALECTS["gdt21"], "own", {"findings": True})
    many = tuple(TestValue(f"T{n}", f"Wert {n}", Decimal(n), "cm") for n in range(2000))
    rendered = render_values(replace(values, values=many), own, ids)
    assert len(check(rendered.data)) > 1
    for record in read_records(rendered.data):
        title, *lines = record.all("6220")
        assert title == "Messwerte vom 15.01.2024"
        assert [line.split()[1] for line in lines] == [id_[1:] for id_ in record.all("8410")]
        assert check_record(record, own) == ()


@pytest.mark.parametrize("changes", [{}, {"values": "text"}], ids=["6228", "6220"])
def test_a_finding_that_is_the_comment_stands_once(
    values: ValueResult, ids: Identification, changes: dict[str, object]
) -> None:
    """Text that stands in 6220 already is not written there again."""
    own = derive(DIALECTS["gdt21"], "own", {"comment_field": "6220", "findings": True, **changes})
    rendered = render_values(replace(values, values=THREE), own, ids)
    assert all_of(rendered, "6220").count("Messwerte vom 15.01.2024") == 1


@pytest.mark.parametrize("dialect", DIALECTS.values(), ids=lambda one: one.name)
def test_the_accession_number_is_told_once(
    study: StudyResult, values: ValueResult, ids: Identification, dialect: Dialect
) -> None:
    """One sentence of a record says it; where 6227 is left out, the test does."""
    bare = derive(dialect, "bare", {"omit": [*dialect.options.omit, "6227"]})
    for rendered in (render_study(study, dialect, ids), render_values(values, dialect, ids)):
        assert rendered.data.count(b"Auftragsnummer") == (dialect.name != "medical-office")
    told = render_study(study, bare, ids).data.count(b"Auftragsnummer")
    assert told == (dialect.name != "medical-office")


@pytest.mark.parametrize("dialect", DIALECTS.values(), ids=lambda one: one.name)
def test_the_number_goes_back_in_the_field_it_came_in(
    study: StudyResult, values: ValueResult, ids: Identification, dialect: Dialect
) -> None:
    """3000 or 0193, never both: a number nobody wrote in 3000 is not invented there."""
    for order, here, there in ((None, "3000", "0193"), (ELSEWHERE, "0193", "3000")):
        for rendered in (
            render_study(replace(study, order=order), dialect, ids),
            render_values(replace(values, order=order), dialect, ids),
        ):
            assert (all_of(rendered, here), all_of(rendered, there)) == (("12345",), ())
            (record,) = read_records(rendered.data)
            assert record.patient.id == "12345"
            assert check_record(record, dialect) == ()


def test_x_concept_has_6200_beside_0193_only(
    study: StudyResult, values: ValueResult, ids: Identification
) -> None:
    """Published field experience: 6200 is the entry's code and not written beside 3000."""
    dialect = DIALECTS["x-concept"]
    assert all_of(render_study(study, dialect, ids), "6200") == ()
    assert all_of(render_study(study, dialect, ids), "6201") == ("PACS-Datensatz",)
    elsewhere = render_study(replace(study, order=ELSEWHERE), dialect, ids)
    assert (all_of(elsewhere, "6200"), all_of(elsewhere, "8402")) == (("SONO01",), ("SONO01",))
    rendered = render_values(values, dialect, ids)
    assert all_of(rendered, "6201") == ("Messwerte vom 15.01.2024",)


def test_utf_8_is_written_for_software_that_asks_for_it(
    study: StudyResult, ids: Identification, check: Check
) -> None:
    """Every letter stays as it is; lengths of lines count bytes, those of fields characters."""
    own = derive(DIALECTS["gdt21"], "own", {"encoding": "utf-8"})
    person = Patient("4711", "Şahin-Łukasiewicz-Çelik-Ünlüx", "Ősz", date(1985, 3, 12), "F")
    rendered = render_study(replace(study, patient=person, description="山" * 70), own, ids)
    (fields,) = check(rendered.data)
    assert dict(fields)["9206"] == b"4"
    assert dict(fields)["3101"].decode() == "Şahin-Łukasiewicz-Çelik-Ünlü"
    assert dict(fields)["3102"].decode() == "Ősz"
    assert rendered.losses == ("3101 cut",)
    (record,) = read_records(rendered.data)
    assert (record.encoding, record.warnings) == ("utf-8", ())
    assert "".join(record.all("6228")) == f"US:{'山' * 70}"
    assert check_record(record, own) == ()


@pytest.mark.parametrize("base", ["gdt30", "medical-office"])
def test_a_line_of_utf_8_holds_990_bytes(
    study: StudyResult, ids: Identification, check: Check, base: str
) -> None:
    """Where a field has no length of its own, a text still goes on in a further line in time."""
    own = derive(DIALECTS[base], "own", {"encoding": "utf-8"})
    rendered = render_study(replace(study, description="€" * 500), own, ids)
    check(rendered.data)
    assert "".join(all_of(rendered, "6228")).count("€") == 500


def test_check_says_nothing_of_utf_8_where_it_is_wanted(
    study: StudyResult, ids: Identification
) -> None:
    """Without 9206 the reader wonders at UTF-8; for this dialect that is no objection."""
    own = derive(DIALECTS["gdt21"], "own", {"encoding": "utf-8", "omit": ["9206"]})
    (record,) = read_records(render_study(study, own, ids).data)
    assert [one.code for one in record.warnings] == ["charset-utf-8"]
    assert tolerated(record, own) == check_record(record, own) == ()
    assert len(tolerated(record, DIALECTS["gdt21"])) == 1


@pytest.mark.parametrize(
    "dialect",
    [one for one in DIALECTS.values() if one.options.attachments],
    ids=lambda one: one.name,
)
def test_files_are_told_apart_within_60_characters(
    study: StudyResult, ids: Identification, dialect: Dialect
) -> None:
    """However long and alike the titles are, a chart lists each file under a text of its own."""
    long = "Sonographie des Abdomens mit Darstellung der Leber und der Niere rechts"
    files = tuple(
        Attachment(name, "PDF", content, f"C:\\x\\{number}.pdf")
        for number, (name, content) in enumerate(
            [(long, long), (long, long), ("Arztbrief", ""), ("Arztbrief", ""), ("", "Ł"), ("", "L")]
        )
    )
    rendered = render_study(replace(study, attachments=files), dialect, ids)
    for field in ("6302", "6304"):
        texts = all_of(rendered, field)
        assert len(set(texts)) == len(files)
        assert max(map(len, texts)) <= 60
    assert all_of(rendered, "6302")[2:4] == ("Arztbrief", "Arztbrief (2)")
    assert all_of(rendered, "6302")[0].endswith("...")
    assert all_of(rendered, "6305") == tuple(one.path for one in files)
    assert check_record(read_records(rendered.data)[0], dialect) == ()
