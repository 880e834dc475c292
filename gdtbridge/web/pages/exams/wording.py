"""How a search was read, and what happened to an exam, in words."""

from __future__ import annotations

from typing import Final

from gdtbridge.day.exam import ExamHistoryCode, HistoryEntry
from gdtbridge.day.search import Condition, ConditionKind
from gdtbridge.web.pages.formats import Formats

PATHS: Final = {
    ConditionKind.BIRTH: "birth",
    ConditionKind.DAY: "day",
}
SHAPES: Final = {
    ExamHistoryCode.HELD: "triangle-alert",
    ExamHistoryCode.BROKEN_OFF: "square",
    ExamHistoryCode.DISCARDED: "ban",
    ExamHistoryCode.WITHDRAWN: "undo-2",
    ExamHistoryCode.UNDONE: "undo-2",
    ExamHistoryCode.RECALLED: "undo-2",
    ExamHistoryCode.RECEIVED: "arrow-down-to-line",
    ExamHistoryCode.DELIVERED: "arrow-right",
    ExamHistoryCode.SENT_AGAIN: "send",
}
"""Shapes of what is no plain step forward."""


def reading_text(one: Condition, formats: Formats) -> str:
    """Return how a part of a search is read: ``geboren 12.03.1958``."""
    texts = formats.texts
    if one.kind is ConditionKind.STATE:
        states = ", ".join(texts(f"states.{state}") for state in sorted(one.states))
        return texts("exams.read.state", value=states)
    if one.kind is ConditionKind.DEVICE:
        return texts("exams.read.device", value=", ".join(sorted(one.devices)))
    if one.kind in PATHS:
        day = one.shown_day
        path = f"exams.read.{one.kind}" if day is not None else f"exams.read.{one.kind}_several"
        return texts(path, value=formats.day(day))
    return texts(f"exams.read.{one.kind}", value=one.word)


def history_text(one: HistoryEntry, formats: Formats) -> str:
    """Return one thing that happened as a sentence without its time."""
    texts, path = formats.texts, f"exam.history.{one.code}"
    detail = one.detail
    if one.code is ExamHistoryCode.RECEIVED:
        parts = []
        if one.pictures:
            parts.append(texts("today.pictures", n=one.pictures))
        if one.reports:
            parts.append(texts("today.reports", n=one.reports))
        detail = texts("exam.and").join(parts)
    elif one.code is ExamHistoryCode.HELD:
        detail = formats.reason(one.detail)
    elif not detail and texts.has(f"{path}_plain"):
        path = f"{path}_plain"
    device = one.device.shown if one.device is not None else texts("entry.station")
    return texts(path, detail=detail, device=device, who=one.who or texts("exam.nobody"))


def history_shape(one: HistoryEntry) -> str:
    """Return the shape before an entry."""
    return SHAPES.get(one.code, "check")
