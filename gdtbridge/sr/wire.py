"""Reports and errors as JSON lines between the reading process and its parent."""

from __future__ import annotations

import json
from dataclasses import fields
from decimal import Decimal
from typing import Any, Final

from gdtbridge.sr.model import (
    Decision,
    Measurement,
    NotAReportError,
    Property,
    Report,
    ReportError,
    ReportLimitError,
    ReportWarning,
    UnreadableReportError,
)

MAX_ANSWER: Final = 32 * 1024 * 1024
"""Bytes of one answer; the 20,000 measurements a report may have take less."""

KINDS: Final[dict[str, type[ReportError]]] = {
    "not_a_report": NotAReportError,
    "unreadable": UnreadableReportError,
    "limit": ReportLimitError,
}


_NAMES: Final[dict[type, tuple[str, ...]]] = {
    kind: tuple(field.name for field in fields(kind))
    for kind in (Report, Measurement, Property, Decision, ReportWarning)
}


def encode_report(report: Report) -> str:
    """Return one line, without its end, that `decode_answer` makes the report of."""
    return json.dumps({"report": _fields(report)}, default=_plain)


def encode_error(error: ReportError) -> str:
    """Return one line, without its end, that makes `decode_answer` raise ``error``."""
    kind = next((kind for kind, leaf in KINDS.items() if isinstance(error, leaf)), "unreadable")
    return json.dumps({"error": kind, "message": str(error)})


def decode_answer(line: bytes) -> Report:
    """Return the report of a line or raise its error; a garbled line is a `ReportLimitError`."""
    try:
        answer = json.loads(line)
        if "error" in answer:
            error: ReportError = KINDS[answer["error"]](answer["message"])
        else:
            return _report(answer["report"])
    except (ValueError, TypeError, KeyError) as garbled:
        raise ReportLimitError(
            "Der Leseprozess antwortet Unsinn. / The reading process answers nonsense."
        ) from garbled
    raise error


def _fields(values: object) -> dict[str, object]:
    """Return a dataclass as a dictionary; unlike `dataclasses.asdict` without copies."""
    return {name: getattr(values, name) for name in _NAMES[type(values)]}


def _plain(value: object) -> object:
    if isinstance(value, Decimal):
        return str(value)
    if type(value) in _NAMES:
        return _fields(value)
    raise TypeError(type(value).__name__)


def _report(sent: dict[str, Any]) -> Report:
    """Return the report; whatever is missing or of another kind raises TypeError or KeyError."""
    decisions = sent["decisions"]
    if decisions is not None:
        decisions = tuple(Decision(**one) for one in decisions)
    return Report(
        **sent
        | {
            "measurements": tuple(_measurement(one) for one in sent["measurements"]),
            "warnings": tuple(ReportWarning(**one) for one in sent["warnings"]),
            "decisions": decisions,
            "predecessors": tuple(sent["predecessors"]),
        }
    )


def _measurement(sent: dict[str, Any]) -> Measurement:
    sent["value"] = Decimal(sent["value"])
    for name in ("seed_sources", "identity", "inferred_from"):
        sent[name] = tuple(sent[name])
    for name in ("further", "properties"):
        sent[name] = tuple(Property(**one) for one in sent[name])
    return Measurement(**sent)
