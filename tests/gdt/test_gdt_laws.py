"""Laws of reading and writing, for any content at all."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gdtbridge.gdt.errors import GdtError, GdtWriteError, NotGdtError
from gdtbridge.gdt.read.reader import read_records
from gdtbridge.gdt.read.record import Line, Record
from gdtbridge.gdt.tables.charsets import CHARSETS, charset_named
from gdtbridge.gdt.tables.dialects import DIALECTS, Dialect
from gdtbridge.gdt.tables.layouts import ESSENTIAL
from gdtbridge.gdt.tables.options import LinkPlace, NumberFormat, ResultObjects, ValueForm
from gdtbridge.gdt.tables.practice_dialects import derive
from gdtbridge.gdt.tables.record_types import BODY_RANK
from gdtbridge.gdt.tables.rows import COMMENT_FIELDS
from gdtbridge.gdt.tools.convert import convert
from gdtbridge.gdt.tools.show import record_to_json, record_to_text
from gdtbridge.gdt.write.decimal_text import plain_decimal
from gdtbridge.gdt.write.encoder import Encoder
from gdtbridge.gdt.write.results import (
    GdtFile,
    Identification,
    MessageResult,
    OrderReference,
    RetractedTest,
    RetractionResult,
    Revision,
    StudyResult,
    TestValue,
    ValueResult,
)
from gdtbridge.gdt.write.writer import (
    render_message,
    render_order_answer,
    render_retraction,
    render_study,
    render_values,
)
from gdtbridge.people import Patient

pytestmark = pytest.mark.law

Check = Callable[[bytes], list[list[tuple[str, bytes]]]]

HOSTILE = "\r\n\x00\x1b\x1a\x85\u2028\u202e€Šžäß÷ⁿ▄├Ã©Ł李́0138000"
texts = st.text(max_size=90) | st.text(st.sampled_from(HOSTILE), max_size=40)
western = st.text(st.characters(codec="iso8859-15", categories=("L", "N", "P", "S")), max_size=40)
contents = texts | western
days = st.none() | st.dates(date(1800, 1, 1), date(2199, 12, 31))
moments = st.none() | st.times()
patients = st.builds(
    Patient,
    id=st.from_regex(r"[0-9A-Za-z][0-9A-Za-z -]{0,14}", fullmatch=True)
    | st.from_regex(r"[0-9]{1,10}", fullmatch=True)
    | texts,
    family_name=contents,
    given_name=contents,
    birth_date=days,
    sex=st.sampled_from(("M", "F", "O", None)),
)
orders = st.none() | st.builds(
    OrderReference,
    case_id=contents,
    request_uid=contents,
    device_code=contents,
    number_field=st.sampled_from(("", "0193")),
)
sentences = st.lists(contents, max_size=3).map(tuple)
studies = st.builds(
    StudyResult,
    patient=patients,
    date=days,
    time=moments,
    accession=contents,
    modality=st.sampled_from(("US", "CR", "", "\r\n")),
    description=contents,
    test_id=st.sampled_from(("EXTPACS", "Ä1")) | texts,
    test_description=contents,
    order=orders,
    link=st.just("") | st.just("https://example.org/study?uid=1.2.3"),
    remarks=sentences,
    revision=st.sampled_from(Revision),
    pictures=st.integers(0, 3),
)
numbers = st.decimals(allow_nan=True, allow_infinity=True)
results = st.builds(
    ValueResult,
    patient=patients,
    date=days,
    time=moments,
    accession=contents,
    modality=st.just("US"),
    values=st.lists(
        st.builds(
            TestValue,
            test_id=st.from_regex(r"[A-Z0-9]{1,20}", fullmatch=True),
            name=contents,
            value=numbers,
            unit=contents,
            sources=st.lists(contents, max_size=3).map(tuple),
        ),
        max_size=4,
    ).map(tuple),
    order=orders,
    revision=st.sampled_from(Revision),
    remarks=sentences,
)
retractions = st.builds(
    RetractionResult,
    patient=patients,
    date=days,
    time=moments,
    accession=contents,
    modality=st.just("US"),
    description=contents,
    test_id=st.just("EXTPACS"),
    test_description=contents,
    order=orders,
    sent=st.none() | st.datetimes(),
    sent_until=st.none() | st.datetimes(),
    study_record=st.booleans(),
    values=st.integers(0, 3),
    tests=st.lists(st.builds(RetractedTest, contents, contents), max_size=3).map(tuple),
    pictures=st.integers(0, 3),
    documents=st.integers(0, 3),
    reason=contents,
)
messages = st.builds(
    MessageResult,
    patient=patients,
    date=days,
    time=moments,
    lines=st.lists(contents, min_size=1, max_size=3).map(tuple),
    test_id=st.just("EXTPACS"),
    test_description=contents,
)
ids = st.builds(
    Identification,
    sender=st.none() | st.text(max_size=10),
    receiver=st.none() | st.text(max_size=10),
)
VERSIONS = tuple(DIALECTS)
NAMES = {"3101", "3102"}
ESCAPES = set("&%\\=")
BEYOND_ASCII = re.compile("[^\x00-\x7f]{2}")
"""What UTF-8 taken for another character set has: at least two bytes for a letter."""
LATIN = re.compile("[À-ɏ]")


def deserved(line: Line) -> set[str]:
    """Return the warnings a line may deserve by the signs that are in it, most of all a name."""
    text, found = line.value, set()
    if "\N{REPLACEMENT CHARACTER}" in text:
        found.add("replacement-character")
    if line.id in NAMES:
        found |= {"question-mark"} if "?" in text else set()
        found |= {"escaped-characters"} if ESCAPES & set(text) else set()
        if BEYOND_ASCII.search(text):
            found |= {"double-encoded", "replacement-character"}
        if not LATIN.sub("", text).isascii() or set("Ÿƒ") & set(text):
            found.add("mac-roman")
    return found


def undeserved(record: Record) -> set[str]:
    """Return the codes of warnings that nothing in the line they tell of deserves."""
    lines = {line.line: deserved(line) for line in record.lines}
    return {one.code for one in record.warnings if one.code not in lines.get(one.line or 0, set())}


def declares(dialect: Dialect) -> bool:
    """Return whether records say their character set (9206)."""
    return any(row.field == "9206" for row in dialect.layouts.study.rows)


def guessed(dialect: Dialect, encoding: str) -> set[str]:
    """Return the warning of a character set that records do not say and a reader finds out."""
    return {"charset-utf-8"} if encoding == "utf-8" and not declares(dialect) else set()


def agrees(
    rendered: GdtFile, patient: Patient, dialect: Dialect, encoding: str, check: Check
) -> None:
    """Assert that the bytes are exact lines, and that our reader reads what they say."""
    records = read_records(rendered.data, default_encoding=encoding)
    walked = check(rendered.data)
    assert len(records) == len(walked)
    declared = declares(dialect)
    for record, fields in zip(records, walked, strict=True):
        assert undeserved(record) <= guessed(dialect, encoding)
        assert [(line.id, line.value.encode(record.encoding)) for line in record.lines] == fields
        assert [
            (line.id, line.value.encode(encoding)) for line in record.lines
        ] == fields  # read in the set it was written in
        told_nothing = [line.value for r in read_records(rendered.data) for line in r.lines]
        if declared and encoding != "iso8859-15":
            assert told_nothing == [line.value for r in records for line in r.lines]
        assert len([*record.all("3000"), *record.all("0193")]) == len(record.all("8000")) == 1
        assert record.patient.id == Encoder(charset_named(encoding)).text("3000", patient.id)
        assert dialect.name == "medical-office" or record.patient.birth_date == patient.birth_date


@pytest.mark.parametrize("name", VERSIONS)
@pytest.mark.parametrize("encoding", CHARSETS)
@pytest.mark.parametrize("render", [render_study, render_order_answer])
def test_a_study_written_reads_back(
    check: Check, examples: int, name: str, encoding: str, render: Callable[..., GdtFile]
) -> None:
    """Whatever a study says, the record is exact, and our reader finds nothing wrong with it."""
    dialect = DIALECTS[name]

    @given(studies, ids)
    @settings(max_examples=examples)
    def law(study: StudyResult, ids: Identification) -> None:
        with suppress(GdtWriteError):
            rendered = render(study, dialect, ids, encoding=encoding)
            agrees(rendered, study.patient, dialect, encoding, check)

    law()


@pytest.mark.parametrize("name", VERSIONS)
@pytest.mark.parametrize("encoding", CHARSETS)
def test_values_written_read_back(check: Check, examples: int, name: str, encoding: str) -> None:
    """Every value is there, under its own id, with a number that is the device's."""
    dialect = DIALECTS[name]

    @given(results, ids)
    @settings(max_examples=examples)
    def law(result: ValueResult, ids: Identification) -> None:
        with suppress(GdtWriteError):
            rendered = render_values(result, dialect, ids, encoding=encoding)
            agrees(rendered, result.patient, dialect, encoding, check)
            (record,) = read_records(rendered.data)
            values = [value for value in result.values if isinstance(value, TestValue)]
            written = [plain_decimal(value.value, dialect.options.numbers) for value in values]
            numbers = [text for text in written if text is not None]
            if dialect.options.values is not ValueForm.TEXT:
                assert record.all("8410") == tuple(value.test_id for value in values)
                assert record.all("8420") == tuple(numbers)
            if dialect.options.values is not ValueForm.GROUPS:
                text = " ".join(record.all(dialect.options.comment_field))
                assert all(number.replace(".", ",") in text for number in numbers)

    law()


