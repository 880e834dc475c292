"""An exam's dossier as a person reads it, and as JSON."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from gdtbridge.durable.clock import local_time
from gdtbridge.exams import HELD_TEXT, HoldReason
from gdtbridge.exams.evidence import Source
from gdtbridge.exams.model import Claim, ClaimState, EventKind, ExamEvent, ExamResult, PatientExam
from gdtbridge.exams.overview import ExamDossier, StepDossier
from gdtbridge.exams.steps import StepState
from gdtbridge.people import Patient

EVENTS: Final = {
    EventKind.DECIDED: "entschieden / decided",
    EventKind.RELEASED: "zugeordnet / released",
    EventKind.UNDONE: "Zuordnung zurückgenommen / release undone",
    EventKind.DISCARDED: "verworfen / discarded",
    EventKind.ACCEPTED: "angenommen / accepted",
    EventKind.WITHDRAWN: "zurückgezogen / withdrawn",
    EventKind.UNMATCHED: "Auftrag nicht gemeint / order not meant",
    EventKind.REPLACED: "vom Gerät ersetzt / replaced by the device",
    EventKind.MOVED: "Nummer geändert / number changed",
    EventKind.SENT_AGAIN: "noch einmal gesendet / sent again",
    EventKind.FETCHED: "aus einem anderen Archiv geholt / fetched from another archive",
}
"""What a person reads of each `EventKind`."""
SOURCES: Final = {
    Source.OBJECT: "Gerät / device",
    Source.ORDER: "Auftrag / order",
    Source.OPEN_ORDER: "offener Auftrag / open order",
    Source.MASTER_DATA: "Stammdaten / master data",
    Source.EARLIER_EXAM: "frühere Untersuchung / earlier exam",
    Source.STEP: "Gerät, Untersuchungsschritt (MPPS) / device, performed step (MPPS)",
    Source.PERSON: "Person / somebody",
    Source.MOVE: "frühere Nummer / former number",
}
"""What a person reads of each `Source`."""
STATES: Final = {
    ClaimState.OPEN: "wird noch empfangen / still being received",
    ClaimState.HELD: "zurückgehalten / held",
    ClaimState.SETTLED: "übermittelt / sent",
    ClaimState.DISCARDED: "verworfen / discarded",
    ClaimState.FETCHED: "aus einem anderen Archiv geholt, kein Ergebnis / fetched, no result",
}

STEP_STATES: Final = {
    StepState.IN_PROGRESS: "in Untersuchung / being examined",
    StepState.COMPLETED: "beendet / completed",
    StepState.DISCONTINUED: "abgebrochen / discontinued",
}
"""What a person reads of each `StepState`."""


def as_values(dossier: ExamDossier) -> dict[str, object]:
    """Return a dossier as JSON values; times are local, ISO 8601."""
    exam = dossier.exam
    return {
        "study_instance_uid": exam.study_instance_uid,
        "device": exam.device,
        "instances": exam.instances,
        "first_instance_at": _moment(exam.first_instance_at),
        "last_instance_at": _moment(exam.last_instance_at),
        "people": [_person(one, dossier.events) for one in dossier.people],
        "results": [_result(one) for one in dossier.results],
        "events": [_event(one) for one in dossier.events],
        "steps": [_step(one) for one in dossier.steps],
    }


def _person(one: PatientExam, events: tuple[ExamEvent, ...]) -> dict[str, object]:
    return {
        "person": one.person,
        "state": one.state.value,
        "held_because": one.held_because,
        "patient_id": one.patient_id,
        "sent_patient_id": one.sent_patient_id,
        "patient_name": one.patient_name,
        "birth_date": one.patient_birth_date,
        "accession_number": one.accession_number,
        "modality": one.modality,
        "description": one.study_description,
        "study_date": one.study_date,
        "instances": one.instances,
        "claims": [
            {
                "patient_id": claim.patient_id,
                "patient_name": claim.patient_name,
                "birth_date": claim.patient_birth_date,
                "accession_number": claim.accession_number,
                "state": claim.state.value,
                "number": claim.number,
                "order_number": claim.order_number,
                "instances": claim.instances,
            }
            for claim in one.claims
        ],
        "decision": _decision_of(one, events),
    }


def _decision_of(one: PatientExam, events: tuple[ExamEvent, ...]) -> dict[str, object] | None:
    of_person = (event for event in events if event.person == one.person)
    decided = [event for event in of_person if event.what is EventKind.DECIDED]
    return decided[-1].detail if decided else None


def _result(one: ExamResult) -> dict[str, object]:
    return {
        "patient_id": one.patient_id,
        "patient_name": one.patient_name,
        "accession_number": one.accession_number,
        "route": one.route,
        "reported_at": _moment(one.reported_at),
        "pictures": one.pictures,
        "withdrawn_at": _moment(one.withdrawn_at) if one.withdrawn_at is not None else None,
    }


def _event(one: ExamEvent) -> dict[str, object]:
    return {
        "at": _moment(one.at),
        "who": one.who,
        "what": str(one.what),
        "person": one.person,
        "detail": one.detail,
    }


def _step(told: StepDossier) -> dict[str, object]:
    one = told.step
    return {
        "sop_instance_uid": one.sop_instance_uid,
        "state": one.state.value,
        "device": one.device,
        "patient_id": one.patient_id,
        "patient_name": one.patient_name,
        "birth_date": one.patient_birth_date,
        "reason": one.reason or one.reason_code,
        "began_at": _moment(one.began_at),
        "ended_at": _moment(one.ended_at) if one.ended_at is not None else None,
        "announced": told.announced,
        "missing": told.missing,
    }


def _moment(moment: float) -> str:
    return local_time(moment).isoformat(timespec="seconds")


def lines_of(dossier: ExamDossier) -> Iterator[str]:
    """Yield a dossier in lines: the people with their grounds, what was sent, the history."""
    exam = dossier.exam
    objects = exam.instances or sum(one.instances for one in dossier.people)
    yield f"Studie / study {exam.study_instance_uid}, {objects} Objekte / objects"
    for one in dossier.people:
        yield ""
        yield from _person_lines(one, dossier.events)
    if dossier.results:
        yield ""
        yield "Übermittelt / sent:"
    for result in dossier.results:
        yield f"  {_when(result.reported_at)}  {_result_line(result)}"
    if dossier.steps:
        yield ""
        yield "Vom Gerät gemeldet (MPPS) / told by the device (MPPS):"
    for step in dossier.steps:
        yield f"  {_step_line(step)}"
    yield ""
    yield "Verlauf / history:"
    for event in dossier.events:
        who = event.who or "gdtbridge"
        person = f", Person {event.person}" if event.person else ""
        yield f"  {_when(event.at)}  {EVENTS[event.what]}{person} ({who}){_told(event)}"


def _person_lines(one: PatientExam, events: tuple[ExamEvent, ...]) -> Iterator[str]:
    patient = Patient.from_dicom(
        one.sent_patient_id, one.patient_name, one.patient_birth_date, one.patient_sex
    )
    states = dict.fromkeys(_state(claim) for claim in one.claims)
    person = f"Person {one.person}" if one.person else "Geholt / fetched"
    yield f"{person}: {patient.listed or '-'}: {', '.join(states)}"
    if one.held_because:
        yield f"  {HELD_TEXT[HoldReason(one.held_because)]}"
    decision = _decision_of(one, events)
    if decision is None:
        return
    yield f"  Regel / rule: {decision['rule']}"
    evidence = decision["evidence"]
    for told in evidence if isinstance(evidence, list) else ():
        named = Patient.from_dicom(told["patient_id"], told["name"], told["birth_date"])
        reference = f" [{told['reference']}]" if told["reference"] else ""
        yield f"  {SOURCES[told['source']]}: {named.listed}{reference}"


def _state(claim: Claim) -> str:
    """Return where a claim stands, with the chart where that is not the one the device named."""
    told = STATES[claim.state]
    elsewhere = claim.state is ClaimState.SETTLED and claim.number != claim.patient_id
    return f"{told} -> {claim.number}" if elsewhere else told


def _result_line(one: ExamResult) -> str:
    parts = [one.patient.listed]
    if one.accession_number:
        parts.append(f"Auftrag / order {one.accession_number}")
    if one.pictures:
        parts.append(f"{one.pictures} Bilder / pictures")
    if one.withdrawn_at is not None:
        parts.append(f"zurückgezogen / withdrawn {_when(one.withdrawn_at)}")
    return ", ".join(parts)


def _step_line(told: StepDossier) -> str:
    """Return a step as a person reads it: when, how far, whom, what came of it."""
    one = told.step
    until = f" - {_when(one.ended_at)}" if one.ended_at is not None else ""
    parts = [f"{_when(one.began_at)}{until}  {STEP_STATES[one.state]}", one.patient.listed]
    if one.reason or one.reason_code:
        parts.append(one.reason or one.reason_code)
    if told.announced:
        parts.append(f"{told.announced} Objekte angekündigt / objects announced")
    if told.missing:
        parts.append(f"{told.missing} fehlen / missing")
    return ", ".join(part for part in parts if part)


def _told(event: ExamEvent) -> str:
    """Return what of an event's detail a person wants to read behind it."""
    if event.what is EventKind.DECIDED:
        reason = str(event.detail["reason"])
        sent = f"gesendet / sent: {event.detail['number']}"
        return f": {HELD_TEXT[HoldReason(reason)] if reason else sent}"
    names = ("number", "from", "to", "accession_number", "reason")
    said = [str(event.detail[name]) for name in names if event.detail.get(name)]
    return f": {', '.join(said)}" if said else ""


def _when(moment: float) -> str:
    return f"{local_time(moment):%d.%m.%Y %H:%M}"
