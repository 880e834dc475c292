"""The settings as values: a model for each section; every default works on one machine."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Annotated, Final, Literal, Self
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
    model_validator,
)

from gdtbridge import viewers
from gdtbridge.devices.profile import AnswerLetters
from gdtbridge.gdt.tables.ids import LONGEST_ID
from gdtbridge.settings.devices import DeviceSettings
from gdtbridge.settings.fields import (
    AeTitle,
    AeTitles,
    Folder,
    Origins,
    Port,
    Uri,
    Words,
    split,
    tables,
)
from gdtbridge.settings.forward import ForwardSettings
from gdtbridge.settings.hosts import host_name, is_loopback, reachable
from gdtbridge.settings.patterns import compiled_pattern
from gdtbridge.settings.peers import PeerSettings
from gdtbridge.settings.pickup import PickupSettings
from gdtbridge.settings.sample import SampleAuditSettings
from gdtbridge.settings.secret import Secret, in_plain_sight
from gdtbridge.settings.section import SettingsSection
from gdtbridge.settings.sources import SettingSources
from gdtbridge.webhooks.events import EVENTS, TEST, VARIABLES
from gdtbridge.webhooks.signature import key_of
from gdtbridge.webhooks.templates import ContentKind, check_body, check_url

MEGABYTE: Final = 1024 * 1024
"""Bytes that settings in MB (``_mb``) count in."""


def _network(value: str) -> str:
    return str(ipaddress.ip_network(value, strict=False))


def _http_url(value: str) -> str:
    if value and not value.lower().startswith(("http://", "https://")):
        raise ValueError("must start with http:// or https://")
    return value.rstrip("/") if value.count("/") <= 3 else value


def _file_name(value: str) -> str:
    from gdtbridge.gdt.tables.options import checked_pattern  # seldom needed, and slow to import

    return checked_pattern(value)


def _letter_template(value: str) -> str:
    from gdtbridge.report_page.letter import unknown_variables  # seldom needed, and slow to import

    if unknown := unknown_variables(value):
        raise ValueError(f"there is no variable {{{unknown[0]}}}")
    return value


def _number_pattern(value: str) -> str:
    if value:
        compiled_pattern(value)
    return value


def _field_number(value: str) -> str:
    if value and not (len(value) == 4 and value.isascii() and value.isdigit()):
        raise ValueError("must be a GDT field number: four digits")
    if value == "3000":
        raise ValueError("3000 is the patient's number itself, not a former one")
    return value


def _file_pattern(value: str) -> str:
    """Accept a pattern of file names: ``*``, ``?`` and ``[0-9]``, no path."""
    value = value.strip()
    if not value or {"/", "\\"} & set(value):
        raise ValueError("must be a pattern of file names such as T2MD*.gdt; no path")
    return value


def _echoed_field(value: str) -> str:
    # seldom needed, and slow to import
    from gdtbridge.gdt.tables.fields import FIELDS
    from gdtbridge.gdt.tables.record_types import may_be_echoed

    if value not in FIELDS or not may_be_echoed(value):
        raise ValueError("must be a known GDT field that results have no content of their own for")
    return value


def _header_name(value: str) -> str:
    """Accept a field name (RFC 9110 5.1) that is not ours to set."""
    if not re.fullmatch(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+", value):
        raise ValueError("is no name of an HTTP header")
    if value.lower() in _OWN_HEADERS or value.lower().startswith("webhook-"):
        raise ValueError("this header is set by the bridge itself")
    return value


def _mail_address(value: str) -> str:
    """Accept what SMTP takes as a mailbox, in ASCII (RFC 5321 4.1.2, without quoted forms)."""
    if value and not re.fullmatch(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]+@[A-Za-z0-9.-]+", value):
        raise ValueError("must be one mail address: name@example.org")
    return value


Url = Annotated[str, AfterValidator(_http_url)]
Networks = Annotated[tuple[Annotated[str, AfterValidator(_network)], ...], BeforeValidator(split)]
MailAddress = Annotated[str, AfterValidator(_mail_address)]
GdtId = Annotated[str, Field(max_length=LONGEST_ID, pattern=r"^[\x21-\x7e][\x20-\x7e]*$")]
OrderReceiver = Annotated[str, Field(min_length=1, max_length=LONGEST_ID)]
FilePatterns = Annotated[
    tuple[Annotated[str, AfterValidator(_file_pattern)], ...], BeforeValidator(split)
]
TestId = Annotated[str, Field(min_length=1, max_length=20)]
TestDescription = Annotated[str, Field(max_length=60)]
TestIds = Literal["catalogue", "stable", "seed"]
Unknown = Literal["send", "hold"]
Encoding = Literal["cp437", "iso8859-1", "iso8859-15", "ascii", "utf-8"]
EarlierValues = Literal["omit", "send"]
FileName = Annotated[str, AfterValidator(_file_name), Field(min_length=1)]
Occupied = Literal["wait", "number"]
Most = Annotated[int, Field(ge=1, le=100)]
HeaderName = Annotated[str, AfterValidator(_header_name)]
States = Annotated[
    tuple[Literal["accepted", "started", "received", "discontinued", "cancelled"], ...],
    BeforeValidator(split),
]
EchoedFields = Annotated[
    tuple[Annotated[str, AfterValidator(_echoed_field)], ...], BeforeValidator(split)
]
FieldNumber = Annotated[str, AfterValidator(_field_number)]
NumberPattern = Annotated[str, AfterValidator(_number_pattern)]
Days = Annotated[int, Field(ge=0, le=36525)]
UnknownNumber = Literal["send", "hold"]
SeveralOrders = Literal["hold", "send"]
WithoutNumber = Literal["hold", "order"]


_OWN_HEADERS: Final = frozenset(
    {"host", "content-length", "content-type", "transfer-encoding", "connection", "authorization"}
)
_OF_PATIENT: Final = frozenset(one.name for one in VARIABLES.values() if one.of_patient)

_OF_A_DIALECT: Final = frozenset({"encoding", "sender", "receiver", "file_name"})
"""What a route with a dialect of its own does not take over from ``[gdt]``."""


class StorageSettings(SettingsSection):
    """Where everything we keep lies."""

    root: Folder = Path("var")
    database: str = ""
    min_free_mb: Annotated[int, Field(ge=0)] = 500


class DicomSettings(SettingsSection):
    """The DICOM server."""

    aet: AeTitle = "GDTBRIDGE"
    host: str = "127.0.0.1"
    port: Port = 11112
    tls_port: Port | None = None
    tls_certificate: Folder | None = None
    tls_key: Folder | None = None
    tls_client_ca: Folder | None = None
    tls_only: bool = False
    allowed_networks: Networks = ()
    allowed_aets: Words = ()
    unknown_devices: Literal["accept", "refuse"] = "accept"
    max_associations: Annotated[int, Field(ge=1, le=500)] = 100
    max_associations_per_address: Annotated[int, Field(ge=0, le=500)] = 0
    max_object_mb: Annotated[int, Field(ge=1)] = 2048

    @property
    def plain_host(self) -> str:
        """The address the unencrypted port is bound to: this machine's own where TLS is a must."""
        if not self.tls_only or is_loopback(self.host):
            return self.host
        return "::1" if ":" in self.host else "127.0.0.1"


