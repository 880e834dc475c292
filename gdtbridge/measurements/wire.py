"""Reports and errors as JSON lines between the reading process and its parent."""

from __future__ import annotations

import json
from dataclasses import asdict
from decimal import Decimal
from typing import Final

from gdtbridge.measurements.model import (
    Measurement,
    NotAReportError,
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


def encode_report(report: Report) -> str:
    """Return one line, without its end, that `decode_answer` makes the report of."""
    return json.dumps({"report": asdict(report)}, default=_plain_literal)


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


def _plain_literal(value: object) -> str:
    if isinstance(value, Decimal):
        return str(value)
    raise TypeError(type(value).__name__)


def _report(fields: dict[str, object]) -> Report:
    measurements, warnings = fields.pop("measurements"), fields.pop("warnings")
    if not isinstance(measurements, list) or not isinstance(warnings, list):
        raise TypeError("lists expected")
    return Report(
        **fields,  # type: ignore[arg-type]  # the same class wrote them
        measurements=tuple(_measurement(one) for one in measurements),
        warnings=tuple(ReportWarning(**one) for one in warnings),
    )


def _measurement(fields: dict[str, object]) -> Measurement:
    fields["value"] = Decimal(str(fields["value"]))
    for name in ("seed_sources", "identity"):
        fields[name] = tuple(fields[name])  # type: ignore[arg-type]
    return Measurement(**fields)  # type: ignore[arg-type]
