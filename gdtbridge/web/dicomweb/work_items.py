"""UPS-RS (PS3.18 chapter 11): the orders of the worklist as work items."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
from typing import Final

from flask import Response, request

from gdtbridge.errors import OrderError
from gdtbridge.retrieve.dicom_json import JsonDataset, json_dataset
from gdtbridge.tsv import table
from gdtbridge.web.access.principal import concerns_order, principal
from gdtbridge.web.access.titles import TitleRule
from gdtbridge.web.dicomweb.datasets import sent_dataset
from gdtbridge.web.dicomweb.negotiation import accepted
from gdtbridge.web.dicomweb.place import WebBase
from gdtbridge.web.dicomweb.searching import (
    answer_page,
    asked_attributes,
    form_of,
    wants_fuzzy_names,
    written,
)
from gdtbridge.web.ports.work_items import WorkItemPorts
from gdtbridge.web.problems import CallRefused, FieldProblem, ProblemDetails
from gdtbridge.work_items import AlreadyInState, WorkItem, WorkItemFault, WorkItemRefused
from worklist import Item, items_of, text_of
from worklist.item import NOTHING

WRONG: Final = "Fehlt oder ist nicht erlaubt. / Is missing or not permitted."
MODIFIED: Final = "The UPS was created with modifications."
ALREADY: Final = "The UPS is already in the requested state of {0}."
PATH: Final = "workitems"
UID_PARAMETERS: Final = ("workitem", "AffectedSOPInstanceUID")
TRANSACTION_PARAMETERS: Final = ("transaction-uid", "Transaction-uid", "transaction")
"""As editions and clients of the standard name them."""
KEYWORDS: Final = MappingProxyType(
    {
        "patient_id": "PatientID",
        "family_name": "PatientName",
        "given_name": "PatientName",
        "birth_date": "PatientBirthDate",
        "sex": "PatientSex",
        "modality": "ScheduledStationClassCodeSequence",
        "station": "ScheduledStationNameCodeSequence",
        "procedure": "ProcedureStepLabel",
        "physician": "ScheduledHumanPerformersSequence",
        "scheduled": "ScheduledProcedureStepStartDateTime",
        "study_instance_uid": "StudyInstanceUID",
        "priority": "ScheduledProcedureStepPriority",
        "referrer": "ReferringPhysicianName",
        "requester": "RequestingPhysician",
        "height": "PatientSize",
        "weight": "PatientWeight",
        "pregnancy": "PregnancyStatus",
        "lmp": "LastMenstrualDate",
        "allergies": "Allergies",
        "alerts": "MedicalAlerts",
        "reason": "ReasonForTheRequestedProcedure",
        "comment": "CommentsOnTheScheduledProcedureStep",
        "institution": "InstitutionName",
    }
)
"""The core's names of fields to the attributes of work items."""


