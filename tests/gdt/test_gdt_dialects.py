"""The dialects: versions 3.0 and 3.1 byte for byte, text, orders, attachments, file names."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from decimal import Decimal

import pytest

from gdtbridge.gdt.errors import GdtWriteError
from gdtbridge.gdt.read.reader import read_records
from gdtbridge.gdt.tables.dialects import DIALECTS, Dialect
from gdtbridge.gdt.tables.options import ValueForm, names_apart
from gdtbridge.gdt.tables.practice_dialects import derive
from gdtbridge.gdt.write.file_names import file_name
from gdtbridge.gdt.write.results import (
    Attachment,
    GdtFile,
    Identification,
    OrderReference,
    Revision,
    StudyResult,
    TestValue,
    TextResult,
    ValueResult,
)
from gdtbridge.gdt.write.value_columns import ValueCell, in_columns
from gdtbridge.gdt.write.writer import render_order_answer, render_study, render_values
from gdtbridge.people import Patient

Check = Callable[[bytes], list[list[tuple[str, bytes]]]]

ORDER = OrderReference("F-7", "1.2.3", "SONO01", "ABDOMEN")
PICTURE = Attachment("Bild 1", "JPG", "Leber", r"\\server\bilder\1.jpg")
LINK = "https://pacs.example/viewer?study=1.2.3"


def lines(text: str) -> bytes:
    """Return an indented block as the lines of a file."""
    return "".join(f"{line.strip()}\r\n" for line in text.strip().splitlines()).encode("iso8859-1")


def contents(rendered: GdtFile, field: str) -> tuple[str, ...]:
    """Return what a file says in a field."""
    return tuple(text for record in read_records(rendered.data) for text in record.all(field))


def test_gdt30_study_is_golden(study: StudyResult, ids: Identification) -> None:
    """A study in GDT 3.0: counted objects, 8100 of seven digits, 6226 before 6228, 8202 last."""
    full = replace(study, order=ORDER, attachments=(PICTURE,), link=LINK)
    assert render_study(full, DIALECTS["gdt30"], ids) == GdtFile(
        lines(r"""
            01380006310
            01681000000731
            0228200Obj_Kopfdaten
            0178315PRAX_EDV
            0178316GDTBRIDG
            01092063
            014921803.00
            01082016
            0208200Obj_Patient
            014300012345
            0153101Müller
            0133102Änne
            017310312031985
            01031102
            01082017
            0248200Obj_Anforderung
            017620015012024
            0156201103015
            0128310F-7
            01483141.2.3
            0158402SONO01
            01082017
            0366227Auftragsnummer: R0000000042
            01062261
            0206228US: Abdomen
            0198200Obj_Anhang
            0156302Bild 1
            0126303JPG
            0146304Leber
            0306305\\server\bilder\1.jpg
            01082016
            0198200Obj_Anhang
            01391520001
            0329153Bilder der Untersuchung
            0489154https://pacs.example/viewer?study=1.2.3
            01082015
            0268200Obj_Laborergebnis
            0168410ABDOMEN
            0238411PACS-Datensatz
            017843215012024
            0158439103015
            01082016
            011820243
        """)
    )


def test_gdt31_values_are_golden(values: ValueResult, ids: Identification) -> None:
    """A report in GDT 3.1: named objects, no length, 8001 last."""
    corrected = replace(values, revision=Revision.CORRECTION)
    assert render_values(corrected, DIALECTS["gdt31"], ids) == GdtFile(
        lines("""
            01380006310
            0228002Obj_Kopfdaten
            0178315PRAX_EDV
            0178316GDTBRIDG
            01092063
            014921803.10
            0228003Obj_Kopfdaten
            0208002Obj_Patient
            014300012345
            0153101Müller
            0133102Änne
            017310312031985
            01031102
            0208003Obj_Patient
            0248002Obj_Anforderung
            017620015012024
            0156201103015
            0208310R0000000042
            0208314R0000000042
            0158402SONO00
            0248003Obj_Anforderung
            0366227Auftragsnummer: R0000000042
            0296228Korrigierter Bericht
            0258002Obj_Untersuchung
            0198410SOEC2LVIDD
            0668411Left Ventricle Internal End Diastolic Dimension (2D mode)
            01384204.21
            0118421cm
            017843215012024
            0158439103015
            0248470Quelle: 2D mode
            0258003Obj_Untersuchung
            01380016310
        """)
    )


@pytest.mark.parametrize("dialect", DIALECTS.values(), ids=lambda d: d.name)
def test_what_the_order_said_comes_back(
    study: StudyResult, values: ValueResult, ids: Identification, dialect: Dialect
) -> None:
    """8310 and 8402 of every record, 8410 of the study, are the order's own."""
    ordered = replace(study, order=ORDER)
    records = (
        render_study(ordered, dialect, ids),
        render_order_answer(ordered, dialect, ids),
        render_values(replace(values, order=ORDER), dialect, ids),
    )
    for rendered in records:
        assert contents(rendered, "8310") == ("F-7",)
        assert contents(rendered, "8402") == ("SONO01",)
        assert read_records(rendered.data)[0].warnings == ()
    assert contents(records[0], "8410") == contents(records[1], "8410") == ("ABDOMEN",)


