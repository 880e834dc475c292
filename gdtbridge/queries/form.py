"""What devices asked, as plain values for JSON: codes for programs, and words for people."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime
from typing import Any

from pydicom import Dataset

from gdtbridge.devices import Caller
from gdtbridge.language import Language
from gdtbridge.queries.explain import EntryOutcome, JudgedEntry
from gdtbridge.queries.model import QueryRecord
from gdtbridge.queries.report import DeviceQueries, ListPreview
from gdtbridge.queries.words import Words
from worklist import Exclusion, Item, given_keys, item_from, items_of, text_of

Json = dict[str, Any]


def why_form(found: DeviceQueries, today: date) -> Json:
    """Return the last query of a device, its answers and every other entry, and earlier queries."""
    return {
        **_device(found.caller, found.profile),
        "last": _query(found.last),
        "keys": _keys(found.keys),
        "entries": _entries(found.entries, found.keys, today),
        "earlier": [_query(one) for one in found.earlier],
    }


def preview_form(found: ListPreview, today: date) -> Json:
    """Return what a device would see now, and every other entry."""
    missed = [one for one in found.entries if one.outcome is not EntryOutcome.FITS]
    return {
        **_device(found.caller, found.profile),
        "asked_at": _utc(found.asked_at) if found.asked_at is not None else None,
        "moved_to_today": found.moved,
        "keys": _keys(found.keys),
        "answers": [_answer(one) for one in found.answers],
        "entries": _entries(missed, found.keys, today),
    }


def _device(caller: Caller, profile: str) -> Json:
    return {"device": caller.aet, "address": caller.address, "profile": profile}


def _query(record: QueryRecord) -> Json:
    query = record.query
    return {
        "first_at": _utc(record.first_at),
        "last_at": _utc(record.last_at),
        "times": record.times,
        "status": f"{query.status:04X}",
        "answers": query.answers,
        "listed": record.listed,
        "milliseconds": round(query.seconds * 1000),
    }


def _keys(keys: Item) -> list[Json]:
    return [{"path": list(key.path), "asked": list(key.asked)} for key in given_keys(keys)]


def _entries(entries: Iterable[JudgedEntry], keys: Item, today: date) -> list[Json]:
    german, english = (Words(language, today) for language in Language)
    return [
        {
            "accession_number": text_of(one.entry.item, "AccessionNumber"),
            "patient_id": text_of(one.entry.item, "PatientID"),
            "patient_name": text_of(one.entry.item, "PatientName"),
            "scheduled_day": one.entry.day,
            "outcome": one.outcome.value,
            "excluded_by": [_exclusion(key) for key in one.exclusions],
            "german": _told(one, keys, german),
            "english": _told(one, keys, english),
        }
        for one in entries
    ]


def _told(judged: JudgedEntry, keys: Item, words: Words) -> Json:
    return {"reason": words.reason(judged, keys), "way_out": words.way_out(judged)}


def _exclusion(key: Exclusion) -> Json:
    return {"path": list(key.path), "asked": list(key.asked), "stored": list(key.stored)}


def _answer(answer: Dataset) -> Json:
    item = item_from(answer)
    step = next(iter(items_of(item, "ScheduledProcedureStepSequence")), {})
    return {
        "character_set": text_of(item, "SpecificCharacterSet"),
        "accession_number": text_of(item, "AccessionNumber"),
        "patient_id": text_of(item, "PatientID"),
        "patient_name": text_of(item, "PatientName"),
        "scheduled_day": text_of(step, "ScheduledProcedureStepStartDate"),
        "scheduled_time": text_of(step, "ScheduledProcedureStepStartTime"),
        "station": text_of(step, "ScheduledStationAETitle"),
        "modality": text_of(step, "Modality"),
    }


def _utc(moment: float) -> str:
    return datetime.fromtimestamp(moment, UTC).isoformat(timespec="seconds")