def told(rendered: GdtFile, dialect: Dialect, encoding: str) -> str:
    """Return what a file says in its comment fields, without blanks."""
    records = read_records(rendered.data, default_encoding=encoding)
    field = dialect.options.comment_field
    return "".join(text for record in records for text in record.all(field)).replace(" ", "")


def as_written(sentence: str, encoding: str) -> set[str]:
    """Return a sentence in a character set, and in the ASCII of a file that looks like UTF-8."""
    charset = charset_named(encoding)
    ascii_only = replace(charset, repertoire=frozenset(), universal=False)
    return {Encoder(one).text("6228", sentence).replace(" ", "") for one in (charset, ascii_only)}


def sentences_of(
    result: StudyResult | ValueResult | RetractionResult | MessageResult,
) -> tuple[str, ...]:
    """Return the sentences a record of the result has to say."""
    if isinstance(result, RetractionResult):
        return (result.reason,)
    return result.lines if isinstance(result, MessageResult) else result.remarks


@pytest.mark.parametrize("name", VERSIONS)
def test_sentences_reach_the_chart(check: Check, examples: int, name: str) -> None:
    """A remark, a reason and a line of a message are all there, whatever they are made of."""
    dialect = DIALECTS[name]
    kinds = (
        st.tuples(st.just(render_study), studies),
        st.tuples(st.just(render_values), results),
        st.tuples(st.just(render_retraction), retractions),
        st.tuples(st.just(render_message), messages),
    )

    @given(st.one_of(kinds), ids, st.sampled_from(tuple(CHARSETS)))
    @settings(max_examples=4 * examples)
    def law(kind: tuple[Callable[..., GdtFile], Any], ids: Identification, encoding: str) -> None:
        render, result = kind
        with suppress(GdtWriteError):
            rendered = render(result, dialect, ids, encoding=encoding)
            agrees(rendered, result.patient, dialect, encoding, check)
            text = told(rendered, dialect, encoding)
            for sentence in sentences_of(result):
                assert any(one in text for one in as_written(sentence, encoding))

    law()


