"""The settings: ``gdtbridge.toml`` and ``GDTBRIDGE_SECTION__KEY`` environment variables.

Every key has a default that works on one machine. An unknown key stops the start, and so does an
unsafe combination: what listens beyond this machine must say who may come in.
"""

from __future__ import annotations

import difflib
import ipaddress
import json
import os
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, Final, Literal, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
    model_validator,
)

from gdtbridge import viewers
from gdtbridge.errors import SettingsError

PREFIX: Final = "GDTBRIDGE_"
FILE_NAME: Final = "gdtbridge.toml"


def _split(value: object) -> object:
    """Let a list come from the environment as ``a, b``."""
    if isinstance(value, str):
        return [part.strip() for part in value.split(",") if part.strip()]
    return value


def _tables(value: object) -> object:
    """Let a list of tables come from the environment as JSON."""
    return json.loads(value) if isinstance(value, str) else value


def _network(value: str) -> str:
    return str(ipaddress.ip_network(value, strict=False))


def _ae_title(value: str) -> str:
    """Accept 1-16 characters of the default repertoire without backslash (PS3.5 6.2, VR AE)."""
    value = value.strip()
    if not 1 <= len(value) <= 16 or any(c == "\\" or not " " <= c <= "~" for c in value):
        raise ValueError("an AE title has 1 to 16 ASCII characters and no backslash")
    return value


def _http_url(value: str) -> str:
    if value and not value.lower().startswith(("http://", "https://")):
        raise ValueError("must start with http:// or https://")
    return value.rstrip("/") if value.count("/") <= 3 else value


def _file_name(value: str) -> str:
    from gdtbridge.gdt import checked_pattern  # seldom needed, and slow to import

    return checked_pattern(value)


def _folder(value: object) -> object:
    if value == "":
        raise ValueError("must not be empty; leave the key out for the default")
    return value


Folder = Annotated[Path, BeforeValidator(_folder)]
AeTitle = Annotated[str, AfterValidator(_ae_title)]
Url = Annotated[str, AfterValidator(_http_url)]
Networks = Annotated[tuple[Annotated[str, AfterValidator(_network)], ...], BeforeValidator(_split)]
Words = Annotated[tuple[str, ...], BeforeValidator(_split)]
Port = Annotated[int, Field(ge=0, le=65535)]
GdtId = Annotated[str, Field(max_length=8, pattern=r"^[\x21-\x7e][\x20-\x7e]*$")]
TestId = Annotated[str, Field(min_length=1, max_length=20)]
TestDescription = Annotated[str, Field(max_length=60)]
TestIds = Literal["catalogue", "stable", "seed"]
Unknown = Literal["send", "hold"]
Encoding = Literal["cp437", "iso8859-1", "iso8859-15", "ascii"]
FileName = Annotated[str, AfterValidator(_file_name), Field(min_length=1)]
Occupied = Literal["wait", "number"]
Most = Annotated[int, Field(ge=1, le=100)]


class Section(BaseModel):
    """A table of the settings file; unknown keys are errors."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class Storage(Section):
    """Where everything we keep lies."""

    root: Folder = Path("var")
    database: str = ""
    min_free_mb: Annotated[int, Field(ge=0)] = 500


class Dicom(Section):
    """The DICOM server."""

    aet: AeTitle = "GDTBRIDGE"
    host: str = "127.0.0.1"
    port: Port = 11112
    allowed_networks: Networks = ()
    allowed_aets: Words = ()
    max_associations: Annotated[int, Field(ge=1, le=500)] = 50
    max_object_mb: Annotated[int, Field(ge=1)] = 2048


class Http(Section):
    """The web server."""

    host: str = "127.0.0.1"
    port: Port = 8080
    public_url: Url = ""
    token: SecretStr = SecretStr("")
    allowed_networks: Networks = ()
    allowed_hosts: Words = ()


class Worklist(Section):
    """The worklist and its clean-up."""

    folder: Folder | None = None
    modality: Annotated[str, Field(pattern=r"^[A-Z0-9_ ]{1,16}$")] = "US"
    station: AeTitle = "US01"
    cleanup_seconds: Annotated[int, Field(ge=0)] = 600
    min_age_hours: Annotated[float, Field(ge=0)] = 6


class When(Section):
    """Which exams a route is for: every list that is not empty must have what fits."""

    device: Words = ()
    station: Words = ()
    modality: Words = ()
    code: Words = ()
    ordered_by: Words = ()


class Route(Section):
    """A further practice software or workplace: what is left out is as in ``[gdt]``.

    A route with a dialect of its own has that dialect's encoding, ids and file name.
    """

    name: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,31}$")]
    out: Folder
    # ``in`` is a Python keyword.
    in_: Annotated[Folder | None, Field(alias="in")] = None
    when: When = When()
    dialect: str | None = None
    sender: GdtId | None = None
    receiver: GdtId | None = None
    test_id: TestId | None = None
    test_description: TestDescription | None = None
    test_ids: TestIds | None = None
    unknown: Unknown | None = None
    encoding: Encoding | None = None
    file_name: FileName | None = None
    occupied: Occupied | None = None
    attachments_folder: Folder | None = None
    attachments_path: str | None = None
    attachments_most: Most | None = None
    report_attachment: bool | None = None


class Gdt(Section):
    """The files the practice software reads and writes."""

    out: Folder | None = None
    # ``in`` is a Python keyword.
    in_: Annotated[Folder | None, Field(alias="in")] = None
    dialect: str = "gdt21"
    sender: GdtId | None = None
    receiver: GdtId | None = None
    test_id: TestId = "EXTPACS"
    test_description: TestDescription = "PACS-Datensatz"
    test_ids: TestIds = "catalogue"
    unknown: Unknown = "send"
    encoding: Encoding | None = None
    file_name: FileName | None = None
    occupied: Occupied = "wait"
    attachments_folder: Folder | None = None
    attachments_path: str = ""
    attachments_most: Most = 20
    report_attachment: bool = False
    routes: Annotated[tuple[Route, ...], BeforeValidator(_tables)] = ()


class OrderRule(Section):
    """What one code of the practice software means; what is left out is the default's."""

    code: Annotated[str, Field(min_length=1, max_length=60)]
    modality: Annotated[str, Field(pattern=r"^[A-Z0-9_ ]{1,16}$")] | None = None
    station: AeTitle | None = None
    procedure: Annotated[str, Field(max_length=64)] = ""


