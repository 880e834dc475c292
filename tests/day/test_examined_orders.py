"""Orders that were begun, ended or broken off: what each place says of them then, and later."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

from gdtbridge.attention.order_source import ExaminedOrderSource
from gdtbridge.attention.step_source import StepSource
from gdtbridge.day import LineState, ReasonCode
from gdtbridge.fhir.resources.service_requests import service_request_resource
from gdtbridge.work_items.form import PERFORMED
from tests.tools.practice import Practice
from tests.tools.steps import StepDevice, begun
from worklist import Entry
from worklist.item import sequence_element, text_element

CLAIM = "2.25.1001"
TIMES = (
    text_element("PerformedProcedureStepStartDateTime", "20240115093100"),
    text_element("PerformedProcedureStepEndDateTime", "20240115094500"),
)
FINISHED = dict((sequence_element(PERFORMED, dict(TIMES)),))
HOUR, NIGHT = 3601.0, 20 * 3600.0


class Said(NamedTuple):
    """What is said of an order."""

    line: LineState
    reason: ReasonCode
    listed: str
    """Scheduled Procedure Step Status a device finds; empty where the entry is gone."""
    item: str
    """Procedure Step State of its work item."""
    request: str
    """Status of the ServiceRequest."""
    told: str = ""
    """What needs a person."""


WAITS = Said(LineState.WAITING, ReasonCode.UNASKED, "SCHEDULED", "SCHEDULED", "active")
BEGUN = Said(LineState.IN_EXAMINATION, ReasonCode.SINCE, "STARTED", "IN PROGRESS", "active")
DONE = Said(LineState.RECEIVING, ReasonCode.ANNOUNCED, "", "COMPLETED", "completed")
LACKS = DONE._replace(
    line=LineState.NEEDS_YOU, reason=ReasonCode.NO_PICTURES, told="order-without-images"
)
LEFT = LACKS._replace(item="CANCELED", request="revoked")
OFF = Said(LineState.CANCELLED, ReasonCode.SINCE, "", "CANCELED", "revoked")
OVER = OFF._replace(line=LineState.EXPIRED)
AWAITED = LACKS._replace(reason=ReasonCode.STEP, told="step-instances-missing")
HERE = DONE._replace(reason=ReasonCode.OBJECTS)
LIES = DONE._replace(line=LineState.ON_ITS_WAY, reason=ReasonCode.LYING)


class Ward:
    """A practice with an order for each way an examination may go."""

    def __init__(self, practice: Practice) -> None:
        self.practice = practice
        self.day = practice.core.day.today
        self.device = StepDevice(practice)
        self.entries: dict[str, Entry] = {}

    def place(self, way: str) -> None:
        """Order for somebody."""
        name = f"P{len(self.entries)}"
        request = self.practice.order(patient_id=name, family_name=f"Muster{name}")
        self.entries[way] = self.practice.core.orders.place(request).entry

    def item(self, way: str) -> str:
        """Return the UID of an order's work item."""
        patient = self.entries[way].PatientID
        (one,) = self.practice.core.work_item_search.find([("PatientID", patient)], [])
        return str(one["00080018"]["Value"][0])

    def claim(self, way: str, then: str = "") -> None:
        """Claim the work item; end it where ``then`` says so."""
        items, uid = self.practice.core.work_items, self.item(way)
        items.change_state(uid, "IN PROGRESS", CLAIM)
        if then == "COMPLETED":
            items.update(uid, FINISHED, CLAIM)
        if then:
            items.change_state(uid, then, CLAIM)

    def begin(self, way: str) -> str:
        """Have the device begin; return the UID of its step."""
        entry, uid = self.entries[way], f"2.25.7{len(way)}"
        who = {"PatientID": entry.PatientID, "PatientName": entry.PatientName}
        return self.device.begin(begun(entry.StudyInstanceUID, **who), uid)

    def send(self, way: str) -> None:
        """Send an image."""
        entry = self.entries[way]
        self.practice.send(
            PatientID=entry.PatientID,
            PatientName=entry.PatientName,
            StudyInstanceUID=entry.StudyInstanceUID,
            AccessionNumber=entry.AccessionNumber,
            StudyDate=f"{self.day:%Y%m%d}",
        )

    def remove(self, way: str) -> None:
        """Take the file of the entry away, as anybody may."""
        entry = self.entries[way]
        self.practice.worklist.remove(entry.AccessionNumber, study_uid=entry.StudyInstanceUID)

    def claim_and_remove(self, way: str) -> None:
        """Claim the work item; then the file of its entry goes."""
        self.claim(way)
        self.remove(way)

    def complete_and_send(self, way: str) -> None:
        """Complete the work item; then an image comes."""
        self.claim(way, "COMPLETED")
        self.send(way)

    def said(self, way: str) -> Said:
        """Return what every place says."""
        practice, entry = self.practice, self.entries[way]
        lines = practice.core.day.lines(self.day).lines
        (line,) = (one for one in lines if one.order_number == entry.AccessionNumber)
        listed = practice.worklist.by_study_uid(entry.StudyInstanceUID)
        item = practice.core.work_items.get(self.item(way))
        sources = (kind(practice.database, practice.clock) for kind in SOURCES)
        needs = [one for source in sources for one in source.items()]
        return Said(
            line.state,
            line.reason.code,
            listed.ScheduledProcedureStepStatus if listed is not None else "",
            item.state,
            service_request_resource(item.order, entry.PatientID)["status"],
            ", ".join(one.code for one in needs if one.names["study"] == entry.StudyInstanceUID),
        )


