"""All the HTTP edge asks, in one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from gdtbridge.accounts import Access
from gdtbridge.archive.taking import ObjectTaker
from gdtbridge.audit import AuditTrail
from gdtbridge.clarifying import ClarifyingDesk
from gdtbridge.handing_out import HandingDesk
from gdtbridge.health import PartState
from gdtbridge.ohif import OhifFolder
from gdtbridge.sample_audit.desk import SampleDesk
from gdtbridge.setup import SetupDesk
from gdtbridge.web.ports.archive import (
    PicturePort,
    WebArchivePort,
    WebCommitmentPort,
    WebFramePort,
)
from gdtbridge.web.ports.deliveries import (
    DeliveryPorts,
    ExamSendingPorts,
)
from gdtbridge.web.ports.devices import (
    DevicePorts,
    QueryReportPort,
)
from gdtbridge.web.ports.exams import DayPort, ExamSheetPort, SearchPort, StudyPort, TrendPort
from gdtbridge.web.ports.fhir import FhirPort
from gdtbridge.web.ports.orders import (
    AnswerPort,
    EditPort,
    KnownPatientPort,
    OrderPort,
    OutlookPort,
)
from gdtbridge.web.ports.system import SystemPort
from gdtbridge.web.ports.work_items import WorkItemPorts


@dataclass(frozen=True, slots=True)
class CorePorts:
    """All the HTTP edge asks."""

    orders: OrderPort
    answers: AnswerPort
    studies: StudyPort
    queries: QueryReportPort
    editing: EditPort
    day: DayPort
    outlook: OutlookPort
    patients: KnownPatientPort
    clarifying: ClarifyingDesk
    """What waits for a person."""
    search: SearchPort
    exams: ExamSheetPort
    trends: TrendPort
    pictures: PicturePort
    revision: Callable[[], int]
    """Tells, at once, a number that is another when what pages show may have changed."""
    system: SystemPort
    deliveries: DeliveryPorts
    access: Access
    audit: AuditTrail
    devices: DevicePorts
    setup: SetupDesk
    sending: ExamSendingPorts
    sample: SampleDesk
    """What a sample audit asks of pictures."""
    archive: WebArchivePort
    frames: WebFramePort
    work_items: WorkItemPorts
    taker: ObjectTaker
    """Takes objects that programs bring."""
    commitments: WebCommitmentPort
    handing: HandingDesk
    """What people take along."""
    ohif: OhifFolder
    """The viewer that may be installed."""
    fhir: FhirPort


Readiness = Callable[[], Mapping[str, PartState]]
"""Tells the state of each part by its name; answers at once."""
