"""Records judged for a dialect, and converted into another."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from gdtbridge.gdt.errors import GdtWriteError
from gdtbridge.gdt.read.reader import read_records
from gdtbridge.gdt.read.record import Record
from gdtbridge.gdt.tables.charsets import CHARSETS
from gdtbridge.gdt.tables.dialects import DIALECTS, Dialect
from gdtbridge.gdt.tables.fields import FIELDS
from gdtbridge.gdt.tables.practice_dialects import derive
from gdtbridge.gdt.tables.record_types import RECORD_TYPES
from gdtbridge.gdt.tools.conformance import CHECK_FINDINGS, check_record, tolerated
from gdtbridge.gdt.tools.convert import convert
from gdtbridge.gdt.write.results import Attachment, Identification, StudyResult, ValueResult
from gdtbridge.gdt.write.writer import render_study, render_values

Check = Callable[[bytes], list[list[tuple[str, bytes]]]]

GDT21 = DIALECTS["gdt21"]
TARGETS = ("gdt21", "gdt30", "gdt31", "x-comfort", "quincy")


def file(*fields: tuple[str, str], codec: str = "iso8859-1") -> bytes:
    """Return a flat record of these fields, lengths right."""

    def line(id_: str, text: str) -> bytes:
        content = text.encode(codec)
        return b"%03d%s%s\r\n" % (len(content) + 9, id_.encode(), content)

    total = sum(len(line(*field)) for field in fields) + 14
    made = [line(*field) for field in fields]
    return b"".join([made[0], line("8100", f"{total:05}"), *made[1:]])


ORDER = (
    ("8000", "6302"),
    ("9206", "3"),
    ("9218", "02.10"),
    ("3000", "4711"),
    ("3101", "Müller"),
    ("3102", "Erika"),
    ("3103", "12031985"),
    ("8402", "SONO00"),
)


def record(*changes: tuple[str, str | None]) -> Record:
    """Return a good order with fields replaced, appended, or (None) removed."""
    fields = dict(ORDER)
    for id_, text in changes:
        fields.pop(id_, None) if text is None else fields.update({id_: text})
    (found,) = read_records(file(*fields.items()))
    return found


def codes(found: Record, dialect: Dialect = GDT21) -> set[str]:
    """Return the codes of a judgement."""
    return {one.code for one in check_record(found, dialect)}


def test_a_good_order_has_no_objections() -> None:
    """What follows the tables is good."""
    assert check_record(record(), GDT21) == ()


@pytest.mark.parametrize(
    ("field", "text", "code"),
    [
        ("9218", "03.00", "version-differs"),
        ("9218", "02.20", "version-differs"),
        ("9206", "2", "charset-differs"),
        ("9206", None, "charset-undeclared"),
        ("3101", None, "field-missing"),
        ("3101", "x" * 29, "content-long"),
        ("3103", "19850312", "content-invalid"),
        ("3103", "1985-03-12", "content-invalid"),
        ("3110", "W", "content-invalid"),
        ("3112", "10115", "field-foreign"),
        ("8420", "4.2", "field-elsewhere"),
        ("3104", "Dr.", "field-order"),
        ("8410", " ", "content-empty"),
        ("9999", "x", "field-foreign"),
        ("8002", "Obj_Patient", "form-differs"),
    ],
)
def test_each_objection_is_raised(field: str, text: str | None, code: str) -> None:
    """One thing is wrong, and it is said."""
    assert code in codes(record((field, text)))


def test_objections_name_line_and_field_but_no_content() -> None:
    """A person finds the place; nothing of the patient is in the message."""
    (found,) = check_record(record(("3101", "y" * 29)), GDT21)
    assert (found.line, found.code) == (6, "content-long")
    assert found.message.startswith("3101: ")
    assert "yy" not in found.message
    assert all(message.count(" / ") == 1 for message in CHECK_FINDINGS.values())


def test_an_old_version_is_read_a_new_one_is_not() -> None:
    """An importer of 2.1 takes 2.0; one of 2.0 does not take 2.1."""
    assert codes(record(("9218", "02.00"))) == set()
    assert "version-differs" in codes(record(), DIALECTS["quincy"])


def test_cancelling_is_unknown_to_2_1() -> None:
    """Record type 6303 came with 3.0."""
    assert "type-unknown" in codes(record(("8000", "6303")))
    assert "type-unknown" not in codes(record(("8000", "6303")), DIALECTS["gdt30"])


def test_x_comfort_wants_digits() -> None:
    """The dialect's own rules count."""
    assert "patient-id-invalid" in codes(record(("3000", "A1")), DIALECTS["x-comfort"])


