"""Deciding: candidates, two people at once, taking back, questions, what is only seen."""

from __future__ import annotations

import pytest

from gdtbridge.attention.kinds import KINDS
from gdtbridge.clarifying import REASONS, Assignment, CandidateSource, ClarifyingView, Leases
from gdtbridge.clarifying.model import CellStanding, EvidenceField, EvidenceSource
from gdtbridge.clarifying.reasons import HELD_KINDS
from gdtbridge.errors import AlreadyDecided, NotFound, OrderError, Outdated, TooLate
from gdtbridge.exams.hold_reasons import HoldReason
from gdtbridge.exams.model import ExamEvent
from gdtbridge.gdt.read.record import Record
from gdtbridge.orders.model import OrderState
from gdtbridge.results.consequences import OrderOutcome
from tests.clarifying import scenes
from tests.clarifying.scenes import STUDY, WEISS, Stage

ANNA, SOMMER = "Anna Krüger", "Dr. Sommer"


def view_of(stage: Stage) -> ClarifyingView:
    """Return the one exam that waits."""
    stage.practice.wait()
    desk = stage.practice.core.clarifying
    line = desk.queue.lines()[0]
    return desk.exams.view(line.exam_id)


def text(record: Record) -> str:
    """Return all a record says."""
    return "\n".join(line.value for line in record.lines)


def assign(stage: Stage, *chosen: Assignment, who: str = ANNA) -> None:
    """Assign parts of the one exam as somebody who has just looked."""
    acts = stage.practice.core.clarifying.acts
    acts.assign(1, chosen, acts.foresee(1, chosen).mark, who)


def test_every_reason_and_every_kind_has_a_row() -> None:
    """What can wait for a person can be looked at by one."""
    holds = {code for code, one in REASONS.items() if one.is_hold}
    assert holds == set(HoldReason)
    assert REASONS.keys() - holds == KINDS.keys() - HELD_KINDS


