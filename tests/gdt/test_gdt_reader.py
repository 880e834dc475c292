"""Records as they are read: real files, and each thing real files do wrong."""

from __future__ import annotations

import sys
from datetime import date
from pathlib import Path
from time import process_time

import pytest

from gdtbridge.gdt.errors import GdtError, NotGdtError
from gdtbridge.gdt.read.reader import read_records
from gdtbridge.gdt.read.record import WARNINGS, Record
from gdtbridge.people import Patient

MUSTERMANN = Patient("02345", "Mustermann", "Frank", date(1945, 10, 1), "M")
PRAXISPLANER = Patient("12345", "Mustermann", "Franz", date(1945, 10, 1), "M")
ERIKA = Patient("4711", "Muster", "Erika", date(1985, 3, 12), "F")

EXPECTED: dict[str, tuple[str, str | None, str, Patient, dict[str, tuple[str, ...]]]] = {
    "01_": (
        "6301",
        "02.10",
        "ascii",
        Patient("02345", "Mustermann", "Franz", date(1945, 10, 1), "M"),
        {"8315": ("EKG_TYP1",), "3622": ("178",), "3623": ("079",)},
    ),
    "02_": (
        "6310",
        "02.10",
        "ascii",
        MUSTERMANN,
        {
            "6220": ("Dies ist ein zweizeiliger", "Befund zur 24h-Blutdruckmessung."),
            "8410": ("SYSMXTG", "SYSMNTG"),
            "8420": ("142", "112"),
            "8439": ("163400", "031200"),
        },
    ),
    "30_": (
        "6310",
        "02.10",
        "cp1252",
        Patient("12345", "Muster", "Erika", date(1985, 3, 12), "F"),
        {"8402": ("ECHO01",), "8410": ("ECHO",), "8411": ("Echokardiographie",)},
    ),
    "50_": ("6310", "02.10", "ascii", MUSTERMANN, {"8439": ("163400", "031200")}),
    "51_": ("6310", "02.10", "ascii", MUSTERMANN, {"3632": ("079",), "8402": ("BDM01",)}),
    "52_": ("6310", "02.10", "ascii", MUSTERMANN, {"8402": ("BDM01",), "6200": ("23101998",)}),
    "60_": (
        "6302",
        "02.10",
        "cp1252",
        Patient("6060", "Fuerst", "Stephanie", date(1976, 12, 28), "F"),
        {
            "3107": ("Lützowplatz 6",),
            "0203": ("Dr. med. Annie More - Praxis für innere Medizin",),
            "8402": ("EKG04",),
        },
    ),
    "61_": (
        "6301",
        "02.10",
        "cp437",
        Patient("12345", "Mustermann", "Thomas", date(1968, 4, 15), "M"),
        {"3107": ("Musterstraße 37",), "0102": ("XYZ GmbH & Co. KG Praxis Service",)},
    ),
    "62_": (
        "6302",
        "02.00",
        "cp1252",
        Patient("0000002191", "Müller", "Agnes", date(1922, 6, 30), "F"),
        {"8402": ("BDT",), "4112": ("1000",), "4121": ("2",)},
    ),
    "63_": (
        "6301",
        "2.3",
        "ascii",
        Patient("15946", "NACHNAME", "VORNAME", date(1945, 8, 18), "M"),
        {"3112": ("12345",), "6362": ("8",), "4134": ("Techniker Krankenkasse - TK",)},
    ),
    "64_": (
        "6311",
        "02.10",
        "cp1252",
        Patient("2", "Testmann", "Thorsten", date(1970, 10, 6), None),
        {"8402": ("SONO00",), "8439": ("161859",)},
    ),
    "65_": (
        "6310",
        "02.10",
        "cp1252",
        PRAXISPLANER,
        {"6220": ("Termin 06.06.2025 ",), "8402": ("BDM_01",)},
    ),
    "66_": (
        "6310",
        "3.5",
        "ascii",
        PRAXISPLANER,
        {"8402": ("BDM_01",), "8410": ("SYSMXTG",), "8421": ("mmHg", "cm")},
    ),
    "68_": (
        "6310",
        "02.10",
        "ascii",
        Patient("79383"),
        {"8402": ("ALL00",), "6227": ("TEST GDT SYSTEMEINTRAG",)},
    ),
    "68b_": (
        "6310",
        "02.10",
        "cp437",
        Patient("79383"),
        {"6227": ("Ärztliche Prüfung für Jörg eingegangen",)},
    ),
    "69_": (
        "6310",
        "02.10",
        "ascii",
        Patient("4711", "Mustermann", "Hans"),
        {"8402": ("DEMO01",), "6228": ("Eine Zeile",)},
    ),
    "70_": (
        "6310",
        None,
        "cp1252",
        Patient("TestPatient123", "Mustermann", "Max", date(1990, 1, 1)),
        {
            "6201": ("01042026",),
            "6200": ("EEG Befund: Normales Alpha-EEG", "Keine fokalen Auffälligkeiten"),
        },
    ),
    "71_": (
        "6310",
        None,
        "ascii",
        Patient(""),
        {
            "8316": ("NOX_T3",),
            "8410": ("Analysis Criteria", "Excluded Time (m)"),
            "8421": ("m",),
        },
    ),
    "72a_": (
        "6310",
        "03.1",
        "ascii",
        Patient("12345"),
        {"8428": ("R0000000042",), "6228": ("R0000000042 / US: Abdomen",)},
    ),
    "72b_": (
        "6310",
        "01.0",
        "ascii",
        Patient("12345"),
        {"8410": ("SOEC2LVIDD",), "8420": ("4.21",), "8470": ("Quelle: 2D mode",)},
    ),
    "73_": ("6300", "02.10", "ascii", Patient("0"), {"8316": ("LUFU_SYS",)}),
    "74_": (
        "6301",
        "03.00",
        "utf-8",
        ERIKA,
        {"6330": ("Obj_Kostenträger",), "3113": ("Bern",), "8004": ("0000319",)},
    ),
}
"""File to record type, version, encoding, patient and some fields; read off the bytes by hand."""

