"""UPS-RS: work items are orders, made, found, claimed and ended by their calls."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from datetime import date
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from pydicom.datadict import keyword_for_tag, tag_for_keyword
from werkzeug.test import TestResponse

from gdtbridge.day import LineState
from gdtbridge.errors import TooLate
from gdtbridge.orders.book import OrderBook
from gdtbridge.orders.model import Order, OrderState
from gdtbridge.service import web_ports
from gdtbridge.settings import load_settings
from gdtbridge.web import create_app
from gdtbridge.web.dicomweb.place import ROOT
from gdtbridge.work_items import book
from gdtbridge.work_items.states import state_of
from gdtbridge.work_items.uids import order_id_in
from tests.orders.test_orders import refusing
from tests.tools.practice import Practice
from tests.tools.steps import StepDevice, begun, ended, message
from worklist import StepStatus
from worklist.item import vr_of

CLAIM, OTHER = "2.25.1001", "2.25.1002"
NUMBERS = count(1)


def told(**values: Any) -> dict[str, Any]:
    """Return attributes by keyword as DICOM JSON."""
    dataset = {}
    for keyword, value in values.items():
        tag = tag_for_keyword(keyword)
        assert tag is not None
        values_told = value if isinstance(value, list) else [value]
        if vr_of(tag) == "PN":
            values_told = [{"Alphabetic": one} for one in values_told]
        dataset[f"{tag:08X}"] = {"vr": vr_of(tag), "Value": values_told}
    return dataset


def read(dataset: dict[str, Any]) -> dict[str, Any]:
    """Return the first value of each attribute by keyword."""
    found = {}
    for tag, attribute in dataset.items():
        values = attribute.get("Value", [None])
        found[keyword_for_tag(int(tag, 16))] = values[0]
    return found


def code(value: str, scheme: str = "99X") -> dict[str, Any]:
    """Return the item of a code sequence."""
    return told(CodeValue=value, CodingSchemeDesignator=scheme, CodeMeaning=value)


def wanted(**changes: Any) -> dict[str, Any]:
    """Return a new work item for somebody nobody knows yet."""
    number = next(NUMBERS)
    values = {
        "ProcedureStepState": "SCHEDULED",
        "ScheduledProcedureStepPriority": "HIGH",
        "ScheduledProcedureStepStartDateTime": "20241224093000",
        "ProcedureStepLabel": "Schilddrüse",
        "InputReadinessState": "READY",
        "WorklistLabel": "Sono",
        "PatientID": f"W{number}",
        "PatientName": f"Würfel^Ä{'n' * number}",
        "PatientBirthDate": "19580312",
        "PatientSex": "F",
        "ScheduledStationNameCodeSequence": code("US02"),
        "ScheduledStationClassCodeSequence": code("US", "DCM"),
    }
    return told(**{name: one for name, one in {**values, **changes}.items() if one is not None})


PERFORMED = told(
    UnifiedProcedureStepPerformedProcedureSequence=told(
        PerformedProcedureStepStartDateTime="20241224093100",
        PerformedProcedureStepEndDateTime="20241224094500",
    )
)


@dataclass(frozen=True)
class Calls:
    """The calls over a practice."""

    practice: Practice
    client: FlaskClient

    def send(self, method: str, path: str, said: Any = None, **more: Any) -> TestResponse:
        """Call an address below the work items."""
        if said is not None:
            more = {"data": json.dumps(said), "content_type": "application/dicom+json", **more}
        return self.client.open(f"{ROOT}/workitems{path}", method=method, **more)

    def make(self, **changes: Any) -> str:
        """Make a work item; return its path."""
        answer = self.send("POST", "", wanted(**changes))
        assert answer.status_code == 201, answer.text
        return str(answer.headers["Content-Location"]).rpartition("workitems")[2]

    def item(self, path: str) -> dict[str, Any]:
        """Return what a work item says."""
        (dataset,) = self.send("GET", path).get_json(force=True)
        return dict(dataset)

    def state(self, path: str) -> str:
        """Return its state."""
        return str(read(self.item(path))["ProcedureStepState"])

    def change(self, path: str, state: str, transaction: str = CLAIM) -> TestResponse:
        """Ask for another state."""
        said = told(ProcedureStepState=state, TransactionUID=transaction)
        return self.send("PUT", f"{path}/state", said)

    def found(self, query: str) -> list[dict[str, Any]]:
        """Return what a search finds, by keyword."""
        answer = self.send("GET", f"?{query}")
        assert answer.status_code == 200, answer.text
        return [read(one) for one in answer.get_json(force=True)]

    def number(self, path: str) -> str:
        """Return the accession number of a work item's order."""
        (request,) = self.item(path)["0040A370"]["Value"]
        return str(read(request)["AccessionNumber"])


