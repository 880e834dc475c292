"""What is asked all the time costs the same with ten exams and with a hundred thousand."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from gdtbridge.database import Connection, Database
from gdtbridge.exams import claim_store, report_store, result_store, store, waiting
from gdtbridge.exams.known_charts import known_charts
from gdtbridge.exams.steps import store as step_store
from gdtbridge.fhir import store as fhir_store
from gdtbridge.orders import OrderState
from gdtbridge.orders import store as order_store
from gdtbridge.outbox import store as outbox_store
from tests.tools.empty_database import open_database

NOW = 1.7e9


LOOKS: Mapping[str, Callable[[Connection], object]] = {
    "attention": lambda connection: store.attention(connection, NOW),
    "unsent reports": lambda connection: report_store.report_problems(connection, 10),
    "held objects": lambda connection: store.held_problems(connection, 10),
    "held list": lambda connection: store.list_exams(connection, 10, held=True),
    "exams of a patient": lambda connection: store.exams_of(connection, ["4711"]),
    "orders of a patient": lambda connection: store.names_of(connection, ["4711"]),
    "held exams": lambda connection: claim_store.held_exams(connection, 10),
    "earlier exams": lambda connection: result_store.earlier_patients(connection, 1, ["4711"]),
    "taken UIDs": lambda connection: claim_store.taken_claims(connection, 1),
    "exams of the same people": lambda connection: store.due_of_same_people(connection, 1),
    "held": lambda connection: list(waiting.held(connection, 10)),
    "unsent": lambda connection: waiting.unsent(connection, NOW, 10),
    "steps of a study": lambda connection: step_store.of_study(connection, "2.25.1"),
    "who announces an instance": lambda connection: step_store.announcing(connection, "2.25.1"),
    "missing instances": lambda connection: step_store.missing(connection, [1, 2]),
    "announced instances": lambda connection: step_store.announced(connection, [1, 2]),
    "steps of a device": lambda connection: step_store.of_device(connection, "US01", NOW, 3),
    "steps of the last days": lambda connection: step_store.begun_since(connection, NOW, 10),
    "results beside steps": lambda connection: step_store.results_beside(connection, [1, 2]),
    "what was put": lambda connection: outbox_store.keys_put(connection, ["study:2.25.1:", "a"]),
    "what is taken back": lambda connection: outbox_store.take_back(connection, ["study:2.25.1:"]),
    "patients by name": lambda connection: fhir_store.numbers_named(connection, ";muller"),
    "patients by birth": lambda connection: fhir_store.numbers_born(connection, "1958", "1959"),
    "what numbers are now": lambda connection: fhir_store.numbers_now(connection, ["4711"]),
    "whom the practice knows": lambda connection: list(known_charts(connection, ["1", "2"])),
    "older orders": lambda connection: order_store.older_orders(connection, 9, 20),
    "older orders of a patient": lambda connection: order_store.older_orders(
        connection, 9, 20, ["4711"], [OrderState.DONE]
    ),
    "studies of instances": lambda connection: step_store.studies_of_instances(connection, 1),
}
NEWEST_FIRST = "SCAN exam"
"""Exams in the order of their numbers, of which only as many are read as are wanted."""


@pytest.mark.parametrize("name", LOOKS)
def test_no_look_reads_a_whole_table(tmp_path: Path, name: str) -> None:
    """Every table is found into by an index, or by one of what is looked for alone."""
    database = open_database(tmp_path / "db.sqlite")
    with database.read() as connection, plans(database) as found:
        LOOKS[name](connection)
    database.close()

    assert found
    whole = [step for step in found if step.startswith("SCAN") and " USING " not in step]
    assert [step for step in whole if step != NEWEST_FIRST] == []


@contextmanager
def plans(database: Database) -> Iterator[list[str]]:
    """Yield the steps SQLite takes for every query meanwhile."""
    found: list[str] = []

    def explain(
        connection: Connection, _cursor: object, statement: str, values: Any, *_: object
    ) -> None:
        if statement.startswith("SELECT"):
            raw = connection.connection.dbapi_connection
            assert raw is not None
            rows = raw.cursor()
            rows.execute(f"EXPLAIN QUERY PLAN {statement}", values)
            found.extend(row[3] for row in rows.fetchall())

    sa.event.listen(database.engine, "before_cursor_execute", explain)
    try:
        yield found
    finally:
        sa.event.remove(database.engine, "before_cursor_execute", explain)
