"""Records as they are written: both dialects byte for byte, and every odd content."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, time
from decimal import Decimal
from pathlib import Path

import pytest

from gdtbridge.gdt.errors import GdtError, GdtWriteError
from gdtbridge.gdt.read.reader import read_records
from gdtbridge.gdt.tables.charsets import CHARSETS
from gdtbridge.gdt.tables.dialects import DIALECTS, Dialect, dialect_named
from gdtbridge.gdt.tables.options import PatientIdRule, ValueForm
from gdtbridge.gdt.tables.practice_dialects import derive
from gdtbridge.gdt.tools.conformance import tolerated
from gdtbridge.gdt.write.record_writer import _packed, _ValueBlock
from gdtbridge.gdt.write.results import GdtFile, Identification, StudyResult, TestValue, ValueResult
from gdtbridge.gdt.write.writer import render_order_answer, render_study, render_values
from gdtbridge.people import Patient

GDT21 = DIALECTS["gdt21"]
MEDICAL_OFFICE = DIALECTS["medical-office"]

Check = Callable[[bytes], list[list[tuple[str, bytes]]]]


def lines(text: str, encoding: str = "iso8859-1") -> bytes:
    """Return an indented block as the lines of a file."""
    return "".join(f"{line.strip()}\r\n" for line in text.strip().splitlines()).encode(encoding)


def contents(rendered: GdtFile, field: str) -> tuple[str, ...]:
    """Return what a file says in a field."""
    return tuple(text for record in read_records(rendered.data) for text in record.all(field))


def test_gdt21_study_is_golden(study: StudyResult, ids: Identification) -> None:
    """A study in GDT 2.1 is these bytes."""
    assert render_study(study, GDT21, ids) == GdtFile(
        lines("""
            01380006310
            014810000328
            0178315PRAX_EDV
            0178316GDTBRIDG
            01092063
            014921802.10
            014300012345
            0153101Müller
            0133102Änne
            017310312031985
            01031102
            0158402SONO00
            017620015012024
            0156201103015
            0366227Auftragsnummer: R0000000042
            0206228US: Abdomen
            0168410EXTPACS
            0238411PACS-Datensatz
            017843215012024
            0158439103015
        """)
    )


def test_gdt21_values_are_golden(values: ValueResult, ids: Identification) -> None:
    """A report in GDT 2.1 is these bytes."""
    assert render_values(values, GDT21, ids) == GdtFile(
        lines("""
            01380006310
            014810000402
            0178315PRAX_EDV
            0178316GDTBRIDG
            01092063
            014921802.10
            014300012345
            0153101Müller
            0133102Änne
            017310312031985
            01031102
            0158402SONO00
            017620015012024
            0156201103015
            0366227Auftragsnummer: R0000000042
            0198410SOEC2LVIDD
            0668411Left Ventricle Internal End Diastolic Dimension (2D mode)
            01384204.21
            0118421cm
            017843215012024
            0158439103015
            0248470Quelle: 2D mode
        """)
    )


def test_medical_office_study_is_golden(study: StudyResult, ids: Identification) -> None:
    """A study for Medical Office is these bytes, an umlaut in ISO 8859-15."""
    described = replace(study, description="Schilddrüse")
    assert render_study(described, MEDICAL_OFFICE, ids) == GdtFile(
        lines("""
            01380006310
            0228002Obj_Kopfdaten
            0178315PRAX_EDV
            0168316ORTHANC
            013921803.1
            0228003Obj_Kopfdaten
            0208002Obj_Patient
            014300012345
            0208003Obj_Patient
            0258002Obj_Untersuchung
            0168410EXTPACS
            0238411PACS-Datensatz
            0208413R0000000042
            0208428R0000000042
            017843215012024
            0158439103015
            0386228R0000000042 / US: Schilddrüse
            0258003Obj_Untersuchung
            01380016310
        """)
    )


def test_order_answers_name_the_procedure(study: StudyResult, ids: Identification) -> None:
    """The answer to an order is the study record with the procedure as its comment."""
    answer = render_order_answer(study, MEDICAL_OFFICE, ids)
    assert answer.data == render_study(study, MEDICAL_OFFICE, ids).data.replace(
        b"0346228R0000000042 / US: Abdomen", b"0306228R0000000042 / Abdomen"
    )
    assert contents(render_order_answer(study, GDT21, ids), "6228") == ("Abdomen",)


@pytest.mark.parametrize(("file", "kind"), [("72a*.gdt", "study"), ("72b*.gdt", "values")])
def test_medical_office_equals_the_known_files(
    corpus: Path, study: StudyResult, values: ValueResult, file: str, kind: str
) -> None:
    """What a practice imports today is what it gets from us, byte for byte."""
    expected = next((corpus / "gdt").glob(file)).read_bytes()
    ids = Identification(None, None)
    if kind == "study":
        assert render_study(study, MEDICAL_OFFICE, ids).data == expected
    else:
        assert render_values(values, MEDICAL_OFFICE, ids).data == expected


@pytest.mark.parametrize("dialect", DIALECTS.values(), ids=lambda d: d.name)
@pytest.mark.parametrize("encoding", [None, *CHARSETS])
def test_own_records_read_without_warning(
    study: StudyResult,
    values: ValueResult,
    ids: Identification,
    dialect: Dialect,
    encoding: str | None,
) -> None:
    """Our reader, told nothing, has nothing to object to and gets the name right."""
    study = replace(study, description="Schilddrüse, groß")
    files = (
        render_study(study, dialect, ids, encoding=encoding),
        render_order_answer(study, dialect, ids, encoding=encoding),
        render_values(values, dialect, ids, encoding=encoding),
    )
    for file in files:
        (record,) = read_records(file.data)
        wanted = derive(dialect, "own", {"encoding": encoding} if encoding else {})
        assert tolerated(record, wanted) == ()
        assert record.patient.id == "12345"
        if encoding != "ascii" and record.first("3101"):
            assert record.patient == study.patient
    if encoding != "ascii":
        comments = read_records(files[0].data)[0].all(dialect.options.comment_field)
        assert "Schilddrüse, groß" in " ".join(comments)


def test_ids_of_the_practice_replace_the_dialects(study: StudyResult) -> None:
    """Sender and receiver are the practice's where it set them."""
    rendered = render_study(study, MEDICAL_OFFICE, Identification("BRIDGE", "AIS"))
    assert contents(rendered, "8315") == ("AIS",)
    assert contents(rendered, "8316") == ("BRIDGE",)