@pytest.fixture(scope="module")
def calls(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Calls]:
    """Return the calls over a practice every test adds patients to."""
    folder: Path = tmp_path_factory.mktemp("items")
    settings = load_settings(environ={})
    practice = Practice(folder, settings)
    yield Calls(practice, create_app(settings, web_ports(practice.core), dict).test_client())
    practice.close()


def test_a_work_item_is_an_order(calls: Calls) -> None:
    """It stands on the list of devices, and says what the order says and what only it can say."""
    path = calls.make(
        ScheduledHumanPerformersSequence=told(HumanPerformerName="Muster^Max"),
        ScheduledWorkitemCodeSequence=code("110010", "DCM"),
        PatientSize=1.7,
        Allergies=["Latex", "Jod"],
        ReferencedRequestSequence=told(
            RequestingPhysician="Haus^Arzt", PlacerOrderNumberImagingServiceRequest="A-77"
        ),
    )
    said = read(calls.item(path))
    order = calls.practice.core.editor.read(calls.number(path))
    entry = calls.practice.worklist.get(order.accession_number)

    assert entry is not None
    assert (entry.PatientName, entry.ScheduledStationAETitle) == (order.patient.person_name, "US02")
    assert (order.procedure, order.physician) == ("Schilddrüse", "Muster^Max")
    assert order.details.RequestingPhysician == "Haus^Arzt"
    assert (order.details.PatientSize, order.details.Allergies) == ("1.7", ("Latex", "Jod"))
    assert order.reference.case_id == "A-77"  # a result repeats it as 8310
    assert said["SOPClassUID"] == "1.2.840.10008.5.1.4.34.6.1"
    assert said["StudyInstanceUID"] == order.study_instance_uid
    assert said["ScheduledProcedureStepStartDateTime"] == "20241224093000"
    assert said["WorklistLabel"] == "Sono"
    assert read(said["ScheduledWorkitemCodeSequence"])["CodeValue"] == "110010"
    assert said["ProcedureStepState"] == "SCHEDULED"
    assert "00081195" not in calls.item(path)


def test_a_day_alone_is_for_the_time_of_the_call(calls: Calls) -> None:
    """As of every other order: midnight is a time nobody meant. Said again it moves nothing."""
    start = "ScheduledProcedureStepStartDateTime"
    path = calls.make(**{start: "20250109"})
    assert read(calls.item(path))[start] == f"20250109{calls.practice.clock.local():%H%M%S}"
    calls.practice.clock.seconds += 60.0
    again = told(**{start: "20250109"})
    before = calls.item(path)
    assert calls.send("POST", path, again).status_code == 200
    assert read(calls.item(path))[start] == read(before)[start]


def test_every_order_is_a_work_item(calls: Calls) -> None:
    """One that was clicked has a UID made from it, which leads back to it."""
    request = calls.practice.order(patient_id="K1", family_name="Klick")
    calls.practice.core.orders.place(request)
    (one,) = calls.found("PatientID=K1")
    uid = one["SOPInstanceUID"]

    assert one["PatientName"] == {"Alphabetic": "Klick^Änne"}
    assert read(calls.item(f"/{uid}"))["PatientID"] == "K1"
    assert calls.send("GET", f"/{uid[:-1]}{(int(uid[-1]) + 1) % 10}").status_code == 404
    assert [order_id_in(one) for one in ("", "1.2", "2.25.x", "2.25.01")] == [None] * 4