class CommitmentSettings(SettingsSection):
    """Storage commitment: how devices are told that what they sent is kept."""

    wait_seconds: Annotated[int, Field(ge=0, le=3600)] = 30
    port: Annotated[int, Field(ge=1, le=65535)] = 104
    only_copy: Literal["tell", "known"] = "tell"
    requires_forwarding: Literal["no", "sent", "confirmed"] = "no"
    forwarding_hours: Annotated[int, Field(ge=1, le=168)] = 24


class HttpSettings(SettingsSection):
    """The web server."""

    host: str = "127.0.0.1"
    port: Port = 8080
    tls: Literal["off", "files", "self-made"] = "off"
    tls_certificate: Folder | None = None
    tls_key: Folder | None = None
    ca_file: Folder | None = None
    public_url: Url = ""
    token: SecretStr = SecretStr("")
    allowed_networks: Networks = ()
    allowed_hosts: Words = ()
    allowed_origins: Origins = ()
    open_worklist_add: bool = True

    @property
    def address(self) -> str:
        """Where people and programs reach the bridge, as far as is known; no slash at the end."""
        host = reachable(self.host)
        here = f"{self.scheme}://{f'[{host}]' if ':' in host else host}:{self.port}"
        return self.public_url.rstrip("/") or here

    @property
    def names(self) -> frozenset[str]:
        """The names and addresses calls are answered under, in small letters, without ports."""
        public = urlsplit(self.public_url).hostname or ""
        said = (self.host, public, *self.allowed_hosts)
        return frozenset({"localhost", *map(host_name, said)} - {""})

    @property
    def scheme(self) -> str:
        """What addresses of the server begin with."""
        return "http" if self.tls == "off" else "https"