class Orders(Section):
    """The orders that come as files."""

    map: Annotated[tuple[OrderRule, ...], BeforeValidator(_tables)] = ()
    encoding: (
        Literal["ascii", "cp437", "cp850", "cp1252", "iso8859-1", "iso8859-15", "utf-8"] | None
    ) = None
    settle_seconds: Annotated[float, Field(ge=0, le=60)] = 1
    patience_seconds: Annotated[float, Field(gt=0)] = 60
    repeat_minutes: Annotated[float, Field(ge=0)] = 5


class CatalogueRow(Section):
    """A row of the practice's own; ``gdtbridge.sr`` knows what may stand in it."""

    id: str
    name: str | None = None
    unit: str | None = None
    decimals: int | None = None
    group: str | None = None
    concept: str | None = None
    meaning: str | None = None
    where: str | None = None


class Catalogue(Section):
    """What measurements are called, and their units."""

    rows: Annotated[tuple[CatalogueRow, ...], BeforeValidator(_tables)] = ()

    @property
    def cells(self) -> tuple[dict[str, str], ...]:
        """Return the cells of each row that say something, as text."""
        return tuple(
            {column: str(cell) for column, cell in row if cell is not None} for row in self.rows
        )


class Exam(Section):
    """When the study record is written."""

    trigger: Literal["complete", "first_instance"] = "complete"
    quiet_seconds: Annotated[float, Field(gt=0)] = 20
    limit_minutes: Annotated[float, Field(gt=0)] = 60


class Webhooks(Section):
    """URLs called with GET; empty means none."""

    worklist_added: Url = ""
    gdt_written: Url = ""


class Viewer(Section):
    """What opens a study on a workstation: a viewer of the table, or a URL of one's own."""

    kind: str = ""
    base: Annotated[str, AfterValidator(lambda value: value.rstrip("/"))] = ""
    url: str = ""

    @model_validator(mode="after")
    def _must_be_consistent(self) -> Self:
        if fault := viewers.fault_of(self):
            raise ValueError(fault)
        return self


class Settings(BaseModel):
    """All settings, checked; paths are absolute."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    storage: Storage = Storage()
    dicom: Dicom = Dicom()
    http: Http = Http()
    worklist: Worklist = Worklist()
    gdt: Gdt = Gdt()
    orders: Orders = Orders()
    catalogue: Catalogue = Catalogue()
    exam: Exam = Exam()
    webhooks: Webhooks = Webhooks()
    viewer: Viewer = Viewer()
    # By name, what a practice changes in a dialect; ``gdtbridge.gdt`` knows the keys.
    dialects: Mapping[str, Mapping[str, object]] = Field(default_factory=dict)
    base: Annotated[Path, Field(exclude=True)] = Path()

    def _under_root(self, given: Path | None, *default: str) -> Path:
        return self.base / given if given is not None else self.root.joinpath(*default)

    @property
    def root(self) -> Path:
        """Folder everything lies below unless set otherwise."""
        return self.base / self.storage.root

    @property
    def database_url(self) -> str:
        """SQLAlchemy URL; SQLite below the root unless set."""
        return self.storage.database or f"sqlite:///{self.root / 'gdtbridge.sqlite'}"

    @property
    def archive_folder(self) -> Path:
        """Received instances."""
        return self.root / "archive"

    @property
    def spool_folder(self) -> Path:
        """Instances being received; on the archive's file system, so that a rename moves them."""
        return self.root / "spool"

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


