"""Codes: one spelling per concept, what each modifier means, and units.

Devices code the same concept in SNOMED RT (``G-C0E3``, SRT) or SNOMED CT (``363698007``, SCT);
`normal` maps the first to the second with the table pydicom carries (PS3.16 Annex O).
"""

from __future__ import annotations

import importlib.util
import re
from enum import StrEnum
from functools import lru_cache
from pathlib import Path
from typing import Final

from gdtbridge.sr.model import Code
from gdtbridge.sr.ucum import parse
from gdtbridge.sr.unit_words import named_by_note

Concept = tuple[str, str]
"""Normalised (scheme, value)."""


class ModifierRole(StrEnum):
    """Subject of a modifier; the values name fields of `content.ModifierContext`."""

    SITE = "site"
    LATERALITY = "laterality"
    TOPOGRAPHY = "topography"
    MODE = "mode"
    METHOD = "method"
    EQUATION = "equation"
    VIEW = "view"
    CYCLE = "cycle"
    BREATHING = "breathing"
    FLOW = "flow"
    STAGE = "stage"
    STAGE_NUMBER = "stage_number"
    PROTOCOL = "protocol"
    FETUS = "fetus"
    LABEL = "label"
    SHORT_LABEL = "short_label"
    TRACKING = "tracking"
    TRACKING_UID = "tracking_uid"
    DERIVATION = "derivation"
    SELECTION = "selection"


MODIFIERS: Final[dict[Concept, ModifierRole]] = {
    # PS3.16 TID 300 and 5203, with the names of the concepts
    ("SCT", "363698007"): ModifierRole.SITE,  # Finding Site
    ("DCM", "123014"): ModifierRole.SITE,  # Target Region
    ("SCT", "272741003"): ModifierRole.LATERALITY,  # Laterality
    ("SCT", "106233006"): ModifierRole.TOPOGRAPHY,  # Topographical modifier
    ("SCT", "399264008"): ModifierRole.MODE,  # Image Mode
    ("SCT", "370129005"): ModifierRole.METHOD,  # Measurement Method
    ("DCM", "121420"): ModifierRole.EQUATION,  # Equation or Table
    ("DCM", "121421"): ModifierRole.EQUATION,  # Equation Citation (CID 228)
    ("DCM", "121424"): ModifierRole.EQUATION,  # Table of Values
    ("DCM", "121422"): ModifierRole.EQUATION,  # Table of Values Citation
    ("DCM", "121423"): ModifierRole.EQUATION,  # Method Citation
    ("LN", "8278-4"): ModifierRole.EQUATION,  # Body Surface Area Formula
    ("DCM", "111031"): ModifierRole.VIEW,  # Image View
    ("SCT", "272518008"): ModifierRole.CYCLE,  # Cardiac Cycle Point
    ("SCT", "272517003"): ModifierRole.BREATHING,  # Respiratory Cycle Point
    ("SCT", "260674002"): ModifierRole.FLOW,  # Direction of Flow
    ("LN", "18139-6"): ModifierRole.STAGE,  # Stage
    ("DCM", "122091"): ModifierRole.STAGE_NUMBER,  # Stage Number (`stages`)
    ("DCM", "109055"): ModifierRole.STAGE,  # Protocol Stage
    ("DCM", "125203"): ModifierRole.PROTOCOL,  # Acquisition Protocol
    ("DCM", "121401"): ModifierRole.DERIVATION,  # Derivation
    ("DCM", "121404"): ModifierRole.SELECTION,  # Selection Status
    # PS3.16 TID 1008 and 5000
    ("LN", "11951-1"): ModifierRole.FETUS,  # Fetus ID
    ("DCM", "121037"): ModifierRole.FETUS,  # Fetus Number
    ("LN", "12510-4"): ModifierRole.LABEL,  # Identifier, of a follicle
    ("DCM", "125010"): ModifierRole.LABEL,  # Identifier
    ("DCM", "125309"): ModifierRole.SHORT_LABEL,  # Short Label (PS3.16 TID 5301, 5302)
    # PS3.16 TID 1501
    ("DCM", "112039"): ModifierRole.TRACKING,  # Tracking Identifier
    ("DCM", "112040"): ModifierRole.TRACKING_UID,  # Tracking Unique Identifier
    ("DCM", "121151"): ModifierRole.TRACKING,  # Lesion Identifier
    # Seen in devices
    ("99GEMS", "GEU-1005-5"): ModifierRole.LABEL,  # GE LOGIQ: Measurement Label
    ("99GEMS", "GEU-1005-7"): ModifierRole.SITE,  # GE LOGIQ: Anatomy Label
}

