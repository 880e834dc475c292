"""A second opinion on result files: what GDT 2.1, 3.0 and 3.1 ask of a 6310.

Written from the public descriptions of the format (field and record tables as published in
bellmit/insuite and Elexis, the example records of GDT 3.0) without the program's own tables:
lengths, types, order, cardinality, objects, counts. It knows which software departs from them.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

TEXT_60 = (
    "0102 0103 0132 6205 6220 6221 6227 6228 6302 6303 6304 6305 8310 8411 8421 8430 8431 8437 "
    "8438 8460 8470 8480 8990"
)
"""Texts of at most 60 characters in 2.1."""
LENGTHS = {
    **dict.fromkeys(TEXT_60.split(), 60),
    "3000": 10,
    "0193": 10,
    "3100": 15,
    "3101": 28,
    "3102": 28,
    "3104": 15,
    "3105": 12,
    "3106": 30,
    "3107": 28,
    "8402": 6,
    "8410": 20,
    "8428": 8,
    "9218": 5,
    "8315": 60,
    "8316": 60,
}
DATES = {"3103", "6200", "8432"}
TIMES = {"6201", "8439"}
NUMBERS = {"8420", "8461", "8462"}
DIGITS = {"8100": None, "9206": 1, "6226": None, "9152": 4, "8201": None, "8202": None}

HEAD = "8000 8100 8315 8316 9206 9218"
PATIENT = "3000 0193 3100 3101 3102 3103 3104 3105 3106 3107 3108 3110 3622 3623 3628"
BODY = "8310 8314 8402 6200 6201 6205 6220 6221 6227 6226 6228"
FILE = ["6302", "6303", "6304", "6305"]
TEST = ["8410", "8411", "8420", "8421", "8432", "8439", "8460", "8461", "8462", "8470"]
ORDER = [*HEAD.split(), *PATIENT.split(), *BODY.split(), *FILE, *TEST]
ONCE = {*HEAD.split(), *PATIENT.split(), "8310", "8314", "8402", "6200", "6201"}
CODECS = {"1": "ascii", "2": "cp437", "3": "iso8859-15", "4": "utf-8", None: "cp437"}
OBJECT_FIELDS = {"8001", "8002", "8003", "8200", "8201", "8202"}
OBJECTS_3 = {"9152", "9153", "9154", "8413", "8428", "6329"}


@dataclass(frozen=True)
class Habits:
    """In what a software departs from the tables, as its sources tell."""

    comment: str = "6228"
    width: int = 60
    bare: bool = False
    """Medical Office: no lengths, no names of the patient, versions 03.1 and 01.0."""
    entry: bool = False
    """x.concept: 6200 and 6201 are code and title of an entry."""
    without: frozenset[str] = frozenset()
    """Fields it does not want although they are mandatory."""
    codec: str | None = None
    """What it reads where 9206 is missing."""


Line = tuple[str, str]


def complaints(data: bytes, form: str, habits: Habits) -> list[str]:
    """Return what is wrong with the records of a file; ``form`` is 2, 3.0 or 3.1."""
    found: list[str] = []
    for record in _records(data, found):
        declared = next((raw.decode("ascii") for field, raw in record if field == "9206"), None)
        codec = CODECS.get(declared, "ascii") if declared else habits.codec or "cp437"
        try:
            lines = [(field, raw.decode(codec)) for field, raw in record]
        except UnicodeDecodeError:
            found.append(f"not in {codec}")
            continue
        found += _record_faults(lines, form, habits)
        for field, text in lines:
            found += _line_faults(field, text, form, habits)
    return found


def _records(data: bytes, found: list[str]) -> Iterator[list[tuple[str, bytes]]]:
    """Yield field and bytes of each record's lines, walked by their declared lengths."""
    at, starts = 0, list[int]()
    records: list[list[tuple[str, bytes]]] = []
    while at < len(data):
        size = int(data[at : at + 3])
        line = data[at : at + size]
        if size < 10 or not line.endswith(b"\r\n") or re.search(rb"[\x00-\x1f\x7f]", line[7:-2]):
            found.append("line")
            return
        if line[3:7] == b"8000":
            records.append([])
            starts.append(at)
        records[-1].append((line[3:7].decode("ascii"), line[7:-2]))
        at += size
    for record, start, end in zip(records, starts, [*starts[1:], at], strict=True):
        lengths = [raw for field, raw in record if field == "8100"]
        if any(int(raw) != end - start for raw in lengths):
            found.append("8100 wrong")
        yield record


