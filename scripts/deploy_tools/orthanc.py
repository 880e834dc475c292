"""Orthanc's configuration from the variables of its image, for an Orthanc outside of it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

_PREFIX: Final = "ORTHANC__"


def orthanc_settings(environment: Mapping[str, str], folder: Path) -> dict[str, Any]:
    """Return what ``ORTHANC__…`` variables say, its data below ``folder``; plugins are left out.

    The image's rule (Orthanc Book, "orthancteam/orthanc Docker images"): words by underscores,
    values as JSON where they are; and its defaults: reachable from elsewhere, with sign-in.
    """
    said = {
        _key(name.removeprefix(_PREFIX)): _value(value)
        for name, value in environment.items()
        if name.startswith(_PREFIX)
    }
    own = {"StorageDirectory": str(folder), "IndexDirectory": str(folder)}
    return {"RemoteAccessAllowed": True, "AuthenticationEnabled": True} | own | said


def _key(name: str) -> str:
    return "".join(word.capitalize() for word in name.split("_"))


def _value(text: str) -> object:
    try:
        return json.loads(text)
    except ValueError:
        return text