_LEFT: Final[Concept] = ("SCT", "7771000")
_RIGHT: Final[Concept] = ("SCT", "24028007")
_SIDE_WORDS: Final[dict[str, Concept]] = {
    **dict.fromkeys(("left", "lt", "l", "li", "lks", "links", "linke", "linker", "linkes"), _LEFT),
    **dict.fromkeys(("gauche", "izquierda", "izquierdo", "sinistra", "sinistro"), _LEFT),
    **dict.fromkeys(("esquerda", "esquerdo"), _LEFT),
    **dict.fromkeys(("right", "rt", "r", "re", "rechts", "rechte", "rechter", "rechtes"), _RIGHT),
    **dict.fromkeys(("direita", "direito"), _RIGHT),
    **dict.fromkeys(("droite", "droit", "derecha", "derecho", "destra", "destro"), _RIGHT),
}
"""Sides as devices write them instead of a code, with a point or without."""

SLIPS: Final[dict[tuple[str, str], Concept]] = {
    # Codes a maker sends for something else, which its own words say (EchoNous, product source)
    ("T-45700", "subclavian artery"): ("SCT", "36765005"),  # with the vertebral artery's code
}
_SLIPPING: Final = frozenset(value for value, _ in SLIPS)

SUBJECT_CLASS: Final[Concept] = ("DCM", "121024")
SUBJECT_ID: Final[Concept] = ("DCM", "121030")
FETUS_CLASS: Final[Concept] = ("DCM", "121026")
PATIENT_CLASS: Final[Concept] = ("DCM", "121025")
"""PS3.16 TID 1006: a Subject ID is the fetus where the Subject Class says so, else the patient."""

LABEL_VALUES: Final = frozenset({"T9900-04"})
"""Philips: Label, in a private scheme whose name differs between devices."""

SILENT_MODIFIERS: Final[frozenset[Concept]] = frozenset(
    # PS3.16 TID 1204 and 1210: what tells no measurement from another
    {
        ("DCM", "121045"),  # Language
        ("DCM", "121046"),  # Country of Language
        ("DCM", "121047"),  # Language of Value
        ("DCM", "121048"),  # Language of Name and Value
        ("DCM", "121049"),  # Language of Content Item and Descendants
        ("DCM", "121050"),  # Equivalent Meaning of Concept Name
        ("DCM", "121051"),  # Equivalent Meaning of Value
    }
)

PROPERTIES: Final[dict[Concept, str]] = {
    # PS3.16 TID 310 (CID 221, 223, 225, 226, 227): what is said about a value, in German
    ("DCM", "121402"): "Bewertung",  # Normality
    ("DCM", "121403"): "Signifikanz",  # Level of Significance
    ("DCM", "121405"): "Vergleichsgruppe",  # Population description
    ("DCM", "121406"): "Quelle der Norm",  # Reference Authority
    ("DCM", "121407"): "Normbereich",  # Normal Range description
    ("DCM", "121408"): "Quelle der Norm",  # Normal Range Authority
    ("SCT", "385524004"): "Norm ab",  # Normal Range Lower Limit
    ("SCT", "371933006"): "Norm bis",  # Normal Range Upper Limit
    ("SCT", "371884006"): "Messunsicherheit",  # +/-, range of measurement uncertainty
    ("SCT", "371885007"): "Messunsicherheit nach unten",
    ("SCT", "371886008"): "Messunsicherheit nach oben",
    ("SCT", "371888009"): "5. Perzentile der Vergleichsgruppe",
    ("SCT", "371890005"): "10. Perzentile der Vergleichsgruppe",
    ("SCT", "371887004"): "90. Perzentile der Vergleichsgruppe",
    ("SCT", "371889001"): "95. Perzentile der Vergleichsgruppe",
    ("SCT", "371919006"): "-1 Sigma der Vergleichsgruppe",
    ("SCT", "371917008"): "+1 Sigma der Vergleichsgruppe",
    ("SCT", "371918003"): "-2 Sigma der Vergleichsgruppe",
    ("SCT", "371920000"): "+2 Sigma der Vergleichsgruppe",
    ("DCM", "121414"): "Standardabweichung der Vergleichsgruppe",
    ("DCM", "121417"): "2 Sigma der Vergleichsgruppe",
    ("DCM", "121415"): "Perzentile",  # Percentile Ranking of measurement
    ("DCM", "121416"): "Z-Score",  # Z-Score of measurement
    ("DCM", "130614"): "Quartilsabstand der Vergleichsgruppe",
    ("DCM", "130615"): "Quartilsabstand zu Median",
}