FLAWS = {
    "02_": "record-length-by-lines length-wrong",
    "30_": "line-end",
    "50_": "line-end line-end-missing record-length-by-lines length-wrong",
    "51_": "line-end line-end-missing record-length-by-lines length-wrong stray-blank",
    "52_": "line-end line-end-missing record-length-by-lines length-wrong blank-line",
    "60_": "record-length-by-lines length-wrong",
    "61_": "record-length-by-lines length-wrong",
    "63_": "record-length-wrong length-wrong",
    "64_": "line-end line-end-missing",
    "65_": "record-length-wrong",
    "70_": "record-length-wrong length-wrong length-without-line-end",
    "71_": "patient-id-missing record-length-wrong line-continued",
    "74_": "charset-utf-8 length-missing length-wrong object-mismatch",
}
"""What is wrong with each file, by its bytes; files that are not here are exact."""


@pytest.mark.parametrize("name", EXPECTED)
def test_real_files_are_read(corpus: Path, name: str) -> None:
    """Each file found in the wild gives the record a person reads in it."""
    (path,) = (corpus / "gdt").glob(f"{name}*")
    data = path.read_bytes()
    record_type, version, encoding, patient, fields = EXPECTED[name]
    (record,) = read_records(data)
    assert (record.record_type, record.version, record.encoding) == (record_type, version, encoding)
    assert record.patient == patient
    assert {field: record.all(field) for field in fields} == fields
    assert record.data == data
    assert {warning.code for warning in record.warnings} == set(FLAWS.get(name, "").split())


DAMAGED = {"51_": {12}, "71_": {5}, "74_": {4}}
"""Lines a naive reading gets wrong: a blank, four digits and what follows them, no length."""


