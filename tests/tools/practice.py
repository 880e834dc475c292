"""A core with every part real: database, files, outbox, worklist, report reader."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pydicom
import sqlalchemy as sa
from pydicom.uid import ExplicitVRLittleEndian

from gdtbridge.archive import Archive, IncomingInstance, ReceiptStatus
from gdtbridge.archive.spool import SpoolFile
from gdtbridge.core import PictureReaders, Stores, wire
from gdtbridge.dataset.part10 import file_meta
from gdtbridge.durable import SteadyClock
from gdtbridge.gdt.read.reader import read_records
from gdtbridge.gdt.read.record import Record
from gdtbridge.orders import OrderRequest
from gdtbridge.outbox import Outbox
from gdtbridge.parts import forward_senders, forward_targets, gatherer_of, senders_of
from gdtbridge.people import Patient
from gdtbridge.pictures import AttachmentReader
from gdtbridge.pictures.frame_reader import FrameReader
from gdtbridge.pictures.picture_reader import AheadReader, PictureReader
from gdtbridge.report_page import PagePrinter
from gdtbridge.results.gathering import ObjectOpeners
from gdtbridge.results.routing import Routing
from gdtbridge.retrieve.transcoding import Transcoder
from gdtbridge.schema import outbox, outbox_uncollected
from gdtbridge.settings import Settings
from gdtbridge.settings.encryption import Encryption
from gdtbridge.sr import Report, ReportLimitError, read_report
from tests.tools.clock import HandClock
from tests.tools.elements import EXPLICIT, PERSON, identification
from tests.tools.empty_database import open_database
from tests.tools.old_studies import of_old_studies
from worklist import WorklistFolder


class HereReader:
    """Reads reports in this process: the tests' reports are no danger."""

    def __init__(self) -> None:
        self.reads = 0
        self.limits_left = 0
        self.fault: Exception | None = None

    def read(self, path: Path) -> Report:
        """Return the report in the file; raise what a test wants raised."""
        self.reads += 1
        if self.fault is not None:
            raise self.fault
        if self.limits_left:
            self.limits_left -= 1
            raise ReportLimitError("busy")
        return read_report(path)