def _record_faults(lines: list[Line], form: str, habits: Habits) -> Iterator[str]:
    """Yield what is wrong with a record as a whole."""
    fields = [field for field, _ in lines]
    if lines[0] != ("8000", "6310"):
        yield "no 6310"
    digits = {"2": 5, "3.0": 7}.get("" if habits.bare else form)
    if [len(text) for field, text in lines if field == "8100"] != ([digits] if digits else []):
        yield "8100 missing or of other digits"
    wanted = {"9218"} if habits.bare else {"9218", "3101", "3102", "3103"}
    wanted |= {"8310", "8314", "8402"} if form.startswith("3") and not habits.bare else set()
    yield from (f"{field} missing" for field in sorted(wanted - habits.without - set(fields)))
    if ("3000" in fields) == ("0193" in fields):
        yield "patient number missing or twice"
    yield from (f"{field} twice" for field, n in Counter(fields).items() if n > 1 and field in ONCE)
    if sum("Auftragsnummer" in text for _, text in lines) > 1:
        yield "accession number twice"
    yield from _group_faults(lines)
    if form == "2" and not habits.bare:
        yield from _order_faults(fields)
    yield from _object_faults(lines, form)


def _group_faults(lines: list[Line]) -> Iterator[str]:
    """Yield files that lack a field or are called alike, tests with two values, wrong counts."""
    fields = [field for field, _ in lines]
    for at, field in enumerate(fields):
        if field == "6302" and fields[at : at + 4] != FILE:
            yield "file incomplete"
        if field == "6226":
            run = 0
            while fields[at + 1 + run : at + 2 + run] == ["6228"]:
                run += 1
            if int(lines[at][1]) != run:
                yield "6226 wrong"
    for field in ("6302", "6304"):
        texts = [text for id_, text in lines if id_ == field]
        if len(set(texts)) < len(texts) or any(len(text) > 60 for text in texts):
            yield f"{field} alike or long"
    tests = "".join("T" if f == "8410" else "V" if f == "8420" else "" for f in fields)
    if "VV" in tests or tests.startswith("V"):
        yield "value without test"


def _order_faults(fields: list[str]) -> Iterator[str]:
    """Yield fields of a flat record that no table has, or that stand before one they follow."""
    last = -1
    for field in fields:
        if field not in ORDER:
            yield f"{field} unknown to 2.1"
            continue
        rank = ORDER.index(field)
        again = (field == "8410" and ORDER[last] in TEST) or (
            field == "6302" and ORDER[last] in FILE
        )
        if rank < last and not again:
            yield f"{field} out of order"
        last = rank


def _object_faults(lines: list[Line], form: str) -> Iterator[str]:
    """Yield objects that are open, empty or miscounted, and ends that are wrong."""
    start, end, last = {"3.0": ("8200", "8201", "8202"), "3.1": ("8002", "8003", "8001")}.get(
        form, ("", "", "")
    )
    stray = OBJECT_FIELDS - {start, end, last}
    if form != "2":
        yield from (f"{field} in {form}" for field, _ in lines if field in stray)
        if lines[-1][0] != last:
            yield "no end"
    opened: list[int] = []
    for at, (field, text) in enumerate(lines):
        if field == start:
            opened.append(at)
        if field == end and (
            not opened
            or at - (begun := opened.pop()) < 2
            or text != (str(at - begun + 1) if form == "3.0" else lines[begun][1])
        ):
            yield "object wrong"
        if field == "8202" and text != str(len(lines)):
            yield "8202 wrong"
    if opened:
        yield "object open"
    if form == "3.0" and sum(text == "Obj_Laborergebnis" for _, text in lines) > 1:
        yield "several Obj_Laborergebnis"


def _line_faults(field: str, text: str, form: str, habits: Habits) -> Iterator[str]:
    """Yield what is wrong with one line."""
    if not text or text != text.strip(" ") or len(text) > 990:
        yield f"{field} empty, padded or long"
    limit = habits.width if field == habits.comment else LENGTHS.get(field)
    if habits.entry and field in {"6200", "6201"}:
        limit = 60
    elif field in DATES and not _is(text, "%d%m%Y", r"\d{8}"):
        yield f"{field} no date"
    elif field in TIMES and not _is(text, "%H%M%S", r"\d{6}"):
        yield f"{field} no time"
    if form == "2" and not habits.bare and limit is not None and len(text) > limit:
        yield f"{field} longer than {limit}"
    if field in NUMBERS and not re.fullmatch(r"[+-]?\d+([.,]\d+)?", text, re.ASCII):
        yield f"{field} no number"
    if field in DIGITS and not re.fullmatch(r"\d{%s}" % (DIGITS[field] or "1,7"), text, re.ASCII):
        yield f"{field} no digits"
    if field == "3110" and text not in {"1", "2"}:
        yield "3110 no code"
    if form != "2" and field not in {*ORDER, *OBJECT_FIELDS, *OBJECTS_3}:
        yield f"{field} unknown to 3"


def _is(text: str, format_: str, digits: str) -> bool:
    """Return whether a text is a date or time of digits."""
    try:
        datetime.strptime(text, format_)  # noqa: DTZ007 - local, as GDT
    except ValueError:
        return False
    return re.fullmatch(digits, text, re.ASCII) is not None
