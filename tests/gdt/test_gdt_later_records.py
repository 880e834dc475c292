"""Remarks, supplements, corrections, retractions and messages, in every dialect."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, time

import pytest

from gdtbridge.gdt.errors import GdtWriteError
from gdtbridge.gdt.read.reader import read_records
from gdtbridge.gdt.read.record import Record
from gdtbridge.gdt.tables.dialects import DIALECTS, Dialect
from gdtbridge.gdt.tables.practice_dialects import derive
from gdtbridge.gdt.tools.conformance import check_record
from gdtbridge.gdt.write.chart_sentences import MAX_TESTS
from gdtbridge.gdt.write.results import (
    Attachment,
    GdtFile,
    Identification,
    MessageResult,
    OrderReference,
    RetractedTest,
    RetractionResult,
    Revision,
    StudyResult,
    ValueResult,
)
from gdtbridge.gdt.write.writer import (
    render_message,
    render_retraction,
    render_study,
    render_values,
)
from gdtbridge.people import Patient

Check = Callable[[bytes], list[list[tuple[str, bytes]]]]

CLOCK = "Untersuchungsdatum laut Gerät 01.01.2000, empfangen am 30.11.2026: Geräteuhr prüfen."
NAME = "Name am Gerät weicht ab."

RETRACTION = RetractionResult(
    patient=Patient("4711", "Müller", "Änne", date(1958, 12, 24), "F"),
    date=date(2026, 11, 30),
    time=time(10, 2),
    accession="R0000000042",
    modality="US",
    description="Abdomen",
    test_id="EXTPACS",
    test_description="PACS-Datensatz",
    sent=datetime.fromisoformat("2026-11-30 10:15"),
    values=2,
    pictures=3,
)
MESSAGE = MessageResult(
    patient=Patient("999", "Ultraschall", "Meldungen"),
    date=date(2026, 11, 30),
    time=time(18, 0),
    lines=(
        "Ultraschall: 1 Untersuchung ohne Zuordnung",
        "Bitte auf der Seite der Bridge zuordnen.",
    ),
    test_id="EXTPACS",
    test_description="PACS-Datensatz",
)

every_dialect = pytest.mark.parametrize("dialect", DIALECTS.values(), ids=lambda one: one.name)


def lines(text: str, encoding: str) -> bytes:
    """Return an indented block as the lines of a file."""
    return "".join(f"{line.strip()}\r\n" for line in text.strip().splitlines()).encode(encoding)


def read(rendered: GdtFile, check: Check, dialect: Dialect) -> Record:
    """Return the one record, exact to the byte and read as it was written, without a doubt."""
    (fields,) = check(rendered.data)
    codec = dialect.options.encoding
    (record,) = read_records(rendered.data, default_encoding=codec)
    assert record.warnings == ()
    assert [(line.id, line.value.encode(codec)) for line in record.lines] == fields
    return record


def told(record: Record, dialect: Dialect) -> str:
    """Return the comments of a record as running text."""
    return " ".join(record.all(dialect.options.comment_field))


@every_dialect
def test_remarks_of_a_study_are_read_in_the_chart(
    dialect: Dialect, study: StudyResult, ids: Identification, check: Check
) -> None:
    """Each is a sentence of its own lines below the comment, none wider than a person can read."""
    rendered = render_study(replace(study, remarks=(CLOCK, NAME)), dialect, ids)
    record = read(rendered, check, dialect)
    comments = record.all(dialect.options.comment_field)
    assert told(record, dialect).endswith(f"US: Abdomen {CLOCK} {NAME}")
    assert comments[-1] == NAME
    assert max(map(len, comments)) <= (dialect.options.comment_width or 60)
    assert rendered.losses == ()
    assert check_record(record, dialect) == ()


@every_dialect
def test_remarks_stand_above_the_values(
    dialect: Dialect, values: ValueResult, ids: Identification, check: Check
) -> None:
    """A value record begins with its revision, then its remarks."""
    noted = replace(values, remarks=(CLOCK,), revision=Revision.CORRECTION)
    record = read(render_values(noted, dialect, ids), check, dialect)
    assert f"Korrigierter Bericht {CLOCK}" in told(record, dialect)
    assert check_record(record, dialect) == ()


@every_dialect
def test_remarks_alone_make_a_value_record(
    dialect: Dialect, values: ValueResult, ids: Identification, check: Check
) -> None:
    """Of a report that gives no value the chart is told why, and gets no test nobody measured."""
    alone = replace(values, values=(), remarks=(NAME,), attachments=())
    rendered = render_values(alone, dialect, ids)
    record = read(rendered, check, dialect)
    assert told(record, dialect).endswith(NAME)
    assert (record.all("8420"), rendered.losses) == ((), ())
    assert check_record(record, dialect) == ()


def test_remarks_stand_in_each_record_of_a_long_report(
    values: ValueResult, ids: Identification
) -> None:
    """What does not fit into one record of 99,999 bytes keeps its remark in every one."""
    many = replace(values, values=values.values * 700, remarks=(NAME,))
    records = read_records(render_values(many, DIALECTS["gdt21"], ids).data)
    assert [record.all("6228") for record in records] == [(NAME,), (NAME,)]


@pytest.mark.parametrize("field", ["6220", "6227", "6228"])
@pytest.mark.parametrize("form", ["gdt21", "gdt30", "gdt31", "medical-office"])
def test_a_practice_cannot_omit_a_remark(
    study: StudyResult, values: ValueResult, ids: Identification, form: str, field: str
) -> None:
    """Where the comment field is left out, what must be known is written all the same."""
    own = derive(DIALECTS[form], "own", {"comment_field": field, "omit": [field]})
    later = replace(study, remarks=(NAME,), revision=Revision.SUPPLEMENT)
    for rendered in (
        render_study(later, own, ids),
        render_values(replace(values, remarks=(NAME,)), own, ids),
        render_retraction(replace(RETRACTION, reason=NAME), own, ids),
        render_message(replace(MESSAGE, lines=(NAME,)), own, ids),
    ):
        (record,) = read_records(rendered.data)
        assert NAME in told(record, own)
    (record,) = read_records(render_study(later, own, ids).data)
    assert "Nachtrag zur Untersuchung" in record.all(field)


@pytest.mark.parametrize(
    ("revision", "pictures", "heading"),
    [
        (Revision.FIRST, 3, None),
        (Revision.SUPPLEMENT, 0, "Nachtrag zur Untersuchung"),
        (Revision.SUPPLEMENT, 1, "Nachtrag: 1 weiteres Bild"),
        (Revision.SUPPLEMENT, 2, "Nachtrag: 2 weitere Bilder"),
        (Revision.CORRECTION, 0, "Korrektur zur Untersuchung"),
        (Revision.CORRECTION, 1, "Korrektur: 1 ersetztes Bild"),
        (Revision.CORRECTION, 12, "Korrektur: 12 ersetzte Bilder"),
    ],
)
@every_dialect
def test_a_later_study_record_says_what_it_is(
    dialect: Dialect,
    study: StudyResult,
    ids: Identification,
    check: Check,
    revision: Revision,
    pictures: int,
    heading: str | None,
) -> None:
    """The heading stands above the comment, the first record has none."""
    later = replace(study, revision=revision, pictures=pictures)
    record = read(render_study(later, dialect, ids), check, dialect)
    comments = [
        line
        for line in record.all(dialect.options.comment_field)
        if not line.startswith("Auftragsnummer")
    ]
    assert comments[:-1] == ([heading] if heading else [])
    assert comments[-1].endswith("US: Abdomen")


def test_a_supplement_brings_its_pictures(
    study: StudyResult, ids: Identification, check: Check
) -> None:
    """Titles go on where the first record ended."""
    picture = Attachment("Bild 4", "JPG", "Leber", r"\\server\bilder\4.jpg")
    later = replace(study, revision=Revision.SUPPLEMENT, pictures=1, attachments=(picture,))
    record = read(render_study(later, DIALECTS["gdt31"], ids), check, DIALECTS["gdt31"])
    assert (record.first("6228"), record.first("6302")) == ("Nachtrag: 1 weiteres Bild", "Bild 4")


def test_a_retraction_in_gdt21_is_golden(ids: Identification) -> None:
    """It has the test of the study record and no values; both ways to look at it say so."""
    assert render_retraction(RETRACTION, DIALECTS["gdt21"], ids) == GdtFile(
        lines(
            """
            01380006310
            014810000672
            0178315PRAX_EDV
            0178316GDTBRIDG
            01092063
            014921802.10
            01330004711
            0153101Müller
            0133102Änne
            017310324121958
            01031102
            0158402SONO00
            017620030112026
            0156201100200
            0366227Auftragsnummer: R0000000042
            0596228Irrtümlich übermittelt: Die am 30.11.2026 um 10:15
            0696228übermittelten Ergebnisse (Untersuchungseintrag, 2 Messwerte,
            06762283 Bilder) der Untersuchung vom 30.11.2026 gehören nicht zu
            0656228diesem Patienten. Bitte nicht verwenden und aus der Akte
            0196228entfernen.
            0206228US: Abdomen
            0168410EXTPACS
            0238411PACS-Datensatz
            017843230112026
            0158439100200
            0668470Irrtümlich übermittelt, gehört nicht zu diesem Patienten.
            """,
            "iso8859-1",
        )
    )


def test_a_retraction_for_medical_office_is_golden(ids: Identification) -> None:
    """Its sentence stands in the object of the test, before what the study record said."""
    assert render_retraction(RETRACTION, DIALECTS["medical-office"], ids) == GdtFile(
        lines(
            """
            01380006310
            0228002Obj_Kopfdaten
            0178315PRAX_EDV
            0168316ORTHANC
            013921803.1
            0228003Obj_Kopfdaten
            0208002Obj_Patient
            01330004711
            0208003Obj_Patient
            0258002Obj_Untersuchung
            0168410EXTPACS
            0238411PACS-Datensatz
            0208413R0000000042
            0208428R0000000042
            017843230112026
            0158439100200
            0596228Irrtümlich übermittelt: Die am 30.11.2026 um 10:15
            0696228übermittelten Ergebnisse (Untersuchungseintrag, 2 Messwerte,
            06762283 Bilder) der Untersuchung vom 30.11.2026 gehören nicht zu
            0656228diesem Patienten. Bitte nicht verwenden und aus der Akte
            0196228entfernen.
            0346228R0000000042 / US: Abdomen
            0258003Obj_Untersuchung
            01380016310
            """,
            "iso8859-15",
        )
    )


@every_dialect
def test_a_retraction_stands_beside_the_study_record(
    dialect: Dialect, study: StudyResult, ids: Identification, check: Check
) -> None:
    """Test, order and time are the study record's; there is no value and nothing attached."""
    order = OrderReference("F-7", "1.2.3", "SONO01", "ABDOMEN")
    retraction = replace(
        RETRACTION,
        patient=study.patient,
        date=study.date,
        time=study.time,
        order=order,
        tests=(RetractedTest("LIV1", "Leber, Länge"), RetractedTest("GB7")),
        reason="Am Gerät wurde ein anderer Eintrag gewählt.",
    )
    record = read(render_retraction(retraction, dialect, ids), check, dialect)
    first = read(render_study(replace(study, order=order), dialect, ids), check, dialect)
    for field in ("3000", "8310", "8314", "8402", "8410", "8411", "8432", "8439", "6200"):
        assert record.all(field) == first.all(field)
    assert not {"8420", "8421", "6302", "6305", "9154"} & {line.id for line in record.lines}
    text = told(record, dialect)
    assert "Irrtümlich übermittelt: Die am 30.11.2026 um 10:15 übermittelten Ergebnisse" in text
    assert text.endswith(
        "US: Abdomen Betroffene Messwerte: Leber, Länge (LIV1); GB7. "
        "Grund: Am Gerät wurde ein anderer Eintrag gewählt."
    )
    assert check_record(record, dialect) == ()


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        (
            {"study_record": False, "values": 1, "pictures": 0},
            "Die am 30.11.2026 um 10:15 übermittelten Ergebnisse (1 Messwert) der Untersuchung",
        ),
        (
            {"values": 0, "pictures": 1, "documents": 2},
            "übermittelten Ergebnisse (Untersuchungseintrag, 1 Bild, 2 Dokumente) der",
        ),
        (
            {"sent_until": datetime.fromisoformat("2026-12-01 08:00")},
            "Die vom 30.11.2026 um 10:15 bis 01.12.2026 um 08:00 übermittelten",
        ),
        (
            {"sent_until": datetime.fromisoformat("2026-11-30 10:15:40")},
            "Die am 30.11.2026 um 10:15 über",
        ),
        (
            {"study_record": False, "values": 0, "pictures": 0, "sent": None, "date": None},
            "Irrtümlich übermittelt: Die übermittelten Ergebnisse der Untersuchung gehören nicht",
        ),
        ({"tests": (RetractedTest("A"), RetractedTest("B"), RetractedTest("C"))}, "3 Messwerte"),
    ],
)
def test_a_retraction_says_what_was_sent_and_when(
    ids: Identification, check: Check, changes: dict[str, object], sentence: str
) -> None:
    """What is not known is not said."""
    retraction = replace(RETRACTION, **changes)  # type: ignore[arg-type]  # fields of the table
    record = read(render_retraction(retraction, DIALECTS["gdt21"], ids), check, DIALECTS["gdt21"])
    assert sentence in told(record, DIALECTS["gdt21"])


