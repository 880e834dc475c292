"""The results the bridge reports: the input of the writers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date as Date  # noqa: N812 - ``date`` is a field of these results
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

    8310, 8314, 8402 and 8410; a result repeats them, so that it finds its order. ``ordered_by`` is
    the software's own GDT id (8316).
    """

    case_id: str = ""
    request_uid: str = ""
    device_code: str = ""
    test_id: str = ""
    ordered_by: str = ""


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


@dataclass(frozen=True, slots=True)
class StudyResult:
    """One examination, or an order just placed.

    ``date`` and ``time`` are local; ``description`` is the study's or the requested procedure's;
    ``link`` is the URL that shows the study.
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


@dataclass(frozen=True, slots=True)
class TestValue:
    """One measurement with its number exactly as it is to be written; ``sources`` become remarks.

    Values of one ``group`` stand together; a text gives each a heading where there are several.
    """

    __test__: ClassVar[bool] = False  # the name looks like a test's to pytest

    test_id: str
    name: str
    value: Decimal
    unit: str
    sources: tuple[str, ...] = ()
    group: str = ""


class Revision(StrEnum):
    """Standing of a report among those sent of its examination; the value is written as text."""

    FIRST = ""
    SUPPLEMENT = "Ergänzender Bericht"
    """The report has further values."""
    CORRECTION = "Korrigierter Bericht"
    """Values sent before have changed."""


@dataclass(frozen=True, slots=True)
class ValueResult:
    """The measurements of one report; ``attachments`` show the same report."""

    patient: Patient
    date: Date | None
    time: Time | None
    accession: str
    modality: str
    values: tuple[TestValue, ...]
    order: OrderReference | None = None
    revision: Revision = Revision.FIRST
    attachments: tuple[Attachment, ...] = ()


@dataclass(frozen=True, slots=True)
class GdtFile:
    """The bytes of a written file, and its losses ("3101 transliterated").

    ``losses`` name field and kind only, never content.
    """

    data: bytes
    losses: tuple[str, ...] = ()
