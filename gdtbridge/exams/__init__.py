"""Exams from order to result: whose an exam is, when it is complete, what is reported.

`ExamService` is the one service the edges call. Everything that leaves goes through the outbox, in
the transaction of what caused it. No sockets here, no Flask, and SQL only in ``store``.
"""

from gdtbridge.exams.attaching import ATTACHMENT
from gdtbridge.exams.clock import Clock, SystemClock
from gdtbridge.exams.filed import FiledOrders
from gdtbridge.exams.gathering import Openers
from gdtbridge.exams.master_data import MasterData
from gdtbridge.exams.model import (
    HELD_TEXT,
    PROBLEM_TEXT,
    Drop,
    Exam,
    ExamState,
    Held,
    OrderRequest,
    OrderState,
    Outcome,
    PlacedOrder,
    Problem,
    ReportState,
    Taken,
)
from gdtbridge.exams.orders import CleanUp
from gdtbridge.exams.routing import Routing, Target
from gdtbridge.exams.service import ExamService
from gdtbridge.exams.studies import Studies
from gdtbridge.exams.study_query import StudyQuery, asked, query_of

__all__ = [
    "ATTACHMENT",
    "HELD_TEXT",
    "PROBLEM_TEXT",
    "CleanUp",
    "Clock",
    "Drop",
    "Exam",
    "ExamService",
    "ExamState",
    "FiledOrders",
    "Held",
    "MasterData",
    "Openers",
    "OrderRequest",
    "OrderState",
    "Outcome",
    "PlacedOrder",
    "Problem",
    "ReportState",
    "Routing",
    "Studies",
    "StudyQuery",
    "SystemClock",
    "Taken",
    "Target",
    "asked",
    "query_of",
]
