"""A crash at any line of an order leaves a whole order or none, whoever ordered."""

from __future__ import annotations

import random
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from contextlib import suppress
from itertools import count
from pathlib import Path

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient

import gdtbridge.orders
from gdtbridge.errors import NotFound
from gdtbridge.orders.book import WORKLIST_ADDED
from gdtbridge.schema import outbox, placed_order
from gdtbridge.service import web_ports
from gdtbridge.web import create_app
from tests.tools.dying import SimulatedCrash, dying_at, files_of
from tests.tools.practice import Practice
from tests.tools.reception import Reception, record
from worklist import Entry

WALKED = files_of({gdtbridge.orders: ("book", "filler", "gdt_orders", "listing")})
"""Here the database, the worklist folder and the outbox are called one after the other."""
SPARSELY = 30
"""Of so many lines a sample has one, from a line of the seed's on."""

pytestmark = [
    pytest.mark.crash,
    # The dead close nothing.
    pytest.mark.filterwarnings(
        "ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning"
    ),
]


@pytest.fixture
def lines(chance: random.Random, *, exhaustive: bool) -> Iterator[int]:
    """Return the lines that are tried, without end."""
    return count(1) if exhaustive else count(chance.randint(1, SPARSELY), SPARSELY)


class Reorderer(ABC):
    """Somebody who orders, corrects the name and cancels, and does so again after a crash."""

    def __init__(self, practice: Practice) -> None:
        self.practice = practice

    @abstractmethod
    def place(self, patient: str) -> None:
        """Order for a patient."""

    @abstractmethod
    def correct(self, patient: str) -> None:
        """Say what the patient is really called."""

    @abstractmethod
    def cancel(self, patient: str) -> None:
        """Take the order back."""

    def finish(self) -> None:  # noqa: B027 - not all have something to do
        """Let pass what happens by itself after a restart."""

    def number_of(self, patient: str) -> str:
        """Return the number the patient's order was answered with."""
        (number,) = _select(
            self.practice, placed_order.c.accession_number, placed_order.c.patient_id == patient
        )
        return number


class Clicks(Reorderer):
    """A person with a browser, who cancels on the command line."""

    def place(self, patient: str) -> None:
        """Call the address of a button."""
        self._click(patient, "Mueller")

    def correct(self, patient: str) -> None:
        """Click once more with another name."""
        self._click(patient, "Müller")

    def _click(self, patient: str, name: str) -> None:
        query = f"id={patient}&lastname={name}&firstname=J&birthdate=01.01.1980&sex=1"
        assert client(self.practice).get(f"/worklist/add?{query}").status_code == 200

    def cancel(self, patient: str) -> None:
        """Do what ``gdtbridge worklist remove`` does."""
        with suppress(NotFound):  # the first call did it
            self.practice.core.orders.cancel(self.number_of(patient))


class Calls(Reorderer):
    """A program that calls the API."""

    def place(self, patient: str) -> None:
        """Create."""
        answer = client(self.practice).post("/api/v1/worklist", json=_body(patient, "Mueller"))
        assert answer.status_code in {200, 201}

    def correct(self, patient: str) -> None:
        """Replace."""
        answer = client(self.practice).put(self._url(patient), json=_body(patient, "Müller"))
        assert answer.status_code == 200

    def cancel(self, patient: str) -> None:
        """Delete."""
        assert client(self.practice).delete(self._url(patient)).status_code in {204, 404}

    def _url(self, patient: str) -> str:
        return f"/api/v1/worklist/{self.number_of(patient)}"


class Files(Reorderer):
    """Practice software that drops files, once each: the service takes up what it left."""

    def place(self, patient: str) -> None:
        """Drop a 6302."""
        self._drop(record(f3000=patient, f3101="Mueller", f8310=f"F{patient}"))

    def correct(self, patient: str) -> None:
        """Drop another one of the same case."""
        self._drop(record(f3000=patient, f3101="Müller", f8310=f"F{patient}"))

    def cancel(self, patient: str) -> None:
        """Drop a 6303."""
        self._drop(record("6303", f3000=patient, f8310=f"F{patient}"))

    def _drop(self, data: bytes) -> None:
        reception = Reception(self.practice)
        if not reception.left():
            reception.drop(data)
        reception.look()

    def finish(self) -> None:
        """Look into the folder."""
        reception = Reception(self.practice)
        reception.look()
        assert reception.left() == []
        assert reception.refusals() == []