def test_a_retraction_names_so_many_tests_and_counts_the_rest(ids: Identification) -> None:
    """Its length is bounded, whatever a device calls its measurements."""
    tests = tuple(RetractedTest(f"T{at}", f"Name {at} " * 40) for at in range(MAX_TESTS + 7))
    dialect = DIALECTS["gdt21"]
    rendered = render_retraction(replace(RETRACTION, tests=tests), dialect, ids)
    (record,) = read_records(rendered.data)
    text = told(record, dialect)
    assert text.endswith(f"... (T{MAX_TESTS - 1}) und 7 weitere.")
    assert f"{MAX_TESTS + 7} Messwerte" in text
    assert (f"(T{MAX_TESTS})" in text, rendered.losses) == (False, ())


@every_dialect
def test_a_message_is_its_lines(dialect: Dialect, ids: Identification, check: Check) -> None:
    """No comment, no order number: only what staff is to read, in a chart for messages."""
    record = read(render_message(MESSAGE, dialect, ids), check, dialect)
    assert record.record_type == "6310"
    assert record.patient.id == "999"
    assert record.all(dialect.options.comment_field) == MESSAGE.lines
    assert record.all("8410") == ("EXTPACS",)
    field = "6228" if dialect.options.comment_field == "6227" else "6227"
    assert record.all(field) == ()
    assert {line.id for line in record.lines} >= {"8410", "8411", "8432"}


