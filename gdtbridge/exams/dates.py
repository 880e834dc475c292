"""The date of an exam: what the device's clock says against the order's day and the receipt's."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time
from enum import StrEnum

from gdtbridge.dataset.values import to_date, to_time
from gdtbridge.settings import ExamSettings


class DateStanding(StrEnum):
    """How much a Study Date is to be believed."""

    NEAR = "near"
    """Near the day of the order or of the receipt."""
    TOLD = "told"
    """So far from both that the record tells it (``exam.date_remark_days``)."""
    FAR = "far"
    """So far from both that a person has to look (``exam.date_hold_days``)."""
    MISSING = "missing"
    """There is none, or none that can be read: the day of the receipt is written."""


@dataclass(frozen=True, slots=True)
class DateFinding:
    """The date to write for an exam, and how much it is to be believed."""

    standing: DateStanding
    day: date
    """Study Date; the day of the receipt where it is missing."""
    days_away: int | None
    """Days to the nearer of order and receipt; None where the Study Date is missing."""
    remark: str
    """Sentence for the record, in German; empty where there is nothing to tell."""


@dataclass(frozen=True, slots=True)
class DateRule:
    """The settings ``exam.date_remark_days`` and ``exam.date_hold_days`` as a rule; 0 is never."""

    settings: ExamSettings

    def judge(self, study_date: str, order_day: date | None, received: date) -> DateFinding:
        """Return what to make of a Study Date (0008,0020) as sent; any text is taken.

        The nearer of order and receipt counts: what a device was told on Friday and kept until
        Monday is near. A partial or an impossible date (VR DA, PS3.5 6.2) is as good as none.
        """
        day = to_date(study_date)
        if day is None:
            remark = "Ohne Untersuchungsdatum, Tag des Empfangs."
            return DateFinding(DateStanding.MISSING, received, None, remark)
        away = min(abs((day - known).days) for known in (order_day, received) if known is not None)
        standing = self._standing(away)
        remark = "" if standing is DateStanding.NEAR else _clock_remark(day, received)
        return DateFinding(standing, day, away, remark)

    def _standing(self, away: int) -> DateStanding:
        if 0 < self.settings.date_hold_days < away:
            return DateStanding.FAR
        if 0 < self.settings.date_remark_days < away:
            return DateStanding.TOLD
        return DateStanding.NEAR


def receipt_remark(study_date: str) -> str:
    """Return the sentence where a person said that the day of the receipt is the exam's."""
    told = to_date(study_date)
    said = f"Datum des Geräts: {_german(told)}" if told is not None else "Gerät ohne Datum"
    return f"Untersuchungsdatum ist der Tag des Empfangs. {said}."


def exam_moment(
    study_date: str, study_time: str, received: datetime, *, of_receipt_day: bool = False
) -> datetime:
    """Return when an exam was (local time) as its record says: Study Date and Time as sent.

    That of the receipt where there is no date that can be read, or a person said that its day is
    the exam's (``of_receipt_day``). Without a time the day begins.
    """
    day = None if of_receipt_day else to_date(study_date)
    if day is None:
        return received
    return datetime.combine(day, to_time(study_time) or time())


def _clock_remark(day: date, received: date) -> str:
    return (
        f"Untersuchungsdatum laut Gerät {_german(day)}, empfangen am {_german(received)}: "
        "Geräteuhr prüfen."
    )


def _german(day: date) -> str:
    return f"{day.day:02}.{day.month:02}.{day.year:04}"
