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
from gdtbridge.settings.sources import PREFIX, SettingSources

FILE_NAME: Final = "gdtbridge.toml"
_NOT_SETTINGS: Final = frozenset({"base", "origin", "sources"})
"""Fields of `Settings` that loading fills in itself."""


def load_settings(file: Path | None = None, environ: Mapping[str, str] | None = None) -> Settings:
    """Return the settings of ``file`` overridden by the environment.

    Without ``file``, ``GDTBRIDGE_CONFIG`` or else ``gdtbridge.toml`` in the working directory is
    read where it exists. Relative paths count from the file's folder. Raises `SettingsError`.
    """
    environ = os.environ if environ is None else environ
    file = _choose_file(file, environ)
    return settings_of(_text_of(file) if file is not None else "", file, environ)


def settings_of(text: str, file: Path | None, environ: Mapping[str, str]) -> Settings:
    """Return the settings as they would be with ``text`` in ``file``; raise `SettingsError`."""
    values = _read_toml(text, file)
    _overlay(values, environ)
    _follow_old_names(values)
    base = file.resolve().parent if file is not None else Path.cwd()
    if reserved := sorted(_NOT_SETTINGS & values.keys()):
        raise SettingsError(_unknown(reserved[0]))
    origin = str(file.resolve()) if file else f"kein / no {FILE_NAME} in {base}"
    sources = SettingSources(file, text, frozenset(_ours(environ)))
    filled_in = {"base": base, "origin": origin, "sources": sources}
    try:
        settings = Settings.model_validate({**values, **filled_in})
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


def _text_of(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8-sig")
    except FileNotFoundError as error:
        raise SettingsError(
            f"{file.resolve()}: Diese Einstellungsdatei gibt es nicht; --config oder "
            f"{PREFIX}CONFIG berichtigen. / There is no such settings file; correct --config or "
            f"{PREFIX}CONFIG."
        ) from error
    except OSError as error:
        raise SettingsError(f"{file}: nicht lesbar. / cannot be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise SettingsError(no_toml(file, error)) from error


def _read_toml(text: str, file: Path | None) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(no_toml(file, error)) from error


def no_toml(file: Path | None, error: ValueError) -> str:
    """Return what a person is told of a file that cannot be read as TOML."""
    return f"{file}: kein gültiges TOML. / not valid TOML: {error}"


def _overlay(values: dict[str, Any], environ: Mapping[str, str]) -> None:
    """Lay the environment over ``values``: keys as text, tables and lists of tables as JSON.

    Raises `SettingsError` for a variable that means no setting.
    """
    ours = _ours(environ)
    tables = {n: v for n, v in ours.items() if _is_table(n.removeprefix(PREFIX).lower())}
    for name, value in tables.items():
        values[name.removeprefix(PREFIX).lower()] = _from_json(name, value)
    allowed = _named_secrets(values)
    for name in ours.keys() - tables.keys():
        section, mark, key = name.removeprefix(PREFIX).lower().partition("__")
        if mark and not _is_table(section):
            table = values.setdefault(section, {})
            if isinstance(table, dict):
                table[key] = ours[name]
        elif name not in allowed:
            raise SettingsError(_no_variable(name, section))


def _ours(environ: Mapping[str, str]) -> dict[str, str]:
    return {
        name: value
        for name, value in environ.items()
        if name.startswith(PREFIX) and name != f"{PREFIX}CONFIG"
    }


def _is_table(section: str) -> bool:
    """Return whether a name of the top level holds tables, not keys: ``device``, ``dialects``."""
    field = Settings.model_fields.get(section)
    return field is not None and not isinstance(field.annotation, type)


def _from_json(name: str, value: str) -> object:
    try:
        return json.loads(value)
    except ValueError as error:
        raise SettingsError(
            f"{name}: kein gültiges JSON ({error}); gebraucht werden Tabellen wie in {FILE_NAME}, "
            f'etwa [{{"aet": "PACS"}}]. / not valid JSON; tables as in {FILE_NAME} are needed.'
        ) from None


def _named_secrets(values: object) -> frozenset[str]:
    """Return the variables that settings name as the place of a secret: ``{ env = "…" }``."""
    if isinstance(values, list):
        return frozenset().union(*map(_named_secrets, values))
    if not isinstance(values, dict):
        return frozenset()
    if values.keys() == {"env"} and isinstance(values["env"], str):
        return frozenset({values["env"]})
    return frozenset().union(*map(_named_secrets, values.values()))


def _no_variable(name: str, section: str) -> str:
    if _is_table(section):
        return (
            f"{name}: Diese Tabellen gibt die Umgebung als Ganzes an, {PREFIX}{section.upper()} in "
            f"JSON. / The environment gives these tables as a whole, in JSON."
        )
    if section.partition("_")[0] in Settings.model_fields:
        return (
            f"{name}: Zwischen Abschnitt und Schlüssel gehören zwei Unterstriche. / "
            "There must be two underscores between section and key."
        )
    return (
        f"{name}: keine Einstellung; sie heißen {PREFIX}ABSCHNITT__SCHLÜSSEL. / no setting; they "
        f"are named {PREFIX}SECTION__KEY."
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
