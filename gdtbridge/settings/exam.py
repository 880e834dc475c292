"""``[exam]``: when an exam is complete, and what a person decides of it."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from gdtbridge.settings.patterns import compiled_pattern
from gdtbridge.settings.section import SettingsSection


def _number_pattern(value: str) -> str:
    if value:
        compiled_pattern(value)
    return value


NumberPattern = Annotated[str, AfterValidator(_number_pattern)]
Days = Annotated[int, Field(ge=0, le=36525)]
UnknownNumber = Literal["send", "hold"]
SeveralOrders = Literal["hold", "send"]
WithoutNumber = Literal["hold", "order"]


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
