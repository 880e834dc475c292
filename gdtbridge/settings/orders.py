"""``[orders]``: how order files are read, and which of them are ours."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field

from gdtbridge.gdt.tables.ids import LONGEST_ID
from gdtbridge.settings.fields import AeTitles, split, tables
from gdtbridge.settings.section import SettingsSection

if TYPE_CHECKING:
    from gdtbridge.settings.gdt import RouteSettings


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


OrderReceiver = Annotated[str, Field(min_length=1, max_length=LONGEST_ID)]
FilePatterns = Annotated[
    tuple[Annotated[str, AfterValidator(_file_pattern)], ...], BeforeValidator(split)
]

FieldNumber = Annotated[str, AfterValidator(_field_number)]


class OrderIntakeKeys(SettingsSection):
    """What of an order folder is ours, and what becomes of it: ``[orders]``, or of one route."""

    receivers: Annotated[tuple[OrderReceiver, ...], BeforeValidator(split)] = ()
    names: FilePatterns = ()
    ignore: FilePatterns = ()
    master_data: Literal["tell", "keep", "order"] = "tell"
    institution: Annotated[str, Field(max_length=64)] = ""


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