class TestCandidates:
    """Whose it may be, and who is chosen before anybody did."""

    def test_evidence_stands_side_by_side(self, stage: Stage) -> None:
        """Rows that differ, what is the same, what one source alone says."""
        scenes.number_of_another(stage)
        (part,) = view_of(stage).parts
        table = part.evidence
        assert table.columns[:2] == (EvidenceSource.DEVICE, EvidenceSource.ORDER)
        rows = {row.field: row.cells for row in table.rows}
        assert [cell.value for cell in rows[EvidenceField.NAME]][:2] == [
            "Omega, Olga",
            "Müller, Änne",
        ]
        standings = [cell.standing for cell in rows[EvidenceField.BIRTH_DATE]]
        assert standings[0] is CellStanding.DIFFERS
        assert EvidenceField.NUMBER in {field for field, _ in table.same}
        assert EvidenceField.ORDER_NUMBER in {field for field, *_ in table.alone}
        assert part.preselected == ""

    def test_who_waits_for_the_device_is_proposed(self, stage: Stage) -> None:
        """Without a number: the open orders of that device within two hours."""
        clock = stage.practice.clock
        near, far = clock.local(), clock.local().replace(year=clock.local().year + 1)
        for number, at in (("70", near), ("71", far)):
            order = stage.practice.order(patient_id=number, scheduled=at, station="US01")
            stage.practice.core.orders.place(order)
        scenes.without_number(stage)
        (part,) = view_of(stage).parts
        found = {one.patient.id: one.sources for one in part.candidates}
        assert found == {"70": {CandidateSource.AT_DEVICE}}

    @pytest.mark.parametrize(("numbers", "beside"), [(["70"], True), (["70", "72"], False)])
    def test_of_several_people_nobody_stands_in_the_evidence(
        self, stage: Stage, numbers: list[str], *, beside: bool
    ) -> None:
        """The first of two who wait is not shown as what "the order says"; the only one is."""
        for number in numbers:
            at = stage.practice.clock.local()
            order = stage.practice.order(patient_id=number, scheduled=at, station="US01")
            stage.practice.core.orders.place(order)
        scenes.without_number(stage)
        (part,) = view_of(stage).parts
        assert [one.patient.id for one in part.candidates] == numbers
        assert (EvidenceSource.ORDER in part.evidence.columns) is beside

    def test_the_same_person_of_earlier_exams(self, stage: Stage) -> None:
        """Name and birth date lead to the chart that has a result of the person."""
        stage.image(StudyInstanceUID="2.25.5", **WEISS)
        stage.practice.wait()
        stage.image(**{**WEISS, "PatientID": ""})
        (part,) = view_of(stage).parts
        (found,) = part.candidates
        assert found.patient.id == "815"
        assert found.sources == {CandidateSource.SAME_PERSON}
        assert not found.is_alike

    def test_which_field_does_not_fit_is_named(self, stage: Stage) -> None:
        """A number no record can have is no choice: shortened it would be somebody else's."""
        scenes.unwritable_number(stage)
        (part,) = view_of(stage).parts
        assert part.reason.code == "unwritable"
        assert part.fault.startswith("Die Patientennummer ist im Zeichensatz nicht darstellbar.")
        assert part.candidates == ()

    def test_one_who_is_alike_is_preselected(self, stage: Stage) -> None:
        """Number, name and birth date are those of the practice: nothing else is."""
        scenes.far_date(stage)
        (part,) = view_of(stage).parts
        assert part.preselected == part.candidates[0].key
        assert part.candidates[0].is_alike

    def test_two_orders_are_two_candidates(self, stage: Stage) -> None:
        """Which one is meant is chosen; it alone is closed, and its number is in the record."""
        core = stage.practice.core
        orders = [
            core.orders.place(stage.practice.order(procedure=procedure)).entry
            for procedure in ("Abdomen", "Schilddrüse")
        ]
        stage.image(PatientID="", PatientName="Müller^Änne", PatientBirthDate="19581224")
        (part,) = view_of(stage).parts
        keys = {f"4711/{order.AccessionNumber}" for order in orders}
        assert {one.key for one in part.candidates} == keys
        assert part.preselected == ""
        assign(stage, Assignment(1, "4711", orders[1].AccessionNumber))
        stage.practice.wait()
        states = [core.order_book.order_of(order).state for order in orders]
        assert states == [OrderState.ORDERED, OrderState.DONE]
        (record,) = stage.practice.records().values()
        assert orders[1].AccessionNumber in text(record)

    def test_each_picture_to_its_order(self, stage: Stage) -> None:
        """The device names none, and two fit: one result for each, with its own pictures."""
        scenes.several_orders(stage)
        (part,) = view_of(stage).parts
        one, other = (order.accession_number for order in part.orders)
        first, second, report = part.objects
        assert (part.preselected, first.number, second.number) == ("", 1, 2)
        chosen = Assignment(1, "4711", one, split=((second.id, other),))
        acts = stage.practice.core.clarifying.acts
        said = acts.foresee(1, [chosen]).consequences
        charts = {chart.accession_number: chart.instances for chart in said.charts}
        assert charts == {one: (first.id, report.id), other: (second.id,)}
        assert [consequence.outcome for consequence in said.orders] == [OrderOutcome.DONE] * 2
        assign(stage, chosen)
        stage.practice.wait()
        told = [text(record) for record in stage.practice.records().values()]
        assert [sum(number in one for one in told) for number in (one, other)] == [2, 1]
        stage.practice.core.clarifying.acts.undo(1, 1, ANNA)
        assert {one.reason.code for one in view_of(stage).parts} == {"several-orders"}

    def test_each_to_the_order_the_device_names(self, stage: Stage) -> None:
        """Objects of two orders of one patient go to both, unless one of them is meant."""
        core = stage.practice.core
        entries = [core.orders.place(stage.practice.order(procedure=p)).entry for p in ("A", "B")]
        for entry in entries:
            stage.image(AccessionNumber=entry.AccessionNumber, StudyDate="19700101")
        (part,) = view_of(stage).parts
        first = part.candidates[0]
        assert (first.patient.id, first.order) == ("4711", None)
        assert {one.key for one in part.candidates[1:]} == {
            f"4711/{entry.AccessionNumber}" for entry in entries
        }
        assign(stage, Assignment(1, "4711"))
        stage.practice.wait()
        assert len(stage.practice.files()) == 2
        states = {core.order_book.order_of(entry).state for entry in entries}
        assert states == {OrderState.DONE}

    @pytest.mark.parametrize("of_receipt", [True, False])
    def test_which_day_counts(self, stage: Stage, *, of_receipt: bool) -> None:
        """The day of the receipt, or what the device says; the record tells the other one."""
        scenes.far_date(stage)
        (part,) = view_of(stage).parts
        received = stage.practice.clock.local().date()
        assert part.received == received
        assign(stage, Assignment(1, "4711", of_receipt_day=of_receipt))
        stage.practice.wait()
        (record,) = stage.practice.records().values()
        day = f"{received:%d%m%Y}" if of_receipt else "01011970"
        assert record.all("6200") == (day,)
        assert "01.01.1970" in text(record)

    def test_an_order_of_another_number(self, stage: Stage) -> None:
        """It is refused: a result never closes the order of somebody else."""
        order = stage.practice.core.orders.place(stage.practice.order(patient_id="70"))
        scenes.without_number(stage)
        view_of(stage)
        with pytest.raises(OrderError) as error:
            assign(stage, Assignment(1, "4711", order.entry.AccessionNumber))
        assert error.value.field == "order"