BODY = [field for field, rank in BODY_RANK.items() if rank <= BODY_RANK["6228"]]
changes = st.fixed_dictionaries(
    {},
    optional={
        "omit": st.lists(st.sampled_from(sorted(set(BODY_RANK) - ESSENTIAL)), max_size=8),
        "order": st.lists(st.sampled_from(BODY[BODY.index("8310") :]), max_size=6),
        "comment_field": st.sampled_from(COMMENT_FIELDS),
        "comment_width": st.integers(20, 990),
        "values": st.sampled_from(ValueForm),
        "findings": st.booleans(),
        "test_objects": st.sampled_from(ResultObjects),
        "entry": st.booleans(),
        "decimal_sign": st.sampled_from(".,"),
        "attachments": st.booleans(),
        "link": st.sampled_from(LinkPlace),
        "patient_id_copy": st.sampled_from(("", "0193", "3105")),
        "announce_lines": st.booleans(),
        "field_limits": st.booleans(),
    },
)


@pytest.mark.parametrize("name", ["gdt21", "gdt30", "gdt31", "medical-office"])
def test_a_practice_can_change_what_it_likes(check: Check, examples: int, name: str) -> None:
    """Whatever options are changed together, records are exact and convert into exact ones."""

    @given(studies | results, ids, changes, st.sampled_from(tuple(CHARSETS)))
    @settings(max_examples=examples)
    def law(
        result: StudyResult | ValueResult,
        ids: Identification,
        changed: dict[str, object],
        encoding: str,
    ) -> None:
        with suppress(GdtError):
            dialect = derive(DIALECTS[name], "own", changed)
            if isinstance(result, StudyResult):
                rendered = render_study(result, dialect, ids, encoding=encoding)
            else:
                rendered = render_values(result, dialect, ids, encoding=encoding)
            records = read_records(rendered.data, default_encoding=encoding)
            walked = check(rendered.data)
            assert len(records) == len(walked)
            assert set().union(*map(undeserved, records)) <= guessed(dialect, encoding)
            for target in ("gdt21", "gdt30", "gdt31"):
                made = convert(records, DIALECTS[target], encoding=encoding).data
                assert len(check(made)) == len(records)
                again = read_records(made, default_encoding=encoding)
                assert [one.patient.id for one in again] == [one.patient.id for one in records]

    law()


