"""Fields of an order that its results repeat (``gdt.echo``)."""

from __future__ import annotations

from pathlib import Path

import pytest

from gdtbridge.errors import SettingsError
from gdtbridge.gdt.tables.dialects import DIALECTS
from gdtbridge.gdt.tables.practice_dialects import with_echo
from gdtbridge.gdt.tools.conformance import check_record
from gdtbridge.settings import load_settings
from tests.tools.reception import Reception, record

ECHO = ("3105", "0201", "8404", "3112", "4104")
SAID = {
    "f3105": "A123456789",
    "f0201": "123456789",
    "f8404": "links",
    "f3112": "56170",
    "f4104": "12345",
}


@pytest.fixture(params=["gdt21", "gdt30", "gdt31", "medical-office"])
def dialect(request: pytest.FixtureRequest) -> str:
    """Return a dialect of each form."""
    return str(request.param)


@pytest.fixture
def settings_text(dialect: str) -> str:
    """Return the settings of a practice whose software wants fields of its order back."""
    return f'[gdt]\ndialect = "{dialect}"\nsender = "GDTBRIDG"\necho = {list(ECHO)}\n'


def test_results_repeat_what_the_order_had(reception: Reception, dialect: str) -> None:
    """Study record and nothing invented: each chosen field as it was, at its place."""
    reception.drop(record(f3107="Hauptstr. 5", **SAID))
    reception.look()
    practice = reception.practice
    practice.send(StudyInstanceUID=reception.entry.StudyInstanceUID, PatientID="4711")
    practice.wait()

    (found,) = practice.records().values()
    for field in ECHO:
        assert found.all(field) == (SAID[f"f{field}"],)
    assert found.first("3107") is None
    judged = with_echo(DIALECTS[dialect], ECHO)
    foreign = {one.message[:4] for one in check_record(found, judged)}
    assert foreign <= {"3101", "3102", "3103"}
    if dialect == "gdt21":
        ids = [line.id for line in found.lines]
        assert ids.index("9218") < ids.index("0201") < ids.index("3000")
        assert ids.index("3103") < ids.index("3105") < ids.index("3110") < ids.index("3112")
        assert ids.index("8402") < ids.index("8404") < ids.index("6200")


def test_an_order_that_says_less_is_repeated_less(reception: Reception) -> None:
    """A changed order counts as it is now; an exam without one has no such fields."""
    reception.drop(record(f8310="F-1", **SAID))
    reception.look()
    reception.drop(record(f8310="F-1", f3105="B2"))
    reception.look()
    practice = reception.practice
    practice.send(StudyInstanceUID=reception.entry.StudyInstanceUID, PatientID="4711")
    practice.send(StudyInstanceUID="2.25.99", PatientID="4712")
    practice.wait()

    first, second = sorted(practice.records().values(), key=lambda one: one.first("3000") or "")
    assert first.all("3105") == ("B2",)
    assert not {"0201", "8404", "3112", "4104"} & {line.id for line in first.lines}
    assert not set(ECHO) & {line.id for line in second.lines}


@pytest.mark.parametrize("field", ["3000", "8402", "8100", "6220", "8002", "9999", "x"])
def test_what_results_have_anyway_cannot_be_repeated(tmp_path: Path, field: str) -> None:
    """The start says which key is wrong."""
    file = tmp_path / "gdtbridge.toml"
    file.write_text(f'[gdt]\necho = ["{field}"]\n', encoding="utf-8")
    with pytest.raises(SettingsError, match=r"gdt\.echo"):
        load_settings(file, {})