class Practice:
    """A service, its clock, and the hands of a device and of the practice software."""

    def __init__(
        self,
        folder: Path,
        settings: Settings,
        openers: ObjectOpeners | None = None,
        clock: HandClock | None = None,
    ) -> None:
        """Open everything below ``folder``; ``openers`` are somebody else's, who closes them."""
        self.folder = folder
        self._openers = openers
        settings = of_old_studies(settings)
        self.settings = settings
        self.clock = clock or HandClock()
        steady = SteadyClock(self.clock)
        self.out = settings.gdt_out
        self.database = open_database(folder / "db.sqlite")
        routing = Routing(settings)
        if not (folder / "archive").exists():  # a share that is away at a restart stays away
            for target in routing.targets:
                target.out.mkdir(parents=True, exist_ok=True)
        (folder / "archive").mkdir(exist_ok=True)
        self.archive = Archive(folder / "archive")
        encryption = Encryption.of(settings)
        self.frames = FrameReader()
        transcoder = Transcoder(self.frames, folder / "spool", self.archive.room_for)
        senders = {
            **senders_of(routing, settings, encryption, steady),
            **forward_senders(
                forward_targets(settings, encryption),
                gatherer_of(settings, self.database, self.archive),
                self.database,
                transcoder,
                steady,
            ),
        }
        self.outbox = Outbox(self.database, senders, clock=steady)
        self.reader = HereReader()
        self.renderer = AttachmentReader()
        self.printer = PagePrinter()
        self.pictures = PictureReaders(PictureReader(processes=2), AheadReader())
        self.worklist = WorklistFolder(folder / "worklist")
        openers = openers or ObjectOpeners(self.reader, self.renderer, self.printer)
        stores = Stores(
            self.database,
            self.archive,
            self.outbox,
            self.worklist,
            openers,
            transcoder,
            self.pictures,
            encryption,
        )
        self.core = wire(settings, routing, stores, steady)
        self.filed = self.core.order_files.ports.filed
        self.master_data = self.core.order_files.ports.master_data
        self.device = "US01"
        """AE title the device calls itself by."""
        self.arriving: dict[str, Any] = {}
        """What is otherwise of received objects than of those a device sends."""
        self._received = 0
        self.collects = False
        """Whether the practice software collects what lies in its folder whenever time passes."""

    def close(self) -> None:
        """Let go of the child processes and of the database."""
        self.renderer.close()
        self.printer.close()
        self.pictures.at_once.close()
        self.pictures.ahead.close()
        self.frames.close()
        self.database.close()

    def send(self, **values: str | bytes) -> ReceiptStatus:
        """Send an image; every call is another instance of the same study unless said."""
        self._received += 1
        values.setdefault("SOPInstanceUID", f"2.25.{self._received}")
        return self.send_dataset(identification(**values), **values)

    def send_dataset(self, dataset: bytes, **values: str | bytes) -> ReceiptStatus:
        """Send any dataset."""
        self.folder.joinpath("spool").mkdir(exist_ok=True)
        sop_class = str(values.get("SOPClassUID", "1.2.840.10008.5.1.4.1.1.6.1"))
        uid = str(values["SOPInstanceUID"])
        file = SpoolFile(self.folder / "spool", file_meta(sop_class, uid, EXPLICIT))
        try:
            file.write(dataset)
            known = file.finish()
            command = (sop_class, uid, EXPLICIT, self.device, "127.0.0.1")
            incoming = IncomingInstance(file.path, *command, known)
            return self.core.receiving.receive(replace(incoming, **self.arriving))
        finally:
            file.let_go()

    def send_file(self, path: Path, sop_class: str, uid: str) -> ReceiptStatus:
        """Send a Part 10 file as it is."""
        copy = self.folder / "incoming"
        copy.write_bytes(path.read_bytes())
        incoming = IncomingInstance(copy, sop_class, uid, EXPLICIT, self.device, "127.0.0.1")
        return self.core.receiving.receive(replace(incoming, **self.arriving))

    def again(self) -> Practice:
        """Return the same practice after a restart of the service."""
        again = Practice(self.folder, self.settings, self._openers, self.clock)
        again.core.order_book.reconcile()  # as the service does before anything else starts
        return again

    @property
    def quiet(self) -> float:
        """Seconds after which an exam of which nothing came is due."""
        return self.settings.exam.quiet_seconds + 1

    def wait(self, seconds: float | None = None) -> None:
        """Let time pass, the quiet time unless said, and everything that is due happen."""
        self.clock.seconds += self.quiet if seconds is None else seconds
        self.core.reporting.reconsider()
        self.core.reporting.report_due()
        for target in self.core.routing.targets:
            while self.outbox.deliver_due(target.destination):
                pass
        if self.collects:
            self.collect()

    def collect(self) -> None:
        """Note of all that lies in folders that it was collected; a copy stays to be read."""
        with self.database.write() as connection:
            lies = sa.update(outbox).where(outbox_uncollected)
            connection.execute(lies.values(collected_at=self.clock.seconds))

    def files(self, folder: str = "") -> list[str]:
        """Return what lies in the folder of the practice software, or in that of a route."""
        place = self.folder / folder if folder else self.out
        return sorted(path.name for path in place.iterdir())

    def records(self) -> dict[str, Record]:
        """Return every result, by file name; each must read without a warning."""
        found = {}
        for name in self.files():
            (record,) = read_records((self.out / name).read_bytes())
            assert record.warnings == ()
            found[name] = record
        return found

    def order(self, **changes: object) -> OrderRequest:
        """Return an order for the patient that `send` sends."""
        person: dict[str, object] = {
            "patient_id": "4711",
            "family_name": "Müller",
            "given_name": "Änne",
            "birth_date": date(1958, 12, 24),
            "sex": "F",
        }
        person |= {name: changes.pop(name) for name in person.keys() & changes.keys()}
        patient = Patient(*person.values())  # type: ignore[arg-type]
        values = {"patient": patient, "procedure": "Abdomen"}
        return OrderRequest(**{**values, **changes})  # type: ignore[arg-type]


Change = Callable[[pydicom.Dataset], None]


class Reports:
    """The project's sample reports, sent as a device would."""

    def __init__(self, project: Path, practice: Practice, folder: Path) -> None:
        self._samples = project / "samples" / "sr"
        self._practice = practice
        self._folder = folder

    def send(self, name: str, change: Change | None = None, /, **changes: str) -> None:
        """Send a sample; ``changes`` replace elements, ``change`` does what else is wanted."""
        dataset = pydicom.dcmread(self._samples / name)
        dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
        for keyword, value in {**PERSON, **changes}.items():
            setattr(dataset, keyword, value)
        if change is not None:
            change(dataset)
        dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
        path = self._folder / "report.dcm"
        dataset.save_as(path, enforce_file_format=True)
        self._practice.send_file(path, str(dataset.SOPClassUID), str(dataset.SOPInstanceUID))