class TestParts:
    """An exam of several people."""

    def test_both_go_to_their_own_charts_at_once(self, stage: Stage) -> None:
        """Nothing of one is in the chart of the other."""
        scenes.several(stage)
        view = view_of(stage)
        assert [part.images for part in view.parts] == [1, 2]
        assert [one.number for part in view.parts for one in part.objects if one.number] == [
            1,
            2,
            3,
        ]
        assign(stage, Assignment(1, "4711"), Assignment(2, "815"))
        stage.practice.wait()
        charts = [one.patient.id for one in stage.practice.records().values()]
        assert sorted(charts) == ["4711", "4711", "815"]

    def test_pictures_move_to_the_part_they_belong_to(self, stage: Stage) -> None:
        """Of which the device says something of their own; the other part gets none of them."""
        stage.image()
        stage.image(PatientSex="O")
        stage.image(**WEISS)
        view = view_of(stage)
        moved = view.parts[0].objects[1].claim_id
        chosen = (Assignment(1, "4711"), Assignment(2, "815", claims=(moved,)))
        acts = stage.practice.core.clarifying.acts
        foreseen = acts.foresee(1, chosen)
        images = {one.patient.id: one.images for one in foreseen.consequences.charts}
        assert images == {"4711": 1, "815": 2}
        acts.assign(1, chosen, foreseen.mark, ANNA)
        stage.practice.wait()
        with pytest.raises(NotFound):
            stage.practice.core.clarifying.exams.view(1)

    def test_whose_the_number_is_of_all_that_is_in_the_part_then(self, stage: Stage) -> None:
        """What moves in may be the owner's; who was there already is somebody else."""
        stage.practice.core.orders.place(stage.practice.order())
        stage.image()
        stage.image(PatientSex="O")
        stage.image(**WEISS)
        moved = view_of(stage).parts[0].objects[1].claim_id
        chosen = (Assignment(1, ""), Assignment(2, "4711", claims=(moved,)))
        foreseen = stage.practice.core.clarifying.acts.foresee(1, chosen)
        (doubt,) = foreseen.doubts
        assert doubt.number == "4711"
        assert "Weiß" in doubt.sent
        assert [one.reason for one in foreseen.consequences.held if one.person == 2] == []

    def test_a_report_of_somebody_else(self, stage: Stage) -> None:
        """Its first values are shown; it goes to whom it names, or to whom the pictures are of."""
        scenes.report_of_another(stage)
        view = view_of(stage)
        pictures, report = view.parts
        assert (pictures.is_report, report.is_report) == (False, True)
        assert [one.patient.id for one in report.candidates] == ["815", "4711"]
        assert report.candidates[1].sources == {CandidateSource.PICTURES}
        assert (report.preselected, pictures.images) == ("", 2)
        desk = stage.practice.core.clarifying
        assert desk.first_values(1, report.person)
        assert desk.first_values(1, pictures.person) == ()
        assign(stage, Assignment(1, "4711"), Assignment(2, "4711"))
        stage.practice.wait()
        assert {one.patient.id for one in stage.practice.records().values()} == {"4711"}

    def test_a_report_of_somebody_else_after_the_pictures(self, stage: Stage) -> None:
        """The pictures are in their chart already: it is said of the report alone."""
        stage.image()
        stage.practice.wait()
        stage.report(**WEISS)
        (part,) = view_of(stage).parts
        assert part.reason.code == "report-of-other-patient"
        assert [one.patient.id for one in part.candidates] == ["815", "4711"]

    def test_one_part_may_wait(self, stage: Stage) -> None:
        """The other one stays on the list."""
        scenes.several(stage)
        view_of(stage)
        assign(stage, Assignment(2, "815"))
        stage.practice.wait()
        (part,) = view_of(stage).parts
        assert part.person == 1


