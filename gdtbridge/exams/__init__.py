"""Exams from order to result: whose an exam is, when it is complete, what is reported.

`ExamService` is the one service the edges call. Everything that leaves goes through the outbox, in
the transaction of what caused it. No sockets here, no Flask, and SQL only in ``store``.
"""

from gdtbridge.exams.clock import Clock, SystemClock
from gdtbridge.exams.model import (
    HELD_TEXT,
    PROBLEM_TEXT,
    Exam,
    ExamState,
    Held,
    OrderRequest,
    OrderState,
    PlacedOrder,
    Problem,
    ReportState,
)
from gdtbridge.exams.orders import CleanUp
from gdtbridge.exams.service import ExamService

__all__ = [
    "HELD_TEXT",
    "PROBLEM_TEXT",
    "CleanUp",
    "Clock",
    "Exam",
    "ExamService",
    "ExamState",
    "Held",
    "OrderRequest",
    "OrderState",
    "PlacedOrder",
    "Problem",
    "ReportState",
    "SystemClock",
]