@pytest.mark.parametrize("name", EXPECTED)
def test_every_line_of_a_real_file_is_there(corpus: Path, name: str) -> None:
    """Field, content and place are those a naive reading of the bytes gives, line by line."""
    (path,) = (corpus / "gdt").glob(f"{name}*")
    (record,) = read_records(path.read_bytes())
    read = {line.line: (line.id, line.value) for line in record.lines}
    raw = dict(enumerate(path.read_bytes().decode(record.encoding).split("\n"), start=1))
    naive = {
        number: (text[3:7], text[7:].removesuffix("\r"))
        for number, text in raw.items()
        if text[:7].isdigit()
    }
    for number in DAMAGED.get(name, ()):
        read.pop(number)
        naive.pop(number, None)
    assert read == naive


def test_every_real_file_is_expected(corpus: Path) -> None:
    """No file of the corpus goes unread, and none hides behind another of its number."""
    found = sorted(f"{path.name.split('_')[0]}_" for path in (corpus / "gdt").iterdir())
    assert found == sorted(EXPECTED)


def test_a_field_over_many_lines_is_one(corpus: Path) -> None:
    """A sleep laboratory's criteria stay one value, and no number is read out of them."""
    data = next((corpus / "gdt").glob("71_*")).read_bytes()
    (record,) = read_records(data)
    first, second = record.all("8420")
    assert first.count("\n") == 9
    assert first.startswith("Position changes")
    assert second == "0,0"


HEAD = b"01380006310\r\n014921802.10\r\n01430004711 \r\n"


def read(*lines: bytes, encoding: str | None = None) -> Record:
    """Return the record of a plain header and these lines."""
    (record,) = read_records(HEAD + b"".join(lines), default_encoding=encoding)
    return record


def codes(record: Record) -> list[tuple[str, int | None]]:
    """Return the warnings as code and line."""
    return [(warning.code, warning.line) for warning in record.warnings]


@pytest.mark.parametrize(
    ("line", "id_", "value", "code"),
    [
        (b"0178411Abdomen\r\n", "8411", "Abdomen", "length-wrong"),
        (b"0168411Abdomen\r\n", "8411", "Abdomen", None),
        (b"0148411Abdomen\r\n", "8411", "Abdomen", "length-without-line-end"),
        (b"0008411Abdomen\r\n", "8411", "Abdomen", "length-zero"),
        (b"0168411Abdomen\n", "8411", "Abdomen", "line-end"),
        (b"0168411Abdomen\r", "8411", "Abdomen", "line-end"),
        (b"0168411Abdomen\r\r\n", "8411", "Abdomen", "line-end"),
        (b"0168411Abdomen", "8411", "Abdomen", "line-end-missing"),
        (b"0168411Abdomen\r\n\r\n", "8411", "Abdomen", "blank-line"),
        (b"0168411Abdomen\r\n\x1a", "8411", "Abdomen", "dos-end-mark"),
        (b"016 8411Abdomen\r\n", "8411", "Abdomen", "stray-blank"),
        (b" 0168411Abdomen\r\n", "8411", "Abdomen", "stray-blank"),
        (b"00168411Abdomen\r\n", "8411", "Abdomen", "length-four-digits"),
        (b"8316DEVICE\r\n", "8316", "DEVICE", "length-missing"),
        (b"0138411M\xc3\xbcl\r\n", "8411", "Mül", None),
        (b"0128411M\xc3\xbcl\r\n", "8411", "Mül", "length-in-characters"),
        (b"Anamnese: gut\r\n", "", "Anamnese: gut", "naked-line"),
        (b"3000 ml getrunken\r\n", "", "3000 ml getrunken", "naked-line"),
        (b"0099999\r\n", "9999", "", None),
        (b"0173103kein Tag\r\n", "3103", "kein Tag", "birth-date-invalid"),
        (b"0103110?\r\n", "3110", "?", "sex-unknown"),
        (b"01430004712 \r\n", "3000", "4711 ", "patient-id-differs"),
        (b"01092067\r\n", "9206", "7", "charset-unknown"),
        (b"0228002Obj_Kopfdaten\r\n", "8002", "Obj_Kopfdaten", "object-open"),
        (b"0228003Obj_Kopfdaten\r\n", "8003", "Obj_Kopfdaten", "object-mismatch"),
        (b"0128200Obj\r\n01082013\r\n", "8201", "3", "object-count-wrong"),
        (b"01080016\r\n", "8001", "6", "end-mismatch"),
        (b"01082029\r\n", "8202", "9", "line-count-wrong"),
        (b"01082024\r\n", "8202", "4", None),
        (b"014810000055\r\n", "8100", "00055", None),
        (b"014810000054\r\n", "8100", "00054", "record-length-wrong"),
        (b"014810000056\r\n0148411Abdom\r\n", "8411", "Abdom", "record-length-wrong"),
    ],
)
def test_flaws_are_tolerated_and_named(line: bytes, id_: str, value: str, code: str | None) -> None:
    """What is wrong with a line is a warning; its content is kept."""
    record = read(line)
    assert record.first(id_) == value
    found = [warning for warning, _ in codes(record) if warning != "charset-utf-8"]
    assert set(found) == ({code} if code else set())
    assert record.data == HEAD + line


