"""The settings in force, one by one, as people may see them: no secret is shown."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pydantic import SecretStr

from gdtbridge.settings.models import Settings
from gdtbridge.settings.secret import SecretReference
from gdtbridge.settings.section import SettingsSection
from gdtbridge.settings.sources import SettingOrigin, SettingPath, SettingSources

_USER: Final = re.compile(r"(?<=://)[^/@\s]*@")
_PARAMETER: Final = re.compile(r"(?<=[?&])([^=&#\s]+)=([^&#\s{]+)")
HIDDEN: Final = "…"
"""Stands in an address for what may be a secret: user and password, and what parameters say."""


@dataclass(frozen=True, slots=True)
class SettingInForce:
    """A setting as it is now; of a secret only whether there is one."""

    key: str
    """As messages name it: ``gdt.out``, ``device (SONO1).charset``."""
    value: str
    origin: SettingOrigin
    is_secret: bool = False
    is_set: bool = True
    """Whether there is a value at all."""


def settings_in_force(settings: Settings) -> list[SettingInForce]:
    """Return every key of each section, and of tables that may come several times what they say."""
    sources = settings.sources
    found: list[SettingInForce] = []
    for section, model_field in type(settings).model_fields.items():
        if not model_field.exclude:
            value = getattr(settings, section)
            found += _of(section, (section,), value, sources, is_said=False)
    return found


def matching(settings: list[SettingInForce], words: str) -> list[SettingInForce]:
    """Return those that have every word in key, value or origin, whatever its case."""
    wanted = words.casefold().split()
    return [
        one
        for one in settings
        if all(word in f"{one.key} {one.value} {one.origin.text}".casefold() for word in wanted)
    ]


def without_secrets(text: str) -> str:
    """Return an address or a text without the passwords that addresses in it may hold."""
    return _PARAMETER.sub(rf"\1={HIDDEN}", _USER.sub(f"{HIDDEN}@", text))


def _of(
    key: str, path: SettingPath, value: object, sources: SettingSources, *, is_said: bool
) -> Iterator[SettingInForce]:
    """Yield what a value of any shape says; ``is_said``: it is no default."""
    if isinstance(value, SettingsSection) and not isinstance(value, SecretReference):
        for name, inner in type(value).model_fields.items():
            said = name in value.model_fields_set
            if said or not is_said:
                alias = inner.alias or name
                held = getattr(value, name)
                yield from _of(f"{key}.{alias}", (*path, alias), held, sources, is_said=said)
    elif isinstance(value, Mapping):
        for name, held in value.items():
            yield from _of(f"{key}.{name}", (*path, name), held, sources, is_said=True)
    elif isinstance(value, tuple) and value and isinstance(value[0], SettingsSection):
        for number, one in enumerate(value):
            place = f"{key} ({_name_of(one) or number + 1})"
            yield from _of(place, (*path, number), one, sources, is_said=True)
    elif len(path) > 1:
        yield _one(key, value, sources.origin_of(path, is_said=is_said))


def _one(key: str, value: object, origin: SettingOrigin) -> SettingInForce:
    if isinstance(value, SecretStr):
        is_set = bool(value.get_secret_value())
        return SettingInForce(key, "", origin, is_secret=True, is_set=is_set)
    if isinstance(value, SecretReference):
        place = f"file {value.file}" if value.file is not None else f"env {value.env}"
        return SettingInForce(key, place, origin, is_secret=True)
    text = without_secrets(_text(value))
    return SettingInForce(key, text, origin, is_set=bool(text))


def _name_of(table: SettingsSection) -> str:
    """Return what tells a table from its like: its name, else whom or what it is about."""
    for name in ("name", "aet", "host", "folder", "code"):
        if text := str(getattr(table, name, None) or ""):
            return text
    return ""


def _text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, tuple | list):
        return ", ".join(map(_text, value))
    return value.as_posix() if isinstance(value, Path) else str(value)
