"""Why a NUM of a report is told or not: the rules by name, in the words a person reads.

`selection` applies those about repeats, `tree` those about what is no result at all. Items that
cannot be read are told under their warning's code (``warn.MESSAGES``).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from gdtbridge.sr.warn import MESSAGES


@dataclass(frozen=True, slots=True)
class SelectionRule:
    """A rule by which a NUM is told or left out, and the reason a person reads."""

    kept: bool
    german: str
    english: str

    @property
    def reason(self) -> str:
        """Return both languages."""
        return f"{self.german} / {self.english}"


RULES: Final[dict[str, SelectionRule]] = {
    # Told
    "single": SelectionRule(True, "einziger Wert", "the only value"),
    "chosen": SelectionRule(True, "vom Gerät als gültig bezeichnet", "chosen on the device"),
    "mean": SelectionRule(True, "Mittelwert oder Median", "the mean or median"),
    "aggregate": SelectionRule(True, "Gesamtwert des Geräts", "the device's aggregate"),
    "repeat": SelectionRule(
        True,
        "Wiederholung, keine ist als gültig bezeichnet; alle bleiben",
        "a repeat, none of them is chosen; all stay",
    ),
    # Not told, in the order in which the rules are tried
    "not_measured": SelectionRule(
        False, "-1 heißt bei diesem Gerät: nicht gemessen", "-1 means not measured on this device"
    ),
    "count": SelectionRule(
        False,
        "sagt, wie oft oder wie sicher gemessen wurde; kein Messwert",
        "says how often or how surely it was measured; no result",
    ),
    "impossible": SelectionRule(
        False,
        "kein lebender Mensch hat diesen Wert; kein Ergebnis",
        "no living patient has this value; no result",
    ),
    "single_reading": SelectionRule(
        False, "Einzelwert, der Gesamtwert gilt", "a single reading, the aggregate stands"
    ),
    "twin": SelectionRule(
        False,
        "derselbe Wert noch einmal, ohne Auswahlvermerk",
        "the same value once more, without its selection status",
    ),
    "duplicate": SelectionRule(
        False, "derselbe Wert noch einmal", "the same value once more in every respect"
    ),
    "summary": SelectionRule(
        False,
        "Zusammenfassung, derselbe Wert steht in seinem Abschnitt",
        "a summary, the same value stands in its own section",
    ),
    "not_chosen": SelectionRule(
        False, "Wiederholung, ein anderer Wert ist ausgewählt", "a repeat, another value is chosen"
    ),
    "in_mean": SelectionRule(
        False, "Einzelwert, der Mittelwert oder Median gilt", "a single value, the average stands"
    ),
    # No results
    "earlier": SelectionRule(
        False, "Wert einer früheren Untersuchung", "a value of an earlier exam"
    ),
    "other_report": SelectionRule(
        False,
        "Wert einer anderen Art (etwa Strahlendosis), kein Ultraschall-Messwert",
        "a value of another kind (such as a radiation dose), no ultrasound value",
    ),
    "setting": SelectionRule(
        False, "Einstellung des Geräts, kein Messwert", "a setting of the device, no result"
    ),
    "property": SelectionRule(
        False,
        "Angabe zu einem Messwert (Norm, Perzentile, Unsicherheit)",
        "says something about a value (normal range, percentile, uncertainty)",
    ),
    "basis": SelectionRule(
        False, "Grundlage eines berechneten Werts", "what another value was computed from"
    ),
    "context": SelectionRule(
        False, "Umstand der Untersuchung, kein Messwert", "a circumstance of the exam, no result"
    ),
    "modifier": SelectionRule(
        False, "nähere Bestimmung, kein Messwert", "a modifier of something else, no result"
    ),
}


NO_RESULTS: Final = frozenset(
    {"qualified", "impossible", "earlier", "setting", "count", "other_report"}
)
"""Rules and warnings of values that a chart is told of by name only: they are no results."""

STATEMENT_RULES: Final[dict[str, SelectionRule]] = {
    # Dates, texts and codes (`statements`)
    "stated": SelectionRule(True, "wird im Wortlaut mitgeteilt", "told in words"),
    "said_before": SelectionRule(False, "steht schon im Bericht", "said before in this report"),
    "in_names": SelectionRule(
        False, "steht in den Namen der Messwerte", "is in the names of the values"
    ),
    "earlier_exam": SelectionRule(
        False, "Angabe einer früheren Untersuchung", "said of an earlier exam"
    ),
    "unlisted": SelectionRule(
        False,
        "nicht in der Tabelle der mitgeteilten Angaben",
        "not in the table of what is told",
    ),
    "circumstance": SelectionRule(
        False,
        "Umstand der Untersuchung oder des Berichts",
        "a circumstance of the exam or the report",
    ),
    "identifying": SelectionRule(
        False, "sagt, wer jemand ist; der Inhalt bleibt im Bericht", "says who somebody is"
    ),
    "fetal_sex": SelectionRule(
        False,
        "Geschlecht eines Fetus; nur mit gdt.fetal_sex (GenDG § 15 Abs. 1)",
        "the sex of a fetus; with gdt.fetal_sex only (GenDG 15 (1))",
    ),
    "no_text": SelectionRule(False, "ohne Inhalt", "says nothing"),
}


def reason(rule: str) -> str:
    """Return why, German first; ``rule`` is a name of `RULES` or a warning's code."""
    known = RULES.get(rule) or STATEMENT_RULES.get(rule)
    return known.reason if known is not None else MESSAGES[rule]
