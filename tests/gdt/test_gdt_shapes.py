"""Shapes that files of other software have: each is read as a person reads it, or refused."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

import pytest

from gdtbridge.gdt.errors import NotGdtError
from gdtbridge.gdt.read.reader import read_records
from gdtbridge.gdt.read.record import Record
from gdtbridge.people import Patient

Fields = list[tuple[str, str]]

HEADER: Fields = [("8000", "6302"), ("8315", "SONO"), ("8316", "AIS"), ("9206", "3")]
PATIENT: Fields = [
    ("3000", "4711"), ("3101", "Müller"), ("3102", "Jürgen"), ("3103", "12031985"), ("3110", "1"),
]  # fmt: skip
ORDER: Fields = [*HEADER, ("9218", "02.10"), *PATIENT, ("8402", "SONO00")]
MUELLER = Patient("4711", "Müller", "Jürgen", date(1985, 3, 12), "M")


def line(field: str, content: str, codec: str = "cp1252", *, length: str = "") -> bytes:
    """Return one line, with its right length or another one."""
    encoded = content.encode(codec)
    return (length or f"{len(encoded) + 9:03}").encode() + field.encode() + encoded + b"\r\n"


def lines(fields: Iterable[tuple[str, str]], codec: str = "cp1252") -> bytes:
    """Return lines whose lengths are right."""
    return b"".join(line(field, content, codec) for field, content in fields)


def named(name: str, *fields: tuple[str, str]) -> Fields:
    """Return an object of 3.1 and 3.5."""
    return [("8002", name), *fields, ("8003", name)]


def only(data: bytes) -> Record:
    """Return the one record of a file, of which no byte may be missing."""
    (record,) = read_records(data)
    assert record.data == data
    return record


def codes(record: Record) -> set[str]:
    """Return the codes of the warnings."""
    return {warning.code for warning in record.warnings}


RIGHT = lines(ORDER)
EACH = RIGHT.split(b"\r\n")[:-1]
FOUR = b"".join(b"%04d%s\r\n" % (len(one) + 3, one[3:]) for one in EACH)
TWO = b"".join(b"%d%s\r\n" % (len(one) + 2, one[3:]) for one in EACH)
BARE = b"".join(one[3:] + b"\r\n" for one in EACH)


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (RIGHT, None),
        (b"".join(b"\t" + one + b"\r\n" for one in EACH), "stray-blank"),
        (b"\x02" + RIGHT + b"\x03", "stray-blank"),
        (FOUR, "length-four-digits"),
        (TWO, "length-two-digits"),
        (BARE, "length-missing"),
        (b"".join(b"999" + one[3:] + b"\r\n" for one in EACH), "length-wrong"),
        (RIGHT.replace(b"\r\n", b""), "lines-joined"),
        (RIGHT.replace(b"01031101\r\n", b"01031101"), "lines-joined"),
        (b"\xef\xbb\xbf" + lines(ORDER, "utf-8"), "byte-order-mark"),
        (RIGHT + b"\0" * 300, "blank-line"),
        (b"\r\n" * 50 + RIGHT, "blank-line"),
        (RIGHT.replace(b"0158402", b"0228000 Euro Umsatz\r\n0158402"), None),
    ],
    ids=[
        *("right", "tabs", "stx-etx", "four-digits", "two-digits", "no-lengths", "all-999"),
        *(
            "no-line-ends",
            "one-line-end-lost",
            "mark",
            "nul-padding",
            "blank-start",
            "8000-in-text",
        ),
    ],
)
def test_the_patient_is_read_whatever_the_shape(data: bytes, code: str | None) -> None:
    """Lengths, marks, blanks and lost line ends change nothing of whom a record is about."""
    record = only(data)
    assert record.patient == MUELLER
    assert code is None or code in codes(record)


@pytest.mark.parametrize("between", [b"\xef\xbb\xbf", b"\x1a", b"\x1a\r\n", b"\x0c"])
def test_files_that_were_put_together_are_several_records(between: bytes) -> None:
    """The mark of the next file does not hide its start: no patient gets another's fields."""
    first, second = lines(ORDER, "utf-8"), lines([*HEADER, ("3000", "4712")], "utf-8")
    records = read_records(first + between + second)
    assert [record.patient.id for record in records] == ["4711", "4712"]
    assert b"".join(record.data for record in records) == first + between + second


