"""Changing the settings file for a person: what stays keeps its place and its comments.

A change is shown before it is made, checked as a start would check it, and leaves the file of
before beside it. What the environment says is never written: it would not count.
"""

from __future__ import annotations

import difflib
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import tomlkit
from tomlkit.exceptions import ParseError
from tomlkit.items import AoT

from gdtbridge.dataset.values import folded_title
from gdtbridge.durable.files import reason_of, write_over
from gdtbridge.durable.modes import PRIVATE_FILE
from gdtbridge.errors import SettingsError
from gdtbridge.settings.loading import FILE_NAME, known_keys, no_toml, settings_of
from gdtbridge.settings.models import Settings
from gdtbridge.settings.sources import PREFIX

BEFORE: Final = ".before"
"""Ending of the name of the file as it was before the last change."""


@dataclass(frozen=True, slots=True)
class ProposedChange:
    """A settings file as it is and as it would be; nothing is written yet."""

    file: Path
    before: str
    after: str
    settings: Settings
    """As they would be."""
    keys: tuple[str, ...]
    """What was wanted to be said, as messages name it."""

    @property
    def is_none(self) -> bool:
        """Whether everything is said already."""
        return self.before == self.after

    @property
    def lines(self) -> Sequence[str]:
        """The lines that go (``-``) and come (``+``), without those that stay.

        The names of their tables stand before them.
        """
        return list(_changed(self.before, self.after))

    @property
    def is_writable(self) -> bool:
        """Whether this process may write the file and keep the one of before."""
        folder = self.file.parent
        is_ours = os.access(self.file, os.W_OK) or not self.file.exists()
        return is_ours and os.access(folder, os.W_OK | os.X_OK)

    def write(self) -> None:
        """Write the file, and keep that of before; raise `SettingsError`, then nothing changed.

        That the file is still the one that was looked at is for the caller to see to.
        """
        try:
            if self.before:
                kept = self.file.with_name(self.file.name + BEFORE)
                write_over(kept, self.before.encode(), mode=PRIVATE_FILE)
            write_over(self.file, self.after.encode(), mode=PRIVATE_FILE)
        except OSError as error:
            raise SettingsError(f"{self.file}: {reason_of(error)}") from error


@dataclass(frozen=True, slots=True)
class WantedSettings:
    """What a person wants to be said: keys of sections, and one device."""

    values: Mapping[str, object] = field(default_factory=dict)
    """By ``section.key``; None takes a key out, so that the default counts."""
    device: Mapping[str, object] | None = None
    """A table ``[[device]]``, instead of the one with the same ``aet``."""


class SettingsFile:
    """The settings file of the service that runs, read anew for each change."""

    def __init__(self, settings: Settings, environ: Mapping[str, str] | None = None) -> None:
        self.path = settings.sources.file or settings.base / FILE_NAME
        self._environ = os.environ if environ is None else environ

    def is_said_by_environment(self, key: str) -> str:
        """Return the variable that says a key, whatever the file says; else nothing."""
        section, _, name = key.upper().partition(".")
        variables = (f"{PREFIX}{section}", f"{PREFIX}{section}__{name}")
        return next((one for one in variables if one in self._environ), "")

    def read(self) -> Settings:
        """Return the settings a start would have now; raise `SettingsError`."""
        return settings_of(self._text(), self._file_there(), self._environ)

    def propose(self, wanted: WantedSettings) -> ProposedChange:
        """Return what would change; raise `SettingsError` for what a start would refuse."""
        before = self._text()
        try:
            document = tomlkit.parse(before)
        except ParseError as error:
            raise SettingsError(no_toml(self.path, error)) from error
        keys = [key for key in wanted.values if not self.is_said_by_environment(key)]
        for key in keys:
            _say(document, key, wanted.values[key])
        if wanted.device is not None and not self.is_said_by_environment("device."):
            _say_device(document, wanted.device)
            keys.append(f"device ({wanted.device.get('aet', '')})")
        after = tomlkit.dumps(document)
        settings = settings_of(after, self.path, self._environ)
        return ProposedChange(self.path, before, after, settings, tuple(keys))

    def _text(self) -> str:
        with suppress(FileNotFoundError):
            try:
                return self.path.read_text("utf-8-sig")
            except (PermissionError, UnicodeDecodeError) as error:
                raise SettingsError(f"{self.path}: {error}") from error
        return ""

    def _file_there(self) -> Path | None:
        return self.path if self.path.exists() else None


def _say(document: tomlkit.TOMLDocument, key: str, value: object) -> None:
    section, _, name = key.partition(".")
    table: Any = document.get(section)
    if value is None or (value == known_keys()[key] and (table is None or name not in table)):
        if table is not None and name in table:
            del table[name]
        return
    if table is None:
        if document.body:
            document.add(tomlkit.nl())
        table = tomlkit.table()
        document[section] = table
    if table.get(name) != value:
        table[name] = value


def _say_device(document: tomlkit.TOMLDocument, device: Mapping[str, object]) -> None:
    """Let the file name a device; what else a table of the same AE title says stays."""
    known: Any = document.get("device")
    if known is None:
        known = tomlkit.aot()
        document["device"] = known
    title = folded_title(str(device.get("aet", "")))
    for one in known:
        if folded_title(str(one.get("aet", ""))) == title:
            one.update({key: value for key, value in device.items() if one.get(key) != value})
            return
    if isinstance(known, AoT):
        table = tomlkit.table()
        table.update(device)
        known.append(table)
    else:
        known.append(dict(device))


def _changed(before: str, after: str) -> Iterator[str]:
    """Yield the lines of a comparison that are said or gone, each with its table's head."""
    head, shown = "", ""
    for line in difflib.ndiff(before.splitlines(), after.splitlines()):
        mark, text = line[:2], line[2:]
        is_head = text.lstrip().startswith("[")
        if is_head and mark != "? ":
            head = text
        if mark in ("+ ", "- ") and text.strip():
            if head and not is_head and shown != head:
                yield f"  {head}"
            shown = head
            yield f"{mark}{text}"