COMPANIONS: Final[frozenset[Concept]] = frozenset(
    # PS3.16 TID 5008: derived from the measurement of their group, without meaning on their own
    {
        ("LN", "18185-9"),  # Gestational Age
        ("DCM", "125012"),  # Growth Percentile Rank
        ("DCM", "125013"),  # Growth Z-score
    }
)

BIOMETRY_GROUP: Final[Concept] = ("DCM", "125005")
"""Container of all values of one type and their companions (PS3.16 TID 5008)."""

FINDING: Final[Concept] = ("DCM", "121071")
"""Finding (PS3.16 TID 1501): what a value is about, also where it is said of the value itself."""

MEASUREMENT_GROUP: Final[Concept] = ("DCM", "125007")
"""Measurement Group (PS3.16 TID 5203, 1501)."""

SUMMARIES: Final[frozenset[Concept]] = frozenset(
    # Sections that repeat values of others (PS3.16 TID 5000, 5001)
    {
        ("DCM", "121111"),  # Summary
        ("LN", "55112-7"),  # Document Summary
        ("DCM", "125008"),  # Fetus Summary
    }
)

STATISTICS: Final[frozenset[Concept]] = frozenset(
    # Derivations (PS3.16 CID 3627, 7464) that make another quantity of a measurement. Mean, median,
    # estimated or calculated values stand for the measurement itself.
    {
        ("SCT", "255605001"),  # Minimum
        ("SCT", "56851009"),  # Maximum
        ("SCT", "386136009"),  # Standard Deviation
        ("SCT", "371914001"),  # Peak to peak
        ("IBSI", "WR0O"),  # Interquartile range
        ("DCM", "130615"),  # Interquartile range to median
        ("UMLS", "C0681921"),  # Coefficient of variance
        ("UMLS", "C1711260"),  # Variance
        ("UMLS", "C0750480"),  # Count
    }
)

SPREADS: Final[frozenset[Concept]] = STATISTICS - {
    ("SCT", "255605001"),  # Minimum
    ("SCT", "56851009"),  # Maximum
}
"""Statistics that are no value of the measurement themselves."""

CHOICES: Final[frozenset[Concept]] = frozenset(
    # Selection Status (PS3.16 CID 224, 12301); what a private status means nobody can know
    {
        ("DCM", "121410"),  # User chosen value
        ("DCM", "121411"),  # Most recent value chosen
        ("DCM", "121412"),  # Mean value chosen
        ("SCT", "255605001"),  # Minimum
        ("SCT", "56851009"),  # Maximum
    }
)

EXTREMES: Final[frozenset[Concept]] = frozenset(
    # Those of `CHOICES` that say which of several a value is, not only that it was chosen
    {
        ("SCT", "255605001"),  # Minimum
        ("SCT", "56851009"),  # Maximum
    }
)

AVERAGES: Final[frozenset[Concept]] = frozenset(
    # Derivations that stand for the single values beside them; elastography reports the median
    {
        ("SCT", "373098007"),  # Mean
        ("SCT", "373099004"),  # Median
    }
)

STANDARD_CONTAINERS: Final = frozenset({"DCM", "LN"})
"""Schemes whose container names (Findings, Fetal Biometry) repeat what the concepts below say."""

PLAIN_CONTAINERS: Final[frozenset[Concept]] = frozenset(
    {
        ("99GEMS", "GEU-1005-3"),  # GE LOGIQ: General Anatomy; its Anatomy Label says which
    }
)

NOT_IN_THE_TABLE: Final[dict[str, str]] = {
    "G-A22A": "410668003",  # Length as GE LOGIQ sends it; the standard's is G-D7FE
}

