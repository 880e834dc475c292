"""Kinds of values that several sections have."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field

from gdtbridge.dataset.values import is_ae_title, titles_in


def split(value: object) -> object:
    """Let a list come from the environment as ``a, b``."""
    if isinstance(value, str):
        return [part.strip() for part in value.split(",") if part.strip()]
    return value


def tables(value: object) -> object:
    """Let a list of tables come from the environment as JSON."""
    return json.loads(value) if isinstance(value, str) else value


def _folder(value: object) -> object:
    if value == "":
        raise ValueError("must not be empty; leave the key out for the default")
    return value


def _ae_title(value: str) -> str:
    """Accept 1-16 characters of the default repertoire without backslash (PS3.5 6.2, VR AE)."""
    value = value.strip()
    if not is_ae_title(value):
        raise ValueError("an AE title has 1 to 16 ASCII characters and no backslash")
    return value


def _ae_titles(value: str) -> str:
    """Accept several AE titles with commas between; return them as DICOM writes several values."""
    return "\\".join(_ae_title(title) for title in titles_in(value)) or _ae_title(value)


AeTitle = Annotated[str, AfterValidator(_ae_title)]
AeTitles = Annotated[str, AfterValidator(_ae_titles)]
Folder = Annotated[Path, BeforeValidator(_folder)]
"""A folder or file; a relative path counts from the settings file's folder."""
Port = Annotated[int, Field(ge=0, le=65535)]
Words = Annotated[tuple[str, ...], BeforeValidator(split)]
