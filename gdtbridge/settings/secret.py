"""Secrets: in the settings file, in a file of their own, or in the environment; never shown."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Annotated, Self

from pydantic import AfterValidator, SecretStr, model_validator

from gdtbridge.errors import SettingsError
from gdtbridge.settings.section import SettingsSection


def _one_line(value: SecretStr) -> SecretStr:
    if re.search(r"[\x00-\x1f\x7f]", value.get_secret_value()):
        raise ValueError("must hold no line breaks and no control characters")
    return value


class SecretReference(SettingsSection):
    """Where a secret stands: ``{ file = "…" }`` or ``{ env = "…" }``."""

    file: Path | None = None
    env: str = ""

    @model_validator(mode="after")
    def _must_be_one(self) -> Self:
        if (self.file is None) == (not self.env):
            raise ValueError("name either file or env")
        return self


Secret = Annotated[SecretStr, AfterValidator(_one_line)] | SecretReference


def in_plain_sight(secret: Secret | None) -> str | None:
    """Return a secret that stands in the settings themselves; None for one elsewhere."""
    return secret.get_secret_value() if isinstance(secret, SecretStr) else None


def value_of(secret: Secret, base: Path) -> str:
    """Return a secret; a file counts from ``base``, its last line break does not.

    Raises `SettingsError`, which says where it was looked for and never what was found.
    """
    if isinstance(secret, SecretStr):
        return secret.get_secret_value()
    if secret.file is not None:
        found, place = _content(base / secret.file), f"file {secret.file}"
    else:
        found, place = os.environ.get(secret.env, ""), f"env {secret.env}"
    if not found or re.search(r"[\x00-\x1f\x7f]", found):
        raise SettingsError(f"{place}: kein Kennwort von einer Zeile. / no secret of one line.")
    return found


def _content(file: Path) -> str:
    try:
        return file.read_text("utf-8").rstrip("\r\n")
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(
            f"file {file}: nicht lesbar. / cannot be read: {type(error).__name__}."
        ) from error
