"""``[gdt]``: the files the practice software reads and writes, and further ones by route."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Final, Literal

from pydantic import AfterValidator, BeforeValidator, Field

from gdtbridge.gdt.tables.ids import LONGEST_ID
from gdtbridge.settings.fields import Folder, Words, split, tables
from gdtbridge.settings.orders import OrderIntakeKeys
from gdtbridge.settings.section import SettingsSection


def _file_name(value: str) -> str:
    from gdtbridge.gdt.tables.options import checked_pattern  # seldom needed, and slow to import

    return checked_pattern(value)


def _echoed_field(value: str) -> str:
    # seldom needed, and slow to import
    from gdtbridge.gdt.tables.fields import FIELDS
    from gdtbridge.gdt.tables.record_types import may_be_echoed

    if value not in FIELDS or not may_be_echoed(value):
        raise ValueError("must be a known GDT field that results have no content of their own for")
    return value


GdtId = Annotated[str, Field(max_length=LONGEST_ID, pattern=r"^[\x21-\x7e][\x20-\x7e]*$")]

TestId = Annotated[str, Field(min_length=1, max_length=20)]
TestDescription = Annotated[str, Field(max_length=60)]
TestIds = Literal["catalogue", "stable", "seed"]
Unknown = Literal["send", "hold"]
Encoding = Literal["cp437", "iso8859-1", "iso8859-15", "ascii", "utf-8"]
EarlierValues = Literal["omit", "send"]
FileName = Annotated[str, AfterValidator(_file_name), Field(min_length=1)]
Occupied = Literal["wait", "number"]
Most = Annotated[int, Field(ge=1, le=100)]

States = Annotated[
    tuple[Literal["accepted", "started", "received", "discontinued", "cancelled"], ...],
    BeforeValidator(split),
]
EchoedFields = Annotated[
    tuple[Annotated[str, AfterValidator(_echoed_field)], ...], BeforeValidator(split)
]

_OF_A_DIALECT: Final = frozenset({"encoding", "sender", "receiver", "file_name"})
"""What a route with a dialect of its own does not take over from ``[gdt]``."""


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
