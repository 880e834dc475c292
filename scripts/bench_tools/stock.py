"""A practice of many years: exams, orders, results and master data, entered into the database."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Any

import sqlalchemy as sa

from gdtbridge.archive.model import Standing
from gdtbridge.database import Connection, Database
from gdtbridge.exams.study_names import note_name
from gdtbridge.orders import OrderState
from gdtbridge.orders.names import note_missing_names
from gdtbridge.results.message_keys import study_key
from gdtbridge.schema import (
    claim,
    exam,
    exam_result,
    instance,
    outbox,
    patient,
    placed_order,
)

A_DAY = 200
"""Exams of a day, each of one patient with several pictures."""
PICTURES = 5
AT_ONCE = 2000
FAMILIES = (
    *("Müller", "Schmidt", "Schneider", "Fischer", "Weber", "Meyer", "Wagner", "Becker", "Schulz"),
    *("Hoffmann", "Schäfer", "Koch", "Bauer", "Richter", "Klein", "Wolf", "Schröder", "Neumann"),
    *("Schwarz", "Zimmermann", "Braun", "Krüger", "Hofmann", "Hartmann", "Lange", "Öztürk"),
    *("Y\u0131lmaz", "Nguyễn", "O\u2019Brien", "Wójcik", "von der Heide", "Müllerschön", "Mueller"),
)
GIVEN = (
    *("Sabine", "Karl", "Änne", "Emre", "Ida", "Zofia", "Hans-Peter", "Can", "Mai", "Jürgen"),
    *("Ursula", "Peter", "Renate", "Günter", "Monika", "Klaus", "Helga", "Wolfgang", "Ingrid"),
)
PROCEDURES = ("Abdomen", "Schilddrüse", "Echokardiographie", "Carotis", "Geburtshilfe", "Hüfte")


def fill(database: Database, patients: int, exams: int, today: date) -> None:
    """Enter exams of the years before ``today`` for so many patients; all results are collected."""
    chance = random.Random(4711)  # the same practice each time
    people = [_person(number, chance) for number in range(1, patients + 1)]
    for first in range(0, exams, AT_ONCE):
        numbers = range(first + 1, min(first + AT_ONCE, exams) + 1)
        with database.write(synced=False) as connection:
            _enter(connection, numbers, people, today, chance)
    with database.write(synced=False) as connection:
        for first in range(0, patients, AT_ONCE):
            rows = [_master_data(one) for one in people[first : first + AT_ONCE]]
            connection.execute(sa.insert(patient), rows)
    for _ in note_missing_names(database):
        pass


def _person(number: int, chance: random.Random) -> dict[str, str]:
    born = date(1930, 1, 1) + timedelta(days=chance.randrange(90 * 365))
    name = f"{chance.choice(FAMILIES)}^{chance.choice(GIVEN)}"
    return {
        "patient_id": str(number),
        "patient_name": name,
        "patient_birth_date": f"{born:%Y%m%d}",
        "patient_sex": chance.choice("FM"),
    }


def _master_data(person: dict[str, str]) -> dict[str, Any]:
    family, _, given = person["patient_name"].partition("^")
    return {
        "patient_id": person["patient_id"],
        "family_name": family,
        "given_name": given,
        "birth_date": person["patient_birth_date"],
        "sex": person["patient_sex"],
        "received_at": 0.0,
    }


def _enter(
    connection: Connection,
    numbers: range,
    people: list[dict[str, str]],
    today: date,
    chance: random.Random,
) -> None:
    whose = {number: people[(number - 1) % len(people)] for number in numbers}
    at = {number: _moment(number, today) for number in numbers}
    of = {number: _Rows(number, whose[number], at[number], chance) for number in numbers}
    for table, rows in (
        (exam, [one.exam for one in of.values()]),
        (claim, [one.claim for one in of.values()]),
        (instance, [row for one in of.values() for row in one.instances()]),
        (exam_result, [one.result for one in of.values()]),
        (placed_order, [one.order for one in of.values()]),
        (outbox, [one.message for one in of.values()]),
    ):
        connection.execute(sa.insert(table), rows)
    for number, person in whose.items():
        note_name(connection, number, person["patient_name"], of[number].procedure)


def _moment(number: int, today: date) -> datetime:
    """Return when an exam was, the first the newest: the day before today."""
    day = today - timedelta(days=1 + number // A_DAY)
    return datetime.combine(day, datetime.min.time()) + timedelta(
        hours=8, minutes=2 * (number % A_DAY)
    )


class _Rows:
    """The rows of one exam."""

    def __init__(
        self, number: int, person: dict[str, str], at: datetime, chance: random.Random
    ) -> None:
        self._number, self._study = number, f"2.25.9{number:09}"
        self._at = moment = at.timestamp()
        self._accession = f"R{at:%Y}-{number:06}"
        self.procedure = procedure = chance.choice(PROCEDURES)
        said = {**person, "accession_number": self._accession}
        self.exam = {
            "id": number,
            "study_instance_uid": self._study,
            "state": "reported",
            "device": f"US0{number % 3 + 1}",
            "instances": PICTURES,
            "first_instance_at": moment,
            "last_instance_at": moment + 60,
        }
        self.claim = {
            "id": number,
            "exam_id": number,
            "said": str(number),
            **said,
            "modality": "US",
            "study_description": procedure,
            "study_date": f"{at:%Y%m%d}",
            "study_time": f"{at:%H%M%S}",
            "first_at": moment,
            "person": 1,
            "state": "settled",
            "number": person["patient_id"],
            "order_number": self._accession,
        }
        self.result = {"exam_id": number, **said, "route": "", "reported_at": moment + 120}
        self.order = {
            "study_instance_uid": self._study,
            **said,
            "modality": "US",
            "station": f"US0{number % 3 + 1}",
            "procedure": procedure,
            "state": OrderState.DONE,
            "ordered_at": moment - 600,
            "scheduled": at.isoformat(),
            "created": at.isoformat(),
            "unlisted_at": moment + 120,
        }
        name = f"{self._accession}.gdt"
        self.message = {
            "kind": "gdt",
            "destination": "gdt",
            "key": study_key(self._study, person["patient_id"], self._accession, 0),
            "name": name,
            "name_key": name.lower(),
            "final_name": name,
            "payload": b"x" * 800,
            "state": "delivered",
            "next_at": moment,
            "created_at": moment + 120,
            "delivered_at": moment + 121,
            "collected_at": moment + 130,
        }

    def instances(self) -> Iterator[dict[str, Any]]:
        """Yield the rows of its pictures."""
        for picture in range(PICTURES):
            uid = f"{self._study}.{picture}"
            yield {
                "sop_instance_uid": uid,
                "sop_class_uid": "1.2.840.10008.5.1.4.1.1.6.1",
                "study_instance_uid": self._study,
                "series_instance_uid": f"{self._study}.9",
                "transfer_syntax_uid": "1.2.840.10008.1.2.1",
                "sha256": uid,
                "size": 1000,
                "file": uid,
                "standing": Standing.CURRENT,
                "calling_aet": "US01",
                "received_at": self._at,
                "claim_id": self._number,
                "told": True,
            }