def test_3_0_wants_the_request() -> None:
    """8310, 8314 and 8402 are mandatory there."""
    found = check_record(record(), DIALECTS["gdt30"])
    fields = {one.message[:4] for one in found if one.code == "field-missing"}
    assert fields == {"8202", "8310", "8314"}


@pytest.mark.parametrize("dialect", DIALECTS.values(), ids=lambda d: d.name)
def test_what_we_write_is_what_the_dialect_wants(
    study: StudyResult, values: ValueResult, ids: Identification, dialect: Dialect
) -> None:
    """Writer and judge go by the same tables."""
    for rendered in (render_study(study, dialect, ids), render_values(values, dialect, ids)):
        (found,) = read_records(rendered.data)
        assert check_record(found, dialect) == ()


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("encoding", [None, *CHARSETS])
def test_an_order_survives_any_conversion(check: Check, target: str, encoding: str | None) -> None:
    """Patient, order and contents are the same in every version and set; the form is exact."""
    source = record(("8310", "F-7"), ("8410", "ABDOMEN"), ("3110", "W"))
    rendered = convert([source], DIALECTS[target], encoding=encoding)
    check(rendered.data)
    (found,) = read_records(rendered.data)
    wanted = derive(DIALECTS[target], "own", {"encoding": encoding} if encoding else {})
    assert tolerated(found, wanted) == ()
    assert rendered.losses == (("3101 transliterated",) if encoding == "ascii" else ())
    if encoding != "ascii":
        assert found.patient == source.patient
    assert (found.first("8310"), found.first("8402")) == ("F-7", "SONO00")
    assert (found.first("8410"), found.first("3110")) == ("ABDOMEN", "2")
    assert found.version == DIALECTS[target].options.version


@pytest.mark.parametrize("name", DIALECTS)
@pytest.mark.parametrize("target", ["gdt21", "gdt30", "gdt31"])
def test_values_keep_their_units_in_any_conversion(
    values: ValueResult, ids: Identification, check: Check, name: str, target: str
) -> None:
    """Each group stays whole: id, number, unit."""
    sent = render_values(values, DIALECTS[name], ids).data
    (source,) = read_records(sent)
    rendered = convert([source], DIALECTS[target])
    (fields,) = check(rendered.data)
    (found,) = read_records(rendered.data)
    assert found.warnings == ()
    for id_ in ("8410", "8411", "8420", "8421", "8470", "6228", "3000"):
        assert " ".join(found.all(id_)) == " ".join(source.all(id_))
    ids_ = [id_ for id_, _ in fields]
    if source.first("8410"):
        at = ids_.index("8410")
        assert ids_[at : at + 4] == ["8410", "8411", "8420", "8421"]


@pytest.mark.parametrize("target", ["gdt21", "gdt30", "gdt31"])
def test_real_files_convert(corpus: Path, check: Check, target: str) -> None:
    """Every real file makes exact records of the same patients, or is refused with a field."""
    for path in sorted((corpus / "gdt").iterdir()):
        records = read_records(path.read_bytes())
        try:
            rendered = convert(records, DIALECTS[target])
        except GdtWriteError:
            assert path.name.startswith("71_"), path.name  # texts of 2 kB in a number's field
            continue
        check(rendered.data)
        back = read_records(rendered.data)
        assert [one.patient.id for one in back] == [one.patient.id for one in records]
        assert [one.warnings for one in back] == [()] * len(records)
        for old, new in zip(records, back, strict=True):
            assert new.all("8420") == old.all("8420")


def test_a_unit_without_its_test_is_not_given_to_another() -> None:
    """3.5 writes a height's unit in 8421; behind a test it would be that test's."""
    data = (
        b"01380006310\r\n0133000471\r\n"
        b"0228002Obj_Ergebnis1\r\n0118410T1\r\n0108420\x31\r\n0118421mm\r\n0228003Obj_Ergebnis1\r\n"
        b"0228002Obj_Koerper01\r\n0123622178\r\n0118421cm\r\n0228003Obj_Koerper01\r\n"
    )
    rendered = convert(read_records(data), GDT21)
    (found,) = read_records(rendered.data)
    assert found.all("8421") == ("mm",)
    assert "8421 unsupported" in rendered.losses