@pytest.mark.parametrize("nothing", [(), ("",), (" \r\n", "\x00")])
def test_a_message_without_text_is_refused(ids: Identification, nothing: tuple[str, ...]) -> None:
    """An empty entry in a chart tells nobody anything."""
    with pytest.raises(GdtWriteError, match="6228"):
        render_message(replace(MESSAGE, lines=nothing), DIALECTS["gdt21"], ids)


@every_dialect
@pytest.mark.parametrize("kind", ["study", "values", "retraction", "message"])
def test_a_patient_may_be_a_number_alone(
    dialect: Dialect,
    study: StudyResult,
    values: ValueResult,
    ids: Identification,
    check: Check,
    kind: str,
) -> None:
    """Where nothing else is known for a number, 3000 stands alone and no field is empty."""
    nobody = Patient("4711")
    rendered = {
        "study": render_study(replace(study, patient=nobody), dialect, ids),
        "values": render_values(replace(values, patient=nobody), dialect, ids),
        "retraction": render_retraction(replace(RETRACTION, patient=nobody), dialect, ids),
        "message": render_message(replace(MESSAGE, patient=nobody), dialect, ids),
    }[kind]
    record = read(rendered, check, dialect)
    assert record.patient == nobody
    assert not {"3101", "3102", "3103", "3110"} & {line.id for line in record.lines}


@every_dialect
def test_a_check_names_the_missing_name(
    dialect: Dialect, study: StudyResult, ids: Identification
) -> None:
    """GDT 2.1 to 3.1 demand name and birth date of a 6310; Medical Office goes by the number."""
    rendered = render_study(replace(study, patient=Patient("4711")), dialect, ids)
    (record,) = read_records(rendered.data)
    missing = [one.message for one in check_record(record, dialect) if one.code == "field-missing"]
    named = [field for field in ("3101", "3102", "3103") if any(field in one for one in missing)]
    assert named == ([] if dialect.name == "medical-office" else ["3101", "3102", "3103"])