QUALIFIERS: Final[dict[str, str]] = {
    # CID 42 Numeric Value Qualifier, scheme DCM: why a NUM has no value
    "114000": "not a number",
    "114001": "negative infinity",
    "114002": "positive infinity",
    "114003": "divided by zero",
    "114004": "underflow",
    "114005": "overflow",
    "114006": "measurement failure",
    "114007": "measurement not attempted",
    "114008": "calculation failure",
    "114009": "value out of range",
    "114010": "value unknown",
    "114011": "value indeterminate",
}

_SNOMED_RT: Final = frozenset({"SRT", "SNM3", "99SDM", "SNOMED-RT"})
_ANNOTATION: Final = re.compile(r"\{[^{}]*\}")


@lru_cache(maxsize=1)
def _snomed() -> dict[str, dict[str, str]]:
    """Return pydicom's table: ``SRT`` to ``SCT`` and back.

    Its file is loaded alone, because importing ``pydicom.sr`` costs 100 MB and half a second.
    """
    package = importlib.util.find_spec("pydicom")
    if package is None or package.origin is None:
        raise ImportError("pydicom")
    file = Path(package.origin).with_name("sr") / "_snomed_dict.py"
    spec = importlib.util.spec_from_file_location("gdtbridge_snomed_table", file)
    if spec is None or spec.loader is None:
        raise ImportError("pydicom.sr._snomed_dict")
    table = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(table)
    mapping: dict[str, dict[str, str]] = table.mapping
    return mapping


def normal(code: Code) -> Concept:
    """Return ``code`` in its one spelling: SNOMED RT becomes SNOMED CT, the rest stays.

    What a maker is known to code wrongly (`SLIPS`) is what its words say.
    """
    if code.value in _SLIPPING and (slip := SLIPS.get((code.value, code.meaning.casefold()))):
        return slip
    scheme = code.scheme.upper()
    if scheme in _SNOMED_RT:
        known = _snomed()["SRT"].get(code.value) or NOT_IN_THE_TABLE.get(code.value)
        return ("SCT", known) if known else ("SRT", code.value)
    return scheme, code.value


def role_of(name: Code) -> ModifierRole | None:
    """Return the role of a modifier with this concept name; None for anything else."""
    if name.value in LABEL_VALUES:
        return ModifierRole.LABEL
    return MODIFIERS.get(normal(name))


def side_of(laterality: Code) -> Concept:
    """Return a laterality in its one spelling, also where it is a word (``Lt``, ``rechts``)."""
    if laterality.value:
        return normal(laterality)
    word = " ".join(laterality.meaning.casefold().split())
    return _SIDE_WORDS.get(word.removesuffix("."), ("", word))


def are_opposite(one: Code, other: Code | None) -> bool:
    """Return whether one laterality says left and the other right."""
    return other is not None and {side_of(one), side_of(other)} == {_LEFT, _RIGHT}


def tells_apart(container: Code) -> bool:
    """Return whether a container's name distinguishes the values below it.

    Devices put the vessel or the organ into private containers. Those of the standard are
    sections, and the concepts below are made for them.
    """
    concept = normal(container)
    if not container.text or concept in PLAIN_CONTAINERS or is_anatomy(container):
        return False
    return concept[0] not in STANDARD_CONTAINERS


def is_anatomy(name: Code) -> bool:
    """Return whether a container's concept is a body part: SNOMED RT axis T (topography)."""
    scheme, value = normal(name)
    if scheme == "SRT":
        return value.startswith("T-")
    return scheme == "SCT" and _snomed()["SCT"].get(value, "").startswith("T-")


@lru_cache(maxsize=1024)
def plain_unit(unit: Code) -> str:
    """Return the unit to print: UCUM without annotations, empty for "no units".

    Annotations in braces carry no unit (UCUM 2.1 section 6): ``{H.B.}/min`` is ``/min``; but
    ``{bpm}`` alone names one. Of other schemes the meaning is taken, because their code values are
    no units, and of a UCUM code that is none too, where the meaning is understood.
    """
    if unit.scheme and unit.scheme.upper() != "UCUM":
        return unit.text
    sent = unit.value or unit.meaning
    if unit.meaning and parse(sent) is None and parse(unit.meaning) is not None:
        return unit.meaning
    note = _ANNOTATION.fullmatch(sent)
    value = named_by_note(sent) if note else _ANNOTATION.sub("", sent)
    return "" if value in {"1", "/1"} else value
