"""From ``gdtbridge.toml`` and the environment to `Settings`; what is wrong is told by its key.

An unknown key stops the start, and so does what `gdtbridge.settings.refusals` finds.
"""

from __future__ import annotations

import difflib
import json
import os
import tomllib
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Final, cast

from pydantic import ValidationError

from gdtbridge.errors import SettingsError
from gdtbridge.settings.models import Settings
from gdtbridge.settings.refusals import refuse_unusable
from gdtbridge.settings.section import SettingsSection

PREFIX: Final = "GDTBRIDGE_"
FILE_NAME: Final = "gdtbridge.toml"


def load_settings(file: Path | None = None, environ: Mapping[str, str] | None = None) -> Settings:
    """Return the settings of ``file`` overridden by the environment.

    Without ``file``, ``GDTBRIDGE_CONFIG`` or else ``gdtbridge.toml`` in the working directory is
    read where it exists. Relative paths count from the file's folder. Raises `SettingsError`.
    """
    environ = os.environ if environ is None else environ
    file = _choose_file(file, environ)
    values = _read_toml(file) if file is not None else {}
    _overlay(values, environ)
    _follow_old_names(values)
    base = file.resolve().parent if file is not None else Path.cwd()
    for name in ("base", "origin"):
        if name in values:
            raise SettingsError(_unknown(name))
    origin = str(file.resolve()) if file else f"kein / no {FILE_NAME} in {base}"
    try:
        settings = Settings.model_validate({**values, "base": base, "origin": origin})
    except ValidationError as error:
        raise SettingsError("\n".join(_explain(error, values))) from None
    refuse_unusable(settings)
    return settings


def _choose_file(file: Path | None, environ: Mapping[str, str]) -> Path | None:
    if file is None and environ.get("GDTBRIDGE_CONFIG"):
        file = Path(environ["GDTBRIDGE_CONFIG"])
    if file is None:
        default = Path(FILE_NAME)
        try:
            return default if default.is_file() else None
        except PermissionError:
            return default  # reading it says so
    return file


def _read_toml(file: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(file.read_text(encoding="utf-8-sig"))
    except FileNotFoundError as error:
        raise SettingsError(
            f"{file.resolve()}: Diese Einstellungsdatei gibt es nicht; --config oder "
            f"{PREFIX}CONFIG berichtigen. / There is no such settings file; correct --config or "
            f"{PREFIX}CONFIG."
        ) from error
    except OSError as error:
        raise SettingsError(f"{file}: nicht lesbar. / cannot be read: {error.strerror}.") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"{file}: kein gültiges TOML. / not valid TOML: {error}") from error


def _overlay(values: dict[str, Any], environ: Mapping[str, str]) -> None:
    for name, value in environ.items():
        if not name.startswith(PREFIX):
            continue
        section, mark, key = name.removeprefix(PREFIX).lower().partition("__")
        if mark:
            table = values.setdefault(section, {})
            if isinstance(table, dict):
                table[key] = value
        elif section.partition("_")[0] in Settings.model_fields:
            raise SettingsError(
                f"{name}: Zwischen Abschnitt und Schlüssel gehören zwei Unterstriche. / "
                "There must be two underscores between section and key."
            )


def _follow_old_names(values: dict[str, Any]) -> None:
    """Let ``[[worklist.devices]]`` of older files be tables ``[[device]]``."""
    worklist, devices = values.get("worklist"), values.get("device", [])
    if not isinstance(worklist, dict) or "devices" not in worklist or not isinstance(devices, list):
        return
    old = worklist.pop("devices")
    if isinstance(old, str):
        with suppress(ValueError):
            old = json.loads(old)
    values["device"] = [*devices, *old] if isinstance(old, list) else old


def _explain(error: ValidationError, values: Mapping[str, object]) -> list[str]:
    lines = []
    for detail in error.errors(include_url=False, include_input=False):
        place = _place(detail["loc"], values)
        if detail["type"] == "extra_forbidden":
            lines.append(_unknown(place))
        else:
            lines.append(f"{place}: ungültiger Wert. / invalid value: {detail['msg']}")
    return lines


def _place(path: Sequence[str | int], values: object) -> str:
    """Return where a value stands; a table of several is told by its name where it has one."""
    told: list[str] = []
    for part in path:
        with suppress(KeyError, IndexError, TypeError):
            values = cast("Any", values)[part]
        name = values.get("name") if isinstance(values, dict) else None
        if isinstance(part, int) and isinstance(name, str) and told:
            told[-1] += f" ({name})"
        else:
            told.append(str(part))
    return ".".join(told)


def known_keys() -> dict[str, object]:
    """Return every ``section.key`` with its default, for the documentation and its test."""
    keys: dict[str, object] = {}
    for section, field in Settings.model_fields.items():
        model = field.annotation
        if isinstance(model, type) and issubclass(model, SettingsSection):
            for key, inner in model.model_fields.items():
                keys[f"{section}.{inner.alias or key}"] = inner.default
    return keys


def _unknown(place: str) -> str:
    near = difflib.get_close_matches(place, known_keys(), n=1)
    hint = f" Meinten Sie {near[0]}? / Did you mean {near[0]}?" if near else ""
    return f"{place}: unbekannte Einstellung. / unknown setting.{hint}"