class TestTwoPeople:
    """What one decided the other is told."""

    def test_who_comes_too_late_is_told_who_did_it(self, stage: Stage) -> None:
        """With when, what, and whose chart it is in."""
        scenes.without_number(stage)
        view_of(stage)
        acts = stage.practice.core.clarifying.acts
        chosen = (Assignment(1, "4711"),)
        mark = acts.foresee(1, chosen).mark
        acts.assign(1, chosen, mark, SOMMER)
        for late in (
            lambda: acts.assign(1, chosen, mark, ANNA),
            lambda: acts.foresee(1, (Assignment(1, "815"),)),
            lambda: acts.discard(1, [1], "Testbild", mark, ANNA),
        ):
            with pytest.raises(AlreadyDecided) as error:
                late()
            assert (error.value.who, error.value.what) == (SOMMER, "released")
            assert error.value.number == "4711"
            assert "4711" not in str(error.value)
        stage.practice.wait()
        assert {one.patient.id for one in stage.practice.records().values()} == {"4711"}

    @pytest.mark.parametrize("meanwhile", ["picture", "order"])
    def test_what_was_shown_is_what_happens(self, stage: Stage, meanwhile: str) -> None:
        """Something came since: nothing is done, and the person looks again."""
        scenes.without_number(stage)
        view_of(stage)
        acts = stage.practice.core.clarifying.acts
        chosen = (Assignment(1, "4711"),)
        mark = acts.foresee(1, chosen).mark
        if meanwhile == "picture":
            stage.image(PatientID="", PatientName="NOTFALL", PatientBirthDate="")
        else:
            stage.practice.core.orders.place(stage.practice.order())
        with pytest.raises(Outdated):
            acts.assign(1, chosen, mark, ANNA)
        stage.practice.wait()
        assert stage.practice.files() == []
        assign(stage, *chosen)
        stage.practice.wait()
        assert stage.practice.files()

    def test_who_looks_is_told_to_others(self) -> None:
        """For half a minute after the last look."""
        now = [0.0]
        leases = Leases(lambda: now[0])
        assert leases.look("exam-1", SOMMER) == ()
        assert leases.look("exam-1", ANNA) == (SOMMER,)
        assert leases.look("exam-2", ANNA) == ()
        leases.leave("exam-1", ANNA)
        now[0] = 29
        assert leases.look("exam-1", SOMMER) == ()
        now[0] = 60
        assert leases.look("exam-1", ANNA) == ()

    def test_the_number_of_somebody_else_is_said_before(self, stage: Stage) -> None:
        """It is told whose it is; having been shown that is the confirmation."""
        scenes.number_of_another(stage)
        view_of(stage)
        chosen = (Assignment(1, "4711"),)
        foreseen = stage.practice.core.clarifying.acts.foresee(1, chosen)
        (doubt,) = foreseen.doubts
        assert doubt.number == "4711"
        assert "Omega" in doubt.sent
        assert any("Müller" in one for one in doubt.known)
        assert not foreseen.consequences.held
        (event,) = [one for one in _events(stage) if one.what == "decided"][-1:]
        assert event.detail["outcome"] == "hold"
        assign(stage, *chosen)
        assert _events(stage)[-1].detail["confirmed"] is True


