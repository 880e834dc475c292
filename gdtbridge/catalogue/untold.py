"""Numbers of a report that are no values of its chart: which, and why, in German."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Final

from gdtbridge.catalogue.catalogue import Catalogue
from gdtbridge.catalogue.presentation import name_of
from gdtbridge.sr.model import Report

LOST: Final = "lost"
"""Reason of what could not be read, whatever was wrong with it."""

NAMELESS: Final = "ohne Bezeichnung"
MOST_NAMED: Final = 12
"""Names a line of a chart has at most."""

CUT: Final = "Der Bericht des Geräts bricht ab: Werte können fehlen."
LINES: Final[Mapping[str, str]] = {
    # What a chart says, by reason; settings, counts and earlier values are nobody's loss
    LOST: "Messwert nicht lesbar, am Gerät nachsehen",
    "qualified": "Laut Gerät kein Ergebnis",
    "impossible": "Unmöglicher Wert, nicht übernommen",
}


def untold_names(report: Report, catalogue: Catalogue) -> Mapping[str, Counter[str]]:
    """Return the names of what gives no result, by rule (`LOST` for all that was unreadable)."""
    names: dict[str, Counter[str]] = {}
    for one in report.untold:
        name = name_of(one.measurement, catalogue) or NAMELESS
        names.setdefault(LOST if one.is_lost else one.rule, Counter())[name] += 1
    return names


def listed(names: Counter[str], most: int | None = None) -> str:
    """Return names in one line, with how often each stands and how many more there are."""
    shown = [f"{name} ({count}-mal)" if count > 1 else name for name, count in names.items()]
    more = len(shown) - most if most is not None else 0
    return "; ".join(shown[:most]) + (f" und {more} weitere" if more > 0 else "")


def chart_lines(report: Report, catalogue: Catalogue) -> Iterator[str]:
    """Yield what the chart has to be told of a report whose numbers are not all in it."""
    if not report.is_whole:
        yield CUT
    for why, names in untold_names(report, catalogue).items():
        if why in LINES:
            yield f"{LINES[why]}: {listed(names, MOST_NAMED)}."
