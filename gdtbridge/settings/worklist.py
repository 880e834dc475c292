"""``[worklist]``: the worklist and its clean-up."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from gdtbridge.devices.profile import AnswerLetters
from gdtbridge.settings.fields import AeTitles, Folder, tables
from gdtbridge.settings.section import SettingsSection


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
