"""Files of real practice software and of others beside us: what becomes of each in a folder.

``field_files.tsv`` has the outcome of every file, by what its sender meant.
"""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from gdtbridge.attention import AttentionItem
from gdtbridge.orders import store as order_store
from tests.tools.reception import Reception
from worklist import Entry

HOUR = 3600.0
TO_NOVEMBER = (date(2026, 11, 30) - date(2024, 1, 15)).total_seconds()
"""Seconds from the start of the tests' clock to the day the files are of."""
OUTCOMES = dict(
    line.split("\t")
    for line in Path(__file__).with_name("field_files.tsv").read_text("utf-8").splitlines()
    if not line.startswith("#")
)


def told(reception: Reception, code: str) -> list[AttentionItem]:
    """Return what a person is told of one kind."""
    attention = reception.practice.core.attention
    (source,) = (one for one in attention.sources if code in one.codes)
    return [one for one in attention.of(source) if one.code == code]


def german(text: str) -> str:
    """Return the German sentences of a text that has each in two languages."""
    parts = text.split(" / ")
    return " ".join(part.rpartition(". ")[2] if at else part for at, part in enumerate(parts[:-1]))


def entry_words(reception: Reception, entry: Entry) -> str:
    """Return everything an entry and its order say that the file decides."""
    practice = reception.practice
    with practice.database.read() as connection:
        order = order_store.order_by_number(connection, entry.AccessionNumber)
    assert order is not None
    near = abs((entry.scheduled - practice.clock.local()).total_seconds()) < HOUR
    day = entry.scheduled.date() == practice.clock.local().date()
    when = "now" if near and day else f"{entry.scheduled:%d.%m.%Y %H:%M}"
    known = order.reference
    codes = f"{known.device_code}:{known.test_id}:{known.test_name}".strip(":")
    words = (
        entry.PatientID,
        entry.PatientName,
        order.patient.birth_date_da,
        entry.PatientSex,
        when,
    )
    further = (entry.RequestedProcedureDescription, codes, known.number_field)
    return ", ".join(word or "-" for word in (*words, *further))


def outcome_of(reception: Reception, path: Path) -> str:
    """Return what becomes of a file in an empty folder, and what is told of it."""
    target = reception.drop(path.read_bytes(), path.name)
    reception.look(seconds=61)
    entries = sorted(reception.entries(), key=lambda one: (one.PatientID, one.AccessionNumber))
    found = [f"entry {entry_words(reception, entry)}" for entry in entries]
    found += [
        f"refused {german(item.detail.partition(': ')[2])}"
        for item in told(reception, "order-refused")
    ]
    found += [f"told {german(item.detail)}" for item in told(reception, "order-remark")]
    reception.look(seconds=HOUR)
    for item in told(reception, "order-file-left"):
        assert target.read_bytes() == path.read_bytes()
        found.append(f"left {item.detail.partition('): ')[2].partition(' / ')[0]}")
    found += [f"told {item.kind.german}" for item in told(reception, "master-data-alone")]
    assert target.exists() == any(one.startswith("left") for one in found)
    return " | ".join(found)


def test_every_file_has_an_outcome(corpus: Path) -> None:
    """None is left out."""
    assert {path.name for path in (corpus / "field" / "gdt").iterdir()} == set(OUTCOMES)


@pytest.mark.parametrize("name", OUTCOMES)
def test_what_becomes_of_a_file(reception: Reception, corpus: Path, name: str) -> None:
    """Taken as its sender meant it, refused with the reason, or left alone; told where odd."""
    reception.practice.clock.turn(TO_NOVEMBER)
    assert outcome_of(reception, corpus / "field" / "gdt" / name) == OUTCOMES[name]