class AccessSettings(SettingsSection):
    """Who signs in, and for how long what people did is kept."""

    required: bool = False
    idle_minutes: Annotated[float, Field(ge=1, le=720)] = 15
    audit_days: Annotated[float, Field(ge=1, le=36525)] = 1095
    study_link_hours: Annotated[int, Field(ge=0, le=720)] = 24


class PracticeSettings(SettingsSection):
    """The practice, as its pages name it."""

    name: Annotated[str, Field(max_length=80)] = ""


class ProcedurePreset(SettingsSection):
    """A procedure the form offers; what it is done with is as usual where nothing is said."""

    name: Annotated[str, Field(min_length=1, max_length=64)]
    modality: Annotated[str, Field(pattern=r"^[A-Z0-9_ ]{0,16}$")] = ""
    station: AeTitles | None = None


class LetterSettings(SettingsSection):
    """The text of an exam for a doctor's letter."""

    template: Annotated[str, AfterValidator(_letter_template), Field(max_length=4000)] = ""


class FhirSettings(SettingsSection):
    """The URIs of the practice's numbers in FHIR; empty where it has none."""

    patient_system: Uri = ""
    order_system: Uri = ""


class PageSettings(SettingsSection):
    """The pages people see."""

    language: Literal["de", "en"] = "de"
    procedures: Annotated[tuple[ProcedurePreset, ...], BeforeValidator(tables)] = ()


class ProcedureCodeRule(SettingsSection):
    """The code of a procedure, by its description (``*`` and ``?`` stand for any characters)."""

    procedure: Annotated[str, Field(min_length=1, max_length=64)]
    code: Annotated[str, Field(min_length=1, max_length=16)]
    scheme: Annotated[str, Field(min_length=1, max_length=16)] = "99PRAXIS"
    meaning: Annotated[str, Field(max_length=64)] = ""
    kind: Literal["both", "procedure", "protocol"] = "both"


class WorklistSettings(SettingsSection):
    """The worklist and its clean-up."""

    folder: Folder | None = None
    modality: Annotated[str, Field(pattern=r"^[A-Z0-9_ ]{1,16}$")] = "US"
    station: AeTitles = "US01"
    cleanup_seconds: Annotated[int, Field(ge=0)] = 600
    query_days: Annotated[float, Field(ge=0, le=90)] = 7
    min_age_hours: Annotated[float, Field(ge=0)] = 6
    charset: AnswerLetters = "device"
    codes: Annotated[tuple[ProcedureCodeRule, ...], BeforeValidator(tables)] = ()


class RouteCondition(SettingsSection):
    """Which exams a route is for: every list that is not empty must have what fits."""

    device: Words = ()
    station: Words = ()
    modality: Words = ()
    code: Words = ()
    ordered_by: Words = ()


Mode = Annotated[str, Field(pattern=r"^([0-7]{3,4})?$")]
"""A mode of POSIX in octal digits, such as 0660; empty for the usual one."""


class ExamCodeRule(SettingsSection):
    """What exams nobody ordered are called: everything that is said has to fit."""

    modality: Annotated[str, Field(pattern=r"^[A-Z0-9_ ]{0,16}$")] = ""
    device: Words = ()
    words: Words = ()
    device_code: Annotated[str, Field(max_length=6)] = ""
    test_id: Annotated[str, Field(max_length=20)] = ""
    test_description: TestDescription = ""


class GdtKeys(SettingsSection):
    """The keys of ``[gdt]`` that a route may have as well."""

    out: Folder | None = None
    # ``in`` is a Python keyword.
    in_: Annotated[Folder | None, Field(alias="in")] = None
    dialect: str = "gdt21"
    sender: GdtId | None = None
    receiver: GdtId | None = None
    mirror_ids: bool = False
    test_id: TestId = "EXTPACS"
    test_description: TestDescription = "PACS-Datensatz"
    test_ids: TestIds = "catalogue"
    unknown: Unknown = "send"
    earlier_values: EarlierValues = "omit"
    fetal_sex: bool = False
    encoding: Encoding | None = None
    file_name: FileName | None = None
    occupied: Occupied = "wait"
    states: States = ()
    echo: EchoedFields = ()
    short_names: bool = False
    exam_codes: Annotated[tuple[ExamCodeRule, ...], BeforeValidator(tables)] = ()
    attachments_folder: Folder | None = None
    attachments_path: str = ""
    attachments_most: Most = 20
    report_attachment: bool = False
    exam_attachment: bool = False
    file_mode: Mode = ""

    @property
    def shared_file_mode(self) -> int | None:
        """The mode of files others collect; None for the usual one."""
        return int(self.file_mode, 8) if self.file_mode else None