SOURCES = (ExaminedOrderSource, StepSource)
WAYS: Mapping[str, tuple[Callable[[Ward, str], object], tuple[Said, Said, Said]]] = {
    "nobody": (lambda _ward, _way: None, (WAITS, WAITS, OVER)),
    "claimed": (Ward.claim, (BEGUN, BEGUN, LEFT)),
    "completed": (lambda ward, way: ward.claim(way, "COMPLETED"), (DONE, LACKS, LACKS)),
    "discontinued": (lambda ward, way: ward.claim(way, "CANCELED"), (OFF, OFF, OFF)),
    "cancel asked": (
        lambda ward, way: ward.practice.core.work_items.request_cancel(ward.item(way), {}),
        (OFF, OFF, OFF),
    ),
    "device began": (Ward.begin, (BEGUN, BEGUN, LEFT)),
    "device completed": (
        lambda ward, way: ward.device.end(uid=ward.begin(way)),
        (DONE, LACKS, LACKS),
    ),
    "device announced images": (
        lambda ward, way: ward.device.end("2.25.501", uid=ward.begin(way)),
        (DONE, AWAITED, AWAITED),
    ),
    "device broke it off": (
        lambda ward, way: ward.device.end(uid=ward.begin(way), state="DISCONTINUED"),
        (WAITS, WAITS, OVER),
    ),
    "entry removed": (
        lambda ward, way: ward.remove(way),
        (WAITS._replace(listed=""), WAITS._replace(listed=""), OVER),
    ),
    "claimed, entry removed": (
        lambda ward, way: ward.claim_and_remove(way),
        (BEGUN._replace(listed=""), BEGUN._replace(listed=""), LEFT),
    ),
    "completed, images came": (
        lambda ward, way: ward.complete_and_send(way),
        (HERE, LIES, LIES),
    ),
}
"""What happens to an order, and what is said of it then, after an hour, and the next morning."""


def test_every_place_says_the_same_of_an_examination(practice: Practice) -> None:
    """Who was examined and of whom nothing came is neither expired nor forgotten."""
    ward = Ward(practice)
    for way in WAYS:
        ward.place(way)
    for way, (act, _) in WAYS.items():
        act(ward, way)
    for moment, seconds in enumerate((0.0, HOUR, NIGHT)):
        practice.wait(seconds)
        practice.core.orders.clean()
        for way, (_, told) in WAYS.items():
            assert (way, moment, ward.said(way)) == (way, moment, told[moment])
    needs = ExaminedOrderSource(practice.database, practice.clock).items()
    assert needs, "who is to send the images again has to know from where"
    assert all("(Auftrag für US01). / " in one.detail for one in needs)

    search = practice.core.search
    found = search.find(search.read("Muster")).lines
    assert {one.order_number for one in found} == {
        one.AccessionNumber for one in ward.entries.values()
    }
    for way, (_, told) in WAYS.items():
        if told[2].line is LineState.NEEDS_YOU:
            practice.core.corrections.accept(ward.entries[way].StudyInstanceUID)
            known = told[2]._replace(
                told="", line=LineState.WITHOUT_PICTURES, reason=ReasonCode.NO_PICTURES
            )
            assert (way, ward.said(way)) == (way, known)
    late = "device completed"  # the image may come for all that
    ward.send(late)
    assert ward.said(late) == HERE
    practice.wait()
    assert ward.said(late) == LIES
