"""All settings as one value, and the folders they name; every default works on one machine."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Final

from pydantic import BaseModel, ConfigDict, Field

from gdtbridge import viewers
from gdtbridge.settings.attention import AttentionSettings, MailSettings
from gdtbridge.settings.catalogue import CatalogueSettings
from gdtbridge.settings.devices import DeviceSettings
from gdtbridge.settings.dicom import CommitmentSettings, DicomSettings
from gdtbridge.settings.exam import ExamSettings
from gdtbridge.settings.fhir import FhirSettings
from gdtbridge.settings.fields import Folder
from gdtbridge.settings.forward import ForwardSettings
from gdtbridge.settings.gdt import ExchangeSettings, GdtSettings, RouteSettings
from gdtbridge.settings.http import AccessSettings, HttpSettings
from gdtbridge.settings.letter import LetterSettings
from gdtbridge.settings.orders import OrderFileSettings
from gdtbridge.settings.page import PageSettings, PictureSettings, PracticeSettings, ViewerSettings
from gdtbridge.settings.peers import PeerSettings
from gdtbridge.settings.pickup import PickupSettings
from gdtbridge.settings.sample import SampleAuditSettings
from gdtbridge.settings.section import SettingsSection
from gdtbridge.settings.sources import SettingSources
from gdtbridge.settings.webhooks import HouseWebhookSettings, WebhookSettings
from gdtbridge.settings.worklist import WorklistSettings

MEGABYTE: Final = 1024 * 1024
"""Bytes that settings in MB (``_mb``) count in."""


class StorageSettings(SettingsSection):
    """Where everything we keep lies."""

    root: Folder = Path("var")
    database: str = ""
    min_free_mb: Annotated[int, Field(ge=0)] = 500


class Settings(BaseModel):
    """All settings, checked; paths are absolute."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    storage: StorageSettings = StorageSettings()
    dicom: DicomSettings = DicomSettings()
    commitment: CommitmentSettings = CommitmentSettings()
    http: HttpSettings = HttpSettings()
    practice: PracticeSettings = PracticeSettings()
    page: PageSettings = PageSettings()
    letter: LetterSettings = LetterSettings()
    fhir: FhirSettings = FhirSettings()
    access: AccessSettings = AccessSettings()
    worklist: WorklistSettings = WorklistSettings()
    device: tuple[DeviceSettings, ...] = ()
    peer: tuple[PeerSettings, ...] = ()
    forward: tuple[ForwardSettings, ...] = ()
    pickup: tuple[PickupSettings, ...] = ()
    gdt: GdtSettings = GdtSettings()
    orders: OrderFileSettings = OrderFileSettings()
    catalogue: CatalogueSettings = CatalogueSettings()
    exam: ExamSettings = ExamSettings()
    sample: SampleAuditSettings = SampleAuditSettings()
    webhooks: WebhookSettings = WebhookSettings()
    webhook: tuple[HouseWebhookSettings, ...] = ()
    attention: AttentionSettings = AttentionSettings()
    mail: MailSettings = MailSettings()
    viewer: ViewerSettings = ViewerSettings()
    pictures: PictureSettings = PictureSettings()
    # By name, what a practice changes in a dialect; ``gdtbridge.gdt`` knows the keys.
    dialects: Mapping[str, Mapping[str, object]] = Field(default_factory=dict)
    base: Annotated[Path, Field(exclude=True)] = Path()
    # Where the settings come from, for people: the file, or that there is none.
    origin: Annotated[str, Field(exclude=True)] = ""
    sources: Annotated[SettingSources, Field(exclude=True)] = SettingSources()

    def _under_root(self, given: Path | None, *default: str) -> Path:
        return self.base / given if given is not None else self.root.joinpath(*default)

    @property
    def root(self) -> Path:
        """Folder everything lies below unless set otherwise."""
        return self.base / self.storage.root

    @property
    def workstation_viewer(self) -> ViewerSettings:
        """The viewer as workstations reach it: one of ours at our own address."""
        if viewers.is_ours(self.viewer) and not self.viewer.base:
            return self.viewer.model_copy(update={"base": self.http.address})
        return self.viewer

    @property
    def exchanges(self) -> tuple[ExchangeSettings, ...]:
        """Every practice software and workplace, that of ``[gdt]`` first."""
        own = ExchangeSettings(
            "gdt", "", self.gdt, self.gdt_out, self.gdt_in, self._attachments(self.gdt), self.orders
        )
        return (own, *map(self._exchange, self.gdt.routes))

    def _exchange(self, route: RouteSettings) -> ExchangeSettings:
        gdt = self.gdt.for_route(route)
        return ExchangeSettings(
            f"gdt.routes ({route.name})",
            route.name,
            gdt,
            self.base / route.out,
            self.base / route.in_ if route.in_ is not None else None,
            self._attachments(gdt),
            self.orders.for_route(route),
        )

    def _attachments(self, gdt: GdtSettings) -> Path | None:
        return self.base / gdt.attachments_folder if gdt.attachments_folder is not None else None

    @property
    def database_url(self) -> str:
        """SQLAlchemy URL; SQLite below the root unless set."""
        return self.storage.database or f"sqlite:///{self.root / 'gdtbridge.sqlite'}"

    @property
    def log_tail(self) -> Path:
        """The last lines of the log, for whoever helps from outside."""
        return self.root / "support.log"

    @property
    def archive_folder(self) -> Path:
        """Received instances."""
        return self.root / "archive"

    @property
    def export_folder(self) -> Path:
        """Sets for a sample audit, encrypted, until they are fetched."""
        return self.root / "export"

    @property
    def spool_folder(self) -> Path:
        """Instances being received; on the archive's file system, so that a rename moves them."""
        return self.root / "spool"

    @property
    def picture_folder(self) -> Path:
        """Pictures that were made to be looked at; all of it can be made anew."""
        return self.root / "pictures"

    @property
    def metadata_folder(self) -> Path:
        """What objects say, as the web gets it; all of it can be read anew."""
        return self.root / "metadata"

    @property
    def file_spool(self) -> Path:
        """Objects that come as files, from folders and by DICOMweb, while they are being taken."""
        return self.spool_folder / "files"

    @property
    def pickups(self) -> tuple[PickupSettings, ...]:
        """The folders DICOM files are taken from, with whole paths."""
        return tuple(
            one.model_copy(update={"folder": self.base / one.folder}) for one in self.pickup
        )

    @property
    def ohif_folder(self) -> Path:
        """The viewer OHIF, where it was installed; it can be had again."""
        return self.root / "ohif"

    @property
    def tls_folder(self) -> Path:
        """The certificate made here, and the CA of this installation."""
        return self.root / "tls"

    @property
    def worklist_folder(self) -> Path:
        """The ``.wl`` files."""
        return self._under_root(self.worklist.folder, "worklist")

    @property
    def gdt_out(self) -> Path:
        """Where the practice software collects results."""
        return self._under_root(self.gdt.out, "gdt", "out")

    @property
    def taken_folder(self) -> Path:
        """Order files that were taken, by day."""
        return self.root / "gdt" / "archive"

    @property
    def refused_folder(self) -> Path:
        """Order files that were refused, each beside a text that says why."""
        return self.root / "gdt" / "error"

    @property
    def order_spool(self) -> Path:
        """Order files that came from elsewhere than ``gdt_in`` and are being taken."""
        return self.root / "gdt" / "spool"

    @property
    def gdt_in(self) -> Path:
        """Where the practice software drops orders."""
        return self._under_root(self.gdt.in_, "gdt", "in")