def client(practice: Practice) -> FlaskClient:
    """Return a browser or a program in front of the practice's web server."""
    core = practice.core
    return create_app(core.settings, web_ports(core), dict).test_client()


def _body(patient: str, name: str) -> dict[str, object]:
    person = {"id": patient, "family_name": name, "given_name": "J", "birth_date": "1980-01-01"}
    return {"patient": {**person, "sex": "F"}}


def _select(
    practice: Practice, column: sa.ColumnElement[str], *conditions: sa.ColumnElement[bool]
) -> list[str]:
    with practice.database.read() as connection:
        return sorted(connection.execute(sa.select(column).where(*conditions)).scalars())


def must_be_whole(practice: Practice) -> None:
    """Each open order has its entry and no other entry is listed; each order its one message."""
    rows = _select(practice, placed_order.c.accession_number)
    waiting = _select(practice, placed_order.c.accession_number, placed_order.c.state == "ordered")
    names = _select(practice, placed_order.c.patient_name, placed_order.c.state == "ordered")
    entries = practice.core.orders.all()
    assert sorted(entry.AccessionNumber for entry in entries) == waiting
    assert sorted(entry.PatientName for entry in entries) == names
    assert _select(practice, outbox.c.key, outbox.c.destination == WORKLIST_ADDED) == rows
    assert _select(practice, placed_order.c.listing, placed_order.c.listing.is_not(None)) == []


@pytest.fixture
def settings_text() -> str:
    """Announce orders to a house that nobody calls here."""
    return '[webhooks]\nworklist_added = "http://127.0.0.1:9/light"\n'


@pytest.fixture
def tmp_path(memory: Path) -> Path:
    """Return a folder in memory."""
    return memory


@pytest.fixture(params=[Clicks, Calls, Files])
def reorderer(request: pytest.FixtureRequest, practice: Practice) -> Reorderer:
    """Return each of those who order, before a service whose files are in memory."""
    one: Reorderer = request.param(practice)
    return one


Act = Callable[[Reorderer, str], None]


def walk(
    one: Reorderer, tried: Iterator[int], act: Act, prepare: Act | None = None
) -> Iterator[tuple[str, list[Entry]]]:
    """Yield a patient and the entries under that number after each crash and one repetition."""
    for line in tried:
        patient = f"P{line}"
        if prepare is not None:
            prepare(one, patient)
        with dying_at(line, WALKED) as run, suppress(SimulatedCrash):
            act(one, patient)
        one.practice.database.close()
        one.practice = one.practice.again()
        must_be_whole(one.practice)
        one.finish()
        act(one, patient)
        must_be_whole(one.practice)
        entries = [e for e in one.practice.core.orders.all() if e.PatientID == patient]
        yield patient, entries
        for entry in entries:  # the list stays short
            one.practice.core.orders.cancel(entry.AccessionNumber)
        if run[0] < line:
            assert line > 20
            return


def test_placing(reorderer: Reorderer, lines: Iterator[int]) -> None:
    """The order is there once, whether it is placed again or was whole before."""
    for patient, entries in walk(reorderer, lines, type(reorderer).place):
        assert [entry.AccessionNumber for entry in entries] == [reorderer.number_of(patient)]


def test_correcting(reorderer: Reorderer, lines: Iterator[int]) -> None:
    """The one entry says the old name or the new one with the database, in the end the new."""
    kind = type(reorderer)
    for patient, entries in walk(reorderer, lines, kind.correct, kind.place):
        assert [entry.AccessionNumber for entry in entries] == [reorderer.number_of(patient)]
        assert entries[0].PatientName.startswith("Müller")


def test_cancelling(reorderer: Reorderer, lines: Iterator[int]) -> None:
    """The entry is gone and does not come back."""
    kind = type(reorderer)
    for _, entries in walk(reorderer, lines, kind.cancel, kind.place):
        assert entries == []
