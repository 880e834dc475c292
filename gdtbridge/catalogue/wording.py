"""German words for a measurement: title and remarks."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

from gdtbridge.catalogue.rows import terms
from gdtbridge.sr.codes import PROPERTIES, ModifierRole, normal
from gdtbridge.sr.identity import IdentityExtra
from gdtbridge.sr.model import Code, Measurement, MeasurementProperty

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


def title(measurement: Measurement) -> str:
    """Return a measurement's name in one line: label before concept, site and side behind."""
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
    """Return short German lines on modifiers, properties and repeats: ``Ort: …``, ``Seite: …``.

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
    """Return the text of a field: the catalogue's word for the codes, else the device's own.

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
