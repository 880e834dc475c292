"""Dying at any line between a file and its entry neither loses nor doubles an order."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

import gdtbridge.durable
import gdtbridge.folders
import gdtbridge.orders
from gdtbridge.folders import run
from tests.tools.dying import SimulatedCrash, Tried, dying_at, files_of
from tests.tools.reception import Reception, record

WALKED = files_of(
    {
        gdtbridge.folders: ("claims", "files", "watch", "program", "records"),
        gdtbridge.orders: ("book", "gdt_orders", "listing", "master_data", "store"),
        gdtbridge.durable: ("files",),
    }
)

pytestmark = [
    pytest.mark.crash,
    pytest.mark.filterwarnings(  # the dead close nothing
        "ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning"
    ),
]


def watched(reception: Reception) -> None:
    """Let the service look until all is settled."""
    reception.look()


def called(reception: Reception) -> None:
    """Let the practice software call with a file of its own, as long as it lies there."""
    file = reception.practice.folder / "CALL.GDT"
    if file.exists():
        run(reception.files, file, None, lambda _: None, lambda _: None)


def prepare(reception: Reception, way: Callable[[Reception], None], data: bytes) -> None:
    """Put the file where that way finds it."""
    if way is called:
        (reception.practice.folder / "CALL.GDT").write_bytes(data)
    else:
        reception.drop(data)


def unfinished(reception: Reception) -> list[str]:
    """Return the orders nobody finished; copies that were never whole are no orders."""
    return [name for name in reception.left() if not name.endswith(".part")]


def lines_of(reception: Reception, way: Callable[[Reception], None], data: bytes) -> int:
    """Return how many lines the whole way has."""
    prepare(reception, way, data)
    with dying_at(-1, WALKED) as count:
        way(reception)
    return count[0]


@pytest.fixture
def tmp_path(memory: Path) -> Path:
    """Return a folder in memory."""
    return memory


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the call take a file without waiting for its end."""
    monkeypatch.setattr("gdtbridge.folders.program.QUIET_SECONDS", 0.0)


TWO = record(f3000="A", f8310="F1") + record(f3000="B", f8310="F2")


@pytest.mark.parametrize("way", [watched, called])
def test_an_order(reception: Reception, way: Callable[[Reception], None], tried: Tried) -> None:
    """Two orders of one file: after every crash, each has one entry with one number."""
    lines = lines_of(reception, way, TWO)
    reception = _empty(reception)
    assert lines > 200
    for line in tried(lines):
        prepare(reception, way, TWO)
        with suppress(SimulatedCrash), dying_at(line, WALKED):
            way(reception)
        reception = reception.again()
        way(reception)
        watched(reception)
        found = sorted(entry.PatientID for entry in reception.entries())
        assert found == ["A", "B"], line
        assert unfinished(reception) == [], line
        reception = _empty(reception)


def test_a_cancellation(reception: Reception, tried: Tried) -> None:
    """After every crash, the order is off the list and the file is filed without a complaint."""
    cancel = record("6303", f8310="F1")
    reception.drop(record(f8310="F1"))
    watched(reception)
    lines = lines_of(reception, watched, cancel)
    for line in tried(lines):
        reception.drop(record(f8310="F1"))
        watched(reception)
        reception.drop(cancel)
        with suppress(SimulatedCrash), dying_at(line, WALKED):
            watched(reception)
        reception = reception.again()
        watched(reception)
        assert reception.entries() == (), line
        assert unfinished(reception) == [], line
    assert reception.refusals() == []


def test_a_refusal(reception: Reception, tried: Tried) -> None:
    """After every crash, the file is in the error folder beside its text, once."""
    wrong = record(f3000=None)
    lines = lines_of(reception, watched, wrong)
    for path in reception.settings.refused_folder.iterdir():
        path.unlink()
    for line in tried(lines):
        reception.drop(wrong)
        with suppress(SimulatedCrash), dying_at(line, WALKED):
            watched(reception)
        reception = reception.again()
        watched(reception)
        assert len(reception.refusals()) == 1, line
        assert len(list(reception.settings.refused_folder.glob("*.GDT"))) == 1, line
        for path in reception.settings.refused_folder.iterdir():
            path.unlink()


def test_an_answer(reception: Reception, tried: Tried) -> None:
    """After every crash, a 6300 is answered once."""
    reception.drop(record("6301"))
    watched(reception)
    lines = lines_of(reception, watched, record("6300"))
    for line in tried(lines):
        before = _answers(reception)
        reception.drop(record("6300"))
        with suppress(SimulatedCrash), dying_at(line, WALKED):
            watched(reception)
        reception = reception.again()
        watched(reception)
        assert _answers(reception) == before + 1, line


def _answers(reception: Reception) -> int:
    reception.practice.outbox.deliver_due("gdt")
    return len(reception.practice.files())


def _empty(reception: Reception) -> Reception:
    """Let the patients go, so that the next orders are new ones."""
    for entry in reception.entries():
        reception.practice.core.orders.cancel(entry.AccessionNumber)
    return reception.again()