@pytest.mark.parametrize("dialect", DIALECTS.values(), ids=lambda d: d.name)
def test_a_correction_is_visible(
    values: ValueResult, ids: Identification, dialect: Dialect
) -> None:
    """A corrected report says so in the comment field, and only a corrected one."""
    field = dialect.options.comment_field
    corrected = render_values(replace(values, revision=Revision.CORRECTION), dialect, ids)
    assert "Korrigierter Bericht" in contents(corrected, field)
    assert b"Korrig" not in render_values(values, dialect, ids).data


@pytest.mark.parametrize("dialect", DIALECTS.values(), ids=lambda d: d.name)
def test_attachments_and_links_are_written_or_reported(
    study: StudyResult, ids: Identification, dialect: Dialect
) -> None:
    """Where the dialect has no place for them, the losses say so."""
    rendered = render_study(replace(study, attachments=(PICTURE,), link=LINK), dialect, ids)
    paths, urls = contents(rendered, "6305"), contents(rendered, "9154")
    assert (PICTURE.path in paths) is dialect.options.attachments
    assert (LINK in (*paths, *urls)) is (dialect.options.link.value != "none")
    unsupported = {loss for loss in rendered.losses if loss.endswith("unsupported")}
    assert ("6302 unsupported" in unsupported) is (PICTURE.path not in paths)
    assert ("9154 unsupported" in unsupported) is (LINK not in (*paths, *urls))


@pytest.mark.parametrize("dialect", DIALECTS.values(), ids=lambda d: d.name)
def test_values_may_have_attachments(
    values: ValueResult, ids: Identification, check: Check, dialect: Dialect
) -> None:
    """Where the dialect has a place for them, before the values; else the losses say so."""
    bare = render_values(values, dialect, ids)
    rendered = render_values(replace(values, attachments=(PICTURE,)), dialect, ids)
    if not dialect.options.attachments:
        assert rendered == replace(bare, losses=(*bare.losses, "6302 unsupported"))
        return
    (fields,) = check(rendered.data)
    ids_ = [id_ for id_, _ in fields]
    at = ids_.index("6302")
    assert ids_[at : at + 4] == ["6302", "6303", "6304", "6305"]
    assert at < ids_.index("8410")
    assert contents(rendered, "6305") == (PICTURE.path,)
    assert contents(rendered, "8420") == contents(bare, "8420")
    (record,) = read_records(rendered.data)
    assert record.warnings == ()


def test_attachments_stand_once_where_values_fill_several_records(
    values: ValueResult, ids: Identification, check: Check
) -> None:
    """Software that imports each record takes the file once."""
    many = tuple(TestValue(f"T{n}", f"Wert {n}", Decimal(n), "cm") for n in range(5000))
    full = replace(values, values=many, attachments=(PICTURE,))
    rendered = render_values(full, DIALECTS["medistar"], ids)
    assert len(check(rendered.data)) > 1
    assert contents(rendered, "6305") == (PICTURE.path,)
    assert len(contents(rendered, "8410")) == 5000


def test_several_attachments_are_several_groups(
    study: StudyResult, ids: Identification, check: Check
) -> None:
    """Each has its four fields together, before the test."""
    second = Attachment("", "", "", "C:\\x.pdf")
    rendered = render_study(
        replace(study, attachments=(PICTURE, second)), DIALECTS["medistar"], ids
    )
    (fields,) = check(rendered.data)
    ids_ = [id_ for id_, _ in fields]
    at = ids_.index("6302")
    assert ids_[at : at + 9] == ["6302", "6303", "6304", "6305"] * 2 + ["8410"]


