"""The results the bridge reports: the input of the writers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date as Date  # noqa: N812 - ``date`` is a field of these results
from datetime import datetime
from datetime import time as Time  # noqa: N812
from decimal import Decimal
from enum import StrEnum
from typing import ClassVar

from gdtbridge.people import Patient


@dataclass(frozen=True, slots=True)
class Identification:
    """GDT ids of sender (8316) and receiver (8315); None means what the dialect has."""

    sender: str | None = None
    receiver: str | None = None


@dataclass(frozen=True, slots=True)
class OrderReference:
    """The practice software's own names of an order, from its 6302; empty where not said.

    8310, 8314, 8402, 8410 and the 8411 of that 8410; a result repeats them, so that it finds its
    order. ``ordered_by`` is the software's own GDT id (8316), ``addressed_to`` what it calls us
    (8315). ``number_field`` is the field the patient's number came in where that is not 3000.
    ``echo`` are further fields results may repeat: a line for each, its number and content.
    """

    case_id: str = ""
    request_uid: str = ""
    device_code: str = ""
    test_id: str = ""
    ordered_by: str = ""
    test_name: str = ""
    addressed_to: str = ""
    number_field: str = ""
    echo: str = ""


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file that belongs to a study or a report: fields 6302 to 6305.

    ``name`` is what the chart shows, ``format`` e.g. ``PDF`` or ``JPG``, ``path`` what the
    workstation opens.
    """

    name: str
    format: str
    description: str
    path: str


class Revision(StrEnum):
    """Standing of a record among those sent of its examination; the value heads value records."""

    FIRST = ""
    SUPPLEMENT = "Ergänzender Bericht"
    """The record has further values or pictures."""
    CORRECTION = "Korrigierter Bericht"
    """Values or pictures sent before have changed."""


@dataclass(frozen=True, slots=True)
class StudyResult:
    """One examination, or an order just placed.

    ``date`` and ``time`` are local; ``description`` is the study's or the requested procedure's;
    ``link`` is the URL that shows the study. ``remarks`` are sentences for the chart. A later
    record has a ``revision``; ``pictures`` counts those it brings, 0 where nobody counted.
    ``device_code`` is 8402 where the order has none, empty for that of the modality.
    """

    patient: Patient
    date: Date | None
    time: Time | None
    accession: str
    modality: str
    description: str
    test_id: str
    test_description: str
    order: OrderReference | None = None
    attachments: tuple[Attachment, ...] = ()
    link: str = ""
    remarks: tuple[str, ...] = ()
    revision: Revision = Revision.FIRST
    pictures: int = 0
    device_code: str = ""


@dataclass(frozen=True, slots=True)
class NormalRange:
    """Normal range of a value, in the value's unit, as its report has it; None and empty: not."""

    lower: Decimal | None = None
    upper: Decimal | None = None
    text: str = ""


@dataclass(frozen=True, slots=True)
class TestValue:
    """One measurement with its number exactly as it is to be written; ``sources`` become remarks.

    Values of one ``group`` stand together; a text gives each a heading where there are several.
    ``tail`` is the end of the name that no shortening may touch (side, stage, fetus, number).
    ``spoken`` is number and unit as a text has them where it has them otherwise (``30+4``,
    ``SSW``); the first source may say so too.
    """

    __test__: ClassVar[bool] = False  # the name looks like a test's to pytest

    test_id: str
    name: str
    value: Decimal
    unit: str
    sources: tuple[str, ...] = ()
    group: str = ""
    normal: NormalRange = NormalRange()
    tail: str = ""
    spoken: tuple[str, str] | None = None


@dataclass(frozen=True, slots=True)
class TextResult:
    """A date, text or code of a report in words: its label, the text in its lines.

    ``sources`` are remarks, ``group`` is as that of a `TestValue`.
    """

    name: str
    text: str
    sources: tuple[str, ...] = ()
    group: str = ""


@dataclass(frozen=True, slots=True)
class ValueResult:
    """The measurements of one report, and what it says in words, in the order of the record.

    ``attachments`` show the same report, ``remarks`` are sentences for the chart;
    ``device_code`` as in `StudyResult`.
    """

    patient: Patient
    date: Date | None
    time: Time | None
    accession: str
    modality: str
    values: tuple[TestValue | TextResult, ...]
    order: OrderReference | None = None
    revision: Revision = Revision.FIRST
    attachments: tuple[Attachment, ...] = ()
    remarks: tuple[str, ...] = ()
    device_code: str = ""


@dataclass(frozen=True, slots=True)
class RetractedTest:
    """A test (8410, 8411) whose value was sent in error."""

    test_id: str
    name: str = ""


@dataclass(frozen=True, slots=True)
class RetractionResult:
    """What was sent to a wrong chart, for that chart.

    Everything is said of the number of the wrong chart: ``patient`` has what is known for it,
    ``accession`` and ``order`` are empty unless they are that patient's, and the examined person
    occurs nowhere, in ``description`` and ``reason`` (a person's words) neither. ``test_id`` and
    ``test_description`` are those of the study record. ``sent`` and ``sent_until`` are local times
    of the first and last record, ``study_record`` tells whether there was one; ``values`` counts
    the values, of which ``tests`` names those that are known.
    """

    patient: Patient
    date: Date | None
    time: Time | None
    accession: str
    modality: str
    description: str
    test_id: str
    test_description: str
    order: OrderReference | None = None
    sent: datetime | None = None
    sent_until: datetime | None = None
    study_record: bool = True
    values: int = 0
    tests: tuple[RetractedTest, ...] = ()
    pictures: int = 0
    documents: int = 0
    reason: str = ""
    device_code: str = ""


@dataclass(frozen=True, slots=True)
class MessageResult:
    """Lines for staff in a chart the practice keeps for messages; no examination.

    ``patient`` is that chart's, ``date`` and ``time`` are local; ``modality`` chooses 8402 only.
    """

    patient: Patient
    date: Date | None
    time: Time | None
    lines: tuple[str, ...]
    test_id: str
    test_description: str
    modality: str = "US"


@dataclass(frozen=True, slots=True)
class GdtFile:
    """The bytes of a written file, and its losses ("3101 transliterated").

    ``losses`` name field and kind only, never content.
    """

    data: bytes
    losses: tuple[str, ...] = ()
