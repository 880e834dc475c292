"""The installation."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Protocol

from gdtbridge.health import PartState
from gdtbridge.settings import SettingInForce
from gdtbridge.system import SystemReport


class SystemPort(Protocol):
    """How the installation is; `gdtbridge.system` finds it out."""

    def report(self, kinds: Collection[str]) -> SystemReport:
        """Return how everything is now, and what of these kinds needs a person."""

    def settings_in_force(self, words: str = "") -> Sequence[SettingInForce]:
        """Return the settings that have every one of the words; no secret."""

    def diagnosis(self, parts: Mapping[str, PartState]) -> bytes:
        """Return the file for support (ZIP), without patient data."""
