"""What an attribute of an entry may hold, and how a value is tidied before it is looked at."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from gdtbridge.dataset.text import one_line
from gdtbridge.dataset.values import PersonName, is_ae_title, is_valid_uid, to_date
from worklist.errors import EntryError


@dataclass(frozen=True, slots=True)
class AttributeRule:
    """What an attribute may hold: ``limit`` is in characters, for PN per component group."""

    german: str
    english: str
    VR: str
    limit: int
    required: bool = False
    terms: tuple[str, ...] = ()
    """All a value may be, where that is a list."""


SHAPES: Mapping[str, tuple[Callable[[str], object], str, str]] = MappingProxyType(
    {
        "UI": (
            is_valid_uid,
            "Erlaubt sind Zahlen mit Punkten dazwischen.",
            "Numbers with dots between them are allowed.",
        ),
        "CS": (
            re.compile(r"[A-Z0-9_ ]*").fullmatch,
            "Erlaubt sind Großbuchstaben, Ziffern und Unterstrich.",
            "Capital letters, digits and underscore are allowed.",
        ),
        "DS": (
            re.compile(r"[0-9]+(\.[0-9]+)?").fullmatch,
            "Erlaubt ist eine Zahl mit Dezimalpunkt.",
            "A number with a decimal point is allowed.",
        ),
        "DA": (
            to_date,
            "Erlaubt ist ein Datum.",
            "A date is allowed.",
        ),
        "AE": (
            is_ae_title,
            "Erlaubt sind ASCII-Zeichen außer dem Backslash.",
            "ASCII characters other than the backslash are allowed.",
        ),
    }
)

FORBIDDEN = frozenset({"Cc", "Cs", "Zl", "Zp"})
"""Unicode categories no text may hold: control characters, surrogates, line separators."""


def tidied(rule: AttributeRule, value: str) -> str:
    """Return a value composed, on one line, without padding; one that is refused as it is."""
    text = unicodedata.normalize("NFC", value)
    if _is_forbidden(text):
        return text
    text = one_line(text)
    if rule.VR != "PN":
        return text
    return str(PersonName.of(text))


def _is_forbidden(text: str) -> bool:
    if "\\" in text:
        return True
    odd = not text.isprintable()  # nothing forbidden is printable
    return odd and any(unicodedata.category(letter) in FORBIDDEN for letter in text)


def check(name: str, rule: AttributeRule, value: str) -> None:
    """Raise `EntryError` for a value that cannot be stored and sent as it is."""
    if not value:
        if rule.required:
            raise missing(name, rule)
        return
    if _is_forbidden(value):
        raise EntryError(
            name,
            f"{rule.german} enthält Steuerzeichen oder einen Backslash."
            f" / {rule.english} contains control characters or a backslash.",
            "Bitte entfernen. / Please remove them.",
        )
    _check_length(name, rule, value)
    _check_shape(name, rule, value)


def _check_length(name: str, rule: AttributeRule, value: str) -> None:
    groups = value.split("=") if rule.VR == "PN" else [value]
    if any(len(group) > rule.limit for group in groups):
        raise EntryError(
            name,
            f"{rule.german} ist zu lang. / {rule.english} is too long.",
            f"Höchstens {rule.limit} Zeichen. / At most {rule.limit} characters.",
        )


def _check_shape(name: str, rule: AttributeRule, value: str) -> None:
    if rule.VR == "PN":
        groups = PersonName.of(value).groups
        if (
            len(groups) > 3
            or any(len(group.components) > 5 for group in groups)
            or not groups[0].components
        ):
            raise EntryError(
                name,
                f"{rule.german} ist kein DICOM-Name. / {rule.english} is not a DICOM name.",
                "Richtig: Nachname^Vorname. / Right: Family^Given.",
            )
    shape = SHAPES.get(rule.VR)
    if shape is not None and not shape[0](value):
        raise EntryError(
            name,
            f"{rule.german} enthält unzulässige Zeichen."
            f" / {rule.english} contains characters that are not allowed.",
            f"{shape[1]} / {shape[2]}",
        )
    if rule.terms and value not in rule.terms:
        allowed = ", ".join(rule.terms)
        raise EntryError(
            name,
            f"{rule.german} ist unbekannt. / {rule.english} is unknown.",
            f"Erlaubt: {allowed} oder leer. / Allowed: {allowed} or empty.",
        )


def missing(name: str, rule: AttributeRule | None) -> EntryError:
    """Return the error of a value nobody gave; without a rule that of the time."""
    german, english = (rule.german, rule.english) if rule else ("Zeitpunkt", "Time")
    return EntryError(
        name, f"{german} fehlt. / {english} is missing.", "Bitte angeben. / Please give it."
    )