@pytest.mark.parametrize(
    ("modality", "description", "accession", "gdt21", "medical_office"),
    [
        ("US", "Abdomen", "R1", ("US: Abdomen",), ("R1 / US: Abdomen",)),
        ("US", "", "R1", ("US",), ("R1 / US",)),
        ("US", "  ", "", ("US",), ("US",)),
        ("", "Abdomen", "", ("Abdomen",), ("Abdomen",)),
        ("", "", "R1", (), ("R1",)),
        ("", "", "", (), ()),
    ],
)
def test_comments_are_made_of_what_there_is(
    study: StudyResult,
    ids: Identification,
    modality: str,
    description: str,
    accession: str,
    gdt21: tuple[str, ...],
    medical_office: tuple[str, ...],
) -> None:
    """A missing description, modality or accession leaves a sensible comment, or none."""
    study = replace(study, modality=modality, description=description, accession=accession)
    assert contents(render_study(study, GDT21, ids), "6228") == gdt21
    assert contents(render_study(study, MEDICAL_OFFICE, ids), "6228") == medical_office


def test_a_missing_accession_leaves_its_fields_out(
    study: StudyResult, values: ValueResult, ids: Identification
) -> None:
    """Without accession there is no line that would hold it."""
    study, values = replace(study, accession=" "), replace(values, accession="")
    for rendered in (render_study(study, MEDICAL_OFFICE, ids), render_study(study, GDT21, ids)):
        assert contents(rendered, "8413") == contents(rendered, "8428") == ()
        assert contents(rendered, "6227") == contents(rendered, "8470") == ()
    assert contents(render_values(values, GDT21, ids), "6227") == ()


