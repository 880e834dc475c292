"""Whatever an order or a report says within the limits of its source, its results are sound.

So says our own judgement for the dialect, and a second one made without our tables.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, time
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gdtbridge.gdt.read.reader import read_records
from gdtbridge.gdt.tables.dialects import DIALECTS, Dialect
from gdtbridge.gdt.tables.options import PatientIdRule, ValueForm
from gdtbridge.gdt.tables.practice_dialects import derive
from gdtbridge.gdt.tools.conformance import check_record, tolerated
from gdtbridge.gdt.write.results import (
    Attachment,
    GdtFile,
    Identification,
    NormalRange,
    OrderReference,
    RetractedTest,
    RetractionResult,
    Revision,
    StudyResult,
    TestValue,
    ValueResult,
)
from gdtbridge.gdt.write.writer import (
    render_order_answer,
    render_retraction,
    render_study,
    render_values,
)
from gdtbridge.people import Patient
from tests.gdt.checker import Habits, complaints

HABITS = {
    "medical-office": Habits(bare=True, codec="iso8859-15"),
    "x-concept": Habits(width=70, entry=True),
    "x-comfort": Habits(comment="6227", codec="cp437"),
    "quincy": Habits(codec="cp437"),
}
FORMS = {"gdt30": "3.0", "gdt31": "3.1"}

HOSTILE = "\r\n\x00\x1b\x85\u202e€Šžäß÷ⁿ▄├Ã©Ł李\u0301́0138000 "
texts = st.text(max_size=90) | st.text(st.sampled_from(HOSTILE), max_size=70)
words = st.text(st.sampled_from("ABCÄÖÜabcäöüß0123456789 -./"), min_size=1, max_size=130)
prose = texts | words


def ascii_text(least: int, most: int) -> st.SearchStrategy[str]:
    """Return texts of printable ASCII without blanks, as numbers and codes are."""
    return st.text(st.sampled_from("AB01-_/."), min_size=least, max_size=most)


patients = st.builds(
    Patient,
    id=st.from_regex(r"[1-9][0-9]{0,9}", fullmatch=True),
    family_name=st.just("Müller") | words.map("A".__add__),
    given_name=st.just("Änne") | words.map("A".__add__),
    birth_date=st.dates(date(1880, 1, 1), date(2199, 12, 31)),
    sex=st.sampled_from(("M", "F", "O", None)),
)
orders = st.none() | st.builds(
    OrderReference,
    case_id=ascii_text(0, 60),
    request_uid=ascii_text(0, 64),
    device_code=ascii_text(0, 6),
    test_id=ascii_text(0, 20),
    test_name=prose,
    number_field=st.sampled_from(("", "0193")),
)
files = st.lists(
    st.builds(
        Attachment,
        name=prose,
        format=st.sampled_from(("JPG", "PDF", "")),
        description=prose,
        path=ascii_text(1, 60),
    ),
    max_size=3,
).map(tuple)
days = st.none() | st.dates(date(1900, 1, 1), date(2199, 12, 31))
moments = st.none() | st.times()
common: dict[str, st.SearchStrategy[Any]] = {
    "patient": patients,
    "date": days,
    "time": moments,
    "accession": ascii_text(1, 16),
    "modality": st.sampled_from(("US", "ECG", "OPT", "")),
    "order": orders,
    "device_code": st.sampled_from(("", "ECHO01")),
}
sentences = st.lists(prose, max_size=3).map(tuple)
studies = st.builds(
    StudyResult,
    description=prose,
    test_id=ascii_text(1, 20),
    test_description=st.text("Aä ", max_size=60),
    attachments=files,
    link=st.just("") | st.just("https://example.org/study?uid=1.2.3"),
    remarks=sentences,
    revision=st.sampled_from(Revision),
    pictures=st.integers(0, 3),
    **common,
)
numbers = st.decimals(allow_nan=True, allow_infinity=True) | st.decimals(-999, 999, places=3)
limits = st.none() | numbers
reports = st.builds(
    ValueResult,
    values=st.lists(
        st.builds(
            TestValue,
            test_id=st.from_regex(r"[A-Z0-9]{1,20}", fullmatch=True),
            name=prose,
            value=numbers,
            unit=st.text("mc²/{}", max_size=16),
            sources=sentences,
            group=st.sampled_from(("Links", "Rechts")),
            normal=st.builds(NormalRange, limits, limits, prose),
        ),
        max_size=3,
    ).map(tuple),
    attachments=files,
    remarks=sentences,
    revision=st.sampled_from(Revision),
    **common,
)
retractions = st.builds(
    RetractionResult,
    description=prose,
    test_id=ascii_text(1, 20),
    test_description=st.text("Aä ", max_size=60),
    tests=st.lists(st.builds(RetractedTest, ascii_text(1, 20), prose), max_size=3).map(tuple),
    pictures=st.integers(0, 3),
    reason=prose,
    **common,
)
Render = Callable[..., GdtFile]
KINDS: st.SearchStrategy[tuple[Render, Any]] = st.one_of(
    st.tuples(st.sampled_from((render_study, render_order_answer)), studies),
    st.tuples(st.just(render_values), reports),
    st.tuples(st.just(render_retraction), retractions),
)


def sound(rendered: GdtFile, dialect: Dialect) -> None:
    """Assert that nobody has anything to say against a file."""
    for record in read_records(rendered.data, default_encoding=dialect.options.encoding):
        assert tolerated(record, dialect) == ()
        assert check_record(record, dialect) == ()
    form = FORMS.get(dialect.family, "2")
    if dialect.family == "medical-office" and b"8002" in rendered.data:
        form = "3.1"
    assert complaints(rendered.data, form, HABITS.get(dialect.family, Habits())) == []


@pytest.mark.law
@pytest.mark.parametrize("name", DIALECTS)
def test_every_result_is_sound(examples: int, name: str) -> None:
    """Texts may be as long and as strange as they like: the file has nothing to object to."""
    dialect = DIALECTS[name]

    @given(KINDS)
    @settings(max_examples=examples)
    def law(kind: tuple[Render, Any]) -> None:
        render, result = kind
        sound(render(result, dialect, Identification()), dialect)

    law()


def longest(*, utf8: bool) -> tuple[StudyResult, ValueResult]:
    """Return a study and a report in which everything is as long as its source allows."""
    letter = "Ж" if utf8 else "ß"
    person = Patient("9" * 10, letter * 64, letter * 64, date(1985, 3, 12), "F")
    order = OrderReference("C" * 60, "1" * 64, "SONO01", "T" * 20, "A" * 60, letter * 990, "A" * 60)
    attached = tuple(
        Attachment(letter * 200, "PDF", letter * 200, f"C:\\{number:0>56}.pdf"[:60])
        for number in range(3)
    )
    value = TestValue(
        "V" * 20, letter * 200, Decimal("-123456.789"), "U" * 60, (letter * 200,) * 5, letter * 60
    )
    value = replace(value, normal=NormalRange(Decimal("-1e20"), Decimal("1e20"), letter * 500))
    common: dict[str, Any] = {
        "patient": person,
        "date": date(2024, 1, 15),
        "time": time(10, 30),
        "order": order,
        "accession": "R" * 16,
        "modality": "US",
        "attachments": attached,
        "remarks": (letter * 1000,) * 3,
    }
    study = StudyResult(
        description=letter * 64, test_id="EXTPACS", test_description=letter * 60, **common
    )
    return study, ValueResult(values=(value,) * 30, **common)


@pytest.mark.parametrize("values", ValueForm)
@pytest.mark.parametrize("name", DIALECTS)
def test_the_longest_results_are_sound(name: str, values: ValueForm) -> None:
    """Every form of values, and UTF-8 as well, hold what is longest."""
    for encoding in (DIALECTS[name].options.encoding, "utf-8"):
        changes: dict[str, object] = {"values": values, "findings": True, "encoding": encoding}
        dialect = derive(DIALECTS[name], name, changes)
        study, report = longest(utf8=encoding == "utf-8")
        for rendered in (
            render_study(study, dialect, Identification()),
            render_order_answer(study, dialect, Identification()),
            render_values(report, dialect, Identification()),
        ):
            if encoding != "utf-8" or (dialect.options.omit == () and name != "medical-office"):
                sound(rendered, dialect)
            else:  # without 9206 the second opinion cannot know
                (record, *_) = read_records(rendered.data, default_encoding="utf-8")
                assert (tolerated(record, dialect), check_record(record, dialect)) == ((), ())


@pytest.mark.parametrize(
    ("form", "habits", "before", "after", "complaint"),
    [
        ("2", Habits(), b"0153101M\xfcller\r\n", b"0113101 M\r\n", "3101 empty, padded or long"),
        ("2", Habits(), b"017310312031985\r\n", b"017310331021985\r\n", "3103 no date"),
        ("2", Habits(), b"01031102\r\n", b"01031103\r\n", "3110 no code"),
        ("2", Habits(), b"0158402SONO00\r\n", b"0168402SONO000\r\n", "8402 longer than 6"),
        (
            "2",
            Habits(),
            b"0158402SONO00\r\n",
            b"0158402SONO00\r\n0118314X1\r\n",
            "8314 out of order",
        ),
        ("2", Habits(), b"01092063\r\n", b"01092061\r\n", "not in ascii"),
        ("2", Habits(), b"014300012345\r\n", b"", "patient number missing or twice"),
        ("3.1", Habits(), b"", b"", "no end"),
    ],
)
def test_the_second_opinion_objects(
    study: StudyResult,
    ids: Identification,
    form: str,
    habits: Habits,
    before: bytes,
    after: bytes,
    complaint: str,
) -> None:
    """A checker that finds nothing would prove nothing."""
    data = render_study(study, DIALECTS["gdt21"], ids).data
    assert complaints(data, "2", Habits()) == []
    broken = data.replace(before, after, 1)
    assert complaint in complaints(broken, form, habits)


def test_digits_only_where_a_software_takes_no_other(study: StudyResult) -> None:
    """The law's numbers are digits, so that it holds for every dialect."""
    wanting = [
        one.name for one in DIALECTS.values() if one.options.patient_id is PatientIdRule.DIGITS
    ]
    assert wanting == ["x-comfort"]