def test_the_doctor_does_not_become_the_patient() -> None:
    """In a flat record the name in a doctor's object would be the patient's; the loss names it."""
    fields = (
        *(("8000", "6302"), ("8002", "Obj_0014"), ("3101", "Doktor"), ("3103", "01011960")),
        *(("8003", "Obj_0014"), ("8002", "Obj_0045"), ("3000", "4711"), ("3101", "Muster")),
        *(("8003", "Obj_0045"), ("8002", "Obj_0012"), ("8402", "SONO00"), ("8003", "Obj_0012")),
        ("8001", "6302"),
    )
    for target in TARGETS:
        rendered = convert(read_records(file(*fields)), DIALECTS[target])
        (found,) = read_records(rendered.data)
        assert (found.patient.family_name, found.all("3101")) == ("Muster", ("Muster",))
        assert (found.patient.birth_date, found.all("3103")) == (None, ())
        assert rendered.losses == ("3101 unsupported", "3103 unsupported")


def test_there_and_back_keeps_every_content(
    study: StudyResult, values: ValueResult, ids: Identification
) -> None:
    """From 2.1 to 3.0, to 3.1 and back: every field and content, in its old order."""
    attached = replace(study, attachments=(Attachment("Bild", "PDF", "Leber", r"\\srv\b\1.pdf"),))
    for sent in (
        render_study(attached, DIALECTS["medistar"], ids),
        render_values(values, DIALECTS["medistar"], ids),
        render_values(values, DIALECTS["medical-office"], ids),
        render_study(study, DIALECTS["medical-office"], ids),
    ):
        start = records = read_records(convert(read_records(sent.data), GDT21).data)
        for target in ("gdt30", "gdt31", "gdt21"):
            rendered = convert(records, DIALECTS[target])
            assert not [loss for loss in rendered.losses if "unsupported" in loss]
            records = read_records(rendered.data)
        assert [line.raw for line in records[0].lines] == [line.raw for line in start[0].lines]


def test_a_misprinted_weight_becomes_a_weight() -> None:
    """3632 is read and never written: it is 3623 with two digits exchanged."""
    (found,) = read_records(convert([record(("3632", "079"))], GDT21).data)
    assert (found.all("3623"), found.all("3632")) == (("079",), ())


def test_lines_that_are_no_fields_are_named() -> None:
    """History lines have no place in a record; the loss says so."""
    (found,) = read_records(file(*ORDER) + b"Verlauf\r\n")
    assert convert([found], GDT21).losses == ("---- unsupported",)


def test_long_texts_wrap_and_iso_dates_turn() -> None:
    """What 3.0 allows in one line takes several in 2.1; dates become TTMMJJJJ."""
    text = "Wort " * 30
    found = record(("8000", "6310"), ("6220", text.strip()), ("3103", "19850312"))
    made = read_records(convert([found], GDT21).data)[0]
    assert max(map(len, made.all("6220"))) <= 60
    assert " ".join(made.all("6220")) == text.strip()
    assert made.first("3103") == "12031985"


def test_medical_office_is_no_target() -> None:
    """Its form has no place for other records; the error says what comes close."""
    with pytest.raises(GdtWriteError, match=r"In diese Form kann nicht .* 3\.1 kommt ihr nahe"):
        convert([record()], DIALECTS["medical-office"])


def test_several_records_stay_several() -> None:
    """Each is converted by itself."""
    records = read_records(file(*ORDER) * 3)
    assert len(read_records(convert(records, DIALECTS["gdt30"]).data)) == 3


@pytest.mark.parametrize(
    ("field", "old", "new"),
    [
        ("8100", 5, 7),
        ("3101", 28, None),
        ("3103", 8, 8),
        ("6226", 4, None),
        ("3119", 10, 10),
        ("9218", 5, 5),
        ("6220", 60, None),
    ],
)
def test_lengths_are_those_of_the_version(field: str, old: int, new: int | None) -> None:
    """3.0 gave up most lengths of texts."""
    assert (FIELDS[field].length_in("2.1"), FIELDS[field].length_in("3.0")) == (old, new)


def test_every_field_of_a_record_type_is_known() -> None:
    """Record types and field table go together; what is mandatory is among the fields."""
    for type_ in RECORD_TYPES.values():
        assert set(type_.fields) <= set(FIELDS)
        assert type_.mandatory <= set(type_.fields)
        assert len(type_.fields) == len(set(type_.fields))
