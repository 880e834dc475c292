"""The page that asks before an order is placed, and what follows it.

German only: it is for the people at the workstation. No value becomes markup.
"""

from __future__ import annotations

from html import escape
from string import Template
from typing import Final

from flask import Response

from gdtbridge.orders import OrderRequest
from gdtbridge.orders.details import told_in_german
from gdtbridge.web.pages import page, policy_of

PAGE: Final = page("placing.html")
HEADERS: Final = {
    "Content-Security-Policy": policy_of(PAGE, "'self'"),
    # With the usual "no-referrer" the browser would send the form with Origin: null.
    "Referrer-Policy": "same-origin",
}
ONCE: Final = "once"
"""Name of the form's only field: the one-time value."""

QUESTION: Final = "Eintragen?"
QUESTION_BODY: Final = (
    "<p>Diese Seite wurde im Browser geöffnet. Bitte prüfen, ob die Angaben stimmen und ob Sie "
    "den Eintrag auf der Arbeitsliste wollen.</p>"
)
PLACED: Final = "Eingetragen"
PLACED_BODY: Final = (
    "<p>Der Eintrag steht auf der Arbeitsliste. Sie können die Seite schließen.</p>"
)
CLOSED: Final = "Nicht eingetragen"
CLOSED_BODY: Final = (
    "<p>Die Frage wurde schon beantwortet oder ist zu alt. Steht der Eintrag noch nicht auf der "
    "Arbeitsliste, bitte in der Praxissoftware noch einmal aufrufen.</p>"
)
SEXES: Final = {"M": "männlich", "F": "weiblich", "O": "divers"}


def question(order: OrderRequest, once: str) -> Response:
    """Return the page that shows an order and asks whether to place it."""
    form = (
        f'<form method="post" action="add"><input type="hidden" name="{ONCE}" '
        f'value="{escape(once)}"><button>Eintragen</button></form>'
    )
    return _page(QUESTION, QUESTION_BODY + _told(order) + form, 200)


def placed_page(order: OrderRequest) -> Response:
    """Return the page that says the order was placed."""
    return _page(PLACED, PLACED_BODY + _told(order), 200)


def closed() -> Response:
    """Return the page for an answer nobody waits for (410): answered before, or too old."""
    return _page(CLOSED, CLOSED_BODY, 410)


def _page(heading: str, body: str, status: int) -> Response:
    text = Template(PAGE).substitute(heading=heading, body=body)
    return Response(text, status, HEADERS, content_type="text/html; charset=utf-8")


def _told(order: OrderRequest) -> str:
    patient = order.patient
    said = (
        ("Patientennummer", patient.id),
        ("Name", patient.listed_name),
        ("Geburtsdatum", patient.german_birth_date),
        ("Geschlecht", SEXES.get(patient.sex or "", "")),
        ("Untersuchung", order.procedure),
        ("Gerät", order.station or ""),
        ("Art", order.modality or ""),
        ("Arzt", order.physician),
        ("Termin", f"{order.scheduled:%d.%m.%Y %H:%M}" if order.scheduled else ""),
        *told_in_german(order.details),
    )
    rows = (f"<dt>{name}</dt><dd>{escape(value)}</dd>" for name, value in said if value)
    return f"<dl>{''.join(rows)}</dl>"