def test_a_named_uid_is_kept_and_used_once(calls: Calls) -> None:
    """In the address under both names, or in the dataset; a bare object or a list."""
    said = wanted(StudyInstanceUID="2.25.88001")
    first = calls.send("POST", "?workitem=2.25.7001", [said])
    again = calls.send("POST", "?AffectedSOPInstanceUID=2.25.7001", wanted())

    assert first.headers["Location"] == "http://localhost/dicom-web/workitems/2.25.7001"
    assert (again.status_code, again.headers["Content-Location"][-9:]) == (409, "2.25.7001")
    assert read(calls.item("/2.25.7001"))["StudyInstanceUID"] == "2.25.88001"
    taken = calls.send("POST", "", wanted(StudyInstanceUID="2.25.88001"))
    assert taken.get_json()["errors"][0]["field"] == "StudyInstanceUID"
    double = calls.send("POST", "", said)
    assert (double.status_code, double.headers["Content-Location"][-9:]) == (409, "2.25.7001")
    assert len(calls.found("ReferencedRequestSequence.StudyInstanceUID=2.25.88001")) == 1


def test_an_accession_number_is_the_order_s(calls: Calls) -> None:
    """Another one is kept as the client's own number, which the answer tells as a modification."""
    request = told(AccessionNumber="RIS-1")
    answer = calls.send("POST", "", wanted(ReferencedRequestSequence=request))
    path = answer.headers["Location"].rpartition("workitems")[2]

    assert answer.headers["Warning"].endswith(": The UPS was created with modifications.")
    assert calls.number(path).startswith("R0")
    order = calls.practice.core.editor.read(calls.number(path))
    assert order.reference.case_id == "RIS-1"


def test_a_chart_that_moved_gets_the_order(calls: Calls) -> None:
    """As an order of any other way; the answer tells that it bears another number."""
    calls.make(PatientID="ALT1", PatientName="Umzug^Ute")
    calls.practice.core.renumbering.renumber("ALT1", "NEU1", confirmed=True)
    again = wanted(PatientID="ALT1", PatientName="Umzug^Ute", ProcedureStepLabel="Abdomen")
    answer = calls.send("POST", "", again)

    assert answer.headers["Warning"].endswith(": The UPS was created with modifications.")
    assert {one["ProcedureStepLabel"] for one in calls.found("PatientID=NEU1")} == {
        "Abdomen",
        "Schilddrüse",
    }


