"""docker-compose.yml as Compose reads it: ``.env``, ``${NAME:-default}``, services as they start.

Only what our file uses of the Compose specification (12-interpolation.md, 05-services.md).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import yaml

_VARIABLE: Final = re.compile(
    r"\$\{(?P<name>[A-Z_][A-Z0-9_]*)(?:(?P<mark>:[-?])(?P<rest>[^}]*))?\}"
)
_LINE: Final = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)=(.*)")


class ComposeError(Exception):
    """The file cannot be started with these variables; the text says which is missing."""


@dataclass(frozen=True, slots=True)
class BindMount:
    """A folder or file of the host in a container; ``is_made``: Docker makes a missing one."""

    source: str
    target: str
    read_only: bool
    is_made: bool


def read_env(text: str) -> dict[str, str]:
    """Return the variables of an ``.env`` file; quotes around a whole value are taken off."""
    found = {}
    for line in map(str.strip, text.splitlines()):
        match = _LINE.fullmatch(line)
        if line.startswith("#") or match is None:
            continue
        name, value = match[1], match[2].strip()
        found[name] = value[1:-1] if re.fullmatch(r"'[^']*'|\"[^\"]*\"", value) else value
    return found


def interpolated(text: str, env: Mapping[str, str]) -> str:
    """Return ``text`` with its variables; raise `ComposeError` for a required one not set."""

    def value_of(match: re.Match[str]) -> str:
        value = env.get(match["name"], "")
        if value or not match["mark"]:
            return value
        if match["mark"] == ":?":
            raise ComposeError(f"{match['name']}: {match['rest']}")
        return str(match["rest"])

    return _VARIABLE.sub(value_of, text)


def variables_of(text: str) -> dict[str, str]:
    """Return the variables a file uses, each with what follows its name: ``:-8080``."""
    return {m["name"]: f"{m['mark'] or ''}{m['rest'] or ''}" for m in _VARIABLE.finditer(text)}


def services_of(text: str, env: Mapping[str, str]) -> dict[str, dict[str, Any]]:
    """Return the services of a compose file with every variable replaced; raise `ComposeError`."""
    whole = _filled(yaml.safe_load(text), env)
    services: dict[str, dict[str, Any]] = whole["services"]
    return services


def _filled(value: Any, env: Mapping[str, str]) -> Any:  # noqa: ANN401 - what YAML can hold
    if isinstance(value, str):
        return interpolated(value, env)
    if isinstance(value, list):
        return [_filled(one, env) for one in value]
    if isinstance(value, dict):
        return {key: _filled(one, env) for key, one in value.items()}
    return value


def environment_of(service: Mapping[str, Any], env: Mapping[str, str]) -> dict[str, str]:
    """Return what a service has in its environment beyond its image's: ``environment`` wins."""
    from_file = env if service.get("env_file") == ".env" else {}
    return {**from_file, **service.get("environment", {})}


def bind_mounts_of(service: Mapping[str, Any]) -> list[BindMount]:
    """Return the folders and files of the host a service sees."""
    return [
        BindMount(
            one["source"],
            one["target"],
            one.get("read_only", False),
            one.get("bind", {}).get("create_host_path", True),
        )
        for one in service.get("volumes", [])
        if isinstance(one, dict)
    ]


def image_environment(dockerfile: Path) -> dict[str, str]:
    """Return the variables ``ENV`` sets in the last stage of a Dockerfile, without ``PATH``."""
    stage = dockerfile.read_text("utf-8").replace("\\\n", " ").rpartition("\nFROM ")[2]
    lines = re.findall(r"^ENV (.+)$", stage, re.MULTILINE)
    pairs = (pair.partition("=") for line in lines for pair in line.split())
    return {name: value for name, _, value in pairs if name != "PATH"}
