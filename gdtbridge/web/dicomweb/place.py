"""Where the services are, and who may see what."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from flask import request

from gdtbridge.accounts import Role
from gdtbridge.web.access.principal import principal

ROOT: Final = "/dicom-web"
UIDS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "study": "StudyInstanceUID",
        "series": "SeriesInstanceUID",
        "instance": "SOPInstanceUID",
    }
)
"""What the parts of an address name, by DICOM keyword."""
HELD_SCOPE: Final = "dicomweb-held"


@dataclass(frozen=True, slots=True)
class WebBase:
    """The address of the services; ``public_url`` where the settings say it, else as called."""

    public_url: str

    def uri(self) -> str:
        """Return the absolute URI below which everything is, without a slash at the end."""
        return (self.public_url.rstrip("/") or request.host_url.rstrip("/")) + ROOT


def sees_held() -> bool:
    """Return whether who calls is shown exams of which is not decided whose they are."""
    who = principal()
    return who.owns or who.role in {Role.PRACTICE, Role.ADMIN} or HELD_SCOPE in who.scopes
