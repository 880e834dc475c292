"""Acts with what no form of ours says, and with what changes between a look and a click."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from typing import cast

import pytest

from gdtbridge.clarifying import Assignment, Clarifier
from gdtbridge.database import Connection, Database
from gdtbridge.errors import AlreadyDecided, OrderError, Outdated
from tests.clarifying import scenes
from tests.clarifying.scenes import WEISS, Stage
from tests.clarifying.test_acts import ANNA, SOMMER, assign, view_of


def _charts(stage: Stage) -> list[str]:
    stage.practice.wait()
    return sorted(one.patient.id for one in stage.practice.records().values())


class TestForeignClaims:
    """What is moved is of this exam, and waits."""

    def test_of_another_exam(self, stage: Stage) -> None:
        """It stays where it is."""
        stage.image(StudyInstanceUID="2.25.5", PatientID="", PatientName="FREMD")
        other = view_of(stage).parts[0].objects[0].claim_id
        scenes.several(stage)
        view_of(stage)
        acts = stage.practice.core.clarifying.acts
        chosen = (Assignment(1, "4711", claims=(other,)),)
        with pytest.raises(AlreadyDecided):
            acts.foresee(2, chosen)
        mark = acts.foresee(2, (Assignment(1, "4711"),)).mark
        with pytest.raises(AlreadyDecided):
            acts.assign(2, chosen, mark, ANNA)
        assert _charts(stage) == []

    def test_decided_by_somebody_else(self, stage: Stage) -> None:
        """A picture that is in a chart does not go into another with the rest."""
        scenes.several(stage)
        theirs = view_of(stage).parts[1].objects[0].claim_id
        assign(stage, Assignment(2, "815"), who=SOMMER)
        stage.practice.wait()
        chosen = (Assignment(1, "4711", claims=(theirs,)),)
        with pytest.raises(AlreadyDecided):
            assign(stage, *chosen)
        assert _charts(stage) == ["815"]


def test_what_is_moved_to_a_part_that_waits_is_not_sent(stage: Stage) -> None:
    """It waits there; the chart of the part it was in does not get it."""
    stage.image()
    stage.image(PatientSex="O")
    stage.image(**WEISS)
    moved = view_of(stage).parts[0].objects[1].claim_id
    chosen = (Assignment(1, "4711"), Assignment(2, "", claims=(moved,)))
    foreseen = stage.practice.core.clarifying.acts.foresee(1, chosen)
    assert [one.images for one in foreseen.consequences.charts] == [1]
    assign(stage, *chosen)
    (part,) = view_of(stage).parts
    assert (part.person, len(part.objects)) == (2, 2)
    assert _charts(stage) == ["4711"]


@dataclass(frozen=True)
class _Interrupted:
    """A database to which something comes just before the next change."""

    real: Database
    comes: Callable[[], None]

    @contextmanager
    def write(self) -> Iterator[Connection]:
        self.comes()
        with self.real.write() as connection:
            yield connection

    def read(self) -> AbstractContextManager[Connection]:
        return self.real.read()

    def rehearsal(self) -> AbstractContextManager[Connection]:
        return self.real.rehearsal()


def _interrupted(acts: Clarifier, comes: Callable[[], None]) -> Clarifier:
    database = cast("Database", _Interrupted(acts.database, comes))
    return replace(acts, database=database, rehearsal=replace(acts.rehearsal, database=database))


def test_something_comes_in_the_moment_of_the_click(stage: Stage) -> None:
    """Between the last look and the change is no gap: no chart gets what nobody saw."""
    scenes.without_number(stage)
    view_of(stage)
    acts = stage.practice.core.clarifying.acts
    chosen = (Assignment(1, "4711"),)
    mark = acts.foresee(1, chosen).mark
    with pytest.raises(Outdated):
        _interrupted(acts, lambda: scenes.without_number(stage)).assign(1, chosen, mark, ANNA)
    assert _charts(stage) == []


def test_two_click_in_the_same_moment(stage: Stage) -> None:
    """The one who comes first is told to the other; one chart has the result."""
    scenes.without_number(stage)
    view_of(stage)
    acts = stage.practice.core.clarifying.acts
    mine, theirs = (Assignment(1, "4711"),), (Assignment(1, "815"),)
    marks = [acts.foresee(1, chosen).mark for chosen in (mine, theirs)]
    late = _interrupted(acts, lambda: acts.assign(1, theirs, marks[1], SOMMER))
    with pytest.raises(AlreadyDecided) as error:
        late.assign(1, mine, marks[0], ANNA)
    assert (error.value.who, error.value.number) == (SOMMER, "815")
    assert set(_charts(stage)) == {"815"}


class TestWithdrawal:
    """What is taken out of one chart and put into another."""

    def test_the_number_of_somebody_else_is_said_before(self, stage: Stage) -> None:
        """As it is where something held is assigned: the click is the confirmation."""
        stage.image()
        stage.image(StudyInstanceUID="2.25.5", **WEISS)
        stage.practice.wait()
        acts = stage.practice.core.clarifying.acts
        assert acts.foresee_withdrawal(1, "4711", "9999").doubts == ()
        (doubt,) = acts.foresee_withdrawal(1, "4711", "815").doubts
        assert doubt.number == "815"
        assert "Müller" in doubt.sent
        assert any("Weiß" in one for one in doubt.known)

    def test_from_a_chart_into_itself(self, stage: Stage) -> None:
        """It is no withdrawal: the chart would be told that its result is wrong."""
        stage.image()
        stage.practice.wait()
        acts = stage.practice.core.clarifying.acts
        with pytest.raises(OrderError) as error:
            acts.foresee_withdrawal(1, "4711", " 4711 ")
        assert error.value.field == "to"