def _events(stage: Stage) -> tuple[ExamEvent, ...]:
    return stage.practice.core.overview.dossier(STUDY).events


def test_a_correction_that_belongs_where_it_was(stage: Stage) -> None:
    """The chart that has the first pictures gets the later ones: nothing is taken back there."""
    scenes.correction(stage)
    view_of(stage)
    acts = stage.practice.core.clarifying.acts
    chosen = (Assignment(2, "4711"),)
    foreseen = acts.foresee(1, chosen)
    assert foreseen.consequences.taken_back == ()
    known = set(stage.practice.files())
    acts.assign(1, chosen, foreseen.mark, ANNA)
    stage.practice.wait()
    new = [one for name, one in stage.practice.records().items() if name not in known]
    assert not any("Irrtümlich" in text(one) for one in new)


def test_what_was_decided_today(stage: Stage) -> None:
    """Who, what and whose chart, of each part the last word; what was undone is not told."""
    scenes.several(stage)
    view_of(stage)
    queue = stage.practice.core.clarifying.queue
    assign(stage, Assignment(1, "4711"))
    assign(stage, Assignment(2, "815"), who=SOMMER)
    (second, first) = queue.decided_today()
    assert (first.number, first.event.who, first.event.what) == ("4711", ANNA, "released")
    assert [one.id for one in second.patients] == ["815"]
    stage.practice.core.clarifying.acts.undo(1, 2, SOMMER)
    assert [one.number for one in queue.decided_today()] == ["4711"]
    stage.practice.clock.seconds += 86400
    assert queue.decided_today() == ()


class TestBack:
    """Taking back, as long as nothing left."""

    def test_as_long_as_nothing_left(self, stage: Stage) -> None:
        """The exam waits again as it did, and no file was written."""
        scenes.without_number(stage)
        before = view_of(stage)
        acts = stage.practice.core.clarifying.acts
        assign(stage, Assignment(1, "4711"))
        acts.undo(1, 1, ANNA)
        after = view_of(stage)
        assert after.parts[0].reason == before.parts[0].reason
        assert stage.practice.files() == []
        assert _events(stage)[-1].who == ANNA

    def test_not_once_it_left(self, stage: Stage) -> None:
        """Then it is withdrawn instead."""
        scenes.without_number(stage)
        view_of(stage)
        assign(stage, Assignment(1, "4711"))
        stage.practice.wait()
        stage.practice.collect()
        acts = stage.practice.core.clarifying.acts
        with pytest.raises(TooLate):
            acts.undo(1, 1, ANNA)


def test_what_is_only_seen(stage: Stage) -> None:
    """A report that cannot be read is on the list until somebody has seen it."""
    stage.image()
    stage.practice.reader.limits_left = 9
    stage.report()
    stage.practice.wait()
    desk = stage.practice.core.clarifying
    (line,) = desk.queue.lines()
    assert line.reason.code == "report-unreadable"
    assert line.key.startswith("object-")
    assert line.item is not None
    desk.acts.dismiss_study(line.item.names["study"], line.person, ANNA)
    assert desk.queue.lines() == ()
    with pytest.raises(NotFound):
        desk.queue.line(line.key)


def test_a_reason_is_needed_to_discard(stage: Stage) -> None:
    """It stands in the history."""
    scenes.without_number(stage)
    view_of(stage)
    acts = stage.practice.core.clarifying.acts
    mark = acts.foresee_discard(1, [1]).mark
    with pytest.raises(OrderError) as error:
        acts.discard(1, [1], " ", mark, ANNA)
    assert error.value.field == "reason"
    acts.discard(1, [1], "Testbild", mark, ANNA)
    assert _events(stage)[-1].detail["reason"] == "Testbild"