def test_a_path_is_never_altered(study: StudyResult, ids: Identification) -> None:
    """Another letter would be another file."""
    odd = replace(study, attachments=(replace(PICTURE, path="C:\\Ł.pdf"),))
    with pytest.raises(GdtWriteError, match=r"^6305: Der Verweis"):
        render_study(odd, DIALECTS["medistar"], ids)


def test_x_comfort_takes_digits_only(study: StudyResult, ids: Identification) -> None:
    """Another patient number is refused, not changed."""
    for number in ("A1", "12-3", "²"):
        with pytest.raises(GdtWriteError, match=r"^3000"):
            render_study(replace(study, patient=Patient(number)), DIALECTS["x-comfort"], ids)
    assert contents(render_study(study, DIALECTS["x-comfort"], ids), "3000") == ("12345",)


def test_values_as_text_stand_in_columns(values: ValueResult, ids: Identification) -> None:
    """Name, value with a comma, unit; remarks below; no groups."""
    many = (
        TestValue("A", "Leber", Decimal("139.40"), "mm", ("Bildmodus: 2D",)),
        TestValue("B", "Schilddrüse rechts", Decimal("9.5"), "ml"),
        TestValue("C", "Milz", Decimal("Infinity"), "cm"),
    )
    rendered = render_values(replace(values, values=many), DIALECTS["x-concept"], ids)
    assert contents(rendered, "8410") == ()
    assert (
        contents(rendered, "6228")
        == (
            "Messwerte vom 15.01.2024",
            "Leber                                139,40 mm",
            "- Bildmodus: 2D",
            "Schilddrüse rechts                      9,5 ml",
            "Milz               nicht darstellbar: Infinity cm",
        )
        or contents(rendered, "6228")[2] == "- Bildmodus: 2D"
    )


def test_values_of_one_name_are_told_apart_in_text(
    values: ValueResult, ids: Identification
) -> None:
    """Beside groups, text needs remarks only where two lines would read alike."""
    many = (
        TestValue("A", "Septum", Decimal("9.4"), "mm", ("Bildmodus: 2D",)),
        TestValue("B", "Septum", Decimal("0.95"), "cm", ("Bildmodus: M-Mode",)),
        TestValue("C", "Aorta", Decimal(33), "mm", ("Bildmodus: 2D",)),
    )
    rendered = render_values(replace(values, values=many), DIALECTS["medistar"], ids)
    assert contents(rendered, "6228") == (
        "Messwerte vom 15.01.2024",
        "Septum  9,4 mm",
        "- Bildmodus: 2D",
        "Septum 0,95 cm",
        "- Bildmodus: M-Mode",
        "Aorta    33 mm",
    )
    assert contents(rendered, "8420") == ("9.4", "0.95", "33")


WORDS = TextResult("Kommentar", "eins\nzwei", ("vorher drei",), "Angaben")
SAID = ("Kommentar: eins", "zwei", "- vorher drei")


@pytest.mark.parametrize("name", sorted(DIALECTS))
def test_every_dialect_says_words_once(values: ValueResult, ids: Identification, name: str) -> None:
    """As lines of a comment among the values' lines, or alone; never as a test."""
    dialect = DIALECTS[name]
    for shown in ((*values.values, WORDS), (WORDS,)):
        rendered = render_values(replace(values, values=shown), dialect, ids)
        lines = contents(rendered, dialect.options.comment_field)
        assert tuple(line for line in lines if line in SAID) == SAID
        numbers = len(contents(rendered, "8410"))
        grouped = dialect.options.values is not ValueForm.TEXT
        assert numbers == (len(shown) - 1 if grouped else 0)


def test_words_stand_in_their_group_under_its_heading(
    values: ValueResult, ids: Identification
) -> None:
    """In the order they are given; without a number the title says what it is."""
    value = TestValue("A", "LVIDd", Decimal("42.1"), "mm", group="Linker Ventrikel")
    rendered = render_values(replace(values, values=(value, WORDS)), DIALECTS["x-concept"], ids)
    lines = contents(rendered, "6228")
    assert lines == (
        "Messwerte vom 15.01.2024",
        "Linker Ventrikel:",
        "LVIDd 42,1 mm",
        "Angaben:",
        *SAID,
    )
    alone = render_values(replace(values, values=(WORDS,)), DIALECTS["x-concept"], ids)
    assert contents(alone, "6228") == ("Angaben vom 15.01.2024", *SAID)


