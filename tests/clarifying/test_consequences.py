"""What "this happens" says is what the GDT files hold afterwards, for each reason to hold."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import sqlalchemy as sa

from gdtbridge.clarifying import Assignment, ClarifyingView
from gdtbridge.clarifying.acting import Foreseen
from gdtbridge.exams import claim_store
from gdtbridge.exams.model import ClaimState
from gdtbridge.gdt.read.record import Record
from gdtbridge.gdt.write.results import Revision
from gdtbridge.orders import store as order_store
from gdtbridge.results.consequences import OrderOutcome
from gdtbridge.schema import metadata
from tests.clarifying.scenes import SCENES, Stage
from tests.tools.practice import Practice

WHO = "Anna Krüger"


def held(stage: Stage, scene: Callable[[Stage], None]) -> ClarifyingView:
    """Play a scene; return how the exam looks that waits."""
    scene(stage)
    stage.practice.wait()
    (line,) = stage.practice.core.clarifying.queue.lines()
    return stage.practice.core.clarifying.exams.view(line.exam_id)


def rows_of(practice: Practice) -> dict[str, list[tuple[object, ...]]]:
    """Return every row of the database."""
    with practice.database.read() as connection:
        return {
            table.name: [tuple(row) for row in connection.execute(sa.select(table))]
            for table in metadata.sorted_tables
        }


def check(practice: Practice, exam_id: int, foreseen: Foreseen, act: Callable[[], None]) -> None:
    """Do what was foreseen, and hold what was said against the files, the orders, what is held."""
    known = set(practice.files())
    act()
    practice.wait()
    new = [one for name, one in practice.records().items() if name not in known]
    said = foreseen.consequences
    charts = sorted(
        (one.patient.id, one.patient.family_name, one.study, one.values) for one in said.charts
    )
    taken = {one.number: () if one.recalled else one.told for one in said.taken_back}
    told = {patient: [o for o in new if o.patient.id == patient] for patient, *_ in charts}
    assert len(new) == sum((one.study is not None) + one.reports for one in said.charts) + sum(
        len(records) for records in taken.values()
    )
    for chart in said.charts:
        mine = told[chart.patient.id]
        assert {one.patient.family_name or "" for one in mine} == {chart.patient.family_name}
        assert {one.patient.birth_date for one in mine} == {chart.patient.birth_date}
        assert sum(len(one.all("8420")) for one in mine) == chart.values
    for number, records in taken.items():
        assert sum("Irrtümlich" in text(one) for one in of(new, number)) == len(records)
    recalled = {one.number for one in said.taken_back if one.recalled}
    left = [one for name, one in practice.records().items() if name in known]
    assert not recalled & {one.patient.id for one in left}
    _check_orders(practice, foreseen)
    _check_held(practice, exam_id, foreseen)


def of(records: list[Record], number: str) -> list[Record]:
    """Return the records of a chart."""
    return [one for one in records if one.patient.id == number]


def text(record: Record) -> str:
    """Return what a doctor reads in a record."""
    return " ".join(line.value for line in record.lines if line.id in {"6220", "6227", "6228"})


def _check_orders(practice: Practice, foreseen: Foreseen) -> None:
    with practice.database.read() as connection:
        for one in foreseen.consequences.orders:
            order = order_store.order_by_number(connection, one.order.accession_number)
            assert order is not None
            assert order.is_open == (one.outcome is not OrderOutcome.DONE)


def _check_held(practice: Practice, exam_id: int, foreseen: Foreseen) -> None:
    with practice.database.read() as connection:
        claims = claim_store.claims_of(connection, exam_id)
    found = {(one.person, one.held_because) for one in claims if one.state is ClaimState.HELD}
    assert found == {(one.person, one.reason) for one in foreseen.consequences.held}


@pytest.mark.parametrize(("reason", "scene"), SCENES.values(), ids=SCENES)
class TestEveryReason:
    """Each reason to hold, with the real core."""

    def test_it_waits_for_that_reason(
        self, stage: Stage, reason: str, scene: Callable[[Stage], None]
    ) -> None:
        """The line, the part and its evidence tell it."""
        view = held(stage, scene)
        (line,) = stage.practice.core.clarifying.queue.lines()
        assert line.reason.code == reason
        assert {part.reason.code for part in view.parts} == {reason}
        assert all(part.evidence.columns for part in view.parts)

    def test_to_somebody_of_the_practice(
        self, stage: Stage, reason: str, scene: Callable[[Stage], None]
    ) -> None:
        """What was said is what happens when a candidate is chosen for each part."""
        view = held(stage, scene)
        chosen = [
            Assignment(
                part.person,
                part.candidates[-1].patient.id if part.candidates else "9999",
                part.candidates[-1].order.accession_number
                if part.candidates and part.candidates[-1].order
                else "",
            )
            for part in view.parts
        ]
        acts = stage.practice.core.clarifying.acts
        before = rows_of(stage.practice)
        foreseen = acts.foresee(view.exam.id, chosen)
        assert rows_of(stage.practice) == before
        assert foreseen.consequences.charts
        assert not foreseen.consequences.held
        check(
            stage.practice,
            view.exam.id,
            foreseen,
            lambda: acts.assign(view.exam.id, chosen, foreseen.mark, WHO),
        )

    def test_to_another_number(
        self, stage: Stage, reason: str, scene: Callable[[Stage], None]
    ) -> None:
        """The chart of a number nobody knows gets the number alone, never the device's name."""
        view = held(stage, scene)
        first = view.parts[0]
        chosen = [Assignment(first.person, "9999")]
        acts = stage.practice.core.clarifying.acts
        foreseen = acts.foresee(view.exam.id, chosen)
        assert [one.patient.family_name for one in foreseen.consequences.charts] == [""]
        assert foreseen.consequences.unused
        check(
            stage.practice,
            view.exam.id,
            foreseen,
            lambda: acts.assign(view.exam.id, chosen, foreseen.mark, WHO),
        )

    def test_discarded(self, stage: Stage, reason: str, scene: Callable[[Stage], None]) -> None:
        """Nothing of a part goes anywhere; what that means for the others was said."""
        view = held(stage, scene)
        first = view.parts[0].person
        acts = stage.practice.core.clarifying.acts
        foreseen = acts.foresee_discard(view.exam.id, [first])
        check(
            stage.practice,
            view.exam.id,
            foreseen,
            lambda: acts.discard(view.exam.id, [first], "Testbild", foreseen.mark, WHO),
        )


@pytest.mark.parametrize("collected", [True, False])
def test_a_result_that_is_in_a_chart(stage: Stage, *, collected: bool) -> None:
    """Taken back from one chart, or out of the folder, and sent to another: told before."""
    stage.practice.core.orders.place(stage.practice.order())
    stage.image()
    stage.report()
    stage.practice.wait()
    if collected:
        stage.practice.collect()
    acts = stage.practice.core.clarifying.acts
    foreseen = acts.foresee_withdrawal(1, "4711", "815")
    assert [one.recalled for one in foreseen.consequences.taken_back] == [not collected]
    (chart,) = foreseen.consequences.charts
    assert chart.study is Revision.FIRST
    assert [len(one.told) for one in foreseen.consequences.taken_back] == [1]
    check(
        stage.practice,
        1,
        foreseen,
        lambda: acts.withdraw(1, "4711", "Falsche Zeile", "815", foreseen.mark, WHO),
    )
