"""A report as JSON, in the shape ``sr show --json`` prints."""

from __future__ import annotations

from dataclasses import asdict
from typing import Final

from gdtbridge.catalogue.statements import statement_label, statement_text
from gdtbridge.sr.model import (
    Measurement,
    NumDecision,
    Report,
    ReportStatement,
    StatementDecision,
    UntoldValue,
)
from gdtbridge.sr.numbers import plain
from gdtbridge.sr.rules import reason

JSON_KEYS: Final = (
    "id",
    "name",
    "value",
    "unit",
    "code",
    "scheme",
    "site",
    "laterality",
    "mode",
    "method",
    "derivation",
    "phase",
    "subject",
    "fetus",
    "label",
    "topography",
    "flow",
    "view",
    "stage",
    "protocol",
    "selection",
    "section",
    "group",
    "companion_of",
    "observed",
    "place",
    "repeat",
    "repeats",
    "device_id",
    "inferred_from",
)
"""Keys of a measurement in the JSON, in order; ``properties``, ``further``, ``finding`` follow."""

REPORT_KEYS: Final = (
    "sop_uid",
    "study_uid",
    "template",
    "patient_id",
    "patient_name",
    "patient_birth_date",
    "accession_number",
    "manufacturer",
    "model",
    "profile",
    "content_time",
    "completion",
    "predecessors",
    "not_measured",
)
"""Keys of the report itself in the JSON, in order."""


STATEMENT_KEYS: Final = (
    "id",
    "name",
    "kind",
    "value",
    "code",
    "scheme",
    "value_code",
    "value_scheme",
    "site",
    "laterality",
    "topography",
    "fetus",
    "label",
    "stage",
    "group",
    "section",
    "place",
)
"""Keys of a statement in the JSON, in order; ``finding`` and the German ``title`` and ``text``."""


def report_to_json(report: Report) -> dict[str, object]:
    """Return the report in the shape ``sr show --json`` prints; values are decimal strings.

    ``decisions`` are there where the report was read with them.
    """
    shown: dict[str, object] = {key: getattr(report, key) for key in REPORT_KEYS}
    shown["measurements"] = [_measurement_to_json(one) for one in report.measurements]
    shown["earlier"] = [
        _measurement_to_json(one) | {"day": one.earlier or None} for one in report.earlier
    ]
    shown["untold"] = [_untold_to_json(one) for one in report.untold]
    shown["warnings"] = [
        {"code": warning.code, "message": warning.message, "place": warning.place}
        for warning in report.warnings
    ]
    told = [one for one in report.statements if not one.fetal_sex]
    shown["statements"] = [_statement_to_json(one) for one in told]
    if report.decisions is not None:
        shown["decisions"] = [_decision_to_json(one) for one in report.decisions]
    if report.statement_decisions is not None:
        decided = [_decision_to_json(one) for one in report.statement_decisions]
        shown["statement_decisions"] = decided
    return shown


def _untold_to_json(one: UntoldValue) -> dict[str, object]:
    place, name = one.measurement.place, one.measurement.name
    rule = {"rule": one.rule, "reason": reason(one.rule), "lost": one.is_lost}
    return {"place": place, "name": name, **rule}


def _measurement_to_json(measurement: Measurement) -> dict[str, object]:
    values: dict[str, object] = {key: getattr(measurement, key) for key in JSON_KEYS}
    values["value"] = plain(measurement.value)
    values["properties"] = [asdict(one) for one in measurement.properties]
    values["further"] = [asdict(one) for one in measurement.further]
    values["finding"] = ": ".join(one.text for one in measurement.findings) or None
    return values


def _statement_to_json(statement: ReportStatement) -> dict[str, object]:
    values: dict[str, object] = {key: getattr(statement, key) for key in STATEMENT_KEYS}
    values["finding"] = ": ".join(one.text for one in statement.findings) or None
    values["title"] = statement_label(statement)
    values["text"] = statement_text(statement)
    return values


def _decision_to_json(decision: NumDecision | StatementDecision) -> dict[str, object]:
    return asdict(decision) | {"reason": reason(decision.rule)}