def load_settings(file: Path | None = None, environ: Mapping[str, str] | None = None) -> Settings:
    """Return the settings of ``file`` overridden by the environment.

    Without ``file``, ``GDTBRIDGE_CONFIG`` or else ``gdtbridge.toml`` in the working directory is
    read where it exists. Relative paths count from the file's folder. Raises `SettingsError`.
    """
    environ = os.environ if environ is None else environ
    file = _choose_file(file, environ)
    values = _read_toml(file) if file is not None else {}
    _overlay(values, environ)
    base = file.resolve().parent if file is not None else Path.cwd()
    if "base" in values:
        raise SettingsError(_unknown("base"))
    try:
        settings = Settings.model_validate({**values, "base": base})
    except ValidationError as error:
        raise SettingsError("\n".join(_explain(error))) from None
    _refuse_unsafe(settings)
    return settings


def _choose_file(file: Path | None, environ: Mapping[str, str]) -> Path | None:
    if file is None and environ.get("GDTBRIDGE_CONFIG"):
        file = Path(environ["GDTBRIDGE_CONFIG"])
    if file is None:
        default = Path(FILE_NAME)
        return default if default.is_file() else None
    return file


def _read_toml(file: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(file.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise SettingsError(f"{file}: nicht lesbar. / cannot be read: {error.strerror}.") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"{file}: kein gültiges TOML. / not valid TOML: {error}") from error


def _overlay(values: dict[str, Any], environ: Mapping[str, str]) -> None:
    for name, value in environ.items():
        if not name.startswith(PREFIX):
            continue
        section, mark, key = name.removeprefix(PREFIX).lower().partition("__")
        if mark:
            table = values.setdefault(section, {})
            if isinstance(table, dict):
                table[key] = value
        elif section.partition("_")[0] in Settings.model_fields:
            raise SettingsError(
                f"{name}: Zwischen Abschnitt und Schlüssel gehören zwei Unterstriche. / "
                "There must be two underscores between section and key."
            )


def _explain(error: ValidationError) -> list[str]:
    lines = []
    for detail in error.errors(include_url=False, include_input=False):
        place = ".".join(str(part) for part in detail["loc"])
        if detail["type"] == "extra_forbidden":
            lines.append(_unknown(place))
        else:
            lines.append(f"{place}: ungültiger Wert. / invalid value: {detail['msg']}")
    return lines


def known_keys() -> dict[str, object]:
    """Return every ``section.key`` with its default, for the documentation and its test."""
    keys: dict[str, object] = {}
    for section, field in Settings.model_fields.items():
        model = field.annotation
        if isinstance(model, type) and issubclass(model, Section):
            for key, inner in model.model_fields.items():
                keys[f"{section}.{inner.alias or key}"] = inner.default
    return keys


def _unknown(place: str) -> str:
    near = difflib.get_close_matches(place, known_keys(), n=1)
    hint = f" Meinten Sie {near[0]}? / Did you mean {near[0]}?" if near else ""
    return f"{place}: unbekannte Einstellung. / unknown setting.{hint}"


def is_loopback(host: str) -> bool:
    """Return whether a server bound to ``host`` is reachable from this machine only."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def reachable(host: str) -> str:
    """Return the address by which a server bound to ``host`` is reached from this machine."""
    return {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 - compared, not bound


def _refuse_unsafe(settings: Settings) -> None:
    problems = []
    dicom, http = settings.dicom, settings.http
    if not is_loopback(dicom.host) and not dicom.allowed_networks:
        problems.append(
            f"dicom.host = {dicom.host}: Setzen Sie dicom.allowed_networks auf die Netze oder "
            'Adressen Ihrer Geräte, z. B. ["192.168.1.0/24"]. / set dicom.allowed_networks to the '
            "networks or addresses of your devices."
        )
    token = http.token.get_secret_value()
    if not is_loopback(http.host) and not token:
        problems.append(
            f"http.host = {http.host}: Setzen Sie http.token auf ein langes, zufälliges Kennwort. "
            "/ set http.token to a long random word."
        )
    if token and len(token) < 16:
        problems.append("http.token: mindestens 16 Zeichen. / must have at least 16 characters.")
    problems += _route_problems(settings)
    if problems:
        raise SettingsError("\n".join(problems))


def _route_problems(settings: Settings) -> Iterator[str]:
    """Yield what would let orders or results go to two places, or to none."""
    names: set[str] = set()
    inboxes = {settings.gdt_in}
    for route in settings.gdt.routes:
        place = f"gdt.routes ({route.name})"
        if route.name in names:
            yield f"{place}: Der Name ist doppelt. / The name is used twice."
        names.add(route.name)
        if route.when == When() and route.in_ is None:
            yield (
                f"{place}: Setzen Sie when oder in, sonst gilt die Route nie. / Set when or in, or "
                "the route is never taken."
            )
        if route.in_ is not None:
            if settings.base / route.in_ in inboxes:
                yield (
                    f"{place}: Der Ordner in gehört schon einer anderen Route. / The folder in "
                    "belongs to another route already."
                )
            inboxes.add(settings.base / route.in_)