def test_groups_have_headings_in_text(values: ValueResult, ids: Identification) -> None:
    """Each group where it begins; one group alone needs none."""
    many = (
        TestValue("A", "LVIDd", Decimal("42.1"), "mm", group="Linker Ventrikel"),
        TestValue("B", "IVSd", Decimal("9.4"), "mm", group="Linker Ventrikel"),
        TestValue("C", "TAPSE", Decimal("23.0"), "mm", group="Rechter Ventrikel"),
    )
    rendered = render_values(replace(values, values=many), DIALECTS["x-concept"], ids)
    assert contents(rendered, "6228") == (
        "Messwerte vom 15.01.2024",
        "Linker Ventrikel:",
        "LVIDd 42,1 mm",
        "IVSd   9,4 mm",
        "Rechter Ventrikel:",
        "TAPSE 23,0 mm",
    )
    rendered = render_values(replace(values, values=many[:2]), DIALECTS["x-concept"], ids)
    assert contents(rendered, "6228") == (
        "Messwerte vom 15.01.2024",
        "LVIDd 42,1 mm",
        "IVSd   9,4 mm",
    )


def test_long_names_wrap_above_their_value() -> None:
    """The value stands on the last line of the name; nothing exceeds the width."""
    made = in_columns([ValueCell("Left Ventricle Internal Dimension", "4,21", "cm")], 28)
    assert made == [("Left Ventricle", "Internal Dimension   4,21 cm")]
    narrow = in_columns([ValueCell("Left Ventricle", "4,21", "u" * 20)], 28)
    assert narrow == [("Left Ventricle", f"4,21 {'u' * 20}")]


def test_text_and_groups_share_a_record(
    values: ValueResult, ids: Identification, check: Check
) -> None:
    """A report too long for one record is divided between values, text and group together."""
    many = tuple(TestValue(f"T{n}", f"Wert {n}", Decimal(n), "cm") for n in range(2000))
    rendered = render_values(replace(values, values=many), DIALECTS["medistar"], ids)
    assert len(check(rendered.data)) > 1
    for record in read_records(rendered.data):
        texts = [text.split()[1] for text in record.all("6228") if text.startswith("Wert")]
        assert [id_[1:] for id_ in record.all("8410")] == texts


def test_the_device_code_of_the_dialect(study: StudyResult, ids: Identification) -> None:
    """x.comfort gets ALL00 where nothing was ordered."""
    assert contents(render_study(study, DIALECTS["x-comfort"], ids), "8402") == ("ALL00",)


@pytest.mark.parametrize(
    ("changes", "name", "apart"),
    [
        ({}, "R-1.gdt", True),
        (
            {"file_name": "{receiver:.4}{sender:.4}.gdt", "file_case": "upper"},
            "PRAXGDTB.GDT",
            False,
        ),
        ({"file_name": "{receiver}_{sender}.GDT", "file_case": "lower"}, "prax_edv_me.gdt", False),
        ({"file_name": "{sender}.{number}"}, "ME.007", False),
        ({"file_name": "{timestamp}.gdt"}, "20240115103015.gdt", True),
    ],
)
def test_files_are_named_as_the_dialect_says(
    changes: dict[str, object], name: str, *, apart: bool
) -> None:
    """Fixed, counted, by time or by accession; a fixed name must be collected first."""
    dialect = derive(DIALECTS["gdt21"], "own", changes)
    ids = Identification("ME" if "PRAXGDTB" not in name else None)
    moment = datetime(2024, 1, 15, 10, 30, 15)  # noqa: DTZ001 - local, as GDT
    made = file_name(dialect, ids, accession="R-1", number="007", moment=moment)
    assert (made, names_apart(dialect.options.file_name)) == (name, apart)


@pytest.mark.parametrize("accession", ["../x", "..", "a/b\\c", "", "\r\n", "Ä"])
def test_file_names_lead_nowhere(accession: str) -> None:
    """Whatever an accession number holds, the name is one of letters, digits, . _ and -."""
    moment = datetime(2024, 1, 15)  # noqa: DTZ001
    name = file_name(
        DIALECTS["gdt21"], Identification(), accession=accession, number="001", moment=moment
    )
    assert not {"/", "\\", "\r", "\n", "Ä"} & set(name)
    assert not name.startswith(".")
    assert name.endswith(".gdt")
