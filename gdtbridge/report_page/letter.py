"""The values of an exam as text for a doctor's letter, by a template of the practice."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from gdtbridge.placeholders import fill, names_in
from gdtbridge.report_page.exam_sheet import SheetSubject
from gdtbridge.report_page.sheet import ReportSheet, SheetGroup
from gdtbridge.report_page.texts import page_text
from gdtbridge.tsv import table

USUAL_LETTER: Final = (
    "Sonographie {procedure} vom {date} ({device}):\n"
    "{values}\n"
    "{notes}\n"
    "Vom Gerät gemessen, kein Befund.\n"
)
"""The template where the settings have none."""
VARIABLES: Final = frozenset(row[0] for row in table("report_page/letter.tsv"))
LONGEST: Final = 200
"""Characters of a word or remark; what is longer has ``…`` for its middle. No value is cut."""


def letter_text(template: str, facts: SheetSubject, sheet: ReportSheet) -> str:
    """Return the text of an exam; a line of the template of which nothing is known is left out.

    Each value stands with its side, its unit and what is said beside it.
    """
    born = facts.patient.german_birth_date
    values = {
        "name": page_text(facts.patient.listed_name, LONGEST),
        "birth_date": born,
        "patient_number": page_text(facts.patient.id, LONGEST),
        "procedure": page_text(facts.procedure, LONGEST),
        "date": sheet.day,
        "time": f"{facts.time:%H:%M}" if facts.time is not None else "",
        "device": page_text(facts.device, LONGEST),
        "practice": page_text(facts.practice, LONGEST),
        "order_number": page_text(facts.order_number, LONGEST),
        "values": "\n".join(_by_group(sheet)),
        "value_lines": "\n".join(one for group in sheet.groups for one in _values(group)),
        "notes": "\n".join(sheet.notes),
    }
    filled = (_line(line, values) for line in template.splitlines())
    return "".join(f"{line}\n" for line in filled if line is not None)


def unknown_variables(template: str) -> tuple[str, ...]:
    """Return what a template names that there is not."""
    return tuple(dict.fromkeys(one for one in names_in(template) if one not in VARIABLES))


def _line(line: str, values: dict[str, str]) -> str | None:
    """Return a line filled in, without empty brackets; None where all it names is unknown."""
    named = names_in(line)
    if named and not any(values[one] for one in named):
        return None
    text = fill(line, values)
    return text.replace(" ()", "").replace("  ", " ").rstrip()


def _by_group(sheet: ReportSheet) -> Iterator[str]:
    for group in sheet.groups:
        yield f"{group.name}: {'; '.join(_values(group))}"


def _values(group: SheetGroup) -> Iterator[str]:
    for fact in group.facts:
        yield f"{fact.word}: {fact.text}" if fact.word else fact.text
    for row in group.rows:
        remark = f" ({row.remark})" if row.remark else ""
        yield f"{row.name} {row.value} {row.unit}".rstrip() + remark