@given(western.filter(str.strip), st.sampled_from(tuple(DIALECTS.values())))
def test_what_the_set_has_is_written_as_it_is(name: str, dialect: Dialect) -> None:
    """A remark in characters of the set comes back unchanged, unless a loss says so."""
    study = StudyResult(Patient("1"), None, None, "", "", f"ü {name}", "T", "")
    rendered = render_study(study, dialect, Identification(), encoding="iso8859-15")
    (record,) = read_records(rendered.data, default_encoding="iso8859-15")
    if not rendered.losses:
        assert " ".join(record.all(dialect.options.comment_field)).replace(
            " ", ""
        ) == f"ü{name}".replace(" ", "")


@given(
    st.decimals(allow_nan=False, allow_infinity=False, places=None), st.sampled_from(NumberFormat)
)
@settings(max_examples=150)
def test_numbers_are_plain_and_close(value: Decimal, style: NumberFormat) -> None:
    """No exponent, no lone minus, and within the sixth digit of what the device sent."""
    text = plain_decimal(value, style)
    if text is None:
        assert value
        assert abs(value.adjusted()) > 30
        return
    assert set(text) <= set("-0123456789.")
    written = Decimal(text)
    assert abs(written - value) <= abs(value) * Decimal("0.000005")
    assert not (text.startswith("-") and written == 0)


@given(st.binary(max_size=600))
@settings(max_examples=150)
def test_the_reader_raises_only_its_own_error(data: bytes) -> None:
    """Any bytes are records or not GDT."""
    for candidate in (data, b"01380006310\r\n" + data, b"\xef\xbb\xbf01380006310\n" + data):
        with suppress(NotGdtError):
            for record in read_records(candidate):
                assert record.lines
                assert record_to_json(record)["patient"]
                assert record_to_text(record)


damaged = st.lists(
    st.tuples(
        st.sampled_from((b"013", b"000", b"999", b"", b" 14", b"0013", b"x")),
        st.sampled_from((b"8000", b"8100", b"3000", b"3103", b"8002", b"8201", b"9206", b"6228")),
        st.sampled_from((b"6310", b"00013", b"4711", b"3", b"M\xfcller", b"\x81", b"")),
        st.sampled_from((b"\r\n", b"\n", b"\r", b"", b"\r\r\n")),
    ).map(b"".join),
    max_size=12,
).map(b"".join)


@given(damaged)
@settings(max_examples=150)
def test_nothing_that_was_read_is_dropped(data: bytes) -> None:
    """The records' bytes together are the file, and every line that says something is there."""
    with suppress(NotGdtError):
        records = read_records(data)
        assert b"".join(record.data for record in records) == data
        kept = b"".join(line.raw for record in records for line in record.lines)
        assert kept.translate(None, b"\r\n \x1a\0\t") == data.translate(None, b"\r\n \x1a\0\t")
