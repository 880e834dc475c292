"""What of a report is not in its chart: which numbers and words, and why, in German."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Final

from gdtbridge.catalogue.catalogue import Catalogue
from gdtbridge.catalogue.presentation import name_of
from gdtbridge.sr.model import Report, UntoldValue

LOST: Final = "lost"
"""Reason of what could not be read, whatever was wrong with it."""

NAMELESS: Final = "ohne Bezeichnung"
MOST_NAMED: Final = 12
"""Names a line of a chart has at most."""

IMPOSSIBLE: Final = "impossible"
"""Reason of what no living patient has (``rules.RULES``)."""
CUT: Final = "cut"
"""Reason of what may be missing because the file ends in the middle."""
UNREADABLE: Final = "unreadable"
"""Reason of a whole report that could not be read."""
UNWRITABLE: Final = "unwritable"
"""Reason of a whole report that could be read, but not be written as GDT."""
OTHER_KIND: Final = "other_kind"
"""Reason of a whole report that is none of ultrasound."""
WORDS: Final = "unlisted"
"""Reason of words no table has."""

SENTENCES: Final[Mapping[str, str]] = {
    # What a chart says of a whole report, by reason
    CUT: "Der Bericht des Geräts bricht ab: Werte können fehlen.",
    UNREADABLE: "Ein Bericht des Geräts ist nicht lesbar: Messwerte am Gerät nachsehen.",
    UNWRITABLE: "Ein Bericht des Geräts lässt sich nicht übertragen: Messwerte am Gerät nachsehen.",
    OTHER_KIND: "Bericht anderer Art (etwa Strahlendosis, CAD): keine Ultraschall-Messwerte.",
}
LINES: Final[Mapping[str, str]] = {
    # What a chart says before the names of what is left out, by reason
    LOST: "Messwert nicht lesbar, am Gerät nachsehen",
    "qualified": "Laut Gerät kein Ergebnis",
    IMPOSSIBLE: "Unmöglicher Wert, nicht übernommen",
}
ALONE: Final[Mapping[str, str]] = {
    # What is nobody's loss, unless the report has nothing else: then the chart would be silent
    "earlier": "Wert einer früheren Untersuchung, nicht übernommen",
    "other_report": "Kein Ultraschall-Messwert, nicht übernommen",
    "setting": "Einstellung des Geräts, kein Messwert",
    "count": "Zahl der Messungen, kein Messwert",
    WORDS: "Angabe nicht übernommen, am Gerät nachsehen",
}


def untold_names(report: Report, catalogue: Catalogue) -> Mapping[str, Counter[str]]:
    """Return the names of what gives no result, by rule (`LOST` for all that was unreadable)."""
    names: dict[str, Counter[str]] = {}
    for one in report.untold:
        name = name_of(one.measurement, catalogue) or NAMELESS
        names.setdefault(_reason(one), Counter())[name] += 1
    return names


def _reason(one: UntoldValue) -> str:
    return LOST if one.is_lost else one.rule


def listed(names: Counter[str], most: int | None = None) -> str:
    """Return names in one line, with how often each stands and how many more there are."""
    shown = [f"{name} ({count}-mal)" if count > 1 else name for name, count in names.items()]
    more = len(shown) - most if most is not None else 0
    return "; ".join(shown[:most]) + (f" und {more} weitere" if more > 0 else "")


def untold_reasons(report: Report) -> Mapping[str, tuple[UntoldValue, ...]]:
    """Return why the chart has to be told of something it does not get, with the numbers.

    Reasons of whole reports and of words have no numbers. Earlier values, settings and counts are
    reasons only where the report has nothing to tell.
    """
    reasons: dict[str, tuple[UntoldValue, ...]] = {} if report.is_whole else {CUT: ()}
    if report.is_other_kind and not report.measurements:
        return {**reasons, OTHER_KIND: ()}
    is_silent = not report.has_results
    told = LINES.keys() | (ALONE.keys() if is_silent else ())
    for one in report.untold:
        reason = _reason(one)
        if reason in told:
            reasons[reason] = (*reasons.get(reason, ()), one)
    if is_silent and report.unlisted:
        reasons[WORDS] = ()
    return reasons


def chart_lines(report: Report, catalogue: Catalogue) -> Iterator[str]:
    """Yield what the chart has to be told of a report whose contents are not all in it."""
    names = untold_names(report, catalogue)
    for reason in untold_reasons(report):
        if reason in SENTENCES:
            yield SENTENCES[reason]
        else:
            of_reason = Counter(report.unlisted) if reason == WORDS else names[reason]
            yield f"{LINES.get(reason) or ALONE[reason]}: {listed(of_reason, MOST_NAMED)}."