def test_missing_date_and_time_leave_their_fields_out(
    study: StudyResult, ids: Identification
) -> None:
    """An unknown time is no line; midnight is one."""
    bare = render_study(replace(study, date=None, time=None), GDT21, ids)
    assert [contents(bare, field) for field in ("6200", "6201", "8432", "8439")] == [()] * 4
    midnight = render_study(replace(study, date=date(987, 1, 2), time=time(0)), GDT21, ids)
    assert contents(midnight, "6200") == ("02010987",)
    assert contents(midnight, "8439") == ("000000",)


@pytest.mark.parametrize(
    ("sex", "written"), [("M", ("1",)), ("F", ("2",)), ("O", ()), (None, ()), ("?", ())]
)
def test_sex_is_one_of_two_or_left_out(
    study: StudyResult, ids: Identification, sex: str | None, written: tuple[str, ...]
) -> None:
    """GDT 2.1 knows 1 and 2 only."""
    study = replace(study, patient=replace(study.patient, sex=sex))
    assert contents(render_study(study, GDT21, ids), "3110") == written


@pytest.mark.parametrize(("modality", "code"), [("US", "SONO00"), ("CR", "ALLG00"), ("", "ALLG00")])
def test_device_code_follows_the_modality(
    study: StudyResult, ids: Identification, modality: str, code: str
) -> None:
    """8402 is ultrasound or unspecified."""
    rendered = render_study(replace(study, modality=modality), GDT21, ids)
    assert contents(rendered, "8402") == (code,)


@pytest.mark.parametrize("dialect", DIALECTS.values(), ids=lambda d: d.name)
@pytest.mark.parametrize("id_", ["", "   ", "\0", "\r\n"])
def test_a_record_without_patient_is_refused(
    study: StudyResult, values: ValueResult, ids: Identification, dialect: Dialect, id_: str
) -> None:
    """Field 3000 is what everything hangs on."""
    nobody = Patient(id_, "Müller")
    with pytest.raises(GdtWriteError, match=r"^3000: Patientennummer fehlt"):
        render_study(replace(study, patient=nobody), dialect, ids)
    with pytest.raises(GdtWriteError, match=r"^3000"):
        render_values(replace(values, patient=nobody), dialect, ids)


def test_a_patient_number_is_never_altered(study: StudyResult, ids: Identification) -> None:
    """L1 may be another patient than Ł1; nothing of the number is in the error."""
    with pytest.raises(GdtWriteError) as caught:
        render_study(replace(study, patient=Patient("Ł4711")), GDT21, ids)
    assert caught.value.field == "3000"
    assert "4711" not in str(caught.value)


def test_a_long_patient_number_is_written_whole(study: StudyResult, ids: Identification) -> None:
    """Cut at ten characters it would be somebody else's; the notice says it is too long."""
    rendered = render_study(replace(study, patient=Patient("123456789012345")), GDT21, ids)
    assert contents(rendered, "3000") == ("123456789012345",)
    assert rendered.losses == ("3000 over-length",)
    assert read_records(rendered.data)[0].warnings == ()


def test_a_patient_number_longer_than_a_line_is_refused(
    study: StudyResult, ids: Identification
) -> None:
    """It can neither be cut nor written."""
    for dialect in DIALECTS.values():
        with pytest.raises(GdtWriteError, match=r"^3000"):
            render_study(replace(study, patient=Patient("1" * 991)), dialect, ids)


def test_long_names_are_cut_at_the_field(study: StudyResult, ids: Identification) -> None:
    """Names have 28 bytes in GDT 2.1."""
    patient = replace(study.patient, family_name="Ö" * 29, given_name="Maria " * 10)
    rendered = render_study(replace(study, patient=patient), GDT21, ids)
    assert contents(rendered, "3101") == ("Ö" * 28,)
    assert contents(rendered, "3102") == ("Maria Maria Maria Maria Mari",)
    assert rendered.losses == ("3101 cut", "3102 cut")


