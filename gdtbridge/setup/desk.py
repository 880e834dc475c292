"""The set-up as its pages use it: how far it is, the settings file, and what is tried."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

from gdtbridge.devices import Caller
from gdtbridge.errors import SettingsError
from gdtbridge.settings import Settings
from gdtbridge.settings.changing import SettingsFile
from gdtbridge.setup.progress import SetupProgress
from gdtbridge.setup.trials import SetupTrials


@dataclass(frozen=True, slots=True)
class SetupDesk:
    """Everything the pages of the set-up ask."""

    settings: Settings
    """In force since the start."""
    file: SettingsFile
    progress: SetupProgress
    trials: SetupTrials
    echo: Callable[[Settings, Caller], None]
    """Calls a device of settings, in force or not (C-ECHO); raises `BridgeError`."""
    restart: Callable[[], None]
    """Has the service end and begin anew, with the settings of the file."""

    @property
    def is_due(self) -> bool:
        """Whether the first page is the set-up."""
        return self.progress.is_due(self.settings)

    def wanted(self) -> Settings:
        """Return the settings the file has now, those in force where it cannot be used."""
        with suppress(SettingsError):
            return self.file.read()
        return self.settings

    def needs_restart(self) -> bool:
        """Return whether the file says something else than what is in force."""
        return self.wanted().model_dump() != self.settings.model_dump()