@pytest.mark.parametrize(
    ("field", "content", "text"), [("3000", "4711", "Notiz zum Tag"), ("8402", "EKG01", "Verlauf")]
)
def test_a_number_or_name_never_runs_on(field: str, content: str, text: str) -> None:
    """A length that is too large does not draw the free text below into the patient's number."""
    data = lines(HEADER) + line(field, content, length="040") + text.encode() + b"\r\n"
    record = only(data + lines(PATIENT[1:]))
    assert record.first(field) == content
    assert codes(record) >= {"length-wrong", "naked-line"}


def test_a_long_number_in_free_text_is_no_field() -> None:
    """193101… could be a name with a length of two digits; among free text it is a number."""
    record = only(RIGHT + b"Verlauf:\r\n1931011234567890\r\n")
    assert (record.patient, record.all("3101")) == (MUELLER, ("Müller",))


def test_a_torn_name_is_put_together() -> None:
    """Where the length tells that the line end is none, the two halves are one word."""
    record = only(lines(HEADER) + b"0193101Muster\r\nmann\r\n" + lines(PATIENT[:1]))
    assert record.patient.family_name == "Mustermann"
    assert codes(record) == {"line-continued"}


@pytest.mark.parametrize(
    ("fields", "number"),
    [
        ([("0193", "88123")], "88123"),
        ([("0193", "88123"), ("3000", "4711")], "4711"),
        ([("3000", ""), ("0193", "88123")], "88123"),
    ],
)
def test_x_concept_puts_the_number_elsewhere(fields: Fields, number: str) -> None:
    """0193 is the patient's number where 3000 is none."""
    assert only(lines([*HEADER, *fields])).patient.id == number


@pytest.mark.parametrize("written", ["12.3.1985", "12.03.1985", "19850312", "1985-03-12"])
def test_dates_of_other_systems_are_read(written: str) -> None:
    """With dots a day needs no zero."""
    assert only(lines([*HEADER, ("3103", written)])).patient.birth_date == date(1985, 3, 12)


@pytest.mark.parametrize(("word", "sex"), [("männlich", "M"), ("Weiblich", "F"), ("divers", "O")])
def test_the_sex_may_be_a_word(word: str, sex: str) -> None:
    """A word says it as well as a code."""
    record = only(lines([*HEADER, ("3000", "1"), ("3110", word)]))
    assert (record.patient.sex, codes(record)) == (sex, set())


HEADER_35: Fields = [
    ("8000", "6302"), ("8133", "Kopfdaten_GDT"), *named("Obj_0033", ("0001", "03.5")),
]  # fmt: skip


def person(family: str, given: str, birth: str, sex: str, status: str) -> Fields:
    """Return a person of 3.5; 7420 says what they are."""
    inner = [("7420", status), ("3101", family), ("3102", given), ("3103", birth), ("3110", sex)]
    return [("8147", "Person"), *named("Obj_0047", *inner)]


DOCTOR: Fields = [
    ("8114", "Arztidentifikation"),
    *named("Obj_0014", *person("Doktor", "Dora", "01011960", "W", "11")),
]
PATIENT_35: Fields = [
    ("8145", "Patient"),
    *named("Obj_0045", *person("Žižek", "Jürgen", "19850312", "M", "12"), ("3000", "4711")),
]
END: Fields = [("8001", "6302")]


@pytest.mark.parametrize("objects", [[*DOCTOR, *PATIENT_35], [*PATIENT_35, *DOCTOR]])
def test_the_doctor_of_a_35_record_is_not_the_patient(objects: Fields) -> None:
    """Persons have the same fields; the patient is the one in the patient's object."""
    record = only(lines([*HEADER_35, *objects, *END], "iso8859-15"))
    assert record.patient == Patient("4711", "Žižek", "Jürgen", date(1985, 3, 12), "M")
    assert (record.version, record.encoding, record.warnings) == ("03.5", "iso8859-15", ())