def test_long_comments_wrap_within_the_field(
    study: StudyResult, ids: Identification, check: Check
) -> None:
    """1200 characters become lines of at most 60 bytes, and nothing is lost."""
    words = " ".join(f"Wörter{number}" for number in range(120))
    rendered = render_study(replace(study, description=words), GDT21, ids)
    pieces = [text for id_, text in check(rendered.data)[0] if id_ == "6228"]
    assert max(map(len, pieces)) <= 60
    assert b" ".join(pieces).decode("iso8859-1") == f"US: {words}"
    assert rendered.losses == ()


def test_medical_office_lines_stop_at_999(
    study: StudyResult, ids: Identification, check: Check
) -> None:
    """Only the three digits of the length bind here."""
    rendered = render_study(replace(study, description="x" * 1200), MEDICAL_OFFICE, ids)
    pieces = [text for id_, text in check(rendered.data)[0] if id_ == "6228"]
    assert [len(piece) for piece in pieces[1:]] == [990, 210]
    assert pieces[0] == b"R0000000042 / US:"


def test_endless_comments_are_cut(study: StudyResult, ids: Identification, check: Check) -> None:
    """A description of a megabyte still makes a record."""
    rendered = render_study(replace(study, description="x" * 1_000_000), GDT21, ids)
    assert len(check(rendered.data)[0]) < 130
    assert "6228 cut" in rendered.losses


def test_injected_lines_stay_content(
    study: StudyResult, values: ValueResult, ids: Identification, check: Check
) -> None:
    """A line break in a description, a number or a name cannot make a second patient."""
    attack = "US\r\n01030004712\r\n0206228BEFUND\n0138000\x85\u2028\u20296310"
    study = replace(study, description=attack, accession=attack, patient=Patient(attack, attack))
    value = TestValue(attack, attack, Decimal(1), attack, (attack,))
    values = replace(values, values=(value,), patient=study.patient)
    for dialect in DIALECTS.values():
        if dialect.options.patient_id is PatientIdRule.DIGITS:
            continue
        for rendered in (render_study(study, dialect, ids), render_values(values, dialect, ids)):
            (fields,) = check(rendered.data)
            assert [id_ for id_, _ in fields].count("3000") == 1
            assert [id_ for id_, _ in fields].count("8000") == 1
            assert "3000 control-characters" in rendered.losses


def test_long_value_names_continue_in_the_remarks(values: ValueResult, ids: Identification) -> None:
    """8411 has 60 bytes; the rest of the name is not lost."""
    name = "Left Ventricular Outflow Tract Cross Sectional Area by continuity equation"
    values = replace(values, values=(TestValue("ID", name, Decimal(1), "cm2", ("Quelle: 2D",)),))
    rendered = render_values(values, GDT21, ids)
    assert contents(rendered, "8411") == (
        "Left Ventricular Outflow Tract Cross Sectional Area by...",
    )
    assert contents(rendered, "8470") == ("...continuity equation", "Quelle: 2D")
    assert contents(render_values(values, MEDICAL_OFFICE, ids), "8411") == (name,)


def test_test_ids_and_units_are_never_cut(values: ValueResult, ids: Identification) -> None:
    """Two ids cut to the same twenty characters would be one measurement."""
    value = TestValue("I" * 25, "Länge", Decimal("1.5"), "u" * 61)
    rendered = render_values(replace(values, values=(value,)), GDT21, ids)
    assert contents(rendered, "8410") == ("I" * 25,)
    assert contents(rendered, "8421") == ("u" * 61,)
    assert rendered.losses == ("8410 over-length", "8421 over-length")


def test_a_value_without_id_is_refused(values: ValueResult, ids: Identification) -> None:
    """Its number would belong to the test before it."""
    values = replace(values, values=(*values.values, TestValue("", "x", Decimal(1), "cm")))
    with pytest.raises(GdtWriteError, match=r"^8410"):
        render_values(values, GDT21, ids)


def test_a_number_nobody_measured_becomes_a_remark(
    values: ValueResult, ids: Identification
) -> None:
    """The others of the report survive."""
    odd = TestValue("ODD", "odd", Decimal("NaN"), "cm")
    for dialect in DIALECTS.values():
        rendered = render_values(replace(values, values=(odd, *values.values)), dialect, ids)
        if dialect.options.values is not ValueForm.TEXT:
            assert contents(rendered, "8420") == ("4.21",)
            assert contents(rendered, "8470")[0] == "Wert nicht darstellbar: NaN"
        if dialect.options.values is not ValueForm.GROUPS:
            lines = contents(rendered, dialect.options.comment_field)
            assert any(line.endswith("nicht darstellbar: NaN cm") for line in lines)
        assert rendered.losses == ("8420 not-representable",)