def test_a_record_length_may_be_the_sum_of_wrong_lines() -> None:
    """A file edited by hand keeps the sum of its declared lengths: another warning."""
    record = read(b"014810000073\r\n", b"0188411Abdomen\r\n")
    assert codes(record) == [("record-length-by-lines", 4), ("length-wrong", 5)]


def test_a_broken_line_is_continued() -> None:
    """A stray line break within a field is told from free text by the declared length."""
    record = read(b"0256228US: Ober\r\nbauch\r\n", b"0168411Abdomen\r\n")
    assert record.first("6228") == "US: Ober\nbauch"
    assert record.first("8411") == "Abdomen"
    assert ("line-continued", 4) in codes(record)


def test_free_text_that_looks_like_fields_stays_text() -> None:
    """History lines of MEDISTAR start with dates: 20231015 is no field 3101."""
    record = read(
        b"0158402SONO00\r\n", b"Verlauf\r\n", b"20231015 Schmerzen im Oberbauch rechts\r\n"
    )
    assert record.all("3101") == ()
    assert [line.value for line in record.lines if not line.id] == [
        "Verlauf",
        "20231015 Schmerzen im Oberbauch rechts",
    ]


def test_fields_after_free_text_are_fields() -> None:
    """Free text in the middle does not hide what follows, even when lengths are a little off."""
    record = read(b"Verlauf\r\n", b"0168411Abdomen\r\n", b"0188410EXTPACS\r\n")
    assert (record.first("8411"), record.first("8410")) == ("Abdomen", "EXTPACS")


def test_several_records_are_several() -> None:
    """A line 8000 starts the next record; line numbers go on."""
    records = read_records(HEAD + HEAD.replace(b"4711", b"4712") + b"0138411Leber\r\n")
    assert [record.patient.id for record in records] == ["4711", "4712"]
    assert [record.lines[0].line for record in records] == [1, 4]
    assert (
        b"".join(record.data for record in records)
        == HEAD + HEAD.replace(b"4711", b"4712") + b"0138411Leber\r\n"
    )


def test_lines_around_a_record_are_kept_but_not_read() -> None:
    """What stands before 8000 or after 8001 may be somebody else's."""
    before, after = b"0133000471\r\n", b"0133000472\r\n"
    (record,) = read_records(before + HEAD + b"01380016310\r\n" + after)
    assert record.all("3000") == ("4711 ",)
    assert codes(record) == [("before-record", 1), ("after-record", 6)]
    assert record.data == before + HEAD + b"01380016310\r\n" + after


