"""``[[pickup]]``: a folder a device writes DICOM files to, because it cannot send them."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from gdtbridge.settings.fields import AeTitle, Folder
from gdtbridge.settings.section import SettingsSection

AfterPickup = Literal["keep", "move", "remove"]


class PickupSettings(SettingsSection):
    """A table ``[[pickup]]``: where files are taken, as whose, and what becomes of them."""

    folder: Folder
    aet: AeTitle | None = None
    after: AfterPickup = "keep"
    settle_seconds: Annotated[float, Field(ge=0, le=600)] = 5
    patience_seconds: Annotated[float, Field(gt=0, le=86400)] = 300