class OrderIntakeKeys(SettingsSection):
    """What of an order folder is ours, and what becomes of it: ``[orders]``, or of one route."""

    receivers: Annotated[tuple[OrderReceiver, ...], BeforeValidator(split)] = ()
    names: FilePatterns = ()
    ignore: FilePatterns = ()
    master_data: Literal["tell", "keep", "order"] = "tell"
    institution: Annotated[str, Field(max_length=64)] = ""


class RouteSettings(GdtKeys):
    """A further practice software or workplace; read through `GdtSettings.for_route`.

    What is left out is as in ``[gdt]``, not as in the defaults. A route with a dialect of its own
    has that dialect's encoding, ids and file name.
    """

    name: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,31}$")]
    out: Folder
    when: RouteCondition = RouteCondition()
    orders: OrderIntakeKeys = OrderIntakeKeys()


class GdtSettings(GdtKeys):
    """The files the practice software reads and writes."""

    folder_mode: Mode = ""
    routes: Annotated[tuple[RouteSettings, ...], BeforeValidator(tables)] = ()

    def for_route(self, route: RouteSettings) -> GdtSettings:
        """Return ``[gdt]`` as it is for a route."""
        said = {
            key: getattr(route, key) for key in GdtKeys.model_fields.keys() & route.model_fields_set
        }
        dropped = dict.fromkeys(_OF_A_DIALECT) if "dialect" in said else {}
        return self.model_copy(update={**dropped, **said})


@dataclass(frozen=True, slots=True)
class ExchangeSettings:
    """The settings of one practice software or workplace: ``[gdt]``, or ``[gdt]`` for a route."""

    key: str
    """The section's name for messages: ``gdt`` or ``gdt.routes (NAME)``."""
    route: str
    """The route's name; empty for ``[gdt]``."""
    gdt: GdtSettings
    out: Path
    """Folder results are collected from."""
    inbox: Path | None
    """Folder orders are dropped in; None where there is none."""
    attachments: Path | None
    """Folder for pictures and documents; None where none are wanted."""
    orders: OrderIntakeKeys
    """What of ``inbox`` is ours."""

    @property
    def folders(self) -> Iterator[tuple[str, Path]]:
        """The folders that are shared, each with the setting that names it."""
        yield f"{self.key}.out", self.out
        if self.inbox is not None:
            yield f"{self.key}.in", self.inbox
        if self.attachments is not None:
            yield f"{self.key}.attachments_folder", self.attachments


class OrderCodeRule(SettingsSection):
    """What one code of the practice software means; defaults count for what is left out."""

    code: Annotated[str, Field(min_length=1, max_length=60)]
    modality: Annotated[str, Field(pattern=r"^[A-Z0-9_ ]{1,16}$")] | None = None
    station: AeTitles | None = None
    procedure: Annotated[str, Field(max_length=64)] = ""


class OrderFileSettings(OrderIntakeKeys):
    """How order files are read."""

    map: Annotated[tuple[OrderCodeRule, ...], BeforeValidator(tables)] = ()
    encoding: (
        Literal["ascii", "cp437", "cp850", "cp1252", "iso8859-1", "iso8859-15", "utf-8"] | None
    ) = None
    settle_seconds: Annotated[float, Field(ge=0, le=60)] = 1
    patience_seconds: Annotated[float, Field(gt=0)] = 60
    repeat_minutes: Annotated[float, Field(ge=0)] = 5
    entries: Literal["one", "each"] = "one"
    wrong_count: Literal["wait", "take"] = "wait"
    former_number_field: FieldNumber = ""

    def for_route(self, route: RouteSettings) -> OrderIntakeKeys:
        """Return what of a route's folder is ours: as in ``[orders]`` where the route is silent."""
        whole = {key: getattr(self, key) for key in OrderIntakeKeys.model_fields}
        said = {key: getattr(route.orders, key) for key in route.orders.model_fields_set}
        return OrderIntakeKeys.model_construct(**{**whole, **said})


class CatalogueRowSettings(SettingsSection):
    """A row of the practice's own; `gdtbridge.catalogue` knows what may stand in a row."""

    id: str
    name: str | None = None
    unit: str | None = None
    decimals: int | None = None
    group: str | None = None
    concept: str | None = None
    meaning: str | None = None
    where: str | None = None


