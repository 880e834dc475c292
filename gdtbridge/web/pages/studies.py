"""The page a practice sees when not exactly one study fits, and the same as text.

German only: it is for the people at the workstation. Nothing a device wrote becomes markup.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, time
from html import escape
from string import Template
from typing import Final

from flask import Response

from gdtbridge.exams import StudyQuery
from gdtbridge.web.pages import page, policy_of
from gdtbridge.web.parameters import without_invisible

MOST: Final = 100
"""Studies a page lists."""

PAGE: Final = page("studies.html")
POLICY: Final = policy_of(PAGE)

NONE: Final = "Keine passende Untersuchung gefunden"
SEVERAL: Final = "Mehrere Untersuchungen passen"
CLOSED: Final = "Die Untersuchung lässt sich nicht öffnen"
NONE_BODY: Final = (
    "<p>Vielleicht ist sie noch nicht angekommen, wird noch zurückgehalten "
    "(<code>gdtbridge exams list --held</code>), oder in der Akte stehen ein anderes Datum oder "
    "eine andere Uhrzeit als im Gerät.</p>"
)
ANOTHER: Final = "Die Nummer gehört zu einer anderen Person"
ANOTHER_BODY: Final = (
    "<p>Nachname und Geburtsdatum sind andere als gesucht. Es wird nichts geöffnet. Bitte prüfen, "
    "ob die Nummer stimmt und ob die Untersuchung unter der richtigen aufgenommen wurde.</p>"
)
SEVERAL_BODY: Final = "<p>Bitte wählen Sie die richtige aus.</p>"


@dataclass(frozen=True, slots=True)
class StudyRow:
    """A study in the list; ``url`` opens it in the viewer."""

    date: date | None
    time: time | None
    modality: str
    description: str
    url: str | None

    def words(self) -> tuple[str, str, str, str]:
        """Return date, time, modality and description as people read them."""
        return (
            f"{self.date:%d.%m.%Y}" if self.date else "ohne Datum",
            f"{self.time:%H:%M:%S}" if self.time else "",
            without_invisible(self.modality)[:16],
            without_invisible(self.description),
        )


def as_html(query: StudyQuery, rows: Sequence[StudyRow], why: str) -> Response:
    """Return the page: 404 when nothing can be opened, 300 when there is a choice.

    ``why`` says (German / English) why studies cannot be opened, if so.
    """
    heading = NONE if not rows else SEVERAL if len(rows) > 1 else CLOSED
    body = NONE_BODY if not rows else SEVERAL_BODY if len(rows) > 1 else ""
    if why:
        body += f'<p class="note">{escape(why.partition(" / ")[0])}</p>'
    if rows:
        body += _table(rows)
    return _page(query, heading, body, status_of(rows))


def another_person(query: StudyQuery) -> Response:
    """Return the page that opens nothing (409): the number is not the named person's.

    It repeats what was asked and does not say whose the number is.
    """
    return _page(query, ANOTHER, ANOTHER_BODY, 409)


def _page(query: StudyQuery, heading: str, body: str, status: int) -> Response:
    text = Template(PAGE).substitute(heading=heading, searched=_searched(query), body=body)
    headers = {"Content-Security-Policy": POLICY}
    return Response(text, status, headers, content_type="text/html; charset=utf-8")


def as_text(rows: Sequence[StudyRow], why: str) -> Response:
    """Return the list for scripts: a line for each study, or one line ``error: …``."""
    lines = ["  ".join(word or "-" for word in (*row.words(), row.url or "")) for row in rows]
    if len(rows) < 2:
        lines = [f"error: {why or 'Keine passende Untersuchung. / No study fits.'}"]
    body = "".join(f"{' '.join(line.split())}\n" for line in lines[:MOST])
    return Response(body, status_of(rows), content_type="text/plain; charset=utf-8")


def status_of(rows: Sequence[StudyRow]) -> int:
    """Return the status of an answer that does not redirect."""
    return 300 if len(rows) > 1 else 404


def _searched(query: StudyQuery) -> str:
    clock = query.study_time
    said = (
        ("Patientennummer", query.patient_id),
        ("Name", query.patient.listed_name),
        ("Geburtsdatum", _german(query.birth_date)),
        ("Datum", _german(query.study_date)),
        ("Uhrzeit", ":".join(part for part in (clock[:2], clock[2:4], clock[4:]) if part)),
        ("Auftragsnummer", query.accession_number),
        ("Vorgang", query.case_id),
        ("Studie", query.study_instance_uid),
    )
    return "".join(
        f"<div><dt>{name}</dt><dd>{escape(value)}</dd></div>" for name, value in said if value
    )


def _german(day: str) -> str:
    return f"{day[6:]}.{day[4:6]}.{day[:4]}" if day else ""


def _table(rows: Sequence[StudyRow]) -> str:
    head = "<tr><th>Datum</th><th>Uhrzeit</th><th>Art</th><th>Untersuchung</th><th></th></tr>"
    more = len(rows) - MOST
    rest = f"<p>… und {more} weitere. Bitte Datum und Uhrzeit angeben.</p>" if more > 0 else ""
    return f"<table>{head}{''.join(_line(row) for row in rows[:MOST])}</table>{rest}"


def _line(row: StudyRow) -> str:
    cells = "".join(f"<td>{escape(word)}</td>" for word in row.words())
    link = f'<a href="{escape(row.url)}">Öffnen</a>' if row.url else ""
    return f"<tr>{cells}<td>{link}</td></tr>"
