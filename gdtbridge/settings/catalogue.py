"""``[catalogue]``: what measurements are called, and their units."""

from __future__ import annotations

from typing import Annotated

from pydantic import BeforeValidator

from gdtbridge.settings.fields import tables
from gdtbridge.settings.section import SettingsSection


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