@pytest.mark.parametrize(("start", "end"), [("8200", "8201"), ("8002", "8003")])
def test_fields_beside_the_patients_object_count_where_it_lacks_them(start: str, end: str) -> None:
    """A number that stands in no object is the record's; one in another object is not."""
    inner = [(start, "Obj_Patient"), ("3101", "Müller"), (end, "Obj_Patient")]
    other = [(start, "Obj_Empfänger"), ("3102", "Emil"), (end, "Obj_Empfänger")]
    record = only(lines([("8000", "6302"), *other, *inner, ("3000", "4711")]))
    assert record.patient == Patient("4711", "Müller")


def test_a_number_is_the_patients_wherever_it_stands() -> None:
    """Doctors have names and birth dates, but no 3000."""
    header = named("Obj_Kopfdaten", ("3000", "4711"))
    record = only(lines([("8000", "6302"), *header, *named("OBJ_PATIENT", ("3101", "Müller"))]))
    assert record.patient == Patient("4711", "Müller")


def test_a_height_and_its_unit_are_of_no_test() -> None:
    """GDT 3.5 measures the body in an object of its own."""
    body = named("Obj_0069", ("3622", "178"), ("8421", "cm"))
    test = named("Obj_0057", ("8410", "A"), ("8420", "4.2"), ("8421", "mm"))
    fields = [*HEADER_35, *PATIENT_35, ("8169", "K"), *body, ("8157", "U"), *test, *END]
    record = only(lines(fields, "iso8859-15"))
    assert (record.all("3622"), record.all("8421")) == (("178",), ("cm", "mm"))
    assert record.warnings == ()


SEVEN = str.maketrans("ÄÖÜäöüß", "[\\]{|}~")


def test_seven_bits_may_be_the_german_ones() -> None:
    """A name with a brace in it is one of DIN 66003; paths keep their backslashes."""
    fields = [("8000", "6302"), ("9206", "1"), ("3000", "1"), ("3101", "Groß-Mül"), ("3102", "Ä{")]
    written = [(field, content.translate(SEVEN)) for field, content in fields]
    record = only(lines([*written, ("6305", r"C:\Bilder"), ("3107", "Gro~e Str.")], "ascii"))
    assert (record.patient.family_name, record.first("3107")) == ("Groß-Mül", "Große Str.")
    assert record.first("6305") == r"C:\Bilder"
    assert (record.encoding, codes(record)) == ("ascii", {"charset-din-66003"})
    assert record.lines[3].raw == b"0173101Gro~-M}l"


def test_braces_elsewhere_are_braces() -> None:
    """Free text is no evidence for umlauts."""
    record = only(lines([("8000", "6302"), ("9206", "1"), ("3000", "1"), ("6227", "{x|y} ~a~")]))
    assert (record.first("6227"), codes(record)) == ("{x|y} ~a~", set())


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (RIGHT.decode("cp1252").encode("utf-16"), "UTF-16"),
        (b"\xfe\xff" + RIGHT.decode("cp1252").encode("utf-16-be"), "UTF-16"),
        (b"03080006310\r\n03012345678 Schmidt\r\n0221310112 Maier\r\n", "keine GDT-Datei"),
        (b"0138000 Euro kostet das.\r\nGuten Tag\r\n", "keine GDT-Datei"),
        (b"0138000con0\r\n", "LDT oder BDT"),
        (b"0138000besa\r\n", "LDT oder BDT"),
        (b"MSH|^~\\&|AIS|P\rPID|1||4711\r", "keine GDT-Datei"),
        (b"PK\3\4" + b"\0" * 20 + RIGHT, "keine GDT-Datei"),
        (b"\0" * 9 + b"\r\n", "keine GDT-Datei"),
        (lines(ORDER[1:]), "keine GDT-Datei"),
    ],
)
def test_what_only_looks_like_gdt_is_refused(data: bytes, said: str) -> None:
    """Telephone lists, prose, other formats and other encodings, each with a sentence."""
    with pytest.raises(NotGdtError, match=said):
        read_records(data)