def test_more_values_than_8100_can_count_make_more_records(
    values: ValueResult, ids: Identification, check: Check
) -> None:
    """5000 values are several exact records of the same patient, in order, none lost."""
    many = tuple(TestValue(f"T{n}", f"Wert {n}", Decimal(n), "cm") for n in range(5000))
    rendered = render_values(replace(values, values=many), GDT21, ids)
    records = read_records(rendered.data)
    assert len(records) > 1
    assert all(record.patient == values.patient and not record.warnings for record in records)
    assert [text for record in records for text in record.all("8410")] == [
        value.test_id for value in many
    ]
    assert len(check(rendered.data)) == len(records)
    assert len(check(render_values(replace(values, values=many), MEDICAL_OFFICE, ids).data)) == 1


@pytest.mark.parametrize(("room", "sizes"), [(200, [2, 2, 1]), (199, [1] * 5), (None, [5])])
def test_values_are_packed_to_the_last_byte(room: int | None, sizes: list[int]) -> None:
    """Blocks of 100 bytes fill a record exactly, and never one byte more."""
    blocks = [_ValueBlock([], [("6228", "x" * 41)], [("8410", "x" * 41)], 100)] * 5
    assert [len(packed) for packed in _packed(blocks, room)] == sizes


def test_no_values_make_a_record_without_tests(values: ValueResult, ids: Identification) -> None:
    """An empty report is a header; whether it is sent is not decided here."""
    for dialect in DIALECTS.values():
        (record,) = read_records(render_values(replace(values, values=()), dialect, ids).data)
        assert record.all("8410") == ()
        assert record.warnings == ()


def test_a_record_beyond_8100_is_refused(values: ValueResult, ids: Identification) -> None:
    """One value whose remarks fill a whole record cannot be split."""
    value = TestValue("T", "x", Decimal(1), "cm", ("r" * 60,) * 1500)
    with pytest.raises(GdtWriteError, match=r"^8100"):
        render_values(replace(values, values=(value,)), GDT21, ids)


def test_bytes_never_look_like_utf8(study: StudyResult, ids: Identification) -> None:
    """A record whose only special characters would read as UTF-8 is written in ASCII."""
    plain = replace(study, patient=Patient("1", "Meyer"), description="Ã©")
    rendered = render_study(plain, GDT21, ids)
    assert rendered.data.isascii()
    assert rendered.losses == ("6228 transliterated",)
    assert read_records(rendered.data)[0].encoding == "cp1252"
    mostly = render_study(replace(plain, description="Ã©Ã© ä"), GDT21, ids)
    assert mostly.data.isascii()


def test_no_record_of_several_looks_like_utf8(values: ValueResult, ids: Identification) -> None:
    """Where values fill several records, each of them is looked at by itself."""
    named = [TestValue(f"T{number}", "x", Decimal(1), "cm", ()) for number in range(2000)]
    named += [TestValue("U", "Ã©", Decimal(1), "cm", ()), TestValue("V", "ä", Decimal(1), "cm", ())]
    plain = replace(values, patient=Patient("1", "Meyer"), values=(named[-1], *named[:-1]))
    rendered = render_values(plain, GDT21, ids)
    assert len(read_records(rendered.data)) > 1
    assert rendered.data.isascii()


def test_unknown_names_are_answered_with_the_known_ones(
    study: StudyResult, ids: Identification
) -> None:
    """Dialect and character set are settings; a typing error is told what would be right."""
    with pytest.raises(GdtError, match="gdt21, gdt30, gdt31, medical-office"):
        dialect_named("gdt-21")
    with pytest.raises(GdtError, match="cp437, iso8859-1, iso8859-15"):
        render_study(study, GDT21, ids, encoding="utf-16")
