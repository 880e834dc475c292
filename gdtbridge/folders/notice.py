"""What stands in the text beside a filed order: German first, for the people of the practice."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from gdtbridge.exams import PatientExam
from gdtbridge.folders.records import RecordReply
from gdtbridge.orders import RecordOutcome

OUTCOME_TEXT: Final = {
    RecordOutcome.PLACED: "Auftrag {number} steht auf der Arbeitsliste. / Order {number} is on the"
    " worklist.",
    RecordOutcome.UPDATED: "Auftrag {number} wurde geändert. / Order {number} was changed.",
    RecordOutcome.REPEATED: "War schon erledigt (Auftrag {number}). / Had been done (order"
    " {number}).",
    RecordOutcome.CANCELLED: "Auftrag {number} ist storniert. / Order {number} is cancelled.",
    RecordOutcome.STORED: "Stammdaten gespeichert. / Master data kept.",
    RecordOutcome.ANSWERED: "Stammdaten gesendet. / Master data sent.",
    RecordOutcome.SHOWN: "Vorhandene Untersuchungen: / Exams there are:",
    RecordOutcome.REFUSED: "ABGELEHNT / REFUSED",
}


def notice(name: str, replies: Sequence[RecordReply], now: datetime) -> str:
    """Return the text: one paragraph for each record of the file."""
    refused = any(
        taken.outcome is RecordOutcome.REFUSED for reply in replies for taken in reply.all_taken
    )
    told = (
        "wurde nicht (ganz) übernommen. / was not (wholly) accepted."
        if refused
        else "wurde übernommen. / was accepted."
    )
    lines = [f"{name}, {now:%d.%m.%Y %H:%M}: {told}", ""]
    for position, reply in enumerate(replies, 1):
        lines += [f"Satz / record {position} {reply.record_type}".rstrip(), *told_of(reply), ""]
    return "\r\n".join(lines)


def told_of(reply: RecordReply) -> list[str]:
    """Return the lines about one record."""
    lines = []
    for taken in reply.all_taken:
        lines.append(OUTCOME_TEXT[taken.outcome].format(number=taken.accession_number))
        lines += [taken.reason] if taken.reason else []
    lines += reply.notes
    lines += [study_line(study) for study in reply.studies]
    return [f"  {line}" for line in lines]


def study_line(study: PatientExam) -> str:
    """Return date, time, modality, description, order number and UID of a study."""
    words = (
        study.study_date,
        study.study_time[:6],
        study.modality,
        study.study_description,
        study.accession_number,
        study.study_instance_uid,
    )
    return "  ".join(word or "-" for word in words)
