"""Numbers that are no results by what they are: doses, device settings, counts of readings.

Reports of other kinds (radiation dose, CAD, contrast) are known by class, template and title;
settings and counts by their names (``no_results.tsv``), unless the catalogue has the concept.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

from gdtbridge.sr.codes import Concept, normal
from gdtbridge.sr.limits import is_known
from gdtbridge.sr.model import Code
from gdtbridge.sr.plain_words import plain_words
from gdtbridge.tsv import table

OTHER_REPORT: Final = "other_report"
SETTING: Final = "setting"

OTHER_CLASSES: Final = frozenset(
    # PS3.6: procedure log, CAD, radiation dose, implantation plan, acquisition context, agents
    f"1.2.840.10008.5.1.4.1.1.88.{number}"
    for number in (40, 50, 65, 67, 68, 69, 70, 71, 73, 74, 75, 76)
)
OTHER_TEMPLATES: Final = frozenset(
    # PS3.16: TID 3001 procedure log, 4000, 4100, 4120 CAD, 10001 to 10040 radiation dose
    {"3001", "4000", "4100", "4120", "10001", "10011", "10021", "10030", "10040"}
)
OTHER_TITLES: Final[frozenset[Concept]] = frozenset(
    {
        ("DCM", "113701"),  # X-Ray Radiation Dose Report
        ("DCM", "113500"),  # Radiopharmaceutical Radiation Dose Report
        ("DCM", "111036"),  # Mammography CAD Report
        ("DCM", "112000"),  # Chest CAD Report
        ("DCM", "112220"),  # Colon CAD Report
    }
)

SHORT: Final = 3
"""Letters of a name that is believed without a unit or as a frequency only (MI, TIS, n, PRF)."""

_DOSE: Final = re.compile(r"[numcd]?(?:Gy|Sv)(?![A-Za-z]).*")
_MEGAHERTZ: Final = "MHz"


def is_other_report(sop_class: str, template: str | None, title: Code) -> bool:
    """Return whether a report of this class, template and title has no ultrasound values."""
    return (
        sop_class.strip("\0 ") in OTHER_CLASSES
        or template in OTHER_TEMPLATES
        or normal(title) in OTHER_TITLES
    )


@lru_cache(maxsize=4096)
def rule_of(name: Code, unit: str) -> str:
    """Return the rule of ``rules.RULES`` by which a number is no result, empty for a result."""
    if _DOSE.fullmatch(unit):
        return OTHER_REPORT
    if is_known(normal(name)):
        return ""
    if unit == _MEGAHERTZ:
        return SETTING
    words = plain_words(name.text)
    if len(words) <= SHORT and unit not in {"", "Hz", "kHz"}:
        return ""  # MI in m/s is no index
    return next((rule for rule, names in _names() if names.fullmatch(words)), "")


@lru_cache(maxsize=1)
def _names() -> tuple[tuple[str, re.Pattern[str]], ...]:
    return tuple((rule, re.compile(names)) for rule, names, _ in table("sr/no_results.tsv"))