def test_a_chart_that_moves_meanwhile_gets_the_order(
    calls: Calls, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Under the number it has when the order is entered, not when it was looked at."""
    calls.make(PatientID="ALT2", PatientName="Umzug^Uwe")
    entering, before = OrderBook.writing, iter([True])

    def moves_first(self: OrderBook) -> AbstractContextManager[None]:
        if next(before, False):
            calls.practice.core.renumbering.renumber("ALT2", "NEU2", confirmed=True)
        return entering(self)

    monkeypatch.setattr(OrderBook, "writing", moves_first)
    calls.make(PatientID="ALT2", PatientName="Umzug^Uwe", ProcedureStepLabel="Abdomen")
    found = calls.found("PatientName=Umzug^Uwe")
    assert [one["PatientID"] for one in found] == ["NEU2", "NEU2"]


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"PatientID": None}, "PatientID"),
        ({"ProcedureStepLabel": ""}, "ProcedureStepLabel"),
        ({"ScheduledProcedureStepPriority": "URGENT"}, "ScheduledProcedureStepPriority"),
        ({"ProcedureStepState": "IN PROGRESS"}, None),
        ({"TransactionUID": CLAIM}, "TransactionUID"),
        ({"PatientBirthDate": "12.03.58"}, "PatientBirthDate"),
        ({"PatientName": "^Nur"}, "PatientName"),
        ({"PatientSex": "X"}, "PatientSex"),
        (
            {"ScheduledProcedureStepStartDateTime": "20200101"},
            "ScheduledProcedureStepStartDateTime",
        ),
        ({"ScheduledProcedureStepStartDateTime": "morgen"}, "ScheduledProcedureStepStartDateTime"),
        (
            {"ScheduledProcedureStepStartDateTime": "00010101000000+1400"},
            "ScheduledProcedureStepStartDateTime",
        ),
        ({"ScheduledStationNameCodeSequence": code("Ü")}, "ScheduledStationNameCodeSequence"),
        ({"StudyInstanceUID": "1..2"}, "StudyInstanceUID"),
        ({"PregnancyStatus": 9}, "PregnancyStatus"),
    ],
)
def test_what_makes_no_order_is_refused(
    calls: Calls, changes: dict[str, Any], field: str | None
) -> None:
    """With the attribute that is wrong; nothing is on the list afterwards."""
    before = len(calls.practice.worklist.entries())
    answer = calls.send("POST", "", wanted(**changes))

    assert answer.status_code == 400
    errors = answer.get_json().get("errors", [])
    assert ([one["field"] for one in errors] or [None])[0] == field
    assert len(calls.practice.worklist.entries()) == before


@pytest.mark.parametrize(
    "body",
    [
        *("", "x", "[]", "[1]", "[{}, {}]", '{"1": {}}', '{"00100010": 1}', "[" * 9000),
        *('{"00100020": {"vr": "LO", "Value": [1]}}', '{"00100020": {"vr": "LO", "Value": "x"}}'),
        '{"00100020": {"vr": "LO", "Value": ["a\\\\b"]}}',
        '{"00100010": {"vr": "PN", "Value": [{"Alphabetic": "\\ud800"}]}}',
        '{"00101030": {"vr": "DS", "Value": [1' + "0" * 400 + "]}}",
        '{"00101030": {"vr": "DS", "Value": [true]}}',
        '{"00189073": {"vr": "FD", "Value": [1' + "0" * 400 + "]}}",
        '{"00741210": {"vr": "SQ", "Value": [' * 40 + "{}" + "]}}" * 40,
        '{"00091001": {"vr": "OB", "InlineBinary": "%%%"}}',
        '{"00091001": {"vr": "OB", "BulkDataURI": "http://x"}}',
        '{"00104000": {"vr": "LT", "InlineBinary": "AAAA"}}',
    ],
)
def test_what_is_no_dataset_is_refused(calls: Calls, body: str) -> None:
    """Without an answer of ours that is no answer."""
    sent = {"data": body, "content_type": "application/dicom+json"}
    assert calls.send("POST", "", **sent).status_code == 400
    assert calls.send("POST", "", data="x", content_type="text/plain").status_code == 415


def test_what_could_not_be_told_again_is_not_kept(calls: Calls) -> None:
    """A reason as deep as may be is refused with what it would stand in; the search goes on."""
    path = calls.make()
    deep = '{"0074100E": {"vr": "SQ", "Value": [' * 15 + "{}" + "]}}" * 15
    sent = {"data": deep, "content_type": "application/dicom+json"}
    assert calls.send("POST", f"{path}/cancelrequest", **sent).status_code == 400
    assert calls.state(path) == "SCHEDULED"
    assert calls.found("")


def test_one_of_two_claims_wins_and_ends_it(calls: Calls) -> None:
    """With its Transaction UID alone, and not before it said when it was begun and ended."""
    path = calls.make()
    assert calls.change(path, "COMPLETED").status_code == 409  # nobody has it
    assert calls.change(path, "IN PROGRESS").status_code == 200
    second = calls.change(path, "IN PROGRESS", OTHER)
    assert (second.status_code, "already IN PROGRESS" in second.text) == (409, True)
    entry = calls.practice.worklist.get(calls.number(path))
    assert entry is not None
    assert entry.ScheduledProcedureStepStatus == StepStatus.STARTED
    day = calls.practice.core.day.lines(date(2024, 12, 24))
    (line,) = (one for one in day.lines if one.order_number == calls.number(path))
    assert line.state is LineState.IN_EXAMINATION

    for transaction, wrong in {OTHER: "incorrect", "": "missing"}.items():
        refused = calls.change(path, "COMPLETED", transaction)
        assert refused.status_code == 400
        assert refused.headers["Warning"].endswith(f": The Transaction UID is {wrong}.")
    assert calls.change(path, "COMPLETED").status_code == 409  # C304
    assert calls.send("POST", path, PERFORMED).status_code == 400
    assert calls.send("POST", f"{path}?transaction={OTHER}", PERFORMED).status_code == 400
    assert calls.send("POST", f"{path}?transaction-uid={CLAIM}", PERFORMED).status_code == 200
    assert calls.change(path, "COMPLETED").status_code == 200

    assert calls.state(path) == "COMPLETED"
    again = calls.change(path, "COMPLETED")
    assert again.headers["Warning"].endswith("already in the requested state of COMPLETED.")
    assert calls.practice.worklist.get(calls.number(path)) is None
    order = calls.practice.core.editor.read(calls.number(path))
    assert order.state is OrderState.DONE
    for late in (calls.change(path, "CANCELED"), calls.send("POST", path, PERFORMED)):
        assert late.status_code == 409


def test_of_many_claims_at_once_one_wins(calls: Calls) -> None:
    """The others are told that it is in progress."""
    path = calls.make()
    application = calls.client.application

    def claim(number: int) -> int:
        own = Calls(calls.practice, application.test_client())
        return own.change(path, "IN PROGRESS", f"2.25.{number}").status_code

    with ThreadPoolExecutor(4) as clients:
        assert sorted(clients.map(claim, range(1, 5))) == [200, 409, 409, 409]


def test_a_device_s_steps_are_the_work_item_s(calls: Calls) -> None:
    """MPPS begins and completes it, and tells what was performed; nobody can claim it meanwhile."""
    path = calls.make()
    study = str(read(calls.item(path))["StudyInstanceUID"])
    who = read(calls.item(path))
    steps = calls.practice.core.steps
    person = {
        "PatientID": who["PatientID"],
        "PatientName": who["PatientName"]["Alphabetic"],
        "PatientBirthDate": "19580312",
    }
    uid = steps.create(message(begun(study, **person)), None)
    steps.follow()
    assert calls.state(path) == "IN PROGRESS"
    assert calls.change(path, "IN PROGRESS").status_code == 409
    assert calls.send("POST", f"{path}/cancelrequest").status_code == 409  # no performer to ask
    steps.update(message(ended()), uid)
    steps.follow()

    assert calls.state(path) == "COMPLETED"
    performed = read(read(calls.item(path))["UnifiedProcedureStepPerformedProcedureSequence"])
    assert read(performed["PerformedStationNameCodeSequence"])["CodeValue"] == "US01"
    assert performed["PerformedProcedureStepEndDateTime"]


def test_a_claim_ends_with_what_was_begun(calls: Calls) -> None:
    """Who had claimed what a device broke off cannot end what a device has begun since."""
    path = calls.make()
    who = read(calls.item(path))
    person = {"PatientID": who["PatientID"], "PatientName": who["PatientName"]["Alphabetic"]}
    step = begun(str(who["StudyInstanceUID"]), **person, PatientBirthDate="19580312")
    device = StepDevice(calls.practice)
    assert calls.change(path, CLAIMED).status_code == 200
    device.begin(step, "2.25.801")
    assert calls.send("POST", f"{path}?transaction={CLAIM}", PERFORMED).status_code == 200
    device.end(uid="2.25.801", state="DISCONTINUED")
    assert calls.state(path) == SCHEDULED
    device.begin(step, "2.25.802")
    assert calls.state(path) == CLAIMED

    assert calls.change(path, DONE).status_code == 400
    assert calls.change(path, ENDED).status_code == 400
    assert calls.state(path) == CLAIMED


def test_a_request_cancels_what_nobody_has_begun(calls: Calls) -> None:
    """The order leaves the list, and the item says why."""
    path = calls.make()
    number = calls.number(path)
    said = told(ReasonForCancellation="Termin verlegt", ContactDisplayName="Anmeldung")
    assert calls.send("POST", f"{path}/cancelrequest/ROOM1", said).status_code == 202

    assert calls.practice.worklist.get(number) is None
    assert calls.practice.core.editor.read(number).state is OrderState.CANCELLED
    progress = read(read(calls.item(path))["ProcedureStepProgressInformationSequence"])
    assert progress["ReasonForCancellation"] == "Termin verlegt"
    assert progress["ProcedureStepCancellationDateTime"]
    again = calls.send("POST", f"{path}/cancelrequest")
    assert (again.status_code, again.headers["Warning"][-9:]) == (202, "CANCELED.")
    calls.practice.core.editor.restore(number)  # a person brings it back
    assert calls.state(path) == "SCHEDULED"


def test_who_claimed_it_may_discontinue_it(calls: Calls) -> None:
    """The order is cancelled then; not while images of it are here."""
    path = calls.make()
    calls.send(
        "PUT", f"{path}/state/ROOM1", told(ProcedureStepState="IN PROGRESS", TransactionUID=CLAIM)
    )
    assert calls.change(path, "SCHEDULED").status_code == 409
    assert calls.change(path, "nonsense").status_code == 400
    assert calls.change(path, "CANCELED").status_code == 200
    assert calls.state(path) == "CANCELED"
    assert calls.change(path, "IN PROGRESS", OTHER).status_code == 409

    other = calls.make()
    who = read(calls.item(other))
    calls.practice.send(
        PatientID=who["PatientID"],
        PatientName=who["PatientName"]["Alphabetic"],
        StudyInstanceUID=who["StudyInstanceUID"],
    )
    assert calls.send("POST", f"{other}/cancelrequest").status_code == 409


def test_an_update_changes_the_order(calls: Calls) -> None:
    """What is the order's there, the rest here; whom it is for never."""
    path = calls.make(ScheduledProcedureStepPriority="MEDIUM")
    changes = told(
        ProcedureStepLabel="Abdomen",
        ScheduledStationNameCodeSequence=code("US03"),
        ExpectedCompletionDateTime="20241224100000",
    )
    assert calls.send("POST", path, changes).status_code == 200

    entry = calls.practice.worklist.get(calls.number(path))
    assert entry is not None
    assert (entry.RequestedProcedureDescription, entry.ScheduledStationAETitle) == (
        "Abdomen",
        "US03",
    )
    assert read(calls.item(path))["ExpectedCompletionDateTime"] == "20241224100000"
    refused = calls.send("POST", path, told(PatientID="9", ProcedureStepState="COMPLETED"))
    fields = {one["field"] for one in refused.get_json()["errors"]}
    assert (refused.status_code, fields) == (400, {"PatientID", "ProcedureStepState"})
    assert calls.send("POST", f"{path}?transaction={CLAIM}", changes).status_code == 409
    assert calls.send("POST", "/2.25.1", changes).status_code == 404


def test_an_update_changes_order_and_item_or_neither(
    calls: Calls, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where more is said than is kept, and where the folder of the list refuses."""
    path = calls.make()
    changes = told(ProcedureStepLabel="Abdomen", InputReadinessState="INCOMPLETE")

    def refused(status: int) -> None:
        before = calls.item(path)
        assert calls.send("POST", path, changes).status_code == status
        assert calls.item(path) == before
        entry = calls.practice.worklist.get(calls.number(path))
        assert entry is not None
        assert entry.RequestedProcedureDescription == "Schilddrüse"

    with monkeypatch.context() as patched:
        patched.setattr(book, "MOST_SAID", 10)
        refused(413)
    with refusing(calls.practice, "replace"):
        refused(503)
    assert calls.send("POST", path, changes).status_code == 200
    said = read(calls.item(path))
    assert (said["ProcedureStepLabel"], said["InputReadinessState"]) == ("Abdomen", "INCOMPLETE")


def test_a_change_knows_what_began_meanwhile(calls: Calls, monkeypatch: pytest.MonkeyPatch) -> None:
    """A device that begins, or a client that claims, while the order is read is not undone."""
    path = calls.make()
    order = calls.practice.core.editor.read(calls.number(path))
    drafted = OrderBook.change

    def begins(self: OrderBook, *said: Any) -> Order:
        with calls.practice.database.write() as connection:
            self.examination_began(connection, order)
        return drafted(self, *said)

    with monkeypatch.context() as patched:
        patched.setattr(OrderBook, "change", begins)
        request = calls.practice.order(procedure="Abdomen")
        request = replace(request, patient=order.patient, station="US02")
        calls.practice.core.editor.edit(order.accession_number, lambda _: request)
    entry = calls.practice.worklist.get(order.accession_number)
    assert entry is not None
    assert entry.RequestedProcedureDescription == "Abdomen"
    assert entry.ScheduledProcedureStepStatus == StepStatus.STARTED
    assert calls.state(path) == CLAIMED

    def ends(self: OrderBook, *said: Any) -> Order:
        with calls.practice.database.write() as connection:
            self.examination_ended(connection, order)
        return drafted(self, *said)

    monkeypatch.setattr(OrderBook, "change", ends)
    with pytest.raises(TooLate):
        calls.practice.core.editor.edit(order.accession_number, lambda _: request)
    calls.practice.core.order_book.follow_examination()
    assert calls.practice.worklist.get(order.accession_number) is None


def test_a_search_matches_as_a_worklist_does(calls: Calls) -> None:
    """Nested keys of one item, states, days, wildcards; the page that is asked for."""
    first = calls.make(
        PatientID="S1",
        ScheduledStationNameCodeSequence=code("SUCH1"),
        ScheduledProcedureStepStartDateTime="20250110080000",
    )
    calls.make(
        PatientID="S2",
        ScheduledStationNameCodeSequence=code("SUCH2"),
        ScheduledProcedureStepStartDateTime="20250111080000",
    )
    assert calls.change(first, "IN PROGRESS").status_code == 200
    station = "ScheduledStationNameCodeSequence"
    for query, patients in {
        "PatientID=S*": ["S2", "S1"],
        "00741000=IN PROGRESS&PatientID=S1": ["S1"],
        "ProcedureStepState=SCHEDULED&PatientID=S*": ["S2"],
        "00404005=20250110": ["S1"],
        "00404005=20250110-20250111": ["S2", "S1"],
        "00404005=2025011012-": ["S2"],
        "00404005=20250110080000%2B0000-20250110080000%2B0000&PatientID=S1": ["S1"],
        f"{station}.CodeValue=SUCH1": ["S1"],
        f"{station}.CodeValue=SUCH1&{station}.CodingSchemeDesignator=NO": [],
        "PatientName=würfel*&PatientID=S1": ["S1"],
        "PatientName=wuerfl&PatientID=S1&fuzzymatching=true": ["S1"],
        "PatientID=S*&limit=1&offset=1": ["S1"],
        "TransactionUID=2.25.9&PatientID=S1": ["S1"],
    }.items():
        assert [one["PatientID"] for one in calls.found(query)] == patients, query
    (full,) = calls.found("PatientID=S1&includefield=all")
    assert "InputInformationSequence" in full
    assert "TransactionUID" not in full
    assert "Warning" in calls.send("GET", "?PatientID=S*&limit=1").headers
    assert calls.send("GET", "?00404005=gestern").status_code == 400
    packed = calls.send("GET", "?PatientID=S*", headers={"Accept-Encoding": "gzip"})
    assert [read(one)["PatientID"] for one in json.loads(gzip.decompress(packed.data))] == [
        "S2",
        "S1",
    ]


SCHEDULED, CLAIMED, DONE, ENDED = "SCHEDULED", "IN PROGRESS", "COMPLETED", "CANCELED"
ACTS: dict[str, Callable[[Calls, str], TestResponse]] = {
    "claim": lambda calls, path: calls.change(path, "IN PROGRESS"),
    "claim by another": lambda calls, path: calls.change(path, "IN PROGRESS", OTHER),
    "complete": lambda calls, path: calls.change(path, "COMPLETED"),
    "complete by another": lambda calls, path: calls.change(path, "COMPLETED", OTHER),
    "discontinue": lambda calls, path: calls.change(path, "CANCELED"),
    "discontinue by another": lambda calls, path: calls.change(path, "CANCELED", OTHER),
    "ask to cancel": lambda calls, path: calls.send("POST", f"{path}/cancelrequest"),
    "update": lambda calls, path: calls.send("POST", path, told(WorklistLabel="Neu")),
    "update it claimed": lambda calls, path: calls.send(
        "POST", f"{path}?transaction={CLAIM}", told(WorklistLabel="Neu")
    ),
}
STATUSES = {
    SCHEDULED: (200, 200, 409, 409, 409, 409, 202, 200, 409),
    CLAIMED: (409, 409, 200, 400, 200, 400, 409, 400, 200),
    DONE: (409, 409, 200, 200, 409, 409, 409, 409, 409),
    ENDED: (409, 409, 409, 409, 200, 200, 202, 409, 409),
}
"""What each act is answered in each state (PS3.4 Table CC.1.1-2)."""
WARNINGS = {
    "The Transaction UID is missing.",
    "The Transaction UID is incorrect.",
    "The submitted request is inconsistent with the state of the UPS Instance.",
    "The UPS is already COMPLETED.",
    "The performer cannot be contacted.",
}
"""What a refusal must say one of (PS3.18 11.6.3.2 to 11.8.3.2)."""
BECOMES = {
    (SCHEDULED, "claim"): CLAIMED,
    (SCHEDULED, "claim by another"): CLAIMED,
    (SCHEDULED, "ask to cancel"): ENDED,
    (CLAIMED, "complete"): DONE,
    (CLAIMED, "discontinue"): ENDED,
}


def brought_to(calls: Calls, state: str) -> str:
    """Return the path of a new work item in a state."""
    path = calls.make()
    if state != SCHEDULED:
        assert calls.change(path, CLAIMED).status_code == 200
        calls.send("POST", f"{path}?transaction={CLAIM}", PERFORMED)
    if state in {DONE, ENDED}:
        assert calls.change(path, state).status_code == 200
    return path


@pytest.mark.parametrize("state", STATUSES)
def test_every_act_in_every_state(calls: Calls, state: str) -> None:
    """Answered by the table; what is refused leaves the item as it is."""
    path = brought_to(calls, state)
    for (act, do), status in zip(ACTS.items(), STATUSES[state], strict=True):
        answer = do(calls, path)
        assert (answer.status_code, act) == (status, act), answer.text
        told_why = answer.headers.get("Warning", "").partition("dicom-web: ")[2]
        assert status < 300 or told_why in WARNINGS, act
        assert calls.state(path) == BECOMES.get((state, act), state), act
        if (state, act) in BECOMES:
            path = brought_to(calls, state)


def test_the_table_of_states_is_whole() -> None:
    """Whatever an order is, its work item has a state."""
    for state in OrderState:
        for step in (*StepStatus, "ARRIVED"):
            assert state_of(state, step)


def test_a_restart_keeps_a_claim(calls: Calls, tmp_path: Path) -> None:
    """Who claimed an item goes on with it."""
    practice = Practice(tmp_path, load_settings(environ={}))
    here = Calls(
        practice, create_app(practice.settings, web_ports(practice.core), dict).test_client()
    )
    path = here.make()
    assert here.change(path, "IN PROGRESS").status_code == 200
    practice.close()
    again = practice.again()
    there = Calls(again, create_app(again.settings, web_ports(again.core), dict).test_client())
    assert there.change(path, "IN PROGRESS", OTHER).status_code == 409
    assert there.change(path, "CANCELED").status_code == 200
    again.close()