class CatalogueSettings(SettingsSection):
    """What measurements are called, and their units."""

    rows: Annotated[tuple[CatalogueRowSettings, ...], BeforeValidator(tables)] = ()

    @property
    def cells(self) -> tuple[dict[str, str], ...]:
        """Return the cells of each row that say something, as text."""
        return tuple(
            {column: str(cell) for column, cell in row if cell is not None} for row in self.rows
        )


class ExamSettings(SettingsSection):
    """When the study record is written, and what a person decides before it is."""

    trigger: Literal["complete", "first_instance"] = "complete"
    quiet_seconds: Annotated[float, Field(gt=0)] = 60
    limit_minutes: Annotated[float, Field(gt=0)] = 60
    patient_id_pattern: NumberPattern = ""
    unknown_number: UnknownNumber = "send"
    several_orders: SeveralOrders = "hold"
    without_number: WithoutNumber = "hold"
    date_remark_days: Days = 2
    date_hold_days: Days = 30


class WebhookSettings(SettingsSection):
    """URLs called with GET, empty means none; and whom the tables ``[[webhook]]`` may call."""

    worklist_added: Url = ""
    gdt_written: Url = ""
    attention: Url = ""
    allowed_networks: Networks = ()


class HouseWebhookSettings(SettingsSection):
    """A table ``[[webhook]]``: what is said to whom, when, and how that is proven."""

    name: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,31}$")]
    events: Annotated[tuple[str, ...], Field(min_length=1)]
    url: str
    method: Literal["GET", "POST", "PUT", "PATCH"] = "POST"
    body: str | None = None
    content_type: ContentKind = ContentKind.JSON
    fields: tuple[str, ...] = ()
    headers: Mapping[HeaderName, Secret] = Field(default_factory=dict)
    user: Annotated[str, Field(pattern=r"^[^:\x00-\x1f\x7f]*$")] = ""
    password: Secret | None = None
    token: Secret | None = None
    signing_secret: Secret | None = None
    ca_file: Folder | None = None
    timeout_seconds: Annotated[float, Field(gt=0, le=60)] = 10

    @model_validator(mode="after")
    def _must_be_consistent(self) -> Self:
        for said, known in ((self.events, EVENTS.keys() - {TEST}), (self.fields, _OF_PATIENT)):
            if unknown := [one for one in said if one not in known]:
                raise ValueError(f"{unknown[0]!r} is none of {', '.join(sorted(known))}")
        check_url(self.url, self.fields, token=self.token is not None)
        if self.body is not None and self.method == "GET":
            raise ValueError("a GET has no body")
        if self.body is not None:
            check_body(self.body, self.content_type, self.fields)
        if bool(self.user) != (self.password is not None) or (self.user and self.token):
            raise ValueError("set user and password, or token, or none of them")
        if (secret := in_plain_sight(self.signing_secret)) is not None:
            key_of(secret)
        return self


class AttentionSettings(SettingsSection):
    """The chart that messages for the practice go to (none without its number), and limits."""

    gdt_patient_id: Annotated[str, Field(max_length=10)] = ""
    gdt_family_name: Annotated[str, Field(max_length=28)] = "Ultraschall"
    gdt_given_name: Annotated[str, Field(max_length=28)] = "Meldungen"
    gdt_birth_date: date | None = None
    orders_silent_days: Annotated[float, Field(ge=0, le=3650)] = 0


class MailSettings(SettingsSection):
    """The mail server that takes messages of what needs a person; without a host, none."""

    host: str = ""
    port: Annotated[int, Field(ge=1, le=65535)] = 587
    security: Literal["starttls", "tls", "none"] = "starttls"
    user: str = ""
    password: SecretStr = SecretStr("")
    password_file: Folder | None = None
    # ``from`` is a Python keyword.
    from_: Annotated[MailAddress, Field(alias="from")] = ""
    to: Annotated[tuple[MailAddress, ...], BeforeValidator(split)] = ()
    ca_file: Folder | None = None
    pause_minutes: Annotated[float, Field(ge=1, le=1440)] = 10


class ViewerSettings(SettingsSection):
    """What opens a study on a workstation: a viewer of the table, or a URL of one's own."""

    kind: str = ""
    base: Annotated[str, AfterValidator(lambda value: value.rstrip("/"))] = ""
    url: str = ""

    @model_validator(mode="after")
    def _must_be_consistent(self) -> Self:
        if fault := viewers.fault_of(self):
            raise ValueError(fault)
        return self


class PictureSettings(SettingsSection):
    """What is kept of pictures that were made to be looked at."""

    cache_mb: Annotated[int, Field(ge=0)] = 1000
    ahead: bool = True


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
