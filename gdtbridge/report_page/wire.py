"""What the printing process and its parent say to each other."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date
from typing import Final

from gdtbridge.report_page.sheet import Person
from gdtbridge.sandbox import Answer
from gdtbridge.sr import ReportError, ReportLimitError
from gdtbridge.sr.wire import decode_answer, encode_error

MAX_TEXT: Final = 64 * 1024
"""Bytes of the JSON of one answer: a title, or why there is no sheet."""

MAX_BODY: Final = 32 * 1024 * 1024
"""Bytes of one sheet; the 20,000 measurements a report may have take less."""


def encode_person(person: Person | None) -> Mapping[str, str] | None:
    """Return what `decode_person` makes the person of."""
    if person is None:
        return None
    born = person.birth_date.isoformat() if person.birth_date is not None else ""
    return {
        "id": person.id,
        "name": person.name,
        "born": born,
        "accession": person.accession,
    }


def decode_person(said: Mapping[str, str] | None) -> Person | None:
    """Return the person of a request."""
    if said is None:
        return None
    born = date.fromisoformat(said["born"]) if said["born"] else None
    return Person(said["id"], said["name"], born, said["accession"])


def encode_printed(title: str, data: bytes) -> Answer:
    """Return the answer that `decode_printed` makes the sheet of."""
    return Answer(json.dumps({"title": title}).encode("ascii"), data)


def encode_refusal(error: ReportError) -> Answer:
    """Return the answer that makes `decode_printed` raise ``error``."""
    return Answer(encode_error(error).encode("ascii"))


def decode_printed(answer: Answer) -> tuple[str, bytes]:
    """Return title and bytes of the sheet, or raise the answer's `ReportError`."""
    try:
        title = json.loads(answer.text)["title"]
    except (ValueError, TypeError, KeyError):
        decode_answer(answer.text)  # raises what the child said, or that it is nonsense
        raise ReportLimitError(
            "Der Druckprozess antwortet Unsinn. / The printing process answers nonsense."
        ) from None
    return str(title), answer.body
