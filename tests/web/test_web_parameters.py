"""Laws of reading parameters, whatever bytes come."""

from __future__ import annotations

import unicodedata
from datetime import date, time
from urllib.parse import quote_from_bytes

import pytest
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.test import EnvironBuilder
from werkzeug.wrappers import Request

from gdtbridge.errors import OrderError
from gdtbridge.orders import OrderRequest
from gdtbridge.web.forms import RawParameter, raw_values
from gdtbridge.web.parameters import PARAMETERS, order_request
from gdtbridge.web.problems import CallRefused

TODAY = date(2026, 11, 20)
GOOD = {
    "id": b"12345",
    "lastname": b"Doe",
    "firstname": b"John",
    "birthdate": b"01.01.1900",
    "sex": b"1",
}
NAMES = [p.name for p in PARAMETERS] + [p.older for p in PARAMETERS if p.older]


def read(values: dict[str, bytes]) -> OrderRequest:
    """Return the order that ``values`` describe."""
    return order_request(
        [RawParameter(name, value) for name, value in values.items()], TODAY, time(9)
    )


@given(st.dictionaries(st.sampled_from(NAMES), st.binary(max_size=20)), st.booleans())
def test_any_bytes_give_a_clean_order_or_a_named_refusal(
    values: dict[str, bytes],
    complete: bool,  # noqa: FBT001
) -> None:
    """Only named refusals are raised, each names a parameter, and no control character passes."""
    try:
        order = read(GOOD | values if complete else values)
    except CallRefused as refusal:
        [error] = refusal.problem.errors
        assert error.field in {p.name for p in PARAMETERS}
        return
    except OrderError as refusal:
        assert refusal.field in {p.field for p in PARAMETERS}  # noqa: PT017 - a law
        return
    patient = order.patient
    for text in (
        *(patient.id, patient.family_name, patient.given_name),
        *(order.procedure, order.physician),
    ):
        assert text == text.strip()
        assert not any(unicodedata.category(c) in {"Cc", "Cf", "Zl", "Zp"} for c in text)


WRITTEN = st.characters(blacklist_categories=("C", "Z"), blacklist_characters="\ufffd")


@given(st.text(WRITTEN, min_size=1, max_size=30))
def test_utf8_is_read_as_it_was_written(name: str) -> None:
    """A name in UTF-8 arrives as it was written, in composed form."""
    expected = unicodedata.normalize("NFC", name)
    assert read(GOOD | {"lastname": name.encode()}).patient.family_name == expected


@pytest.mark.parametrize(
    ("pasted", "name"),
    [
        ("Mu\u0308ller", "Müller"),
        ("\ufeffDoe", "Doe"),
        ("Do\u00ade", "Doe"),
        ("D\u200foe", "Doe"),
        ("\u202eDoe\u202c", "Doe"),
        ("Doe\u200b", "Doe"),
        ("\u2067 Doe \u2069", "Doe"),
        ("a\u200d\u0301", "á"),
        ("von\u00a0Doe", "von Doe"),
    ],
)
def test_invisible_characters_are_taken_out(pasted: str, name: str) -> None:
    """What is pasted along and seen by nobody is no part of a name."""
    assert read(GOOD | {"lastname": pasted.encode()}).patient.family_name == name


@pytest.mark.parametrize(
    "name",
    ["\u200b", "\u202e\u202c", "M\ufffdller", "\ue000", "Doe\uffff", "A\u2028B", "A\u0085B"],
)
def test_names_that_are_none_are_refused(name: str) -> None:
    """Nothing visible, a name somebody else decoded wrongly, a line separator: refused."""
    with pytest.raises(CallRefused):
        read(GOOD | {"lastname": name.encode()})


@given(st.text("aeiouäöüßÄÖÜéèçñ -'", min_size=1, max_size=30).filter(lambda t: t.strip() == t))
def test_windows_names_are_read_or_refused(name: str) -> None:
    """A name in Windows-1252 arrives as it was written; it is never read as something else."""
    assert read(GOOD | {"lastname": name.encode("cp1252")}).patient.family_name == name


@given(st.text("aeiouäöüÄÖÜ", min_size=1, max_size=30), st.sampled_from(["ü", "ä", "ö", "Ö"]))
def test_dos_names_are_refused(name: str, umlaut: str) -> None:
    """A name in CP437 with an umlaut of these is refused, not misread."""
    with pytest.raises(CallRefused):
        read(GOOD | {"lastname": (name + umlaut).encode("cp437")})


@given(st.dates(date(1850, 1, 1), TODAY))
def test_birth_dates_arrive(born: date) -> None:
    """Every date up to today arrives, with or without leading zeros."""
    long, short = f"{born:%d.%m.}{born.year:04}", f"{born.day}.{born.month}.{born.year:04}"
    assert read(GOOD | {"birthdate": long.encode()}).patient.birth_date == born
    assert read(GOOD | {"birthdate": short.encode()}).patient.birth_date == born


@given(st.lists(st.tuples(st.sampled_from(["id", "x", "ü"]), st.binary(max_size=12)), max_size=5))
def test_bytes_of_a_query_are_kept(pairs: list[tuple[str, bytes]]) -> None:
    """Percent-encoded bytes come out as they went in, in the address and in a form."""
    text = "&".join(f"{quote_from_bytes(n.encode())}={quote_from_bytes(v)}" for n, v in pairs)
    expected = [RawParameter(n.encode().decode("latin-1"), v) for n, v in pairs]
    query = EnvironBuilder("/x").get_environ() | {"QUERY_STRING": text}
    assert list(raw_values(Request(query))) == expected
    form = EnvironBuilder(
        "/x", method="POST", data=text, content_type="application/x-www-form-urlencoded"
    )
    assert list(raw_values(form.get_request())) == expected
