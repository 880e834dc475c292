"""A report for people and programs: JSON, titles, remarks."""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from dataclasses import asdict
from typing import Final

from gdtbridge.catalogue.rows import terms
from gdtbridge.sr.codes import PROPERTIES, ModifierRole, normal
from gdtbridge.sr.identity import IdentityExtra
from gdtbridge.sr.model import Code, Measurement, MeasurementProperty, NumDecision, Report
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
"""Keys of a measurement in the JSON, in order; ``properties`` and ``further`` follow."""

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

REPEAT: Final = "Wiederholung"
"""The word of the remark that numbers repeats."""

REMARKS: Final = (
    # Field of Measurement to its German word
    ("label", "Bezeichnung"),
    ("companion_of", "Zu"),
    ("group", "Gruppe"),
    ("site", "Ort"),
    ("topography", "Lage"),
    ("laterality", "Seite"),
    ("fetus", "Fetus"),
    ("mode", "Bildmodus"),
    ("view", "Schnittebene"),
    ("method", "Methode"),
    ("phase", "Phase"),
    ("flow", "Flussrichtung"),
    ("stage", "Stufe"),
    ("protocol", "Protokoll"),
    ("derivation", "Ableitung"),
    ("selection", "Auswahl"),
)

IN_TITLE: Final = frozenset({"label", "companion_of", "group", "site", "topography", "laterality"})

GERMAN: Final[dict[str, str]] = {
    # What no term of the catalogue has. Meanings of CID 244, 3627, 224, 12224 to German.
    "left": "links",
    "right": "rechts",
    "bilateral": "beidseits",
    "right and left": "beidseits",
    "unilateral": "",
    "2d": "2D",
    "2d mode": "2D",
    "b mode": "2D",
    "mean": "Mittelwert",
    "median": "Median",
    "minimum": "Minimum",
    "maximum": "Maximum",
    "standard deviation": "Standardabweichung",
    "mean value chosen": "Mittelwert",
    "most recent value chosen": "letzter Wert",
    "user chosen value": "vom Untersucher gewählt",
    "estimated": "geschätzt",
    "calculated": "berechnet",
    "measured": "gemessen",
    "best value": "bester Wert",
    "systole": "Systole",
    "diastole": "Diastole",
}


ROLES: Final[dict[str, tuple[str, ...]]] = {
    # The modifiers behind a field, where they have other names
    "method": (ModifierRole.METHOD, ModifierRole.EQUATION),
    "phase": (ModifierRole.CYCLE, ModifierRole.BREATHING),
    "companion_of": (IdentityExtra.OF,),
}


def report_to_json(report: Report) -> dict[str, object]:
    """Return the report in the shape ``sr show --json`` prints; values are decimal strings.

    ``decisions`` are there where the report was read with them.
    """
    shown: dict[str, object] = {key: getattr(report, key) for key in REPORT_KEYS}
    shown["measurements"] = [_measurement_to_json(one) for one in report.measurements]
    shown["warnings"] = [
        {"code": warning.code, "message": warning.message, "place": warning.place}
        for warning in report.warnings
    ]
    if report.decisions is not None:
        shown["decisions"] = [_decision_to_json(one) for one in report.decisions]
    return shown


def _measurement_to_json(measurement: Measurement) -> dict[str, object]:
    values: dict[str, object] = {key: getattr(measurement, key) for key in JSON_KEYS}
    values["value"] = plain(measurement.value)
    values["properties"] = [asdict(one) for one in measurement.properties]
    values["further"] = [asdict(one) for one in measurement.further]
    return values


def _decision_to_json(decision: NumDecision) -> dict[str, object]:
    return asdict(decision) | {"reason": reason(decision.rule)}


def fingerprint(report: Report) -> str:
    """Return SHA-256 (hexadecimal) over ids, values and units.

    Two revisions with the same fingerprint say the same: order, names and trailing zeros do not
    count, and neither do warnings.
    """
    rows = sorted(
        f"{one.id}\x1f{plain(one.value.normalize())}\x1f{one.unit}" for one in report.measurements
    )
    return hashlib.sha256("\x1e".join(rows).encode("utf-8")).hexdigest()


def title(measurement: Measurement) -> str:
    """Return one line that names the measurement: label before concept, site and side behind."""
    name = measurement.name
    if measurement.label is not None and measurement.label.casefold() != name.casefold():
        name = f"{measurement.label} ({name})"
    if measurement.companion_of is not None:
        name = f"{name} ({_said(measurement, 'companion_of')})"
    where = " ".join(
        part
        for part in (
            measurement.group,
            *(_said(measurement, field) for field in ("site", "topography", "laterality")),
        )
        if part and part.casefold() not in name.casefold()
    )
    return f"{name}, {where}" if where else name


def details(measurement: Measurement) -> tuple[str, ...]:
    """Return the remarks without what `title` says already."""
    return remarks(measurement, IN_TITLE)


def remarks(measurement: Measurement, without: Collection[str] = ()) -> tuple[str, ...]:
    """Return what else is to be said, one short German line each: ``Ort: …``, ``Seite: …``.

    ``without`` are fields of the measurement that need no saying.
    """
    lines = []
    for field, word in REMARKS:
        text = _said(measurement, field)
        if text and field not in without:
            lines.append(f"{word}: {text}")
    lines += [f"{one.name}: {one.value}" for one in measurement.further]
    lines += [_property_line(one) for one in measurement.properties]
    if measurement.repeats > 1:
        lines.append(f"{REPEAT}: {measurement.repeat} von {measurement.repeats}")
    return tuple(lines)


def _said(measurement: Measurement, field: str) -> str:
    """Return what a field says: the catalogue's word for its codes, else the device's own.

    A label is a user's own word and stays.
    """
    if field == ModifierRole.LABEL:
        return measurement.label or ""
    keys = dict(one.partition("=")[::2] for one in measurement.identity[1:] if one)
    known = terms()
    words = [
        known.words.get(known.by_code.get(keys[role], ""), "")
        for role in ROLES.get(field, (field,))
        if role in keys
    ]
    return ", ".join(words) if words and all(words) else _german(getattr(measurement, field))


def _property_line(one: MeasurementProperty) -> str:
    word = PROPERTIES.get(normal(Code(one.code, one.scheme, "")), one.name)
    return f"{word}: {one.value} {one.unit}".rstrip()


def _german(text: str | None) -> str:
    return GERMAN.get(text.casefold(), text) if text is not None else ""