@dataclass(frozen=True, slots=True)
class WorkItemCalls:
    """Each call reads what is said, asks the core once, and answers as the standard wants it."""

    ports: WorkItemPorts
    base: WebBase
    titles: TitleRule

    def search(self) -> Response:
        """Search for work items (PS3.18 11.9)."""
        keys, fields = asked_attributes()
        return answer_page(
            lambda: self.ports.search.find(keys, fields, fuzzy_names=wants_fuzzy_names()),
            self.base.uri(),
            _as_it_is,
        )

    def create(self) -> Response:
        """Create a work item (PS3.18 11.4)."""
        said = sent_dataset()
        uid = _parameter(*UID_PARAMETERS) or text_of(said, "SOPInstanceUID")
        with self._refusing():
            made = self.ports.items.create(said, uid)
        concerns_order(made.order)
        response = self._located(made.sop_instance_uid, 201)
        if _was_modified(said, made):
            self._warn(response, MODIFIED)
        return response

    def retrieve(self, uid: str) -> Response:
        """Retrieve a work item (PS3.18 11.5)."""
        form = form_of(accepted(request))
        with self._refusing():
            found = self.ports.items.get(uid)
        concerns_order(found.order)
        return written([json_dataset(found.item)], form)

    def update(self, uid: str) -> Response:
        """Update a work item (PS3.18 11.6)."""
        said = sent_dataset()
        with self._refusing():
            changed = self.ports.items.update(uid, said, _parameter(*TRANSACTION_PARAMETERS))
        concerns_order(changed.order)
        return self._located(changed.sop_instance_uid, 200)

    def change_state(self, uid: str, aet: str = "") -> Response:
        """Change the state of a work item (PS3.18 11.7)."""
        aet = self._title(aet)
        said = sent_dataset()
        wanted = text_of(said, "ProcedureStepState")
        known = text_of(said, "TransactionUID") or _parameter(*TRANSACTION_PARAMETERS)
        return self._changed(
            uid, 200, lambda: self.ports.items.change_state(uid, wanted, known, aet)
        )

    def request_cancel(self, uid: str, aet: str = "") -> Response:
        """Request the cancellation of a work item (PS3.18 11.8)."""
        aet = self._title(aet)
        said = sent_dataset() if request.content_length or request.mimetype else NOTHING
        return self._changed(uid, 202, lambda: self.ports.items.request_cancel(uid, said, aet))

    def _title(self, said: str) -> str:
        """Return the AE title for which a call speaks: as it says, else that of its token."""
        who = principal()
        if said:
            self.titles.must_permit(who, said)
        return said or who.aet

    def _changed(self, uid: str, status: int, change: Callable[[], WorkItem]) -> Response:
        told = ""
        with self._refusing():
            try:
                changed = change()
            except AlreadyInState as already:
                changed = self.ports.items.get(uid)
                told = ALREADY.format(already.state)
        concerns_order(changed.order)
        response = self._located(changed.sop_instance_uid, status)
        if told:
            self._warn(response, told)
        return response

    def _located(self, uid: str, status: int) -> Response:
        """Return an answer without content that says where a work item is."""
        response = Response(status=status)
        del response.headers["Content-Type"]  # or clients read a dataset of no bytes
        place = f"{self.base.uri()}/{PATH}/{uid}"
        response.headers["Content-Location"] = place
        if status == 201:
            response.headers["Location"] = place
        return response

    def _warn(self, response: Response, text: str) -> None:
        response.headers.add("Warning", warning(self.base, text))

    def _refusing(self) -> AbstractContextManager[None]:
        return refusing(self.base)


def warning(base: WebBase, text: str) -> str:
    """Return the value of a Warning header (RFC 7234 5.5) as PS3.18 has it."""
    return f"299 {base.uri()}: {text}"


@contextmanager
def refusing(base: WebBase) -> Iterator[None]:
    """Answer as the table says what the core refuses."""
    try:
        yield
    except OrderError as error:
        keyword = KEYWORDS.get(error.field, error.field)
        problem = ProblemDetails(400, errors=(FieldProblem(keyword, error.problem),))
        raise CallRefused(problem) from error
    except WorkItemRefused as refused:
        status, sentence, german, english = _faults()[refused.fault]
        headers = [("Warning", warning(base, sentence))]
        if refused.uid:
            headers.append(("Content-Location", f"{base.uri()}/{PATH}/{refused.uid}"))
        errors = tuple(FieldProblem(name, WRONG) for name in refused.attributes)
        problem = ProblemDetails(status, f"{german} / {english}", errors, tuple(headers))
        raise CallRefused(problem) from refused


@cache
def _faults() -> dict[WorkItemFault, tuple[int, str, str, str]]:
    return {
        WorkItemFault[fault]: (int(status), english if said == "-" else said, german, english)
        for fault, status, said, german, english in table("web/dicomweb/workitem_faults.tsv")
    }


def _as_it_is(row: JsonDataset) -> JsonDataset:
    return row


def _parameter(*names: str) -> str:
    return next((request.args[name] for name in names if request.args.get(name)), "")


def _was_modified(said: Item, made: WorkItem) -> bool:
    """Return whether the order bears another number of the patient, or of its own, than was said.

    Charts move, and accession numbers are ours.
    """
    if text_of(said, "PatientID") != made.order.patient.id:
        return True
    return any(
        text_of(one, "AccessionNumber") not in {"", made.order.accession_number}
        for one in (said, *items_of(said, "ReferencedRequestSequence"))
    )
