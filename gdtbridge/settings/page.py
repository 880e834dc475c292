"""``[page]``, ``[practice]``, ``[viewer]``, ``[pictures]``: what people see."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from gdtbridge import viewers
from gdtbridge.settings.fields import AeTitles, tables
from gdtbridge.settings.section import SettingsSection


class PracticeSettings(SettingsSection):
    """The practice, as its pages name it."""

    name: Annotated[str, Field(max_length=80)] = ""


class ProcedurePreset(SettingsSection):
    """A procedure the form offers; what it is done with is as usual where nothing is said."""

    name: Annotated[str, Field(min_length=1, max_length=64)]
    modality: Annotated[str, Field(pattern=r"^[A-Z0-9_ ]{0,16}$")] = ""
    station: AeTitles | None = None


class PageSettings(SettingsSection):
    """The pages people see."""

    language: Literal["de", "en"] = "de"
    procedures: Annotated[tuple[ProcedurePreset, ...], BeforeValidator(tables)] = ()


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