def test_a_record_without_patient_says_so() -> None:
    """Field 3000 is what everything hangs on."""
    (record,) = read_records(b"01380006310\r\n")
    assert record.patient == Patient("")
    assert codes(record) == [("patient-id-missing", None)]


def test_an_unknown_record_type_is_read() -> None:
    """A 63xx nobody documented is still GDT."""
    (record,) = read_records(b"01380006399\r\n01430004711 \r\n")
    assert record.record_type == "6399"
    assert codes(record) == [("record-type-unknown", 1)]


def test_the_dicompacs_dialect_names_its_patient_elsewhere() -> None:
    """3600 and 3301-3303 stand for 3000 and 3101-3103 where those are absent."""
    (record,) = read_records(
        b"01380006310\r\n01336004711\r\n0153301Muster\r\n0143302Erika\r\n017330312031985\r\n"
    )
    assert record.patient == Patient("4711", "Muster", "Erika", date(1985, 3, 12))


@pytest.mark.parametrize(
    ("written", "sex"),
    [
        *(("1", "M"), ("2", "F"), ("0", "O"), ("3", "O")),
        *(("m", "M"), ("W", "F"), ("D", "O"), ("X", "O"), ("U", None), ("", None)),
    ],
)
def test_sex_is_read_in_every_spelling(written: str, sex: str | None) -> None:
    """Digits of 2.1 and Medical Office, letters of 3.5 and others."""
    assert read(f"{9 + len(written):03}3110{written}\r\n".encode()).patient.sex == sex


@pytest.mark.parametrize(
    ("written", "day"),
    [
        ("01021980", date(1980, 2, 1)),
        ("19800201", date(1980, 2, 1)),
        ("01.02.1980", date(1980, 2, 1)),
        ("1980-02-01", date(1980, 2, 1)),
        ("20121903", date(1903, 12, 20)),
        ("29021900", None),
        ("00000000", None),
        ("31021980", None),
        ("010280", None),
        ("", None),
    ],
)
def test_birth_dates_are_read_in_both_orders(written: str, day: date | None) -> None:
    """TTMMJJJJ, or JJJJMMTT as one vendor writes it; never a guess."""
    assert read(f"{9 + len(written):03}3103{written}\r\n".encode()).patient.birth_date == day


def test_the_patient_is_printable() -> None:
    """A name read from a file holds no control characters, whatever the file holds."""
    record = read(b"0173101Mu\x00st\x1ber\r\n")
    assert record.first("3101") == "Mu\x00st\x1ber"
    assert record.patient.family_name == "Mu st er"


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b" \r\n\r\n",
        b"Guten Tag",
        b"01380008220\r\n014810000027\r\n",
        b"01380000020\r\n",
        b"01380006100\r\n01430004711 \r\n",
        b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR",
        "01380006310\r\n".encode("utf-16"),
        b"\0" * 128 + b"DICM" + b"\r\n01380006310\r\n",
        b"text\r\n" * 30 + HEAD,
        b"0138000\r\n",
        b"\xef\xbb\xbf",
    ],
    ids=lambda data: repr(data[:12]),
)
def test_what_is_no_gdt_is_refused(data: bytes) -> None:
    """LDT, BDT, pictures, text and nothing are refused, with a sentence and no content."""
    with pytest.raises(NotGdtError) as caught:
        read_records(data)
    assert " / " in str(caught.value)


@pytest.mark.parametrize(
    "data", [HEAD + b" " * 10_485_760, HEAD + b"\n" * 100_000, HEAD + b"\r" * 5_000_000]
)
def test_sizes_are_bounded(data: bytes) -> None:
    """More than 10 MB or 100,000 lines are refused before they cost anything."""
    start = process_time()
    with pytest.raises(NotGdtError):
        read_records(data)
    assert process_time() - start < 5


