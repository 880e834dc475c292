"""The day as a practice sees it: one line for each patient, with the state it is in.

Here live the lines of a day, the facts they are made of and the table of their states, and the
revision that says whether anything a page shows may have changed. Words for people, Flask and
decisions must not: a page has the words, orders and exams decide.
"""

from gdtbridge.day.day import Day
from gdtbridge.day.model import (
    EVERY_LINE,
    DayFilter,
    DayLine,
    DaySheet,
    LineAct,
    LineReason,
    LineState,
    ReasonCode,
    ShownDevice,
)
from gdtbridge.day.outlook import DeviceOutlook, EntryOutlook
from gdtbridge.day.revision import PageRevision
from gdtbridge.day.states import STATES, StateLook

__all__ = [
    "EVERY_LINE",
    "STATES",
    "Day",
    "DayFilter",
    "DayLine",
    "DaySheet",
    "DeviceOutlook",
    "EntryOutlook",
    "LineAct",
    "LineReason",
    "LineState",
    "PageRevision",
    "ReasonCode",
    "ShownDevice",
    "StateLook",
]
