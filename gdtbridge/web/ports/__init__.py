"""What the HTTP edge needs of the rest of the bridge."""

from gdtbridge.web.ports.archive import (
    PicturePort,
    WebArchivePort,
    WebCommitmentPort,
    WebFramePort,
)
from gdtbridge.web.ports.core import CorePorts, Readiness
from gdtbridge.web.ports.deliveries import (
    CallPort,
    DeliveryPorts,
    DeliveryReportPort,
    ExamDeliveryPort,
    ExamSendingPorts,
    ForwardPort,
    OutboxPort,
    SentRecordPort,
)
from gdtbridge.web.ports.devices import (
    DevicePorts,
    DeviceReportPort,
    DismissalPort,
    EchoPort,
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
from gdtbridge.web.ports.work_items import (
    EventPort,
    WorkItemPort,
    WorkItemPorts,
    WorkItemSearchPort,
)

__all__ = [
    "AnswerPort",
    "CallPort",
    "CorePorts",
    "DayPort",
    "DeliveryPorts",
    "DeliveryReportPort",
    "DevicePorts",
    "DeviceReportPort",
    "DismissalPort",
    "EchoPort",
    "EditPort",
    "EventPort",
    "ExamDeliveryPort",
    "ExamSendingPorts",
    "ExamSheetPort",
    "FhirPort",
    "ForwardPort",
    "KnownPatientPort",
    "OrderPort",
    "OutboxPort",
    "OutlookPort",
    "PicturePort",
    "QueryReportPort",
    "Readiness",
    "SearchPort",
    "SentRecordPort",
    "StudyPort",
    "SystemPort",
    "TrendPort",
    "WebArchivePort",
    "WebCommitmentPort",
    "WebFramePort",
    "WorkItemPort",
    "WorkItemPorts",
    "WorkItemSearchPort",
]