@pytest.mark.parametrize(
    "filler",
    [
        b"0168411Abdomen\r\n",
        b"x\r\n",
        b"9998411\r\n",
        b"9998411x\r\nx\r\nx\r\n",
        b"99998411x\r\n" + b"\xff\r\n" * 20,
        b"0228002Obj_Kopfdaten\r\n",
        b"0208002Obj_Patient\r\n0168411Abdomen\r\n",
        b"0168411Abdomen0168411Abdomen\r\n",
        b"\xe4\xf6\r\n",
    ],
)
def test_work_is_linear(filler: bytes) -> None:
    """Four times the lines are four times the work, whatever is on them."""

    def work(lines: int) -> int:
        """Count the calls of Python and C functions, and the bytes of all lines made."""
        calls = 0

        def count(_frame: object, _event: str, _what: object) -> None:
            nonlocal calls
            calls += 1

        data = HEAD + filler * (lines // filler.count(b"\n"))
        sys.setprofile(count)
        try:
            records = read_records(data)
        finally:
            sys.setprofile(None)
        return calls + sum(len(line.raw) + len(line.value) for r in records for line in r.lines)

    work(100)
    assert work(4_000) < 4.5 * work(1_000)


def test_ten_megabytes_are_read() -> None:
    """The largest file allowed is read, every line of it."""
    filler = b"1096228" + b"x" * 100 + b"\r\n"
    (record,) = read_records(HEAD + filler * 90_000)
    assert len(record.all("6228")) == 90_000


def test_an_order_with_history_lines_is_an_order() -> None:
    """MEDISTAR appends free text to a 6302 and forgets CR LF in the length of 8402."""
    history = b"".join(b"%02d.03.2024 RR 120/80, 3103 ml\r\n" % day for day in range(1, 30))
    record = read(b"0128402Phoro\r\n", history)
    assert record.first("8402") == "Phoro"
    assert len([line for line in record.lines if not line.id]) == 29
    assert ("length-without-line-end", 4) in codes(record)


def test_attachments_without_lengths_are_read() -> None:
    """A device writes 000 before each field of an attachment."""
    record = read(b"0006302Kurve\r\n", b"0006303PDF\r\n", b"0006305C:\\x.pdf\r\n")
    assert (record.first("6302"), record.first("6305")) == ("Kurve", "C:\\x.pdf")


@pytest.mark.parametrize("codec", ["cp437", "cp850", "cp1252", "iso8859-15", "utf-8"])
@pytest.mark.parametrize("end", [b"\r\n", b"\n", b"\r"])
def test_counted_objects_are_read_in_any_set(codec: str, end: bytes) -> None:
    """GDT 3.0 with 8200/8201/8202 and 8100 of seven digits, whatever ends its lines."""
    text = """8000 6302|8200 Obj_Kopfdaten|9218 03.00|8201 3|8200 Obj_Patient|3000 4711|
        3101 Müller|3102 Jürgen|8201 5|8202 11"""
    fields = [part.strip().split(" ", 1) for part in text.split("|")]
    lines = [(id_ + content).encode(codec) for id_, content in fields]
    total = sum(len(line) + 5 for line in lines) + 16
    lines.insert(1, b"8100%07d" % total)
    data = b"".join(b"%03d%s%s" % (len(line) + 5, line, end) for line in lines)
    (record,) = read_records(data)
    assert (record.patient.id, record.patient.family_name) == ("4711", "Müller")
    assert {code for code, _ in codes(record)} <= {"line-end", "charset-utf-8"}


def test_default_encodings_are_checked() -> None:
    """A setting nobody knows is an error of the caller, not of the file."""
    with pytest.raises(GdtError) as caught:
        read_records(HEAD, default_encoding="ebcdic")
    assert not isinstance(caught.value, NotGdtError)


def test_warnings_speak_german_and_english() -> None:
    """Every sentence has both languages and stays within a line."""
    for code, message in WARNINGS.items():
        assert message.count(" / ") == 1, code
        assert len(message) < 160
