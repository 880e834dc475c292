"""The page a practice sees when not exactly one study fits, and the same as text."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, time
from typing import Final

from flask import Response

from gdtbridge.exams import StudyQuery
from gdtbridge.language import Language
from gdtbridge.web.pages.frame import Frame
from gdtbridge.web.pages.texts import Texts, texts_of
from gdtbridge.web.parameters import without_invisible

MOST: Final = 100
"""Studies a page lists."""


@dataclass(frozen=True, slots=True)
class StudyRow:
    """A study in the list; ``url`` opens it in the viewer."""

    date: date | None
    time: time | None
    modality: str
    description: str
    url: str | None

    def words(self, texts: Texts) -> tuple[str, str, str, str]:
        """Return date, time, modality and description as people read them."""
        return (
            texts.language.day(self.date) if self.date else texts("studies.no_date"),
            f"{self.time:%H:%M:%S}" if self.time else "",
            without_invisible(self.modality)[:16],
            without_invisible(self.description),
        )


class StudiesPage:
    """Shows what there is instead of the one study that was asked for."""

    def __init__(self, frame: Frame) -> None:
        self._frame = frame
        self._texts = frame.texts

    def choice(self, query: StudyQuery, rows: Sequence[StudyRow], why: str) -> Response:
        """Return the page: 404 when nothing can be opened, 300 when there is a choice.

        ``why`` says (German / English) why studies cannot be opened, if so.
        """
        heading = "none" if not rows else "several" if len(rows) > 1 else "closed"
        pair = why.split(" / ")
        told = pair[min(self._texts.language, len(pair) - 1)]
        return self._show(query, heading, status_of(rows), told, rows)

    def another_person(self, query: StudyQuery) -> Response:
        """Return the page that opens nothing (409): the number is not the named person's.

        It repeats what was asked and does not say whose the number is.
        """
        return self._show(query, "another", 409)

    def _show(
        self,
        query: StudyQuery,
        heading: str,
        status: int,
        why: str = "",
        rows: Sequence[StudyRow] = (),
    ) -> Response:
        sentence = f"studies.{heading}_told"
        return self._frame.show(
            "studies.html",
            self._texts("studies.title"),
            status=status,
            heading=self._texts(f"studies.{heading}"),
            sentence=self._texts(sentence) if self._texts.has(sentence) else "",
            why=why,
            searched=[one for one in self._searched(query) if one[1]],
            rows=rows[:MOST],
            more=max(0, len(rows) - MOST),
        )

    def _searched(self, query: StudyQuery) -> Iterator[tuple[str, str]]:
        clock = query.study_time
        said = {
            "patient_id": query.patient_id,
            "name": query.patient.listed_name,
            "birth_date": _german(query.birth_date),
            "date": _german(query.study_date),
            "time": ":".join(part for part in (clock[:2], clock[2:4], clock[4:]) if part),
            "accession_number": query.accession_number,
            "case": query.case_id,
            "study": query.study_instance_uid,
        }
        for name, value in said.items():
            yield self._texts(f"order.{name}"), value


def as_text(rows: Sequence[StudyRow], why: str) -> Response:
    """Return the list for scripts: a line for each study, or one line ``error: …``."""
    german = texts_of(Language.GERMAN)
    lines = ["  ".join(word or "-" for word in (*row.words(german), row.url or "")) for row in rows]
    if len(rows) < 2:
        lines = [f"error: {why or 'Keine passende Untersuchung. / No study fits.'}"]
    body = "".join(f"{' '.join(line.split())}\n" for line in lines[:MOST])
    return Response(body, status_of(rows), content_type="text/plain; charset=utf-8")


def status_of(rows: Sequence[StudyRow]) -> int:
    """Return the status of an answer that does not redirect."""
    return 300 if len(rows) > 1 else 404


def _german(day: str) -> str:
    return f"{day[6:]}.{day[4:6]}.{day[:4]}" if day else ""
